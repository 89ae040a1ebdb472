//! Reading head sets: the built-in heads from memory to finished data.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};

fn read(c: &mut Criterion) {
    let mut group = c.benchmark_group("sofa");
    for name in periphon::sofa::builtin_names() {
        let Some(bytes) = periphon::sofa::builtin(name) else { continue };
        group.bench_function(format!("read {name}"), |b| b.iter(|| periphon::sofa::parse(black_box(bytes))));
        let Ok(set) = periphon::sofa::parse(bytes) else { continue };
        group.bench_function(format!("diagnose {name}"), |b| b.iter(|| periphon::sofa::diagnose(black_box(&set))));
    }
    group.finish();
}

criterion_group!(benches, read);
criterion_main!(benches);
