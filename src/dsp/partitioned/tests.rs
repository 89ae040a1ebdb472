use super::*;
use std::sync::Arc;

/// The same numbers on every machine, in [−1, 1).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    fn vec(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.next() as f32).collect()
    }

    fn below(&mut self, n: usize) -> usize {
        ((self.next() + 1.0) / 2.0 * n as f64) as usize
    }
}

/// `[input][output]` responses that decay like a room's.
fn responses(inputs: usize, outputs: usize, taps: usize, noise: &mut Noise) -> Vec<Vec<Vec<f32>>> {
    let one = |noise: &mut Noise| -> Vec<f32> {
        (0..taps).map(|n| (noise.next() * (-4.0 * n as f64 / taps as f64).exp()) as f32).collect()
    };
    (0..inputs).map(|_| (0..outputs).map(|_| one(noise)).collect()).collect()
}

/// The sum that defines a convolution, in double precision, of every frame in `at`.
fn direct(h: &[Vec<Vec<f32>>], x: &[Vec<f32>], output: usize, at: &[usize]) -> Vec<f64> {
    at.iter()
        .map(|&n| {
            let of = |i: usize| -> f64 {
                let h = &h[i][output];
                (0..h.len().min(n + 1)).map(|k| f64::from(h[k]) * f64::from(x[i][n - k])).sum()
            };
            (0..x.len()).map(of).sum()
        })
        .collect()
}

fn run(convolver: &mut Convolver, x: &[Vec<f32>], mut next: impl FnMut() -> usize) -> Vec<Vec<f32>> {
    let frames = x[0].len();
    let outputs = convolver.plan().outputs();
    let mut y = vec![vec![0.0; frames]; outputs];
    let mut at = 0;
    while at < frames {
        let n = next().min(frames - at);
        let inputs: Vec<&[f32]> = x.iter().map(|x| &x[at..at + n]).collect();
        let mut out: Vec<&mut [f32]> = y.iter_mut().map(|y| &mut y[at..at + n]).collect();
        convolver.process(&inputs, &mut out);
        at += n;
    }
    y
}

/// Difference to the direct sum in dB of its own level.
fn error_db(h: &[Vec<Vec<f32>>], x: &[Vec<f32>], y: &[Vec<f32>], at: &[usize]) -> f64 {
    let (mut difference, mut level) = (0.0, 0.0);
    for (o, y) in y.iter().enumerate() {
        for (n, want) in at.iter().zip(direct(h, x, o, at)) {
            difference += (f64::from(y[*n]) - want).powi(2);
            level += want * want;
        }
    }
    10.0 * (difference / level).log10()
}

fn some_frames(frames: usize, noise: &mut Noise) -> Vec<usize> {
    let mut at: Vec<usize> = (0..40.min(frames)).collect();
    at.extend((0..300).map(|_| noise.below(frames)));
    at
}

#[test]
fn every_plan_and_every_block_is_the_direct_sum() {
    let mut noise = Noise(1);
    for (inputs, outputs, taps, block, first) in [
        (1, 1, 1, 64, 0),
        (1, 2, 31, 32, 0),
        (2, 2, 1000, 64, 0),
        (3, 1, 5000, 48, 0),
        (2, 3, 9000, 128, 0),
        (2, 2, 20_000, 64, 3000),
        (1, 2, 12_345, 480, 0),
        (2, 2, 6000, 1024, 0),
        (1, 5, 700, 1, 0),
        (2, 2, 30_000, 100, 0),
    ] {
        let plan = Arc::new(Plan::search(inputs, outputs, taps, block, first).unwrap());
        let h = responses(inputs, outputs, taps, &mut noise);
        let frames = 2 * taps + 3000;
        let x: Vec<Vec<f32>> = (0..inputs).map(|_| noise.vec(frames)).collect();
        let filters = Filters::of(&plan, &h);
        let at = some_frames(frames, &mut noise);
        let mut blocks = Noise(taps as u64);
        for (name, next) in [
            ("its own", Box::new(|| block) as Box<dyn FnMut() -> usize>),
            ("any", Box::new(move || 1 + blocks.below(2 * block))),
            ("odd", Box::new(|| 97)),
            ("one", Box::new(|| frames)),
        ] {
            let y = run(&mut Convolver::new(&filters, 256), &x, next);
            let db = error_db(&h, &x, &y, &at);
            assert!(db < -120.0, "{taps} taps in {:?}, blocks: {name}: {db:.1} dB", plan.levels());
        }
    }
}

#[test]
fn plans_cover_every_tap_once_and_leave_time_for_the_work() {
    for taps in [1, 100, 5000, 48_000, 480_000] {
        for block in [1, 64, 256, 441, 480, 1024, 8192] {
            for first in [0, 4000] {
                let plan = Plan::search(8, 2, taps, block, first).unwrap();
                let mut end = 0;
                for (i, level) in plan.levels().iter().enumerate() {
                    assert_eq!(level.offset, end);
                    assert!(level.parts > 0 && (i == 0 || level.offset >= 2 * level.size), "{level:?}");
                    assert!(level.size.is_multiple_of(plan.levels()[0].size));
                    end = level.end();
                }
                assert!(end >= taps && end - taps < plan.levels().last().unwrap().size, "{taps}: {plan:?}");
                assert!(plan.levels()[0].end() >= first.min(taps));
            }
        }
    }
}

#[test]
fn absurd_sizes_are_refused() {
    for (inputs, outputs, taps, block) in
        [(0, 2, 10, 64), (2, 0, 10, 64), (1, 1, 0, 64), (1, 1, 10, 0), (1, 1, 1 << 40, 64), (200, 200, 1 << 20, 64)]
    {
        assert!(Plan::search(inputs, outputs, taps, block, 0).is_err(), "{inputs} {outputs} {taps} {block}");
    }
}

#[test]
fn others_filters_fade_in_without_a_click_and_are_then_exact() {
    let mut noise = Noise(3);
    let plan = Arc::new(Plan::search(2, 2, 9000, 64, 0).unwrap());
    assert!(plan.levels().len() > 1);
    let (a, b) = (responses(2, 2, 9000, &mut noise), responses(2, 2, 9000, &mut noise));
    let (fa, fb) = (Filters::of(&plan, &a), Filters::of(&plan, &b));
    // A low tone: a step in the output would stand out against its slope.
    let tone: Vec<f32> = (0..60_000).map(|n| (n as f32 * 0.01).sin()).collect();
    let x = vec![tone.clone(), tone];
    let y_a = run(&mut Convolver::new(&fa, 256), &x, || 64);
    let y_b = run(&mut Convolver::new(&fb, 256), &x, || 64);
    let mut convolver = Convolver::new(&fa, 256);
    let mut y = [Vec::new(), Vec::new()];
    for (blocks, at) in (0..x[0].len()).step_by(50).enumerate() {
        if blocks == 400 {
            assert!(convolver.exchange(&fb));
            assert!(!convolver.exchange(&fa), "two at once");
        }
        let n = 50.min(x[0].len() - at);
        let (mut l, mut r) = (vec![0.0; n], vec![0.0; n]);
        convolver.process(&[&x[0][at..at + n], &x[1][at..at + n]], &mut [&mut l, &mut r]);
        y[0].extend(l);
        y[1].extend(r);
    }
    let largest = |d: &[f32]| d.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    for o in 0..2 {
        let level = largest(&y_a[o]).max(largest(&y_b[o]));
        let difference = |a: &[f32], b: &[f32]| largest(&a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>());
        assert!(difference(&y[o][..20_000], &y_a[o][..20_000]) < 1e-5 * level);
        let settled = 20_000 + 4 * plan.levels().last().unwrap().size;
        assert!(difference(&y[o][settled..], &y_b[o][settled..]) < 1e-5 * level);
        // The second difference of tone and fades: (0.01)² of the level, and little from the bends of the fades.
        let bend = |y: &[f32]| y.windows(3).fold(0.0f32, |m, w| m.max((w[2] - 2.0 * w[1] + w[0]).abs()));
        assert!(bend(&y[o][2000..]) < 0.02 * level, "{} of {level}", bend(&y[o][2000..]));
    }
    for level in 0..plan.levels().len() {
        assert!(convolver.take_spent(level).is_some() && convolver.take_spent(level).is_none());
    }
    assert!(convolver.exchange(&fa));
}

#[test]
fn after_silence_and_after_a_reset_it_is_as_new() {
    let mut noise = Noise(4);
    let plan = Arc::new(Plan::search(1, 2, 7000, 64, 0).unwrap());
    let h = responses(1, 2, 7000, &mut noise);
    let filters = Filters::of(&plan, &h);
    let x = vec![noise.vec(9000)];
    let fresh = run(&mut Convolver::new(&filters, 64), &x, || 64);
    let mut convolver = Convolver::new(&filters, 64);
    run(&mut convolver, &[noise.vec(5000)], || 33);
    convolver.reset();
    assert!(run(&mut convolver, &x, || 64) == fresh);
    // Long after the last sound the work stops, and comes back in the middle of a stretch.
    let silence = vec![vec![0.0; 60_001]];
    let rest = run(&mut convolver, &silence, || 100);
    assert!(rest[0][30_000..].iter().all(|y| *y == 0.0));
    let again = run(&mut convolver, &x, || 64);
    let at = some_frames(9000, &mut noise);
    let db = error_db(&h, &x, &again, &at);
    assert!(db < -120.0, "{db}");
}

#[test]
fn what_is_not_finite_is_silence_and_counted() {
    let plan = Arc::new(Plan::search(1, 2, 500, 64, 0).unwrap());
    let filters = Filters::of(&plan, &responses(1, 2, 500, &mut Noise(5)));
    let mut x = vec![Noise(6).vec(2000)];
    let clean = {
        let mut x = x.clone();
        (x[0][100], x[0][900], x[0][901]) = (0.0, 0.0, 0.0);
        run(&mut Convolver::new(&filters, 64), &x, || 128)
    };
    (x[0][100], x[0][900], x[0][901]) = (f32::NAN, f32::INFINITY, f32::NEG_INFINITY);
    let mut convolver = Convolver::new(&filters, 64);
    assert!(run(&mut convolver, &x, || 128) == clean);
    assert_eq!(convolver.non_finite(), 3);
}

#[test]
fn missing_and_short_inputs_are_silence() {
    let plan = Arc::new(Plan::search(2, 1, 100, 64, 0).unwrap());
    let filters = Filters::of(&plan, &responses(2, 1, 100, &mut Noise(5)));
    let x = Noise(6).vec(64);
    let (mut a, mut b) = ([0.0; 64], [0.0; 64]);
    Convolver::new(&filters, 64).process(&[&x[..40]], &mut [&mut a]);
    let padded: Vec<f32> = x[..40].iter().copied().chain([0.0; 24]).collect();
    Convolver::new(&filters, 64).process(&[&padded, &[0.0; 64]], &mut [&mut b]);
    assert_eq!(a, b);
}

#[test]
fn all_kernels_give_the_same_sums() {
    use crate::dsp::kernel::{GROUP, Gather, Kernels};
    let mut noise = Noise(9);
    let (groups, entries) = (3, 7);
    let x = noise.vec(groups * entries * GROUP);
    let h = noise.vec(groups * entries * 2 * GROUP);
    let which = Gather { groups, entries, signal: 2, filter: 1, count: 4 };
    let mut want = vec![0.5f64; groups * 2 * GROUP];
    let half = GROUP / 2;
    for g in 0..groups {
        for k in 0..4 {
            for ear in 0..2 {
                for b in 0..half {
                    let x = &x[(g * entries + 2 + k) * GROUP..][..GROUP];
                    let h = &h[((g * entries + 1 + k) * 2 + ear) * GROUP..][..GROUP];
                    let (xr, xi, hr, hi) =
                        (f64::from(x[b]), f64::from(x[half + b]), f64::from(h[b]), f64::from(h[half + b]));
                    want[(g * 2 + ear) * GROUP + b] += xr * hr - xi * hi;
                    want[(g * 2 + ear) * GROUP + half + b] += xr * hi + xi * hr;
                }
            }
        }
    }
    for kernels in Kernels::all() {
        let mut sums = vec![0.5f32; groups * 2 * GROUP];
        kernels.gather(&mut sums, &x, &h, &which);
        for (a, b) in sums.iter().zip(&want) {
            assert!((f64::from(*a) - b).abs() < 1e-5, "{}: {a} {b}", kernels.name());
        }
    }
}
