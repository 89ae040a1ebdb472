//! The block function: a second of sound of many sources, moving and still. `periphon bench` measures the same by CPU
//! time and per source; here changes from one version to the next are seen.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use periphon::coords::Vec3;
use periphon::hrtf::HrtfSet;
use periphon::render::{EngineOptions, engine};
use periphon::spatializer::{Motion, SourceSpec};
use std::hint::black_box;
use std::sync::Arc;

const RATE: f64 = 48_000.0;

/// Every source on a circle of its own.
fn circle(i: usize) -> Motion {
    let start = Vec3::from_polar(i as f64 * 137.5, (i as f64 * 29.0) % 80.0 - 40.0, 1.0);
    Motion::Orbit { centre: Vec3::default(), start, seconds_per_turn: 1.0 / (0.1 + 0.002 * i as f64) }
}

fn block(c: &mut Criterion, set: &Arc<HrtfSet>, sources: usize, block: usize, moves: bool) {
    let (mut engine, mut control) = engine(set, &EngineOptions::live(RATE, block, sources)).expect("sizes in range");
    for i in 0..sources {
        let motion = if moves { circle(i) } else { Motion::Still(circle(i).at(0.0)) };
        control.add(SourceSpec::new(motion)).expect("a free source");
    }
    let sound: Vec<f32> = (0..48_000).map(|i| ((i * 7919 % 20_011) as f32 / 20_011.0 - 0.5) * 0.25).collect();
    let (mut left, mut right) = (vec![0.0f32; block], vec![0.0f32; block]);
    let mut at = 0;
    let mut group = c.benchmark_group(if moves { "moving" } else { "still" });
    group.throughput(Throughput::Elements((sources * block) as u64));
    group.bench_function(BenchmarkId::new(format!("{sources} sources"), block), |b| {
        b.iter(|| {
            at = (at + block) % 40_000;
            let inputs: Vec<&[f32]> = (0..sources).map(|i| &sound[(at + 7 * i) % 40_000..][..block]).collect();
            engine.process(&inputs, &mut left, &mut right);
            black_box((&left, &right));
        })
    });
    group.finish();
}

fn blocks(c: &mut Criterion) {
    let set = periphon::hrtf::open("ku100", RATE).expect("the default head");
    for moves in [true, false] {
        for (sources, frames) in [(1, 64), (64, 64), (64, 128), (64, 256), (256, 256), (256, 1024)] {
            block(c, &set, sources, frames, moves);
        }
    }
}

criterion_group!(benches, blocks);
criterion_main!(benches);
