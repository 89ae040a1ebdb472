//! The network against a literal one, and what a listener would notice.

use super::*;
use crate::room::Bands;
use crate::room::decay::{SIXTY_DB, t30};
use rustfft::{FftPlanner, num_complex::Complex};

const RATE: f64 = 48_000.0;

fn room(order: usize) -> Room {
    let mut room = Room::new([7.0, 5.2, 3.1], 0.1);
    room.absorption[4] = [0.1, 0.15, 0.3, 0.4, 0.5, 0.6, 0.6];
    room.reflection_order = order;
    room
}

/// Feeds lines from `input(line, frame)` in blocks of `block`; the outputs of all lines.
fn run(late: &mut Late, frames: usize, block: usize, input: impl Fn(usize, usize) -> f32) -> Vec<Vec<f32>> {
    let inputs: Vec<Vec<f32>> = (0..LINES).map(|l| (0..frames).map(|n| input(l, n)).collect()).collect();
    let mut outputs = vec![vec![f32::NAN; frames]; LINES];
    for from in (0..frames).step_by(block) {
        let to = (from + block).min(frames);
        let ins: [&[f32]; LINES] = std::array::from_fn(|l| &inputs[l][from..to]);
        let mut rest = outputs.iter_mut();
        let mut outs: [&mut [f32]; LINES] = std::array::from_fn(|_| &mut rest.next().unwrap()[from..to]);
        late.process(&ins, &mut outs);
    }
    outputs
}

fn click(_: usize, n: usize) -> f32 {
    if n == 0 { 1.0 } else { 0.0 }
}

fn noise(line: usize, n: usize) -> f32 {
    let x = (n as u32).wrapping_mul(2_654_435_761).wrapping_add(line as u32 * 97).wrapping_mul(2_246_822_519);
    (x ^ (x >> 15)).wrapping_mul(3_266_489_917) as f32 / u32::MAX as f32 - 0.5
}

fn sum(lines: &[Vec<f32>]) -> Vec<f64> {
    (0..lines[0].len()).map(|n| lines.iter().map(|l| f64::from(l[n])).sum()).collect()
}

/// Every line a queue, every filter a sum of one-pole low-passes, the mixing matrix a matrix, in f64.
fn literal(design: &LateDesign, frames: usize, input: impl Fn(usize, usize) -> f32) -> Vec<Vec<f64>> {
    let mut queues: Vec<std::collections::VecDeque<f64>> =
        design.lengths.iter().map(|n| std::iter::repeat_n(0.0, *n).collect()).collect();
    let mut low = [[0.0f64; POLES]; LINES];
    let mut scattered: Vec<[std::collections::VecDeque<f64>; diffuser::STAGES]> =
        design.scattering.iter().map(|l| l.map(|n| std::iter::repeat_n(0.0, n).collect())).collect();
    let mut input = |line: usize, n: usize| {
        scattered[line].iter_mut().fold(f64::from(input(line, n)), |x, queue| {
            let (past, g) = (queue.pop_front().unwrap(), f64::from(diffuser::COEFFICIENT));
            queue.push_back(x + g * past);
            past - g * (x + g * past)
        })
    };
    let hadamard = |i: usize, k: usize| if (i & k).count_ones().is_multiple_of(2) { 1.0 } else { -1.0 };
    let mut heard = vec![Vec::new(); LINES];
    for n in 0..frames {
        let mut round = [0.0f64; LINES];
        for l in 0..LINES {
            let (g, lane) = (l / GROUP, l % GROUP);
            let x = queues[l].pop_front().unwrap();
            let (mut a, mut b) =
                (x * f64::from(design.round[g][POLES][lane]), x * f64::from(design.heard[g][POLES][lane]));
            for p in 0..POLES {
                low[l][p] += f64::from(design.poles[p]) * (x - low[l][p]);
                a += low[l][p] * f64::from(design.round[g][p][lane]);
                b += low[l][p] * f64::from(design.heard[g][p][lane]);
            }
            round[l] = a;
            heard[l].push(b);
        }
        for g in 0..GROUPS {
            let x: [f64; GROUP] =
                std::array::from_fn(|i| if i == 2 || i == 7 { -round[g * GROUP + i] } else { round[g * GROUP + i] });
            let half = |h: usize, i: usize| (0..4).map(|k| hadamard(i, k) * x[4 * h + k]).sum::<f64>();
            let [c, s] = design.turn[g].map(f64::from);
            for i in 0..4 {
                let slow = (c * half(0, i) + s * half(1, i)) * if i == 1 { -1.0 } else { 1.0 };
                let fast = (c * half(1, i) - s * half(0, i)) * if i % 2 == 0 { -1.0 } else { 1.0 };
                let to = g * GROUP + (i + 1) % 4;
                queues[to].push_back(slow + input(to, n));
                queues[to + 4].push_back(fast + input(to + 4, n));
            }
        }
    }
    heard
}

#[test]
fn the_network_is_the_literal_one_whatever_the_blocks() {
    let design = LateDesign::new(&room(0), RATE).unwrap();
    let frames = 12_000;
    let want = literal(&design, frames, noise);
    let first = run(&mut Late::from_design(design.clone()), frames, frames, noise);
    let (mut error, mut energy) = (0.0, 0.0);
    for (got, want) in first.iter().zip(&want) {
        for (g, w) in got.iter().zip(want) {
            error += (f64::from(*g) - w).powi(2);
            energy += w * w;
        }
    }
    assert!(energy > 0.0 && 10.0 * (error / energy).log10() < -115.0, "{} dB", 10.0 * (error / energy).log10());
    for block in [1, 7, 64, 256, 999] {
        assert_eq!(run(&mut Late::from_design(design.clone()), frames, block, noise), first, "blocks of {block}");
    }
}

/// Energy in an octave band still to come, by a brick wall in frequency; from frame 0.
fn decay_in_band(x: &[f64], rate: f64, centre: f64) -> Vec<f64> {
    let n = (2 * x.len()).next_power_of_two();
    let mut planner = FftPlanner::new();
    let mut bins: Vec<Complex<f64>> = x.iter().map(|x| Complex::from(*x)).collect();
    bins.resize(n, Complex::default());
    planner.plan_fft_forward(n).process(&mut bins);
    for (k, bin) in bins.iter_mut().enumerate() {
        let hz = k.min(n - k) as f64 * rate / n as f64;
        // The magnitude of a Butterworth band-pass of sixth order.
        let detune = (hz / centre - centre / hz.max(1e-9)) * std::f64::consts::SQRT_2;
        *bin *= 1.0 / (1.0 + detune.powi(12)).sqrt();
    }
    planner.plan_fft_inverse(n).process(&mut bins);
    let mut left = 0.0;
    let mut decay: Vec<f64> = bins[..x.len()]
        .iter()
        .rev()
        .map(|y| {
            left += (y.re / n as f64).powi(2);
            left
        })
        .collect();
    decay.reverse();
    decay
}

/// The straight line from −5 to −35 dB, seconds to −60 dB.
fn measured_t30(decay: &[f64], rate: f64) -> f64 {
    let at = |db: f64| decay.iter().position(|e| 10.0 * (e / decay[0]).log10() <= db).unwrap();
    let (a, b) = (at(-5.0), at(-35.0));
    let points: Vec<(f64, f64)> =
        (a..b).step_by(16).map(|n| (n as f64 / rate, 10.0 * (decay[n] / decay[0]).log10())).collect();
    let count = points.len() as f64;
    let (t, l) = (points.iter().map(|p| p.0).sum::<f64>() / count, points.iter().map(|p| p.1).sum::<f64>() / count);
    let (up, down) = points.iter().fold((0.0, 0.0), |(u, d), p| (u + (p.0 - t) * (p.1 - l), d + (p.0 - t) * (p.0 - t)));
    -60.0 * down / up
}

#[test]
fn a_wanted_reverberation_time_is_had_in_every_octave_band() {
    let wanted: [Bands; 3] = [
        [0.42, 0.4, 0.36, 0.33, 0.3, 0.28, 0.25],
        [1.3, 1.2, 1.1, 1.0, 0.9, 0.8, 0.7],
        [3.0, 2.8, 2.6, 2.4, 2.1, 1.7, 1.2],
    ];
    let (mut squares, mut worst) = (0.0, 0.0f64);
    for (t60, size) in wanted.iter().zip([[5.0, 4.0, 2.6], [9.0, 6.0, 3.5], [20.0, 14.0, 8.0]]) {
        let mut room = Room::new(size, 0.2);
        (room.t60, room.reflection_order, room.air) = (Some(*t60), 0, None);
        let frames = (RATE * 1.2 * t60[0]) as usize;
        let response = sum(&run(&mut Late::new(&room, RATE).unwrap(), frames, 4096, click));
        for (b, wanted) in t60.iter().enumerate() {
            let error =
                measured_t30(&decay_in_band(&response, RATE, crate::room::BAND_CENTRES_HZ[b]), RATE) / wanted - 1.0;
            if b > 1 {
                squares += error * error / 15.0;
            }
            worst = worst.max(error.abs());
        }
    }
    // Gaussian noise of these decays is off by itself: by 6 % at 125 Hz, 4 % at 250 Hz, 2 % above, root mean square.
    assert!(squares.sqrt() < 0.025 && worst < 0.18, "rms {}, worst {worst}", squares.sqrt());
}

#[test]
fn the_level_continues_the_mean_image_field() {
    // With the source as its only feed, the energy after the first 50 ms is that of all images.
    for size in [[5.0, 4.0, 2.6], [9.0, 7.0, 4.0], [16.0, 10.0, 5.0]] {
        let mut room = Room::new(size, 0.15);
        room.reflection_order = 0;
        let lines = run(&mut Late::new(&room, RATE).unwrap(), 96_000, 4096, click);
        let want = crate::room::decay::Decay::new(&room).energy_after(0.05);
        for (b, scale) in [(3, 1000.0), (4, 2000.0), (5, 4000.0)] {
            let unit: f64 = decay_in_band(&[vec![0.0; 4800], vec![1.0], vec![0.0; 4800]].concat(), RATE, scale)[0];
            let got: f64 =
                lines.iter().map(|l| decay_in_band(&sum(std::slice::from_ref(l)), RATE, scale)[2400]).sum::<f64>()
                    / unit;
            let db = 10.0 * (got / want[b]).log10();
            // Scattering delays some of it beyond where the network takes over.
            assert!(db.abs() < 0.8, "{size:?}, band {b}: {db} dB");
        }
    }
}

#[test]
fn echoes_are_as_dense_as_noise_soon_and_lines_are_not_alike() {
    let lines = run(&mut Late::new(&room(0), RATE).unwrap(), 24_000, 256, click);
    let response = sum(&lines);
    // Abel and Huang, AES 121st convention, 2006: the part beyond one standard deviation, over that of noise.
    let density = |centre: usize| {
        let window = &response[centre - 480..centre + 480];
        let deviation = (window.iter().map(|x| x * x).sum::<f64>() / 960.0).sqrt();
        window.iter().filter(|x| x.abs() > deviation).count() as f64 / 960.0 / 0.317_31
    };
    let late: f64 = (8..16).map(|i| density(i * 480)).sum::<f64>() / 8.0;
    assert!(late > 0.9, "{late}");
    let (mut power, mut alike) = (0.0, 0.0f64);
    for i in 0..LINES {
        for k in 0..LINES {
            let product = |a: usize, b: usize| -> f64 {
                lines[a][4800..].iter().zip(&lines[b][4800..]).map(|(x, y)| f64::from(x * y)).sum()
            };
            let c = product(i, k) / (product(i, i) * product(k, k)).sqrt();
            if i != k {
                alike = alike.max(c.abs());
                power += c * c / (LINES * (LINES - 1)) as f64;
            }
        }
    }
    assert!(alike < 0.45 && power.sqrt() < 0.1, "worst {alike}, rms {}", power.sqrt());
}

#[test]
fn silence_comes_back_exactly_and_costs_nothing() {
    let mut late = Late::new(&room(2), RATE).unwrap();
    assert!(late.is_quiet());
    let first = run(&mut late, 3000, 128, noise);
    assert!(!late.is_quiet());
    late.reset();
    assert!(late.is_quiet() && run(&mut late, 500, 128, |_, _| 0.0).iter().flatten().all(|x| *x == 0.0));
    assert_eq!(run(&mut late, 3000, 128, noise), first, "after a reset");
    // Twice 60 dB, and the lines are empty.
    let frames = (2.5 * late.tail_seconds() * RATE) as usize;
    run(&mut late, frames, 256, |_, _| 0.0);
    assert!(late.is_quiet());
    let again = run(&mut late, 3000, 128, noise);
    let differs = again.iter().flatten().zip(first.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(differs < 1e-5, "{differs}");
}

#[test]
fn what_is_not_finite_never_comes_out() {
    let mut late = Late::new(&room(1), RATE).unwrap();
    for bad in [f32::NAN, f32::INFINITY, f32::MAX] {
        let out = run(&mut late, 2000, 100, |l, n| if n == 700 && l == 5 { bad } else { noise(l, n) });
        assert!(out.iter().flatten().all(|x| x.is_finite()));
    }
}

#[test]
fn a_glide_does_not_click_and_arrives() {
    let (from, mut to) = (room(0), room(0));
    to.absorption = [[0.5; crate::room::BANDS]; 6];
    let mut late = Late::new(&from, RATE).unwrap();
    let design = late.design().retuned(&to).unwrap();
    let tone = |_: usize, n: usize| (n as f32 * 0.02).sin();
    let before = sum(&run(&mut late, 48_000, 256, tone));
    assert!(late.glide(&design) && !late.glide(&LateDesign::new(&Room::new([3.0; 3], 0.2), RATE).unwrap()));
    let after = sum(&run(&mut late, 48_000, 256, |l, n| tone(l, n + 48_000)));
    assert_eq!(late.design().round, design.round);
    // The second difference of the tone is small; a click's is not.
    let all: Vec<f64> = before.into_iter().chain(after).collect();
    let bend =
        |from: usize, to: usize| (from..to).map(|n| (all[n + 1] - 2.0 * all[n] + all[n - 1]).abs()).fold(0.0, f64::max);
    assert!(bend(47_000, 80_000) < 2.0 * bend(40_000, 47_000), "{} {}", bend(47_000, 80_000), bend(40_000, 47_000));
}

#[test]
fn the_hardest_rooms_neither_grow_nor_fail() {
    for absorption in [0.0, 1.0] {
        for size in [[0.5; 3], [2.5, 1.5, 1.2], [60.0, 30.0, 25.0], [1000.0, 0.5, 20.0]] {
            for (rate, order) in [(8000.0, 0), (48_000.0, 3), (192_000.0, 50)] {
                for t60 in [None, Some([30.0; 7]), Some([0.05; 7])] {
                    let mut room = Room::new(size, absorption);
                    (room.reflection_order, room.t60) = (order, t60);
                    if absorption == 0.0 {
                        room.air = None;
                    }
                    let mut late = Late::new(&room, rate).unwrap();
                    assert!(late.design().t60().iter().flatten().all(|t| *t > 0.0 && *t <= 30.001));
                    let out = run(&mut late, 4000, 500, |l, n| if n < 100 { noise(l, n) } else { 0.0 });
                    assert!(out.iter().flatten().all(|x| x.is_finite() && x.abs() < 1e3), "{room:?}");
                }
            }
        }
    }
}

#[test]
fn a_pure_decay_measures_as_itself() {
    let term = crate::room::decay::Term { energy: 2.0, rate: SIXTY_DB / 1.7 };
    assert!((t30(&[term]) - 1.7).abs() < 1e-6);
}
