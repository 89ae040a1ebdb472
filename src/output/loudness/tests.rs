//! The meter against the cases of EBU Tech 3341/3342, against `ebur128`, and against itself.

use super::*;

fn stereo(rate: u32) -> LoudnessMeter {
    LoudnessMeter::new(&Layout::named("stereo", 2).unwrap(), rate).unwrap()
}

/// A 1 kHz tone in both channels: segments of (level in dBFS, seconds).
fn tones(rate: u32, segments: &[(f64, f64)]) -> Vec<f32> {
    let mut signal = Vec::new();
    for (level, seconds) in segments {
        let amplitude = 10f64.powf(level / 20.0);
        let step = 2.0 * std::f64::consts::PI * 1000.0 / f64::from(rate);
        let start = signal.len();
        let frames = (seconds * f64::from(rate)) as usize;
        signal.extend((start..start + frames).map(|n| (amplitude * (step * n as f64).sin()) as f32));
    }
    signal
}

fn integrated(rate: u32, segments: &[(f64, f64)]) -> f64 {
    let signal = tones(rate, segments);
    let mut meter = stereo(rate);
    signal.chunks(1000).for_each(|c| meter.push(&[c, c]));
    meter.integrated_lufs().unwrap()
}

/// EBU Tech 3341 v3, cases 1 to 5; the tolerance there is 0.1 LU.
#[test]
fn ebu_3341_tone_sequences_read_as_they_must() {
    for rate in [44_100, 48_000, 192_000] {
        let cases: [(&[(f64, f64)], f64); 5] = [
            (&[(-23.0, 20.0)], -23.0),
            (&[(-33.0, 20.0)], -33.0),
            (&[(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)], -23.0),
            (&[(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)], -23.0),
            (&[(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)], -23.0),
        ];
        // The long cases at the long rate would only take longer.
        for (segments, want) in cases.into_iter().take(if rate == 192_000 { 2 } else { 5 }) {
            let got = integrated(rate, segments);
            assert!((got - want).abs() < 0.1, "{rate} {segments:?}: {got}");
        }
    }
}

#[test]
fn odd_rates_from_8_to_384_khz_agree() {
    for rate in [8_000, 11_025, 22_050, 37_801, 88_200, 384_000] {
        let got = integrated(rate, &[(-23.0, 5.0)]);
        assert!((got + 23.0).abs() < 0.1, "{rate}: {got}");
    }
}

/// Case 6: the 5.0 weights. Front at -28, centre at -24, surround at -30 dBFS makes -23 LUFS.
#[test]
fn surround_weights_are_those_of_the_standard_and_lfe_does_not_count() {
    let layout = Layout::named("5.1", 6).unwrap();
    assert_eq!(channel_weights(&layout), [1.0, 1.0, 1.0, 0.0, 1.41, 1.41]);
    let mut meter = LoudnessMeter::new(&layout, 48_000).unwrap();
    let at = |level| tones(48_000, &[(level, 20.0)]);
    let (front, centre, surround, lfe) = (at(-28.0), at(-24.0), at(-30.0), at(-1.0));
    meter.push(&[&front, &front, &centre, &lfe, &surround, &surround]);
    let got = meter.integrated_lufs().unwrap();
    assert!((got + 23.0).abs() < 0.1, "{got}");
    assert_eq!(channel_weights(&Layout::Ambisonic { order: 1 }), [1.0, 0.0, 0.0, 0.0]);
    let mut mono = LoudnessMeter::new(&Layout::named("mono", 1).unwrap(), 48_000).unwrap();
    mono.push(&[&front]);
    assert!((mono.integrated_lufs().unwrap() + 31.0).abs() < 0.1);
}

/// EBU Tech 3342, cases 1 to 4; the tolerance there is 1 LU.
#[test]
fn ebu_3342_ranges_read_as_they_must() {
    let cases: [(&[(f64, f64)], f64); 4] = [
        (&[(-20.0, 20.0), (-30.0, 20.0)], 10.0),
        (&[(-20.0, 20.0), (-15.0, 20.0)], 5.0),
        (&[(-40.0, 20.0), (-20.0, 20.0)], 20.0),
        (&[(-50.0, 20.0), (-35.0, 20.0), (-20.0, 20.0), (-35.0, 20.0), (-50.0, 20.0)], 15.0),
    ];
    for (segments, want) in cases {
        let signal = tones(48_000, segments);
        let mut meter = stereo(48_000);
        meter.push(&[&signal, &signal]);
        let got = meter.range_lu().unwrap();
        assert!((got - want).abs() < 1.0, "{segments:?}: {got}");
    }
}

#[test]
fn momentary_and_short_term_follow_the_tone() {
    let signal = tones(48_000, &[(-23.0, 4.0), (-33.0, 1.0)]);
    let mut meter = stereo(48_000);
    assert_eq!(meter.momentary_lufs(), None);
    meter.push(&[&signal, &signal]);
    assert!((meter.momentary_lufs().unwrap() + 33.0).abs() < 0.1);
    assert!((meter.max_momentary_lufs().unwrap() + 23.0).abs() < 0.1);
    assert!((meter.max_short_term_lufs().unwrap() + 23.0).abs() < 0.1);
    assert!(meter.short_term_lufs().unwrap() < -24.0);
}

fn noise(frames: usize, seed: u32) -> Vec<f32> {
    let mut word = seed;
    let mut low = 0.0f32;
    (0..frames)
        .map(|n| {
            word ^= word << 13;
            word ^= word >> 17;
            word ^= word << 5;
            let white = word as f32 / u32::MAX as f32 - 0.5;
            low = 0.9 * low + white;
            // Loud and soft passages, so that the gates have something to do.
            low * 0.2 * (0.02 + (n as f32 / 200_000.0).sin().powi(4))
        })
        .collect()
}

#[cfg(feature = "files")]
#[test]
fn ebur128_reads_the_same() {
    for rate in [44_100u32, 48_000, 96_000] {
        let (left, right) = (noise(rate as usize * 20, 1), noise(rate as usize * 20, 77));
        let mut ours = stereo(rate);
        ours.push(&[&left, &right]);
        let mut theirs = ebur128::EbuR128::new(2, rate, ebur128::Mode::all()).unwrap();
        theirs.add_frames_planar_f32(&[&left, &right]).unwrap();
        assert!((ours.integrated_lufs().unwrap() - theirs.loudness_global().unwrap()).abs() < 0.02);
        assert!((ours.momentary_lufs().unwrap() - theirs.loudness_momentary().unwrap()).abs() < 0.02);
        assert!((ours.short_term_lufs().unwrap() - theirs.loudness_shortterm().unwrap()).abs() < 0.02);
        // Their blocks for the range advance by 1 s, ours by 100 ms: 18 blocks make a coarse percentile.
        let (range, want) = (ours.range_lu().unwrap(), theirs.loudness_range().unwrap());
        assert!((range - want).abs() < 2.0, "{range} {want}");
        let peak = theirs.true_peak(0).unwrap().max(theirs.true_peak(1).unwrap());
        assert!((ours.true_peak_dbtp().unwrap() - 20.0 * peak.log10()).abs() < 0.15);
    }
}

#[test]
fn blocks_and_reset_do_not_change_the_reading() {
    let signal = noise(48_000 * 4, 5);
    let mut whole = stereo(48_000);
    whole.push(&[&signal, &signal]);
    let mut parts = stereo(48_000);
    for block in [17, 4096] {
        signal.chunks(block).for_each(|c| parts.push(&[c, c]));
        let (a, b) = (whole.integrated_lufs().unwrap(), parts.integrated_lufs().unwrap());
        assert!((a - b).abs() < 1e-9, "{a} {b}");
        parts.reset();
        assert_eq!(parts.integrated_lufs(), None);
    }
}

#[test]
fn silence_short_sounds_and_broken_samples_have_no_loudness_and_no_harm() {
    let mut meter = stereo(48_000);
    meter.push(&[&[0.5; 100], &[0.5; 100]]);
    assert_eq!(meter.integrated_lufs(), None);
    meter.push(&[&[0.0; 48_000], &[0.0; 48_000]]);
    meter.push(&[&[f32::NAN; 48_000], &[f32::INFINITY; 48_000]]);
    let tone = tones(48_000, &[(-23.0, 3.0)]);
    meter.push(&[&tone, &tone]);
    assert!(meter.momentary_lufs().unwrap().is_finite());
    assert!(meter.integrated_lufs().unwrap().is_finite());
}
