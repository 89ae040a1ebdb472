//! The panorama from file to file: what the figures of docs/panorama.md must not fall below, on signals made here.
#![cfg(feature = "files")]

mod sounds;

use periphon::panorama::StageFile;
use periphon::render::{Loudness, Placement, RenderJob, render};
use periphon::sink::SampleFormat;
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;
use sounds::wav;
use std::f64::consts::PI;
use std::path::Path;

const RATE: u32 = 44_100;

fn noise(frames: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..frames).map(|_| 0.2 * next()).collect()
}

/// Notes of noise: sounds that begin and end, as those of music do.
fn notes(frames: usize, seed: u32) -> Vec<f32> {
    let step = 5_000 + 700 * seed as usize;
    let level = |n: usize| (-(((n + 3_000 * seed as usize) % step) as f32) / 1_500.0).exp();
    noise(frames, seed).into_iter().enumerate().map(|(n, x)| x * level(n)).collect()
}

fn pan(x: &[f32], pan: f64) -> [Vec<f32>; 2] {
    let (sin, cos) = ((pan + 1.0) * PI / 4.0).sin_cos();
    [cos, sin].map(|g| x.iter().map(|x| g as f32 * x).collect())
}

fn add(sum: &mut [Vec<f32>; 2], x: &[Vec<f32>; 2], gain: f32) {
    for (sum, x) in sum.iter_mut().zip(x) {
        sum.iter_mut().zip(x).for_each(|(s, x)| *s += gain * x);
    }
}

fn job(folder: &Path, channels: &[Vec<f32>]) -> RenderJob {
    wav(&folder.join("in.wav"), RATE, channels);
    RenderJob {
        force: true,
        format: SampleFormat::F32,
        loudness: Loudness::Off,
        true_peak: None,
        ..RenderJob::new(folder.join("in.wav"), folder.join("out.wav"))
    }
}

fn ears(job: &RenderJob) -> [Vec<f32>; 2] {
    render(job, &mut |_| {}).unwrap();
    let mut file = hound::WavReader::open(&job.output).unwrap();
    let all: Vec<f32> = file.samples().map(Result::unwrap).collect();
    [0, 1].map(|c| all.iter().skip(c).step_by(2).copied().collect())
}

/// Energies in the third octaves of 100 Hz to 10 kHz.
fn thirds(x: &[f32]) -> Vec<f64> {
    let len = x.len().next_power_of_two();
    let mut spectrum: Vec<Complex<f64>> = x.iter().map(|x| Complex::new(f64::from(*x), 0.0)).collect();
    spectrum.resize(len, Complex::default());
    FftPlanner::new().plan_fft_forward(len).process(&mut spectrum);
    let bin = |hz: f64| (hz * len as f64 / f64::from(RATE)) as usize;
    let bands = (-10..=10).map(|b| 1000.0 * (f64::from(b) / 3.0).exp2());
    let half = (1.0f64 / 6.0).exp2();
    bands.map(|hz| spectrum[bin(hz / half)..bin(hz * half)].iter().map(Complex::norm_sqr).sum()).collect()
}

/// dB from band to band, without their mean.
fn change(out: &[f64], given: &[f64]) -> Vec<f64> {
    let db: Vec<f64> = out.iter().zip(given).map(|(o, g)| 10.0 * (o / g).log10()).collect();
    let mean = db.iter().sum::<f64>() / db.len() as f64;
    db.iter().map(|x| x - mean).collect()
}

fn worst(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |m, x| x.abs().max(m))
}

/// A singer in the middle, four players beside, a room.
fn song(frames: usize) -> [Vec<f32>; 2] {
    let mut mix = [vec![0.0; frames], vec![0.0; frames]];
    for (seed, place, gain) in [(1, 0.0, 1.0), (2, -0.7, 0.5), (3, 0.6, 0.5), (4, 0.33, 0.4), (5, -1.0, 0.3)] {
        add(&mut mix, &pan(&notes(frames, seed), place), gain);
    }
    add(&mut mix, &[noise(frames, 8), noise(frames, 9)], 0.1);
    mix
}

/// What a song's spectra have become, at both ears and in mono, dB.
fn colours(out: &[Vec<f32>; 2], mix: &[Vec<f32>; 2]) -> [Vec<f64>; 2] {
    let sum = |x: [Vec<f64>; 2]| -> Vec<f64> { x[0].iter().zip(&x[1]).map(|(a, b)| a + b).collect() };
    let both = change(&sum(out.each_ref().map(|x| thirds(x))), &sum(mix.each_ref().map(|x| thirds(x))));
    let mono = |x: &[Vec<f32>; 2]| thirds(&x[0].iter().zip(&x[1]).map(|(a, b)| a + b).collect::<Vec<_>>());
    [both, change(&mono(out), &mono(mix))]
}

#[test]
fn music_keeps_its_colour_at_the_ears_and_in_mono() {
    let folder = tempfile::tempdir().unwrap();
    let mix = song(6 * RATE as usize);
    let [both, alone] = colours(&ears(&job(folder.path(), &mix)), &mix);
    assert!(worst(&both) < 1.0, "{both:.1?}");
    assert!(worst(&alone) < 1.5, "{alone:.1?}");
}

/// What is hard for a stage: bass that the channels have unlike, bright sounds at the sides, much ambience.
#[test]
fn music_with_wide_bass_and_bright_sides_keeps_its_colour_too() {
    let folder = tempfile::tempdir().unwrap();
    let frames = 8 * RATE as usize;
    let mut mix = song(frames);
    let low = |x: Vec<f32>| {
        let mut state = 0.0;
        x.into_iter()
            .map(|x| {
                state += 0.04 * (x - state);
                state
            })
            .collect::<Vec<f32>>()
    };
    let high = |x: Vec<f32>| x.windows(2).map(|w| w[0] - w[1]).chain([0.0]).collect::<Vec<f32>>();
    add(&mut mix, &[low(noise(frames, 11)), low(noise(frames, 12))], 2.0);
    add(&mut mix, &pan(&high(notes(frames, 2)), -0.9), 0.7);
    add(&mut mix, &pan(&high(notes(frames, 5)), 0.8), 0.7);
    for (stage, most) in [("natural", [1.5, 2.0]), ("wide", [2.0, 2.5])] {
        let mut job = job(folder.path(), &mix);
        job.stage = Some(stage.to_string());
        let [both, alone] = colours(&ears(&job), &mix);
        assert!(worst(&both) < most[0], "{stage}: {both:.1?}");
        assert!(worst(&alone) < most[1], "{stage}: {alone:.1?}");
    }
}

#[test]
fn a_voice_in_the_middle_reaches_both_ears_alike() {
    let folder = tempfile::tempdir().unwrap();
    // As dark as speech: at 15 kHz the measured head itself is not the same on both sides.
    let mut state = [0.0f32; 2];
    let dark = |x: f32| {
        state[0] += 0.2 * (x - state[0]);
        state[1] += 0.2 * (state[0] - state[1]);
        state[1]
    };
    let voice: Vec<f32> = notes(3 * RATE as usize, 1).into_iter().map(dark).collect();
    let mut job = job(folder.path(), &[voice.clone(), voice]);
    job.room = Some("none".to_string());
    let [left, right] = ears(&job);
    let energy = |x: &[f32]| x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
    let level = 10.0 * (energy(&left) / energy(&right)).log10();
    assert!(level.abs() < 0.5, "{level:.2} dB");
    let cross = |lag: isize| {
        let shifted = |n: usize| n.checked_add_signed(lag).and_then(|n| right.get(n)).map_or(0.0, |x| f64::from(*x));
        left.iter().enumerate().map(|(n, x)| f64::from(*x) * shifted(n)).sum::<f64>()
    };
    let around = [cross(-1), cross(0), cross(1)];
    assert!(around[1] > around[0] && around[1] > around[2], "{around:.3?}");
    let late = 0.5 * (around[0] - around[2]) / (around[0] - 2.0 * around[1] + around[2]);
    assert!((1e6 * late / f64::from(RATE)).abs() < 20.0, "{late:.3} samples");
}

#[test]
fn a_panned_sound_comes_from_its_place_on_the_stage() {
    let folder = tempfile::tempdir().unwrap();
    let stage = StageFile::open("natural").unwrap();
    let sound = notes(2 * RATE as usize, 2);
    let level = |x: &[Vec<f32>; 2]| change_of_ears(x);
    for sector in [0, 1, 2, 5] {
        let layout = stage.layout();
        let mut opened = job(folder.path(), &pan(&sound, layout.pan(sector)));
        opened.room = Some("none".to_string());
        let ours = level(&ears(&opened));
        let mut point = job(folder.path(), std::slice::from_ref(&sound));
        point.placement =
            Some(Placement::Point(periphon::coords::Vec3::from_polar(stage.spot(sector).azimuth, 0.0, 1.0)));
        let wanted = level(&ears(&point));
        // From 500 Hz up: the bass is the centre's.
        for (band, (a, b)) in ours.iter().zip(&wanted).enumerate().skip(7) {
            assert!((a - b).abs() < 1.5, "sector {sector}, band {band}: {a:.1} dB instead of {b:.1} dB");
        }
    }
}

/// The level difference of the ears in third octaves, dB.
fn change_of_ears(x: &[Vec<f32>; 2]) -> Vec<f64> {
    thirds(&x[0]).iter().zip(thirds(&x[1])).map(|(l, r)| 10.0 * (l / r).log10()).collect()
}

#[test]
fn a_panorama_is_what_becomes_of_stereo_and_of_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let sound = notes(RATE as usize / 2, 3);
    let stereo = job(folder.path(), &[sound.clone(), sound.clone()]);
    let report = render(&stereo, &mut |_| {}).unwrap();
    assert_eq!((report.placement, report.stage.as_str(), report.room.as_str()), ("panorama", "natural", "studio"));
    let live = RenderJob { stage: Some("live".to_string()), ..stereo.clone() };
    let report = render(&live, &mut |_| {}).unwrap();
    assert_eq!((report.stage.as_str(), report.room.as_str()), ("live", "concert-hall"));
    let dry = RenderJob { room: Some("none".to_string()), ..live };
    assert_eq!(render(&dry, &mut |_| {}).unwrap().room, "none");
    let typo = RenderJob { stage: Some("cinma".to_string()), ..stereo.clone() };
    assert!(render(&typo, &mut |_| {}).unwrap_err().hints()[0].contains("cinema"));
    let speakers = RenderJob { stage: Some("wide".to_string()), placement: Some(Placement::Speakers), ..stereo };
    assert!(render(&speakers, &mut |_| {}).is_err());
    let mono = RenderJob { placement: Some(Placement::Panorama), ..job(folder.path(), &[sound]) };
    let error = render(&mono, &mut |_| {}).unwrap_err();
    assert!(error.hints()[0].contains("point"), "{error}");
}

#[test]
fn any_block_rate_and_number_of_threads_is_the_same_panorama() {
    let folder = tempfile::tempdir().unwrap();
    let stereo = job(folder.path(), &song(RATE as usize));
    let usual = ears(&stereo);
    for (block, threads) in [(Some(64), Some(1)), (Some(1_000), None), (None, Some(1))] {
        let other = ears(&RenderJob { block, threads, ..stereo.clone() });
        // A tail may end with another partition.
        let frames = usual[0].len().min(other[0].len());
        for (a, b) in usual.iter().zip(&other) {
            let apart = a[..frames].iter().zip(&b[..frames]).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
            assert!(apart < 1e-5, "{block:?} {threads:?}: {apart:e}");
        }
    }
    let double = RenderJob { rate: Some(88_200), ..stereo };
    let report = render(&double, &mut |_| {}).unwrap();
    assert_eq!(report.sample_rate, 88_200);
}
