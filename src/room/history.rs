//! What a source has sent so far, cut in octave-band parts, for paths of any delay to read from.

use super::BANDS;
use super::bands::{BandFilter, BandSplit, Weights};

/// The last samples of a source. Every plane is a ring that is written twice, one length apart, so that any stretch of
/// it can be read in one piece.
#[derive(Clone, Debug)]
pub struct History {
    /// Samples of each ring, a power of two.
    len: usize,
    /// The signal, then its seven parts: `[8][2 · len]`.
    planes: Vec<f32>,
    split: BandSplit,
    /// Frames taken in.
    at: u64,
    /// Nothing before this frame counts.
    born: u64,
    /// Frames of silence at the end.
    quiet: usize,
}

impl History {
    /// Room for `frames` frames of the past.
    pub fn new(filter: &BandFilter, frames: usize) -> Self {
        let len = frames.max(64).next_power_of_two();
        Self {
            len,
            planes: vec![0.0; (BANDS + 1) * 2 * len],
            split: BandSplit::new(filter),
            at: 0,
            born: 0,
            quiet: len,
        }
    }

    /// Frames that can be looked back.
    pub fn frames(&self) -> usize {
        self.len
    }

    /// Back to silence.
    pub fn reset(&mut self) {
        self.born = self.at;
        self.split.reset();
        self.quiet = self.len;
    }

    /// True when nothing of the past sounds.
    pub fn is_quiet(&self) -> bool {
        self.quiet >= self.len
    }

    /// Takes in finite samples, each times a gain that goes from `from` to `to`.
    pub fn push(&mut self, x: &[f32], [from, to]: [f32; 2]) {
        let silent = x.iter().all(|x| *x == 0.0) || (from == 0.0 && to == 0.0);
        if silent && self.is_quiet() {
            self.at += x.len() as u64;
            self.born = self.at;
            return;
        }
        self.quiet = if silent { (self.quiet + x.len()).min(self.len) } else { 0 };
        if self.quiet >= self.len {
            // The parts ring on below what counts.
            self.at += x.len() as u64;
            self.reset();
            return;
        }
        let step = (to - from) / x.len().max(1) as f32;
        for (n, x) in x.iter().enumerate() {
            let x = x * (from + step * n as f32);
            let at = (self.at as usize) & (self.len - 1);
            let parts = self.split.step(x);
            let mut plane = at;
            for value in std::iter::once(x).chain(parts) {
                self.planes[plane] = value;
                self.planes[plane + self.len] = value;
                plane += 2 * self.len;
            }
            self.at += 1;
        }
    }

    /// `out.len()` samples that end `back` frames before the newest one's end, the parts weighted from `from` to `to` along
    /// a straight line. What lies further back than the history is silence.
    pub fn read(&self, back: usize, from: &Weights, to: &Weights, out: &mut [f32]) {
        let end = self.at.saturating_sub(back as u64);
        let known = end.saturating_sub(self.born.max(self.at.saturating_sub(self.len as u64)));
        let unknown = out.len().saturating_sub(usize::try_from(known).unwrap_or(usize::MAX));
        let step: Weights = std::array::from_fn(|b| (to[b] - from[b]) / out.len() as f32);
        out[..unknown].fill(0.0);
        let out = &mut out[unknown..];
        let len = out.len();
        if len == 0 {
            return;
        }
        let first = (self.at as usize).wrapping_sub(back + len) & (self.len - 1);
        let plane = |p: usize| &self.planes[p * 2 * self.len + first..][..len];
        let flat = |w: &Weights| w.iter().all(|x| *x == w[0]);
        if from == to {
            if flat(from) {
                scale(plane(0), from[0], out);
            } else {
                combine(std::array::from_fn(|b| plane(b + 1)), from, out);
            }
        } else {
            let from = std::array::from_fn(|b| from[b] + step[b] * unknown as f32);
            combine_ramped(std::array::from_fn(|b| plane(b + 1)), &from, &step, out);
        }
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn scale(x: &[f32], gain: f32, out: &mut [f32]) {
    out.iter_mut().zip(x).for_each(|(y, x)| *y = gain * x);
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn combine(parts: [&[f32]; BANDS], weights: &Weights, out: &mut [f32]) {
    let parts = parts.map(|p| &p[..out.len()]);
    for n in 0..out.len() {
        let mut y = 0.0;
        for b in 0..BANDS {
            y += weights[b] * parts[b][n];
        }
        out[n] = y;
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn combine_ramped(parts: [&[f32]; BANDS], weights: &Weights, step: &Weights, out: &mut [f32]) {
    let parts = parts.map(|p| &p[..out.len()]);
    for n in 0..out.len() {
        let t = n as f32;
        let mut y = 0.0;
        for b in 0..BANDS {
            y += (weights[b] + t * step[b]) * parts[b][n];
        }
        out[n] = y;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_is_read_as_it_was_sent() {
        let filter = BandFilter::new(48_000.0);
        let mut history = History::new(&filter, 100);
        let x: Vec<f32> = (0..1000).map(|n| (n as f32 * 0.37).sin()).collect();
        for part in x.chunks(37) {
            history.push(part, [1.0, 1.0]);
        }
        let mut out = [0.0; 50];
        for weights in [[1.0; BANDS], [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.999_999]] {
            history.read(20, &weights, &weights, &mut out);
            for (y, x) in out.iter().zip(&x[930..980]) {
                assert!((y - x).abs() < 2e-6, "{y} {x}");
            }
        }
        history.read(108, &[1.0; BANDS], &[1.0; BANDS], &mut out);
        assert!(out[..30].iter().all(|x| *x == 0.0), "further back than it remembers");
        assert!((out[30] - x[872]).abs() < 2e-6);
        history.reset();
        history.push(&[0.5; 30], [1.0, 1.0]);
        history.read(0, &[1.0; BANDS], &[1.0; BANDS], &mut out);
        assert!(out[..20].iter().all(|x| *x == 0.0) && out[20..].iter().all(|x| *x == 0.5));
        history.push(&[0.0; 128], [1.0, 1.0]);
        assert!(history.is_quiet());
    }
}
