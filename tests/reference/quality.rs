//! What is heard, put into figures: slow, literal, in f64, and apart from the code that they judge.
//!
//! Shared by `tests/evidence.rs`, which gates them, and `examples/evidence`, which prints them.
#![allow(dead_code, reason = "each user takes its own part")]

use periphon::coords::Vec3;
use periphon::hrtf::{HrtfSet, Measured};
use periphon::render::{EngineOptions, engine};
use periphon::spatializer::{Motion, SourceSpec};
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;
use std::f64::consts::{PI, TAU};
use std::sync::Arc;

/// One ear's response or signal.
pub type Signal = Vec<f64>;

/// Decibels of an energy ratio.
pub fn db(ratio: f64) -> f64 {
    10.0 * ratio.max(1e-30).log10()
}

/// The first half of the spectrum of `x`, followed by silence up to `len`.
pub fn spectrum(x: &[f64], len: usize) -> Vec<Complex<f64>> {
    let mut z: Vec<Complex<f64>> = x.iter().map(|x| Complex::new(*x, 0.0)).collect();
    z.resize(len, Complex::default());
    FftPlanner::new().plan_fft_forward(len).process(&mut z);
    z.truncate(len / 2 + 1);
    z
}

/// Energy of the difference of two ear pairs over that of `want`, dB, between 100 Hz and 0.42 of the rate.
pub fn null_db(got: &[Signal; 2], want: &[Signal; 2], sample_rate: f64) -> f64 {
    let len = want[0].len();
    let (mut difference, mut all) = (0.0, 0.0);
    for (got, want) in got.iter().zip(want) {
        let (g, w) = (spectrum(got, len), spectrum(want, len));
        for (k, (g, w)) in g.iter().zip(&w).enumerate() {
            let hz = k as f64 * sample_rate / len as f64;
            if hz >= 100.0 && hz <= 0.42 * sample_rate {
                difference += (g - w).norm_sqr();
                all += w.norm_sqr();
            }
        }
    }
    db(difference / all)
}

/// Log-spectral distortion of two ear pairs from 200 Hz to 16 kHz, the mean of both ears, dB.
pub fn lsd_db(a: &[Signal; 2], b: &[Signal; 2], sample_rate: f64) -> f64 {
    let len = a[0].len().max(b[0].len()).max(512).next_power_of_two();
    let ear = |a: &Signal, b: &Signal| {
        let (a, b) = (spectrum(a, len), spectrum(b, len));
        let band = |k: &usize| (200.0..=16_000.0).contains(&(*k as f64 * sample_rate / len as f64));
        let bins: Vec<usize> = (0..a.len()).filter(band).collect();
        let square = |k: &usize| (20.0 * ((a[*k].norm() + 1e-9) / (b[*k].norm() + 1e-9)).log10()).powi(2);
        (bins.iter().map(square).sum::<f64>() / bins.len() as f64).sqrt()
    };
    0.5 * (ear(&a[0], &b[0]) + ear(&a[1], &b[1]))
}

/// Finds arrival times: −10 dB of the peak after a 3 kHz low-pass of fourth order, on sixteen points a sample.
pub struct Onsets {
    sections: [[f64; 5]; 2],
    /// Sixteen-fold interpolation: a Kaiser-windowed sinc.
    sinc: Vec<f64>,
    sample_rate: f64,
}

/// Points a sample.
const FINE: usize = 16;
/// Samples that the interpolating sinc reaches to either side.
const REACH: usize = 10;
/// Silence before and after a response.
const PAD: usize = 64;

impl Onsets {
    /// For responses at `sample_rate` Hz.
    pub fn new(sample_rate: f64) -> Self {
        // Butterworth by the bilinear transform, one section for each pair of poles.
        let k = (PI * 3000.0 / sample_rate).tan();
        let sections = [PI / 8.0, 3.0 * PI / 8.0].map(|angle| {
            let damping = 2.0 * angle.cos();
            let a0 = 1.0 + damping * k + k * k;
            let b = k * k / a0;
            [b, 2.0 * b, b, 2.0 * (k * k - 1.0) / a0, (1.0 - damping * k + k * k) / a0]
        });
        let edge = (REACH * FINE) as f64;
        let sinc = (-(edge as i64)..=edge as i64)
            .map(|n| {
                let x = n as f64 / FINE as f64;
                let sinc = if n == 0 { 1.0 } else { (PI * x).sin() / (PI * x) };
                sinc * bessel_i0(5.0 * (1.0 - (n as f64 / edge).powi(2)).max(0.0).sqrt()) / bessel_i0(5.0)
            })
            .collect();
        Self { sections, sinc, sample_rate }
    }

    /// The onset of one ear, seconds from the response's first sample.
    pub fn find(&self, response: &[f64]) -> f64 {
        let mut x = vec![0.0; response.len() + 2 * PAD];
        x[PAD..PAD + response.len()].copy_from_slice(response);
        for [b0, b1, b2, a1, a2] in self.sections {
            let (mut s1, mut s2) = (0.0, 0.0);
            for x in &mut x {
                let y = b0 * *x + s1;
                s1 = b1 * *x - a1 * y + s2;
                s2 = b2 * *x - a2 * y;
                *x = y;
            }
        }
        let fine: Vec<f64> = (0..x.len() * FINE)
            .map(|m| {
                let (at, phase) = ((m / FINE) as i64, (m % FINE) as i64);
                let taps = (at - REACH as i64).max(0)..=(at + REACH as i64).min(x.len() as i64 - 1);
                let middle = (REACH * FINE) as i64;
                taps.filter_map(|n| {
                    let tap = middle + (at - n) * FINE as i64 + phase;
                    self.sinc.get(usize::try_from(tap).ok()?).map(|h| h * x[n as usize])
                })
                .sum::<f64>()
                .abs()
            })
            .collect();
        let level = fine.iter().fold(0.0f64, |m, y| m.max(*y)) * 10f64.powf(-0.5);
        let first = fine.iter().position(|y| *y >= level).unwrap_or(0);
        (first as f64 / FINE as f64 - PAD as f64) / self.sample_rate
    }

    /// Arrival at the right ear minus arrival at the left one, microseconds.
    pub fn itd_us(&self, ears: &[Signal; 2]) -> f64 {
        (self.find(&ears[1]) - self.find(&ears[0])) * 1e6
    }
}

/// The modified Bessel function of order zero, by its series.
fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > 1e-17 * sum {
        term *= (0.5 * x / k).powi(2);
        sum += term;
        k += 1.0;
    }
    sum
}

/// A response of `len` samples delayed by any number of samples, through a transform of twice that length.
pub fn shift(x: &[f64], by: f64, len: usize) -> Signal {
    let mut z: Vec<Complex<f64>> = x.iter().map(|x| Complex::new(*x, 0.0)).collect();
    let n = 2 * len;
    z.resize(n, Complex::default());
    let mut planner = FftPlanner::new();
    planner.plan_fft_forward(n).process(&mut z);
    for (k, z) in z.iter_mut().enumerate() {
        let k = if k <= n / 2 { k as f64 } else { k as f64 - n as f64 };
        // The bin at half the rate has no phase of its own.
        let turn = -TAU * k * by / n as f64;
        *z *= if k as usize == n / 2 { Complex::new(turn.cos(), 0.0) } else { Complex::from_polar(1.0, turn) };
    }
    planner.plan_fft_inverse(n).process(&mut z);
    z[..len].iter().map(|z| z.re / n as f64).collect()
}

/// The measured triangle that a direction passes through on its way out of the convex hull, and its weights, by trying
/// all triples of the nearest two dozen: of those that hold the direction, the hull's own lies farthest out.
pub fn triangle(directions: &[Vec3], target: Vec3) -> [(usize, f64); 3] {
    let mut near: Vec<usize> = (0..directions.len()).collect();
    near.sort_by(|a, b| directions[*b].dot(target).total_cmp(&directions[*a].dot(target)));
    near.truncate(24);
    let mut best = ([(near[0], 1.0), (near[0], 0.0), (near[0], 0.0)], f64::INFINITY);
    for (i, a) in near.iter().enumerate() {
        for (j, b) in near.iter().enumerate().skip(i + 1) {
            let ab = directions[*a].cross(directions[*b]);
            for c in near.iter().skip(j + 1) {
                let [p, q, r] = [*a, *b, *c].map(|i| directions[i]);
                let volume = ab.dot(r);
                if volume.abs() < 1e-9 {
                    continue;
                }
                let w = [target.dot(q.cross(r)) / volume, target.dot(r.cross(p)) / volume, target.dot(ab) / volume];
                // The plane of the triple cuts the ray at 1 / sum.
                let sum: f64 = w.iter().sum();
                if w.iter().all(|w| *w >= -1e-9) && sum < best.1 - 1e-12 {
                    best = ([(*a, w[0] / sum), (*b, w[1] / sum), (*c, w[2] / sum)], sum);
                }
            }
        }
    }
    best.0
}

/// The responses of one measurement, and their directions.
pub fn ears(set: &Measured, measurement: usize) -> [Signal; 2] {
    std::array::from_fn(|ear| {
        let at = (measurement * 2 + ear) * set.taps;
        let delay = set.delays[measurement][ear].round() as usize;
        let mut x = vec![0.0; delay];
        x.extend(set.responses[at..at + set.taps].iter().map(|x| f64::from(*x)));
        x
    })
}

/// What the engine answers to a unit impulse from each of many places, first frame at the impulse, `frames` long.
pub fn impulse_responses(set: &Arc<HrtfSet>, places: &[Vec3], frames: usize) -> Vec<[Signal; 2]> {
    const TOGETHER: usize = 128;
    const BLOCK: usize = 1024;
    // Each impulse begins a block of its own, far enough from the next.
    let stride = frames.next_multiple_of(BLOCK);
    let mut all = Vec::with_capacity(places.len());
    let mut impulse = vec![0.0f32; BLOCK];
    impulse[0] = 1.0;
    let (mut left, mut right) = (vec![0.0f32; BLOCK], vec![0.0f32; BLOCK]);
    for places in places.chunks(TOGETHER) {
        let mut options = EngineOptions::offline(set.sample_rate(), BLOCK, places.len());
        options.still = true;
        let (mut engine, mut control) = engine(set, &options).expect("sizes in range");
        let inputs: Vec<usize> =
            places.iter().map(|p| control.add(SourceSpec::still(*p)).expect("a free source").input()).collect();
        for input in inputs {
            let mut out = [Signal::new(), Signal::new()];
            for block in 0..stride / BLOCK {
                let mut x: Vec<&[f32]> = vec![&[]; places.len()];
                if block == 0 {
                    x[input] = &impulse;
                }
                engine.process(&x, &mut left, &mut right);
                out[0].extend(left.iter().map(|y| f64::from(*y)));
                out[1].extend(right.iter().map(|y| f64::from(*y)));
            }
            out.iter_mut().for_each(|y| y.truncate(frames));
            all.push(out);
        }
    }
    all
}

/// At measured places the engine answers with the file's own responses over the distance: the worst error over every
/// `step`-th of them, dB.
pub fn worst_null_db(measured: &Measured, step: usize) -> f64 {
    let set = Arc::new(HrtfSet::new(measured, measured.sample_rate).expect("a set that can be used"));
    let chosen: Vec<usize> = (0..measured.positions.len()).step_by(step).collect();
    let places: Vec<Vec3> = chosen.iter().map(|m| measured.positions[*m]).collect();
    let frames = set.taps() + 512;
    let answers = impulse_responses(&set, &places, frames);
    let errors = chosen.iter().zip(&answers).map(|(m, got)| {
        let distance = measured.positions[*m].norm();
        let want = ears(measured, *m).map(|x| {
            let mut x: Signal = x.iter().map(|x| x / distance).collect();
            x.resize(frames, 0.0);
            x
        });
        null_db(got, &want, measured.sample_rate)
    });
    errors.fold(f64::NEG_INFINITY, f64::max)
}

/// Means over left-out directions.
#[derive(Clone, Copy, Debug)]
pub struct LeftOut {
    /// Directions judged.
    pub directions: usize,
    /// Log-spectral distortion of the engine, dB.
    pub lsd_db: f64,
    /// That of barycentric mixing of responses aligned at their onsets, dB.
    pub aligned_lsd_db: f64,
    /// Error of the interaural time difference, microseconds.
    pub itd_us: f64,
}

impl LeftOut {
    /// Distortion over that of the aligned reference.
    pub fn ratio(&self) -> f64 {
        self.lsd_db / self.aligned_lsd_db
    }
}

/// Renders directions that the engine's set was not given: every second one in order of elevation and azimuth is left
/// out, the poles are kept. Every `step`-th of those left out above the lowest ring is judged.
pub fn left_out(measured: &Measured, step: usize) -> LeftOut {
    let rate = measured.sample_rate;
    let polar = |m: usize| {
        let (az, el, _) = measured.positions[m].to_polar();
        ((el * 1000.0).round(), if az < -1e-6 { az + 360.0 } else { az })
    };
    let mut order: Vec<usize> = (0..measured.positions.len()).collect();
    order.sort_by(|a, b| polar(*a).partial_cmp(&polar(*b)).expect("finite angles"));
    let mut keep = vec![false; order.len()];
    order.iter().step_by(2).for_each(|m| keep[*m] = true);
    (0..keep.len()).filter(|m| polar(*m).0.abs() > 89_000.0).for_each(|m| keep[m] = true);
    let kept: Vec<usize> = (0..keep.len()).filter(|m| keep[*m]).collect();
    let lowest = polar(order[0]).0;
    let judged: Vec<usize> =
        (0..keep.len()).filter(|m| !keep[*m] && polar(*m).0 > lowest + 1000.0).step_by(step).collect();

    let row = 2 * measured.taps;
    let thin = Measured {
        sample_rate: rate,
        taps: measured.taps,
        positions: kept.iter().map(|m| measured.positions[*m]).collect(),
        responses: kept.iter().flat_map(|m| measured.responses[m * row..(m + 1) * row].iter().copied()).collect(),
        delays: kept.iter().map(|m| measured.delays[*m]).collect(),
    };
    let set = Arc::new(HrtfSet::new(&thin, rate).expect("a set that can be used"));
    let places: Vec<Vec3> = judged.iter().map(|m| measured.positions[*m].direction()).collect();
    let answers = impulse_responses(&set, &places, set.taps() + 512);

    let onsets = Onsets::new(rate);
    let directions: Vec<Vec3> = kept.iter().map(|m| measured.positions[*m].direction()).collect();
    let mut aligned: Vec<Option<[Signal; 2]>> = vec![None; kept.len()];
    let mut sum = LeftOut { directions: judged.len(), lsd_db: 0.0, aligned_lsd_db: 0.0, itd_us: 0.0 };
    for (m, got) in judged.iter().zip(&answers) {
        let truth = ears(measured, *m);
        let len = measured.taps + 64;
        let mut mix = [vec![0.0; len], vec![0.0; len]];
        for (k, w) in triangle(&directions, measured.positions[*m].direction()) {
            let known = aligned[k]
                .get_or_insert_with(|| ears(measured, kept[k]).map(|x| shift(&x, 40.0 - onsets.find(&x) * rate, len)));
            for (mix, x) in mix.iter_mut().zip(known) {
                mix.iter_mut().zip(x.iter()).for_each(|(y, x)| *y += w * x);
            }
        }
        sum.lsd_db += lsd_db(got, &truth, rate);
        sum.aligned_lsd_db += lsd_db(&mix, &truth, rate);
        sum.itd_us += (onsets.itd_us(got) - onsets.itd_us(&truth)).abs();
    }
    let n = judged.len() as f64;
    LeftOut { lsd_db: sum.lsd_db / n, aligned_lsd_db: sum.aligned_lsd_db / n, itd_us: sum.itd_us / n, ..sum }
}

/// Renders one source through the engine as a file is rendered, in blocks of `block` frames.
pub fn render(set: &Arc<HrtfSet>, motion: &Motion, x: &[f32], block: usize) -> [Signal; 2] {
    let mut options = EngineOptions::offline(set.sample_rate(), block, 1);
    options.still = matches!(motion, Motion::Still(_));
    let (mut engine, mut control) = engine(set, &options).expect("sizes in range");
    control.add(SourceSpec::new(motion.clone())).expect("a free source");
    let mut out = [vec![0.0f32; x.len()], vec![0.0f32; x.len()]];
    let [left, right] = &mut out;
    for ((x, left), right) in x.chunks(block).zip(left.chunks_mut(block)).zip(right.chunks_mut(block)) {
        engine.process(&[x], left, right);
    }
    out.map(|y| y.into_iter().map(f64::from).collect())
}

/// A tone of `hz` that circles the head in two seconds: the energy more than 300 Hz away from it over all of it, dB.
pub fn away_from_tone_db(set: &Arc<HrtfSet>, hz: f64) -> f64 {
    let rate = set.sample_rate();
    let x: Vec<f32> = (0..(4.0 * rate) as usize).map(|n| (0.5 * (TAU * hz * n as f64 / rate).sin()) as f32).collect();
    let orbit = Motion::Orbit { centre: Vec3::default(), start: Vec3::new(1.0, 0.0, 0.0), seconds_per_turn: 2.0 };
    let (mut away, mut all) = (0.0, 0.0);
    for y in render(set, &orbit, &x, 1024) {
        let y = &y[(0.5 * rate) as usize..(3.5 * rate) as usize];
        let len = y.len();
        // A Kaiser window whose sidelobes lie far below what is looked for.
        let window = |n: usize| {
            let x = 2.0 * n as f64 / (len - 1) as f64 - 1.0;
            bessel_i0(24.0 * (1.0 - x * x).max(0.0).sqrt()) / bessel_i0(24.0)
        };
        let y: Signal = y.iter().enumerate().map(|(n, y)| y * window(n)).collect();
        for (k, z) in spectrum(&y, len).iter().enumerate() {
            all += z.norm_sqr();
            if (k as f64 * rate / len as f64 - hz).abs() > 300.0 {
                away += z.norm_sqr();
            }
        }
    }
    db(away / all)
}

/// The difference that the block makes, 64 frames against 1024, to noise from one place or circling the head, dB.
pub fn blocks_differ_db(set: &Arc<HrtfSet>, moving: bool) -> f64 {
    let mut state = 1u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 / (1u64 << 52) as f64 - 1.0) as f32 * 0.1
    };
    let x: Vec<f32> = (0..3 * set.sample_rate() as usize).map(|_| noise()).collect();
    let motion = if moving {
        Motion::Orbit { centre: Vec3::default(), start: Vec3::new(1.0, 0.0, 0.0), seconds_per_turn: 2.0 }
    } else {
        Motion::Still(Vec3::from_polar(40.0, 10.0, 1.0))
    };
    let (a, b) = (render(set, &motion, &x, 64), render(set, &motion, &x, 1024));
    let (mut difference, mut all) = (0.0, 0.0);
    for (a, b) in a.iter().flatten().zip(b.iter().flatten()) {
        difference += (a - b).powi(2);
        all += b * b;
    }
    db(difference / all)
}

/// Rates that a source must sound alike at, Hz.
pub const RATES: [f64; 6] = [44_100.0, 48_000.0, 88_200.0, 96_000.0, 176_400.0, 192_000.0];

/// A source's level at each ear, mean power over 100 Hz to 16 kHz on a logarithmic axis, dB: the largest difference
/// between any two of [`RATES`], over six directions.
pub fn levels_differ_db(measured: &Measured) -> f64 {
    let places = [(0.0, 0.0), (30.0, 0.0), (-110.0, 0.0), (90.0, 30.0), (180.0, -20.0), (17.0, 63.0)]
        .map(|(az, el)| Vec3::from_polar(az, el, 1.0));
    let mut levels: Vec<Vec<f64>> = Vec::new();
    for rate in RATES {
        let set = Arc::new(HrtfSet::new(measured, rate).expect("a set that can be used"));
        let answers = impulse_responses(&set, &places, set.taps() + 64);
        let level = |h: &Signal| {
            let power = (0..64).map(|i| {
                let w = TAU * 100.0 * 160f64.powf(f64::from(i) / 63.0) / rate;
                let sum = h.iter().enumerate().map(|(n, h)| Complex::from_polar(*h, -w * n as f64));
                sum.sum::<Complex<f64>>().norm_sqr()
            });
            db(power.sum::<f64>() / 64.0)
        };
        levels.push(answers.iter().flatten().map(level).collect());
    }
    let spread = |i: usize| {
        let at = |f: fn(f64, f64) -> f64, from: f64| levels.iter().map(|l| l[i]).fold(from, f);
        at(f64::max, f64::NEG_INFINITY) - at(f64::min, f64::INFINITY)
    };
    (0..levels[0].len()).map(spread).fold(0.0, f64::max)
}
