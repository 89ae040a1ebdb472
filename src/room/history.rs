//! What a source has sent so far, cut in octave-band parts, for paths of any delay to read from.

use super::BANDS;
use super::bands::{BandSplit, Weights};

/// Samples that are cut at once.
const CHUNK: usize = 64;

/// Keeps the planes of a history from falling into the same lines of the cache, samples.
const APART: usize = 48;

/// A source's signal of one stretch, with its seven parts where they are wanted: `[8][stride]`.
#[derive(Clone, Debug)]
pub struct Parts {
    planes: Vec<f32>,
    stride: usize,
    frames: usize,
    silent: bool,
}

impl Parts {
    /// Room for stretches of up to `frames` frames.
    pub fn new(frames: usize) -> Self {
        Self { planes: vec![0.0; (BANDS + 1) * frames], stride: frames, frames: 0, silent: true }
    }

    /// Cuts a stretch, or only keeps it if `whole`.
    pub fn cut(&mut self, split: &mut BandSplit, x: &[f32], whole: bool) {
        self.frames = x.len().min(self.stride);
        let x = &x[..self.frames];
        self.silent = x.iter().all(|x| *x == 0.0);
        self.planes[..x.len()].copy_from_slice(x);
        if whole || (self.silent && split.rests()) {
            if !whole {
                self.planes[self.stride..].chunks_exact_mut(self.stride).for_each(|p| p[..x.len()].fill(0.0));
            }
            return;
        }
        for (i, x) in x.chunks(CHUNK).enumerate() {
            let mut parts = [[0.0; CHUNK]; BANDS];
            for (n, x) in x.iter().enumerate() {
                let step = split.step(*x);
                (0..BANDS).for_each(|b| parts[b][n] = step[b]);
            }
            for (plane, part) in self.planes[self.stride..].chunks_exact_mut(self.stride).zip(&parts) {
                plane[i * CHUNK..][..x.len()].copy_from_slice(&part[..x.len()]);
            }
        }
        split.settle();
    }
}

/// The last samples of a source. Every plane is a ring that is written twice, one length apart, so that any stretch of
/// it can be read in one piece.
#[derive(Clone, Debug)]
pub struct History {
    /// Samples of each ring, a power of two.
    len: usize,
    /// The signal, then its seven parts, each `2 · len + APART` long.
    planes: Vec<f32>,
    /// 8, or 1 if no path needs the parts.
    count: usize,
    /// Frames taken in.
    at: u64,
    /// Nothing before this frame counts.
    born: u64,
    /// Frames of silence at the end.
    quiet: usize,
}

impl History {
    /// Room for `frames` frames of the past; with their parts if paths are `coloured`.
    pub fn new(frames: usize, coloured: bool) -> Self {
        let len = frames.max(64).next_power_of_two();
        let count = if coloured { BANDS + 1 } else { 1 };
        Self { len, planes: vec![0.0; count * (2 * len + APART)], count, at: 0, born: 0, quiet: len }
    }

    /// True if it keeps the parts.
    pub fn is_coloured(&self) -> bool {
        self.count > 1
    }

    /// Frames that can be looked back.
    pub fn frames(&self) -> usize {
        self.len
    }

    /// Back to silence.
    pub fn reset(&mut self) {
        self.born = self.at;
        self.quiet = self.len;
    }

    /// True when nothing of the past sounds.
    pub fn is_quiet(&self) -> bool {
        self.quiet >= self.len
    }

    /// Takes in a stretch, times a gain that goes from `from` to `to`.
    pub fn push(&mut self, parts: &Parts, [from, to]: [f32; 2]) {
        let frames = parts.frames;
        let silent = parts.silent || (from == 0.0 && to == 0.0);
        self.quiet = if silent { (self.quiet + frames).min(self.len) } else { 0 };
        if self.is_quiet() {
            // The parts ring on below what counts.
            self.at += frames as u64;
            self.born = self.at;
            return;
        }
        let step = (to - from) / frames.max(1) as f32;
        let planes = self.planes.chunks_exact_mut(2 * self.len + APART).zip(parts.planes.chunks_exact(parts.stride));
        for (ring, x) in planes {
            // No stretch is longer than the ring.
            let x = &x[..frames.min(self.len)];
            let at = (self.at as usize) & (self.len - 1);
            let first = x.len().min(self.len - at);
            for (to, part, done) in [(at, &x[..first], 0), (0, &x[first..], first)] {
                let written = &mut ring[to..to + part.len()];
                if step == 0.0 && from == 1.0 {
                    written.copy_from_slice(part);
                } else {
                    let gain = |n: usize| from + step * (done + n) as f32;
                    written.iter_mut().zip(part).enumerate().for_each(|(n, (y, x))| *y = gain(n) * x);
                }
                ring.copy_within(to..to + part.len(), to + self.len);
            }
        }
        self.at += frames as u64;
    }

    /// `len` samples of the signal that end `back` frames before the newest one's end, if all of them are known.
    #[inline]
    pub fn signal(&self, back: usize, len: usize) -> Option<&[f32]> {
        let oldest = self.born.max(self.at.saturating_sub(self.len as u64));
        if self.at.saturating_sub(oldest) < (back + len) as u64 {
            return None;
        }
        let first = (self.at as usize).wrapping_sub(back + len) & (self.len - 1);
        self.planes.get(first..first + len)
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
        let plane = |p: usize| &self.planes[p * (2 * self.len + APART) + first..][..len];
        let flat = |w: &Weights| w.iter().all(|x| *x == w[0]);
        if from == to || !self.is_coloured() {
            if flat(from) || !self.is_coloured() {
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
    use super::super::bands::BandFilter;
    use super::*;

    #[test]
    fn the_past_is_read_as_it_was_sent() {
        let filter = BandFilter::new(48_000.0);
        let (mut split, mut parts) = (BandSplit::new(&filter), Parts::new(128));
        let mut history = History::new(100, true);
        let mut push = |history: &mut History, x: &[f32]| {
            parts.cut(&mut split, x, false);
            history.push(&parts, [1.0, 1.0]);
        };
        let x: Vec<f32> = (0..1000).map(|n| (n as f32 * 0.37).sin()).collect();
        for part in x.chunks(37) {
            push(&mut history, part);
        }
        let mut out = [0.0; 50];
        for weights in [[1.0; BANDS], [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.999_999]] {
            history.read(20, &weights, &weights, &mut out);
            for (y, x) in out.iter().zip(&x[930..980]) {
                assert!((y - x).abs() < 2e-6, "{y} {x}");
            }
        }
        assert_eq!(history.signal(20, 50), Some(&x[930..980]));
        assert_eq!(history.signal(78, 50), Some(&x[872..922]));
        assert_eq!(history.signal(79, 50), None, "further back than it remembers");
        history.read(108, &[1.0; BANDS], &[1.0; BANDS], &mut out);
        assert!(out[..30].iter().all(|x| *x == 0.0), "further back than it remembers");
        assert!((out[30] - x[872]).abs() < 2e-6);
        history.reset();
        push(&mut history, &[0.5; 30]);
        history.read(0, &[1.0; BANDS], &[1.0; BANDS], &mut out);
        assert!(out[..20].iter().all(|x| *x == 0.0) && out[20..].iter().all(|x| *x == 0.5));
        push(&mut history, &[0.0; 128]);
        assert!(history.is_quiet());
    }
}
