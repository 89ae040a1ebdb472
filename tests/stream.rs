//! A render block by block is the render to a file.
#![cfg(feature = "files")]

mod truth;

use periphon::render::{Loudness, Placement, RenderJob, RenderStream, render};
use periphon::sink::SampleFormat;
use std::path::Path;
use truth::Noise;

/// Noise of so many channels and frames, at 44.1 kHz.
fn noise(path: &Path, channels: u16, frames: usize) {
    let spec = hound::WavSpec {
        channels,
        sample_rate: 44_100,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut wav = hound::WavWriter::create(path, spec).unwrap();
    let mut noise = Noise(7);
    (0..frames * usize::from(channels)).for_each(|_| wav.write_sample(noise.next()).unwrap());
    wav.finalize().unwrap();
}

/// Reads all of a stream in odd lengths.
fn streamed(job: &RenderJob) -> (u32, [Vec<f32>; 2]) {
    let mut stream = RenderStream::open(job).unwrap();
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let total = stream.frames();
    for length in (1..).map(|i| i * 37 % 4001) {
        let (mut l, mut r) = (vec![9.0; length], vec![9.0; length + 3]);
        let got = stream.read(&mut l, &mut r).unwrap();
        assert!(l[got..].iter().chain(&r[got..]).all(|x| *x == 9.0), "what is behind the end is left alone");
        left.extend(&l[..got]);
        right.extend(&r[..got]);
        if got < length {
            break;
        }
    }
    assert_eq!(stream.read(&mut [0.0], &mut [0.0]).unwrap(), 0);
    assert_eq!(total, Some(left.len() as u64));
    (stream.sample_rate(), [left, right])
}

fn rendered(job: &RenderJob) -> (u32, [Vec<f32>; 2]) {
    let job = RenderJob { loudness: Loudness::Off, true_peak: None, format: SampleFormat::F32, ..job.clone() };
    render(&job, &mut |_| ()).unwrap();
    let mut wav = hound::WavReader::open(&job.output).unwrap();
    let all: Vec<f32> = wav.samples().map(|x| x.unwrap()).collect();
    (wav.spec().sample_rate, [0, 1].map(|ear| all.iter().skip(ear).step_by(2).copied().collect()))
}

#[test]
fn block_by_block_has_the_bits_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    noise(&at("noise.wav"), 2, 30_000);
    noise(&at("mono.wav"), 1, 20_000);
    std::fs::write(at("scene.toml"), include_str!("data/truth/scene.toml")).unwrap();
    let orbit = Placement::Orbit(periphon::Vec3::new(1.0, 0.0, 0.0), 0.5);
    let jobs = [
        RenderJob::new(at("scene.toml"), at("scene.out.wav")),
        RenderJob { start: 0.3, duration: Some(0.4), ..RenderJob::new(at("scene.toml"), at("part.out.wav")) },
        RenderJob { placement: Some(orbit), start: 0.1, ..RenderJob::new(at("mono.wav"), at("mono.out.wav")) },
        RenderJob {
            placement: Some(Placement::Speakers),
            rate: Some(48_000),
            ..RenderJob::new(at("noise.wav"), at("pair.out.wav"))
        },
        RenderJob { placement: Some(Placement::Stereo), ..RenderJob::new(at("noise.wav"), at("plain.out.wav")) },
    ];
    for job in jobs {
        let (want, got) = (rendered(&job), streamed(&job));
        assert_eq!(want.0, got.0);
        assert!(want.1 == got.1, "{}", job.output.display());
        assert!(got.1.iter().all(|ear| ear.iter().any(|x| *x != 0.0)));
    }
}

#[test]
fn what_cannot_be_opened_says_why() {
    let error = RenderStream::open(&RenderJob::new("no/such/track.wav", "")).unwrap_err();
    assert_eq!(error.kind(), periphon::ErrorKind::Io);
}
