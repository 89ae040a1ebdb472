//! After the mix: loudness, true peak, limiter, dither, and a whole WAV or FLAC file; one second of stereo each.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use periphon::Layout;
use periphon::output::dither::{CHUNK_FRAMES, Quantizer};
use periphon::output::limiter::Limiter;
use periphon::output::loudness::LoudnessMeter;
use periphon::output::true_peak::TruePeakMeter;
use periphon::sink::{FileSink, SampleFormat, SinkSpec};
use std::hint::black_box;

const RATE: u32 = 48_000;
const FRAMES: usize = RATE as usize;

fn noise(seed: u32) -> Vec<f32> {
    let mut r = seed;
    let mut next = || {
        r = r.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (r >> 8) as f32 / 16_777_216.0 - 0.5
    };
    (0..FRAMES).map(|_| next()).collect()
}

fn output(c: &mut Criterion) {
    let (left, right) = (noise(1), noise(2));
    let planes: [&[f32]; 2] = [&left, &right];
    let stereo = Layout::named("stereo", 2).expect("a layout");
    let mut group = c.benchmark_group("output");
    group.throughput(Throughput::Elements(FRAMES as u64));

    let new = || LoudnessMeter::new(&stereo, RATE).expect("a rate in range");
    for (name, mut meter) in [
        ("loudness", new().without_true_peak()),
        ("loudness and true peak", new()),
        ("loudness, true peak and envelope", new().with_envelope()),
    ] {
        group.bench_function(name, |b| b.iter(|| meter.push(black_box(&planes))));
    }
    let mut peak = TruePeakMeter::new(2);
    group.bench_function("true peak", |b| b.iter(|| peak.push(black_box(&planes))));

    // Below the ceiling nothing is to be done but look; above it every frame is held.
    for (name, gain) in [("limiter, nothing to hold", 0.5f32), ("limiter, always holding", 3.0)] {
        let mut limiter = Limiter::new(RATE, 2, -1.0, 4096).expect("settings in range");
        let loud: Vec<Vec<f32>> = planes.iter().map(|p| p.iter().map(|x| x * gain).collect()).collect();
        let mut work = loud.clone();
        group.bench_function(name, |b| {
            b.iter(|| {
                work.clone_from(&loud);
                let mut planes: Vec<&mut [f32]> = work.iter_mut().map(Vec::as_mut_slice).collect();
                while !planes[0].is_empty() {
                    let n = planes[0].len().min(4096);
                    let (mut now, later): (Vec<_>, Vec<_>) = planes.into_iter().map(|p| p.split_at_mut(n)).unzip();
                    limiter.process(&mut now);
                    planes = later;
                }
            })
        });
    }
    for bits in [16, 24] {
        let mut quantizer = Quantizer::new(bits, 2);
        let mut out = vec![0; CHUNK_FRAMES];
        group.bench_function(format!("dither to {bits} bits"), |b| {
            b.iter(|| {
                for (channel, plane) in planes.iter().enumerate() {
                    for x in plane.chunks(CHUNK_FRAMES) {
                        quantizer.quantize(channel, x, &mut out[..x.len()]);
                    }
                }
                black_box(&out);
            })
        });
    }
    group.finish();
}

fn files(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let (left, right) = (noise(1), noise(2));
    let mut group = c.benchmark_group("sink");
    group.throughput(Throughput::Elements(FRAMES as u64));
    group.sample_size(20);
    let kinds = [
        ("wav", SampleFormat::I16),
        ("wav", SampleFormat::I24),
        ("wav", SampleFormat::F32),
        ("flac", SampleFormat::I24),
    ];
    for (extension, format) in kinds {
        let path = folder.path().join(format!("out.{extension}"));
        let spec = SinkSpec::new(RATE, Layout::named("stereo", 2).expect("a layout"), format);
        group.bench_function(format!("{extension} {}", format.name()), |b| {
            b.iter(|| {
                let mut sink = FileSink::create(&path, &spec, true)?;
                sink.write(&[&left, &right])?;
                sink.finish()
            })
        });
    }
    group.finish();
}

criterion_group!(benches, output, files);
criterion_main!(benches);
