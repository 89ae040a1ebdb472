//! The limiter against the meter, against hard material, and against its promises.

use super::*;
use crate::output::true_peak::TruePeakMeter;
use proptest::prelude::*;

/// Runs the limiter over planes in blocks and takes its latency out.
fn limit(limiter: &mut Limiter, planes: &[Vec<f32>], block: usize) -> Vec<Vec<f32>> {
    let latency = limiter.latency_frames();
    let mut out: Vec<Vec<f32>> =
        planes.iter().map(|p| p.iter().copied().chain(std::iter::repeat_n(0.0, latency)).collect()).collect();
    let frames = out[0].len();
    let mut at = 0;
    while at < frames {
        let end = (at + block).min(frames);
        let mut slices: Vec<&mut [f32]> = out.iter_mut().map(|p| &mut p[at..end]).collect();
        limiter.process(&mut slices);
        at = end;
    }
    out.iter_mut().for_each(|p| drop(p.drain(..latency)));
    out
}

fn dbtp(planes: &[Vec<f32>]) -> f64 {
    let mut meter = TruePeakMeter::new(planes.len());
    meter.push(&planes.iter().map(Vec::as_slice).collect::<Vec<_>>());
    meter.dbtp()
}

fn noise(seed: u32, frames: usize) -> Vec<f32> {
    let mut word = seed.max(1);
    let mut next = move || {
        word ^= word << 13;
        word ^= word >> 17;
        word ^= word << 5;
        word as f32 / u32::MAX as f32 * 2.0 - 1.0
    };
    (0..frames).map(|_| next()).collect()
}

fn tone(rate: u32, frequency: f64, amplitude: f64, frames: usize) -> Vec<f32> {
    let step = 2.0 * std::f64::consts::PI * frequency / f64::from(rate);
    (0..frames).map(|n| (amplitude * (step * n as f64 + 0.3).sin()) as f32).collect()
}

#[test]
fn what_stays_under_the_ceiling_leaves_bit_for_bit_and_in_time() {
    for rate in [8_000, 44_100, 48_000, 96_000, 384_000] {
        let mut planes = vec![tone(rate, 997.0, 0.88, 20_000), tone(rate, 441.0, 0.3, 20_000)];
        // A tone that starts or ends at once would pass the ceiling between its outermost samples.
        planes[0].iter_mut().enumerate().for_each(|(n, x)| *x *= (n.min(20_000 - n) as f32 / 400.0).min(1.0));
        let mut limiter = Limiter::new(rate, 2, -1.0, 512).unwrap();
        assert!(limit(&mut limiter, &planes, 512) == planes);
        assert_eq!(limiter.limited_frames(), 0);
    }
}

#[test]
fn a_loud_tone_comes_down_to_the_ceiling_and_stays_a_tone() {
    let planes = vec![tone(48_000, 997.0, 2.0, 96_000)];
    let mut limiter = Limiter::new(48_000, 1, -1.0, 4096).unwrap();
    let out = limit(&mut limiter, &planes, 4096);
    let peak = dbtp(&out);
    assert!(peak <= -1.0 && peak > -1.3, "{peak}");
    // A constant need makes a constant gain: the middle is the input times one number.
    let gain = f64::from(out[0][48_000]) / f64::from(planes[0][48_000]);
    let residue: f64 =
        (24_000..72_000).map(|n| (f64::from(out[0][n]) - gain * f64::from(planes[0][n])).powi(2)).sum::<f64>()
            / 48_000.0;
    assert!(10.0 * residue.log10() < -70.0, "residue {} dB", 10.0 * residue.log10());
    assert!((limiter.max_reduction_db() - 7.2).abs() < 0.1);
}

#[test]
fn the_gain_is_the_same_for_both_ears_and_smooth() {
    let mut left = tone(48_000, 313.0, 0.5, 48_000);
    for (i, x) in left[20_000..20_200].iter_mut().enumerate() {
        *x += 3.0 * (i as f32 * 0.5).sin();
    }
    let right: Vec<f32> = left.iter().map(|x| x * 0.25).collect();
    let mut limiter = Limiter::new(48_000, 2, -1.0, 1000).unwrap();
    let out = limit(&mut limiter, &[left.clone(), right].map(|p| p), 1000);
    assert!(dbtp(&out) <= -1.0);
    let mut last = 1.0f32;
    for n in 0..48_000 {
        assert_eq!(out[1][n], out[0][n] * 0.25);
        if left[n].abs() > 0.01 {
            let gain = out[0][n] / left[n];
            assert!(gain <= 1.0 && (gain - last).abs() < 0.03, "frame {n}: {last} to {gain}");
            last = gain;
        }
    }
    // Released within a second, and untouched before the look-ahead.
    assert!(out[0][..19_000] == left[..19_000]);
    assert!((out[0][47_990] / left[47_990] - 1.0).abs() < 0.1);
}

#[test]
fn any_block_size_and_a_reset_give_the_same_samples() {
    let planes = vec![noise(3, 9000), noise(4, 9000)];
    let mut limiter = Limiter::new(44_100, 2, -3.0, 4096).unwrap();
    let want = limit(&mut limiter, &planes, 4096);
    for block in [1, 16, 37, 512, 4095] {
        limiter.reset();
        assert!(limit(&mut limiter, &planes, block) == want, "block {block}");
    }
}

#[test]
fn nan_and_infinity_become_counted_silence() {
    let mut plane = tone(48_000, 500.0, 0.5, 4000);
    plane[100] = f32::NAN;
    plane[200] = f32::INFINITY;
    let mut limiter = Limiter::new(48_000, 1, -1.0, 256).unwrap();
    let out = limit(&mut limiter, &[plane], 256);
    assert!(out[0].iter().all(|x| x.is_finite() && x.abs() < 0.9));
    assert_eq!(limiter.silenced(), 2);
}

#[test]
fn settings_out_of_range_are_refused() {
    assert!(Limiter::new(48_000, 0, -1.0, 64).is_err());
    assert!(Limiter::new(48_000, 2, f64::NAN, 64).is_err());
    assert!(Limiter::new(4_000, 2, -1.0, 64).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, rng_seed: proptest::test_runner::RngSeed::Fixed(11), ..Default::default() })]

    #[test]
    fn no_peak_passes_the_ceiling_whatever_comes(
        seed in 1u32..1_000_000,
        level_db in -6.0f32..30.0,
        kind in 0..5,
        rate in prop::sample::select(vec![8_000u32, 22_050, 44_100, 48_000, 96_000, 192_000]),
        ceiling in -9.0f64..0.0,
    ) {
        let level = 10f32.powf(level_db / 20.0);
        let frames = 12_000;
        let white = noise(seed, frames);
        let plane: Vec<f32> = match kind {
            0 => white,
            // Bursts out of silence.
            1 => white.iter().enumerate().map(|(n, x)| if (n / 700) % 5 == 0 { *x } else { 0.0 }).collect(),
            // Single clicks.
            2 => white.iter().enumerate().map(|(n, x)| if n % 997 == 0 { *x } else { 0.001 * x }).collect(),
            // A square wave, full of peaks between the samples.
            3 => (0..frames).map(|n| if (n / (3 + seed as usize % 50)).is_multiple_of(2) { 1.0 } else { -1.0 }).collect(),
            // A sweep of levels.
            _ => white.iter().enumerate().map(|(n, x)| x * (n as f32 / frames as f32)).collect(),
        };
        let loud: Vec<f32> = plane.iter().map(|x| x * level).collect();
        let soft: Vec<f32> = plane.iter().rev().map(|x| x * level * 0.3).collect();
        let mut limiter = Limiter::new(rate, 2, ceiling, 1024).unwrap();
        let out = limit(&mut limiter, &[loud, soft].map(|p| p), 1024);
        let peak = dbtp(&out);
        prop_assert!(peak <= ceiling, "{} dBTP over a ceiling of {}", peak, ceiling);
    }
}
