//! Rooms: the exact response of a shoebox by order, and by bands, in a room of 6 × 5 × 3 m, α 0.2.
//!
//! The peer measured beside it (pyroomacoustics) makes the same responses: see `docs/decisions/image-sources.md`.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use periphon::coords::Vec3;
use periphon::room::response::{Shoebox, walls};
use periphon::room::{Air, Room};
use std::hint::black_box;

const RATE: f64 = 48_000.0;

fn room(order: usize, by_bands: bool) -> Room {
    let mut room = Room::new([6.0, 5.0, 3.0], 0.2);
    room.reflection_order = order;
    room.air = by_bands.then(Air::default);
    if by_bands {
        room.absorption = [[0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.3]; 6];
    }

    room
}

fn responses(c: &mut Criterion) {
    let mut group = c.benchmark_group("shoebox");
    let (source, listener) = (Vec3::new(4.5, 2.5, 1.5), Vec3::new(2.0, 2.2, 1.6));
    for (by_bands, orders) in [(false, &[3, 17, 30, 50][..]), (true, &[3, 17])] {
        for order in orders {
            let room = room(*order, by_bands);
            let reflection = walls(&room);
            let shoebox = Shoebox::new(&room, &reflection, source, listener);
            let frames = shoebox.frames(RATE);
            let name = if by_bands { "seven bands and air" } else { "flat" };
            group.bench_function(BenchmarkId::new(name, order), |b| {
                b.iter(|| black_box(shoebox).omni(RATE, frames).map(|r| r.len()))
            });
        }
    }
    let room = room(17, true);
    let reflection = walls(&room);
    let shoebox = Shoebox::new(&room, &reflection, source, listener);
    let third_order =
        |d: Vec3, out: &mut [f32]| out.iter_mut().enumerate().for_each(|(i, o)| *o = (d.x + i as f64) as f32);
    group.bench_function("seven bands and air, 16 channels/17", |b| {
        b.iter(|| black_box(shoebox).response(RATE, shoebox.frames(RATE), 16, third_order).map(|r| r.len()))
    });
    group.finish();
}

criterion_group!(benches, responses);
criterion_main!(benches);
