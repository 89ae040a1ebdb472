//! The Ambisonic bus: decoding, turning, encoding, and the design of its filters. Each iteration of the first two is a
//! block; `periphon`'s aim is 2 ms a second for order 3 at 48 kHz in blocks of 256 frames, 10.7 µs a block.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use periphon::ambisonics::{Decoder, DecoderFilters, Rotator, channels, encode_third};
use periphon::coords::Rotation;
use std::hint::black_box;
use std::sync::Arc;

const RATE: f64 = 48_000.0;

fn bus(order: usize, frames: usize) -> Vec<Vec<f32>> {
    (0..channels(order))
        .map(|c| (0..frames).map(|i| (((i + 31 * c) * 7919 % 20_011) as f32 / 20_011.0 - 0.5) * 0.25).collect())
        .collect()
}

fn benches(c: &mut Criterion) {
    let set = periphon::hrtf::open("ku100", RATE).expect("the default head");
    let mut group = c.benchmark_group("ambisonic decoder");
    for order in [1, 3, 7] {
        let filters = Arc::new(DecoderFilters::design(&set, order).expect("an order in range"));
        for block in [64, 128, 256, 1024, 4096] {
            let mut decoder = Decoder::new(&filters, block).expect("a block in range");
            let bus = bus(order, block);
            let (mut left, mut right) = (vec![0.0f32; block], vec![0.0f32; block]);
            group.throughput(Throughput::Elements(block as u64));
            group.bench_function(BenchmarkId::new(format!("order {order}"), block), |b| {
                b.iter(|| {
                    left.fill(0.0);
                    right.fill(0.0);
                    decoder.process(&bus, &mut left, &mut right);
                    black_box((&left, &right));
                })
            });
        }
    }
    group.finish();

    let mut group = c.benchmark_group("ambisonic rotator");
    for order in [3, 7] {
        let mut rotator = Rotator::new(order);
        let mut bus = bus(order, 256);
        let mut yaw = 0.0;
        group.throughput(Throughput::Elements(256));
        for turns in [false, true] {
            rotator.jump(Rotation::from_yaw_pitch_roll(10.0, 5.0, 0.0));
            group.bench_function(BenchmarkId::new(format!("order {order}, turning: {turns}"), 256), |b| {
                b.iter(|| {
                    if turns {
                        yaw += 0.1;
                        rotator.set(Rotation::from_yaw_pitch_roll(yaw, 5.0, 0.0));
                    }
                    rotator.process(&mut bus, 256);
                    black_box(&bus);
                })
            });
        }
    }
    group.finish();

    c.bench_function("encode a direction, third order", |b| {
        b.iter(|| black_box(encode_third(black_box([0.36, 0.48, 0.8]))))
    });

    let mut group = c.benchmark_group("decoder design, ku100");
    group.sample_size(10);
    for order in [1, 3, 7] {
        group.bench_function(BenchmarkId::from_parameter(order), |b| {
            b.iter(|| black_box(DecoderFilters::design(&set, order)))
        });
    }
    let wide = periphon::hrtf::open("ku100", 192_000.0).expect("the default head");
    group.bench_function("3 at 192 kHz", |b| b.iter(|| black_box(DecoderFilters::design(&wide, 3))));
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
