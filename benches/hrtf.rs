//! A head on its way from measured data to filters: preparation, look-up, interpolation.

use criterion::{Criterion, criterion_group, criterion_main};
use periphon::coords::Vec3;
use periphon::dsp::fft::good_len;
use periphon::hrtf::{FilterBank, HrtfSet, Interpolator, Measured, read};
use std::hint::black_box;
use std::sync::Arc;

const RATE: f64 = 48_000.0;

fn heads(c: &mut Criterion) {
    let mut group = c.benchmark_group("hrtf");
    group.sample_size(20);
    for name in periphon::sofa::builtin_names() {
        let measured = Measured::from(read(name).expect("a built-in head"));
        group.bench_function(format!("set, {name} to 48 kHz"), |b| b.iter(|| HrtfSet::new(black_box(&measured), RATE)));
        let set = Arc::new(HrtfSet::new(&measured, RATE).expect("a set that can be used"));
        let len = good_len(256 + set.taps() - 1);
        group.bench_function(format!("bank, {name}, transforms of {len}"), |b| {
            b.iter(|| FilterBank::new(Arc::clone(&set), len))
        });
    }
    group.finish();
}

fn directions(c: &mut Criterion) {
    let set = periphon::hrtf::open("ku100", RATE).expect("the default head");
    let mut group = c.benchmark_group("hrtf");
    let (mut near, mut turn) = ([0; 2], 0.0);
    group.bench_function("place, one degree on", |b| {
        b.iter(|| {
            turn += 1.0;
            set.place(Vec3::from_polar(turn, 12.0, 1.0), &mut near)
        })
    });
    group.bench_function("place, anywhere", |b| {
        b.iter(|| {
            turn += 137.5;
            set.place(Vec3::from_polar(turn, (turn * 0.37) % 90.0, 1.0), &mut near)
        })
    });
    let place = set.place(Vec3::from_polar(33.0, 7.0, 1.0), &mut near);
    let mut interpolator = Interpolator::new(set.taps());
    let mut out = vec![0.0; set.taps()];
    group.bench_function("interpolate, one ear", |b| {
        b.iter(|| interpolator.response(&set, black_box(place.terms()), 0, set.delay(&place, 0), &mut out))
    });
    group.finish();
}

criterion_group!(benches, heads, directions);
criterion_main!(benches);
