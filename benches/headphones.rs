//! Headphone correction: what a block costs, and what it costs to find and build one.

use criterion::{Criterion, criterion_group, criterion_main};
use periphon::headphones::{Correction, Profile, find};
use std::hint::black_box;

fn corrections(c: &mut Criterion) {
    let by_name = find("Sennheiser HD 650").expect("it is in the catalogue").profile();
    let curve = Profile::parse("curve", "GraphicEQ: 20 -3; 1000 0; 10000 4").expect("it is an equaliser");
    for (name, profile) in [("ten filters", &by_name), ("graphic, 170 ms", &curve)] {
        let mut correction = Correction::new(profile, 48_000.0, 128).expect("it can be built");
        let (mut left, mut right) = (vec![0.0f32; 128], vec![0.0f32; 128]);
        c.bench_function(&format!("128 frames, {name}"), |b| {
            b.iter(|| {
                left.fill(0.1);
                right.fill(-0.1);
                correction.process(black_box(&mut left), black_box(&mut right));
            });
        });
    }
    c.bench_function("find by name", |b| b.iter(|| find(black_box("sennheiser hd650")).is_ok()));
    c.bench_function("build ten filters at 96 kHz", |b| {
        b.iter(|| Correction::new(black_box(&by_name), 96_000.0, 128).is_ok());
    });
}

criterion_group!(benches, corrections);
criterion_main!(benches);
