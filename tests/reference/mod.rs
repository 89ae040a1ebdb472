//! Slow, literal versions of what the engine does fast, and a head made of formulas. Kept for ever.
#![allow(dead_code, reason = "each test file uses its own part")]

use periphon::coords::Vec3;
use periphon::hrtf::{HrtfSet, Measured};
use periphon::spatializer::Motion;
use std::f64::consts::{PI, TAU};
use std::sync::Arc;

/// A small linear congruential generator: the same numbers on every machine.
pub struct Noise(pub u64);

impl Noise {
    /// In [−1, 1).
    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    pub fn vec(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.next() as f32).collect()
    }
}

/// Directions on rings every `step` degrees, with both poles.
pub fn rings(step: usize) -> Vec<(f64, f64)> {
    let mut v = vec![(0.0, 90.0), (0.0, -90.0)];
    for el in (-90 + step as i32..90).step_by(step) {
        let n = (360.0 / step as f64 * f64::from(el).to_radians().cos()).round().max(3.0) as usize;
        v.extend((0..n).map(|k| (360.0 * k as f64 / n as f64, f64::from(el))));
    }
    v
}

/// A head made of formulas: Woodworth's arrival times, a shadow that grows with the angle, and a pinna-like echo that
/// moves with elevation. Smooth in direction, mirror-symmetric, and different everywhere.
pub fn head(step: usize, taps: usize, sample_rate: f64) -> Measured {
    let directions = rings(step);
    let mut m = Measured { sample_rate, taps, ..Measured::default() };
    for (az, el) in directions {
        let p = Vec3::from_polar(az, el, 1.5);
        m.positions.push(p);
        m.delays.push([0.0; 2]);
        for side in [1.0, -1.0] {
            let lateral = (p.direction().y * side).clamp(-1.0, 1.0);
            let path = if lateral > 0.0 { -lateral } else { -lateral.asin() } * 0.0875;
            let arrival = (0.0008 + path / 343.0) * sample_rate;
            let gain = 1.0 + 0.6 * lateral;
            let echo = arrival + (0.00012 + 0.00004 * (el.to_radians() + 0.4 * lateral).sin()) * sample_rate;
            let width = 1.6 - 0.5 * lateral;
            m.responses.extend((0..taps).map(|n| {
                let pulse = |at: f64| {
                    let x = (n as f64 - at) / width;
                    let sinc = if x.abs() < 1e-9 { 1.0 } else { (PI * x).sin() / (PI * x) };
                    sinc * (-0.5 * (x / 6.0).powi(2)).exp() / width
                };
                (gain * (pulse(arrival) + 0.35 * pulse(echo))) as f32
            }));
        }
    }
    m
}

pub fn set(step: usize, taps: usize, sample_rate: f64) -> Arc<HrtfSet> {
    Arc::new(HrtfSet::new(&head(step, taps, sample_rate), sample_rate).unwrap())
}

/// Direct convolution, sample by sample, in f64.
pub fn convolve(x: &[f32], h: &[f32], frames: usize) -> Vec<f64> {
    (0..frames)
        .map(|n| {
            (0..h.len().min(n + 1)).filter(|k| n - k < x.len()).map(|k| f64::from(h[k]) * f64::from(x[n - k])).sum()
        })
        .collect()
}

/// The response of a response at one frequency.
fn at_frequency(h: &[f32], omega: f64) -> (f64, f64) {
    h.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, x)| {
        let (s, c) = (omega * n as f64).sin_cos();
        (re + f64::from(*x) * c, im - f64::from(*x) * s)
    })
}

/// What one ear hears of a steady tone `sin(ωn)` on a moving source, as the engine's documents define it: the filter of
/// frame n is a quadratic B-spline, over control points every `segment` frames, of the measured spectra without their
/// arrival times, and of the arrival times.
pub fn moving_tone(set: &HrtfSet, motion: &Motion, ear: usize, omega: f64, segment: usize, frames: usize) -> Vec<f64> {
    let mut near = [0; 2];
    let mut point = |i: i64| {
        let t = (i as f64 - 0.5) * segment as f64 / set.sample_rate();
        let at = motion.at(t);
        let place = set.place(at, &mut near);
        let mut sum = (0.0, 0.0);
        for (v, w) in place.terms() {
            let (re, im) = at_frequency(set.response(*v, ear), omega);
            let (s, c) = (omega * f64::from(set.onsets(*v)[ear])).sin_cos();
            sum.0 += w * (re * c - im * s);
            sum.1 += w * (re * s + im * c);
        }
        let gain = 1.0 / at.norm().max(0.1);
        (sum.0 * gain, sum.1 * gain, set.delay(&place, ear))
    };
    let points: Vec<_> = (0..(frames / segment + 4) as i64).map(&mut point).collect();
    (0..frames)
        .map(|n| {
            let (s, r) = (n / segment, (n % segment) as f64 / segment as f64);
            let b = [0.5 * (1.0 - r) * (1.0 - r), 0.5 + r - r * r, 0.5 * r * r];
            let (mut re, mut im, mut delay) = (0.0, 0.0, 0.0);
            for (b, p) in b.iter().zip(&points[s..]) {
                re += b * p.0;
                im += b * p.1;
                delay += b * p.2;
            }
            let phase = omega * (n as f64 - delay);
            re * phase.sin() + im * phase.cos()
        })
        .collect()
}

pub fn tone(omega: f64, frames: usize) -> Vec<f32> {
    (0..frames).map(|n| (omega * n as f64).sin() as f32).collect()
}

/// Energy of the difference over that of `want`, dB.
pub fn difference_db(got: &[f32], want: &[f64]) -> f64 {
    let (mut d, mut w) = (0.0, 0.0);
    for (g, x) in got.iter().zip(want) {
        d += (f64::from(*g) - x).powi(2);
        w += x * x;
    }
    10.0 * (d / w).log10()
}

pub fn to_f64(x: &[f32]) -> Vec<f64> {
    x.iter().map(|x| f64::from(*x)).collect()
}

pub fn omega(hz: f64, sample_rate: f64) -> f64 {
    TAU * hz / sample_rate
}
