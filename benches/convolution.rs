//! Long convolution: the mean and the worst block of eight sources through one-second responses to two ears, by CPU
//! time of the process, and how even the blocks are. The figures of `docs/decisions/long-convolution.md`.
//!
//! `cargo bench --bench convolution [--no-default-features] -- [SECONDS]`

use periphon::coords::{Rotation, Vec3};
use periphon::dsp::partitioned::{Convolver, Filters, Plan};
use periphon::room::measured::{Assignment, BrirRenderer, Emitter, MeasuredRoom, Receivers, RoomResponses};
use std::sync::Arc;
use std::time::Instant;

/// CPU seconds of this process so far.
#[cfg(unix)]
fn cpu_seconds() -> f64 {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("the system keeps count");
    (usage.user_time() + usage.system_time()).num_microseconds() as f64 * 1e-6
}

#[cfg(not(unix))]
fn cpu_seconds() -> f64 {
    f64::NAN
}

/// The same numbers on every machine, in [−1, 1).
fn noise(n: usize, seed: u64) -> Vec<f32> {
    let mut s = seed;
    (0..n)
        .map(|_| {
            s = s.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((s >> 11) as f64 / (1u64 << 52) as f64 - 1.0) as f32
        })
        .collect()
}

fn measure(inputs: usize, taps: usize, block: usize, seconds: f64) {
    let plan = Arc::new(Plan::search(inputs, 2, taps, block, 0).expect("sizes in range"));
    let responses: Vec<Vec<Vec<f32>>> =
        (0..inputs).map(|i| (0..2).map(|e| noise(taps, (2 * i + e) as u64)).collect()).collect();
    let mut convolver = Convolver::new(&Filters::of(&plan, &responses), 256);
    let sound = noise(96_000 + block, 99);
    let (mut left, mut right) = (vec![0.0; block], vec![0.0; block]);
    let blocks = ((seconds * 48_000.0) as usize / block).max(20);
    let largest = plan.levels().iter().map(|l| l.size).max().unwrap_or(block);
    // Blocks at the same place of the largest level's stretch do the same work: the least time of each place is free of
    // what else the machine does.
    let period = (largest / block).max(1);
    let mut least = vec![f64::INFINITY; period];
    let mut times = Vec::with_capacity(blocks);
    let before = cpu_seconds();
    for b in 0..blocks {
        let x: Vec<&[f32]> = (0..inputs).map(|i| &sound[(i * 977 + b * block) % 96_000..][..block]).collect();
        let start = Instant::now();
        convolver.process(&x, &mut [&mut left, &mut right]);
        let t = start.elapsed().as_secs_f64();
        times.push(t);
        least[b % period] = least[b % period].min(t);
        std::hint::black_box((&left, &right));
    }
    let per_second = 48_000.0 / block as f64;
    let mean = (cpu_seconds() - before) / blocks as f64;
    times.sort_by(f64::total_cmp);
    let median = times[blocks / 2];
    let least_mean = least.iter().sum::<f64>() / period as f64;
    let worst = least.iter().fold(0.0f64, |m, t| m.max(*t));
    println!(
        "{inputs} x 2, {taps} taps, block {block}: CPU {:.2} ms/s, median block {:.1} us, least of each place {:.2} ms/s, worst/mean {:.2}; {:?}",
        mean * per_second * 1e3,
        median * 1e6,
        least_mean * per_second * 1e3,
        worst / least_mean,
        plan.levels().iter().map(|l| (l.size, l.parts)).collect::<Vec<_>>()
    );
}

/// Eight loudspeakers at the ears of a head that keeps turning between five measured orientations.
fn turning_head(seconds: f64) {
    let (block, taps) = (256, 48_000);
    let emitters: Vec<Emitter> = (0..8)
        .map(|i| Emitter { name: String::new(), position: Vec3::from_polar(f64::from(i) * 45.0, 0.0, 2.0) })
        .collect();
    let orientations: Vec<Rotation> =
        (0..5).map(|i| Rotation::from_yaw_pitch_roll(f64::from(i) * 30.0 - 60.0, 0.0, 0.0)).collect();
    let data = RoomResponses {
        sample_rate: 48_000.0,
        taps,
        responses: noise(5 * 8 * 2 * taps, 7),
        emitters,
        orientations,
        receivers: Receivers::Ears,
        warnings: Vec::new(),
    };
    let room = Arc::new(MeasuredRoom::new(data, 48_000.0).expect("a room"));
    let ways: Vec<Assignment> = (0..8).map(Assignment::emitter).collect();
    for turns in [false, true] {
        let mut renderer = BrirRenderer::new(&room, &ways, block, Rotation::IDENTITY).expect("two ears");
        let sound = noise(96_000, 99);
        let (mut left, mut right) = (vec![0.0; block], vec![0.0; block]);
        let blocks = (seconds * 48_000.0) as usize / block;
        let before = cpu_seconds();
        let mut times = Vec::with_capacity(blocks);
        for b in 0..blocks {
            let x: Vec<&[f32]> = (0..8).map(|i| &sound[(i * 977 + b * block) % 90_000..][..block]).collect();
            let start = Instant::now();
            if turns {
                renderer.set_head(Rotation::from_yaw_pitch_roll(50.0 * (b as f64 * 0.01).sin(), 0.0, 0.0));
            }
            renderer.process(&x, &mut left, &mut right);
            times.push(start.elapsed().as_secs_f64());
        }
        times.sort_by(f64::total_cmp);
        println!(
            "room of 8 loudspeakers, block {block}, head {}: CPU {:.2} ms/s, median block {:.1} us, 95 % below {:.1} us; {:?}",
            if turns { "turning" } else { "resting" },
            (cpu_seconds() - before) / blocks as f64 * 48_000.0 / block as f64 * 1e3,
            times[blocks / 2] * 1e6,
            times[blocks * 95 / 100] * 1e6,
            renderer.plan().levels().iter().map(|l| (l.size, l.parts)).collect::<Vec<_>>()
        );
    }
}

fn main() {
    let seconds = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(10.0);
    for (inputs, taps, block) in [
        (8, 48_000, 64),
        (8, 48_000, 128),
        (8, 48_000, 256),
        (8, 48_000, 480),
        (8, 48_000, 1024),
        (8, 48_000, 8192),
        (8, 48_000, 16_384),
        (1, 48_000, 256),
        (2, 480_000, 256),
    ] {
        measure(inputs, taps, block, seconds);
    }
    turning_head(seconds);
}
