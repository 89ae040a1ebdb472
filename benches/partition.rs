//! One transform of block + taps − 1 for each source and block, as the engine does it, against uniform partitions:
//! microseconds of CPU for a resting source and second of sound, in turn, the median of several runs. The table of
//! docs/decisions/one-partition.md is printed by `cargo bench --bench partition -- --table`.
//!
//! Criterion times the two at the default head's size; the table measures CPU time of the thread, as everywhere.

#[path = "../tests/reference/mod.rs"]
mod reference;

#[path = "../tests/reference/partition.rs"]
mod partition;

use criterion::{Criterion, criterion_group};
use partition::{Partitioned, PartitionedMix};
use periphon::cli::bench::cpu_seconds;
use periphon::coords::Vec3;
use periphon::hrtf::HrtfSet;
use periphon::render::{Control, Engine, EngineOptions, engine};
use periphon::spatializer::SourceSpec;
use reference::Noise;
use std::hint::black_box;
use std::sync::Arc;

const RATE: f64 = 48_000.0;
const SOURCES: usize = 32;

fn place(i: usize) -> Vec3 {
    Vec3::from_polar(i as f64 * 137.5, (i as f64 * 29.0) % 90.0 - 45.0, 1.0)
}

/// A head whose responses are noise to their last sample, as measured ones are: tails of formulas are denormal.
fn head(taps: usize) -> Arc<HrtfSet> {
    let mut measured = reference::head(30, taps, RATE);
    let mut noise = Noise(3);
    measured.responses.iter_mut().for_each(|x| *x += 1e-3 * noise.next() as f32);
    Arc::new(HrtfSet::new(&measured, RATE).expect("a set that can be used"))
}

fn one(taps: usize, block: usize) -> (Engine, Control) {
    let set = head(taps);
    let (engine, mut control) = engine(&set, &EngineOptions::live(RATE, block, SOURCES)).expect("sizes in range");
    for i in 0..SOURCES {
        control.add(SourceSpec::still(place(i))).expect("a free source");
    }
    (engine, control)
}

fn many(taps: usize, block: usize) -> PartitionedMix {
    let set = head(taps);
    let vertices = set.vertices() as u32;
    let source = |i: usize| {
        let vertex = i as u32 * 7 % vertices;
        Partitioned::new([set.response(vertex, 0), set.response(vertex, 1)], block)
    };
    PartitionedMix::new((0..SOURCES).map(source).collect(), block)
}

/// CPU seconds of some blocks.
fn run(blocks: usize, block: usize, x: &[f32], mut process: impl FnMut(&[&[f32]], &mut [f32], &mut [f32])) -> f64 {
    let (mut left, mut right) = (vec![0.0; block], vec![0.0; block]);
    let began = cpu_seconds();
    for b in 0..blocks {
        let inputs: [&[f32]; SOURCES] = std::array::from_fn(|i| {
            let at = (i * 977 + b * block) % (x.len() - block);
            &x[at..at + block]
        });
        process(&inputs, &mut left, &mut right);
        black_box((&left, &right));
    }
    cpu_seconds() - began
}

/// Microseconds for a source and second: one partition, many.
fn compare(taps: usize, block: usize, x: &[f32]) -> [f64; 2] {
    let (mut a, _control) = one(taps, block);
    let mut b = many(taps, block);
    let blocks = (0.5 * RATE) as usize / block;
    let mut times = [Vec::new(), Vec::new()];
    for i in 0..8 {
        let t =
            [run(blocks, block, x, |x, l, r| a.process(x, l, r)), run(blocks, block, x, |x, l, r| b.process(x, l, r))];
        if i > 0 {
            times.iter_mut().zip(t).for_each(|(all, t)| all.push(t));
        }
    }
    times.map(|mut t| {
        t.sort_by(f64::total_cmp);
        t[t.len() / 2] * 1e6 / SOURCES as f64 * RATE / (blocks * block) as f64
    })
}

fn table() {
    let x = Noise(1).vec(96_000);
    println!("| taps | block 16 | 64 | 128 | 256 |\n| --- | --- | --- | --- | --- |");
    for taps in [128, 256, 512, 1024, 2048] {
        let cells: Vec<String> = [16, 64, 128, 256]
            .map(|block| {
                let [one, many] = compare(taps, block, &x);
                format!("{one:.0} / {many:.0} ({:.2})", one / many)
            })
            .to_vec();
        println!("| {taps} | {} |", cells.join(" | "));
    }
}

fn partition(c: &mut Criterion) {
    let x = Noise(1).vec(96_000);
    let (taps, block) = (256, 128);
    let (mut a, _control) = one(taps, block);
    let mut b = many(taps, block);
    c.bench_function("32 resting sources, 256 taps, block 128: one partition", |bench| {
        bench.iter(|| run(1, block, &x, |x, l, r| a.process(x, l, r)))
    });
    c.bench_function("32 resting sources, 256 taps, block 128: uniform partitions", |bench| {
        bench.iter(|| run(1, block, &x, |x, l, r| b.process(x, l, r)))
    });
}

criterion_group!(benches, partition);

fn main() {
    if std::env::args().any(|a| a == "--table") {
        return table();
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
