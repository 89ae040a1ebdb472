//! Blending the responses of measured head orientations without a comb: their first wavefronts are brought together,
//! mixed, and sent off at the mean of their arrival times.

use crate::coords::Rotation;
use crate::dsp::resample::bessel_i0;

/// The most orientations in one blend.
pub(super) const MOST: usize = 3;

/// Orientations and their weights, which add up to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Mix {
    terms: [(usize, f32); MOST],
    count: usize,
}

impl Mix {
    pub(super) fn terms(&self) -> &[(usize, f32)] {
        &self.terms[..self.count]
    }

    fn push(&mut self, index: usize, weight: f64) {
        if weight > 1e-3 && self.count < MOST {
            self.terms[self.count] = (index, weight as f32);
            self.count += 1;
        }
    }
}

/// The way from one rotation to another as an axis times an angle in radians, the short way.
fn between(from: Rotation, to: Rotation) -> [f64; 3] {
    let q = from.inverse() * to;
    let sign = if q.w < 0.0 { -1.0 } else { 1.0 };
    let v = [q.x * sign, q.y * sign, q.z * sign];
    let sin = (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).sqrt();
    let angle = 2.0 * sin.atan2(q.w * sign);
    let scale = if sin > 1e-9 { angle / sin } else { 2.0 };
    v.map(|x| x * scale)
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Which orientation is nearest; 0 if there are none.
pub(super) fn nearest(orientations: &[Rotation], head: Rotation) -> usize {
    let angle = |i: &usize| {
        let v = between(orientations[*i], head);
        dot(v, v)
    };
    (0..orientations.len()).min_by(|a, b| angle(a).total_cmp(&angle(b))).unwrap_or(0)
}

/// The mix for a head: the nearest orientation, and up to two that lead from it towards the head. Heads turned further
/// than was measured get the outermost orientation. Allocates nothing.
pub(super) fn mix(orientations: &[Rotation], head: Rotation) -> Mix {
    let mut mix = Mix::default();
    let first = nearest(orientations, head);
    let Some(&from) = orientations.get(first) else { return mix };
    let mut left = between(from, head);
    let mut chosen = [(first, 0.0); MOST];
    let mut count = 1;
    while count < MOST && dot(left, left) > 1e-8 {
        let mut best: Option<(f64, usize, f64, [f64; 3])> = None;
        for (i, to) in orientations.iter().enumerate() {
            let way = between(from, *to);
            let len = dot(way, way);
            if len < 1e-8 || chosen[..count].iter().any(|(c, _)| *c == i) {
                continue;
            }
            let part = (dot(left, way) / len).clamp(0.0, 1.0);
            let rest = [0, 1, 2].map(|k| left[k] - part * way[k]);
            // Of those that leave the same rest the nearest, which is blended best.
            let score = dot(rest, rest) + 1e-3 * part * len;
            if part > 1e-3 && best.as_ref().is_none_or(|(s, ..)| score < *s) {
                best = Some((score, i, part, rest));
            }
        }
        let Some((_, i, part, rest)) = best else { break };
        // What hardly leads anywhere is left out.
        if dot(rest, rest) > 0.98 * dot(left, left) {
            break;
        }
        chosen[count] = (i, part);
        left = rest;
        count += 1;
    }
    let others: f64 = chosen[1..count].iter().map(|(_, part)| part).sum();
    let scale = if others > 1.0 { 1.0 / others } else { 1.0 };
    mix.push(first, 1.0 - others * scale);
    for (i, part) in &chosen[1..count] {
        mix.push(*i, part * scale);
    }
    let sum: f32 = mix.terms().iter().map(|(_, w)| w).sum();
    let count = mix.count;
    mix.terms[..count].iter_mut().for_each(|(_, w)| *w /= sum);
    mix
}

/// Half of the taps of the interpolator.
const REACH: usize = 16;
const PHASES: usize = 256;

/// Delays by fractions of a sample: a Kaiser-windowed sinc (β = 8) of 32 taps, −80 dB up to 0.85 of the band.
#[derive(Clone, Debug)]
pub(super) struct Shifter {
    /// `[PHASES + 1][2 · REACH]`
    table: Vec<[f32; 2 * REACH]>,
}

impl Shifter {
    pub(super) fn new() -> Self {
        let norm = bessel_i0(8.0);
        let table = (0..=PHASES)
            .map(|p| {
                let fraction = p as f64 / PHASES as f64;
                std::array::from_fn(|k| {
                    // The tap that multiplies x[n + k − REACH + 1] for a signal read `fraction` further on.
                    let x = k as f64 + 1.0 - REACH as f64 - fraction;
                    let t = (x / REACH as f64).abs().min(1.0);
                    let sinc = if x.abs() < 1e-12 {
                        1.0
                    } else {
                        (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x)
                    };
                    (sinc * bessel_i0(8.0 * (1.0 - t * t).sqrt()) / norm) as f32
                })
            })
            .collect();
        Self { table }
    }

    /// `out[n] += gain · x[n − delay]`, with silence around `x`; `delay` in samples of either sign.
    pub(super) fn add(&self, out: &mut [f32], x: &[f32], delay: f64, gain: f32) {
        // Read at n − delay = n + whole + phase / PHASES.
        let steps = (-delay * PHASES as f64).round();
        let whole = (steps / PHASES as f64).floor();
        let phase = (steps - whole * PHASES as f64) as usize;
        let taps = &self.table[phase.min(PHASES)];
        let whole = whole.clamp(-1e9, 1e9) as isize;
        // The outputs whose taps all fall into x, and those at the ends.
        let first = whole + 1 - REACH as isize;
        let inside = (-first).clamp(0, out.len() as isize) as usize
            ..(x.len() as isize - first - 2 * REACH as isize + 1).clamp(0, out.len() as isize) as usize;
        let inside = inside.start..inside.end.max(inside.start);
        let edge = |n: usize| -> f32 {
            let at = |k: usize| n as isize + first + k as isize;
            taps.iter()
                .enumerate()
                .map(|(k, t)| usize::try_from(at(k)).ok().and_then(|i| x.get(i)).map_or(0.0, |x| x * t))
                .sum()
        };
        for n in (0..inside.start).chain(inside.end..out.len()) {
            out[n] += gain * edge(n);
        }
        if !inside.is_empty() {
            let from = (inside.start as isize + first) as usize;
            weigh(&mut out[inside], &x[from..], taps, gain);
        }
    }
}

/// `out[n] += gain · Σ x[n + k] · taps[k]`
#[multiversion::multiversion(targets("x86_64+avx2+fma", "x86_64+avx", "aarch64+neon"))]
fn weigh(out: &mut [f32], x: &[f32], taps: &[f32; 2 * REACH], gain: f32) {
    // Outputs side by side, so that no sum is taken across a vector.
    const SIDE: usize = 32;
    let mut blocks = out.chunks_exact_mut(SIDE);
    let mut at = 0;
    for block in &mut blocks {
        let mut sums = [0.0f32; SIDE];
        for (k, tap) in taps.iter().enumerate() {
            let x = &x[at + k..at + k + SIDE];
            for i in 0..SIDE {
                sums[i] += x[i] * tap;
            }
        }
        for (y, s) in block.iter_mut().zip(&sums) {
            *y += gain * s;
        }
        at += SIDE;
    }
    for (n, y) in blocks.into_remainder().iter_mut().enumerate() {
        *y += gain * taps.iter().zip(&x[at + n..]).map(|(t, x)| t * x).sum::<f32>();
    }
}

/// `out[n] += gain · x[n]`
#[multiversion::multiversion(targets("x86_64+avx2+fma", "x86_64+avx", "aarch64+neon"))]
pub(super) fn add_scaled(out: &mut [f32], x: &[f32], gain: f32) {
    for (y, x) in out.iter_mut().zip(x) {
        *y += gain * x;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yaw(degrees: f64) -> Rotation {
        Rotation::from_yaw_pitch_roll(degrees, 0.0, 0.0)
    }

    fn weight(mix: &Mix, index: usize) -> f64 {
        mix.terms().iter().filter(|(i, _)| *i == index).map(|(_, w)| f64::from(*w)).sum()
    }

    #[test]
    fn a_head_between_two_orientations_gets_both_by_angle() {
        let set = [yaw(-30.0), yaw(0.0), yaw(30.0), yaw(90.0)];
        for (head, want) in [
            (0.0, [0.0, 1.0, 0.0, 0.0]),
            (10.0, [0.0, 2.0 / 3.0, 1.0 / 3.0, 0.0]),
            (29.0, [0.0, 1.0 / 30.0, 29.0 / 30.0, 0.0]),
            (60.0, [0.0, 0.0, 0.5, 0.5]),
            (-50.0, [1.0, 0.0, 0.0, 0.0]),
            (110.0, [0.0, 0.0, 0.0, 1.0]),
        ] {
            let mix = mix(&set, yaw(head));
            for (i, want) in want.iter().enumerate() {
                assert!((weight(&mix, i) - want).abs() < 0.005, "{head}: {mix:?}");
            }
        }
    }

    #[test]
    fn weights_go_on_without_a_jump_all_around() {
        let set: Vec<Rotation> = (0..24).map(|i| yaw(f64::from(i) * 15.0)).collect();
        let mut before = mix(&set, yaw(0.0));
        for step in 1..=3600 {
            let now = mix(&set, yaw(f64::from(step) * 0.1));
            for i in 0..24 {
                assert!((weight(&now, i) - weight(&before, i)).abs() < 0.02, "{step}");
            }
            before = now;
        }
    }

    #[test]
    fn a_shifted_pulse_is_a_sinc_at_its_new_place() {
        let shifter = Shifter::new();
        let mut x = vec![0.0; 200];
        x[80] = 1.0;
        for delay in [0.0, 3.0, -7.0, 0.5, 12.25, -4.75] {
            let mut y = vec![0.0; 200];
            shifter.add(&mut y, &x, delay, 2.0);
            for (n, y) in y.iter().enumerate() {
                let t = n as f64 - 80.0 - delay;
                if t.abs() < 8.0 {
                    let sinc = if t.abs() < 1e-9 {
                        1.0
                    } else {
                        (std::f64::consts::PI * t).sin() / (std::f64::consts::PI * t)
                    };
                    // The window bends the sinc by its own height.
                    let w = bessel_i0(8.0 * (1.0 - (t / 16.0).powi(2)).sqrt()) / bessel_i0(8.0);
                    assert!((f64::from(*y) - 2.0 * sinc * w).abs() < 1e-5, "{delay} {n}: {y}");
                }
            }
        }
    }

    #[test]
    fn ends_are_silence() {
        let shifter = Shifter::new();
        let x = vec![1.0; 10];
        for delay in [-1e12, -30.0, 0.3, 50.0, 1e12] {
            let mut y = vec![0.0; 20];
            shifter.add(&mut y, &x, delay, 1.0);
            assert!(y.iter().all(|y| y.is_finite() && y.abs() < 1.5));
        }
    }
}
