//! The cost of the near field: one look-up, and one filter over the 272 padded bins of a transform of 512 samples.

use criterion::{Criterion, criterion_group, criterion_main};
use periphon::coords::Vec3;
use periphon::hrtf::near_field::near_ear;
use std::hint::black_box;

fn near_field(c: &mut Criterion) {
    let places: Vec<Vec3> = (0..64)
        .map(|i| Vec3::from_polar(f64::from(i) * 37.0, f64::from(i % 9) * 9.0, 0.15 + 0.01 * f64::from(i)))
        .collect();
    let mut next = 0;
    c.bench_function("near_ear", |b| {
        b.iter(|| {
            next = (next + 1) % places.len();
            near_ear(black_box(places[next]), next & 1)
        })
    });
    let shelves = near_ear(places[3], 0).expect("a near source").shelves;
    let (mut re, mut im) = (vec![0.5f32; 272], vec![0.25f32; 272]);
    c.bench_function("shelves over 272 bins", |b| {
        b.iter(|| {
            // Written anew, so that the numbers do not grow.
            re.fill(0.5);
            im.fill(0.25);
            shelves.apply(black_box(&mut re), black_box(&mut im), 512, 48_000.0);
        })
    });
}

criterion_group!(benches, near_field);
criterion_main!(benches);
