//! Voice and band through a whole render: what `--vocals` and `--separate` promise.
#![cfg(all(feature = "files", feature = "separate"))]

use periphon::render::{Loudness, Placement, RenderJob, Vocals, render};
use periphon::sink::SampleFormat;
use std::path::Path;

const RATE: u32 = 44_100;

/// Two seconds of a chord on the left, noise on the right and a gliding tone in the middle.
fn track(dir: &Path) -> std::path::PathBuf {
    let path = dir.join("track.wav");
    let spec =
        hound::WavSpec { channels: 2, sample_rate: RATE, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut wav = hound::WavWriter::create(&path, spec).unwrap();
    let (mut noise, mut phase) = (1u32, 0.0f64);
    for n in 0..2 * RATE {
        let t = f64::from(n) / f64::from(RATE);
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        phase += (300.0 + 40.0 * (30.0 * t).sin()) / f64::from(RATE);
        let voice: f64 = (1..8).map(|k| (std::f64::consts::TAU * phase * f64::from(k)).sin() / f64::from(k)).sum();
        let chord = (1382.0 * t).sin() + (1741.0 * t).sin();
        let hiss = f64::from(noise >> 8) / 16_777_216.0 - 0.5;
        for x in [0.1 * voice + 0.1 * chord, 0.1 * voice + 0.05 * hiss] {
            wav.write_sample((x * 32_768.0) as i16).unwrap();
        }
    }
    wav.finalize().unwrap();
    path
}

fn rendered(dir: &Path, change: impl FnOnce(&mut RenderJob)) -> Vec<f32> {
    let mut job = RenderJob::new(track(dir), dir.join("out.wav"));
    (job.loudness, job.true_peak, job.format, job.force) = (Loudness::Off, None, SampleFormat::F32, true);
    change(&mut job);
    render(&job, &mut |_| ()).unwrap();
    hound::WavReader::open(&job.output).unwrap().samples::<f32>().map(Result::unwrap).collect()
}

#[test]
fn without_the_voice_and_the_voice_alone_add_up_to_the_track() {
    let dir = tempfile::tempdir().unwrap();
    let stereo = |vocals| rendered(dir.path(), |job| (job.placement, job.vocals) = (Some(Placement::Stereo), vocals));
    let (whole, off, only) = (stereo(None), stereo(Some(Vocals::Off)), stereo(Some(Vocals::Only)));
    let louder = stereo(Some(Vocals::Gain(6.0)));
    assert_eq!((whole.len(), whole.len(), whole.len()), (off.len(), only.len(), louder.len()));
    let power = |x: &[f32]| x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
    assert!(power(&only) > 1e-3 * power(&whole), "there is something of the voice");
    for (n, ((w, o), v)) in whole.iter().zip(&off).zip(&only).enumerate() {
        assert_eq!(*w, o + v, "sample {n}");
        assert!((louder[n] - (o + 1.995_262_3 * v)).abs() < 1e-6, "sample {n}");
    }
}

#[test]
fn a_panorama_of_voice_and_band_apart_is_as_long_and_about_as_strong_as_of_both() {
    let dir = tempfile::tempdir().unwrap();
    let together = rendered(dir.path(), |_| ());
    let apart = rendered(dir.path(), |job| job.separate = true);
    assert_eq!(together.len(), apart.len());
    assert_ne!(together, apart);
    let level = |x: &[f32]| 10.0 * x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().log10();
    assert!((level(&together) - level(&apart)).abs() < 2.0, "{} {}", level(&together), level(&apart));
}

#[test]
fn voice_and_band_are_not_told_apart_where_that_makes_no_sense() {
    let dir = tempfile::tempdir().unwrap();
    let mut job = RenderJob::new(track(dir.path()), dir.path().join("out.wav"));
    (job.separate, job.placement) = (true, Some(Placement::Stereo));
    let error = render(&job, &mut |_| ()).unwrap_err();
    assert!(error.to_string().contains("placed apart in a panorama"), "{error}");
    assert!(!dir.path().join("out.wav").exists());
}
