//! The cost of the late field: building it, and a second of sound at 48 kHz in blocks of 256.

use criterion::{Criterion, criterion_group, criterion_main};
use periphon::room::Room;
use periphon::room::late::{LINES, Late};
use std::hint::black_box;

fn late(c: &mut Criterion) {
    let mut room = Room::new([7.0, 5.0, 3.0], 0.1);
    room.absorption[4] = [0.1, 0.15, 0.3, 0.4, 0.5, 0.6, 0.6];
    c.bench_function("late: built", |b| b.iter(|| Late::new(black_box(&room), 48_000.0).expect("a room")));

    let mut late = Late::new(&room, 48_000.0).expect("a room");
    let noise: Vec<f32> = (0..256u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 8) as f32 / 8e6 - 1.0).collect();
    let inputs: [&[f32]; LINES] = [&noise; LINES];
    let mut wet = vec![[0.0f32; 256]; LINES];
    let mut block = || {
        let mut lines = wet.iter_mut();
        let mut outputs: [&mut [f32]; LINES] =
            std::array::from_fn(|_| lines.next().map_or(&mut [][..], |line| &mut line[..]));
        late.process(black_box(&inputs), &mut outputs);
    };
    c.bench_function("late: a second", |b| b.iter(|| (0..188).for_each(|_| block())));
}

criterion_group!(benches, late);
criterion_main!(benches);
