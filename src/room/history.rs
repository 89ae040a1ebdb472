//! What a source has sent so far, cut in octave-band parts, for paths of any delay to read from.

use super::BANDS;
use super::bands::{BandSplit, Weights};
use crate::dsp::kernel::paths::{GROUP, PLANES, PathKernels};
use crate::dsp::simd::fetch;

/// Samples that are cut at once.
const CHUNK: usize = 64;

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

/// Groups fetched ahead: about as far as one path's delay is from the next one's.
const AHEAD: usize = 4;

/// Samples of each plane that lie side by side.
pub const SIDE: usize = GROUP;

/// The last samples of a source in a ring of groups: sixteen samples of the signal, then the same sixteen of each of its
/// parts. What one path reads lies in one piece, as the caches like it.
#[derive(Clone, Debug)]
pub struct History {
    /// Samples that are kept, a power of two.
    len: usize,
    /// `[len / SIDE][count][SIDE]`
    groups: Vec<f32>,
    /// 8, or 1 if no path needs the parts.
    count: usize,
    /// Frames taken in.
    at: u64,
    /// Nothing before this frame counts.
    born: u64,
    /// Frames of silence at the end.
    quiet: usize,
    kernels: PathKernels,
}

impl History {
    /// Room for `frames` frames of the past; with their parts if paths are `coloured`.
    pub fn new(frames: usize, coloured: bool) -> Self {
        let len = frames.max(64).next_power_of_two();
        let count = if coloured { PLANES } else { 1 };
        let groups = vec![0.0; count * len];
        Self { len, groups, count, at: 0, born: 0, quiet: len, kernels: PathKernels::detect() }
    }

    /// True if it keeps the parts.
    pub fn is_coloured(&self) -> bool {
        self.count > 1
    }

    /// Frames that can be looked back.
    pub fn frames(&self) -> usize {
        self.len
    }

    /// Brings the samples from `back` frames before the newest one's end, and `len` before that, nearer to the processor.
    pub fn fetch(&self, back: usize, len: usize) {
        let size = self.count * SIDE;
        let (_, runs) = self.runs(back, len.min(self.len));
        runs.into_iter().for_each(|(group, count)| fetch(&self.groups[group * size..][..count * size]));
    }

    /// The whole groups around `len` samples that end `back` frames before the newest one's end: how many samples too early the
    /// first group begins, and two runs of groups, up to the ring's end and from its beginning: the first one and how many.
    fn runs(&self, back: usize, len: usize) -> (usize, [(usize, usize); 2]) {
        let first = (self.at as usize).wrapping_sub(back + len) & (self.len - 1);
        let (group, before) = (first / SIDE, first % SIDE);
        let groups = (before + len).div_ceil(SIDE);
        let here = groups.min(self.len / SIDE - group);
        (before, [(group, here), (0, groups - here)])
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
        let unchanged = step == 0.0 && from == 1.0;
        let group = self.count * SIDE;
        let mut done = 0;
        while done < frames {
            let at = (self.at as usize + done) & (self.len - 1);
            let (into, n) = (at % SIDE, (SIDE - at % SIDE).min(frames - done));
            let group = &mut self.groups[at / SIDE * group..][..group];
            for (side, x) in group.chunks_exact_mut(SIDE).zip(parts.planes.chunks_exact(parts.stride)) {
                let x = &x[done..done + n];
                match (<&[f32; SIDE]>::try_from(x), unchanged) {
                    (Ok(x), true) => side.copy_from_slice(x),
                    (_, true) => side[into..into + n].copy_from_slice(x),
                    (_, false) => {
                        let gain = |k: usize| from + step * (done + k) as f32;
                        side[into..into + n].iter_mut().zip(x).enumerate().for_each(|(k, (y, x))| *y = gain(k) * x);
                    }
                }
            }
            done += n;
        }
        self.at += frames as u64;
    }

    /// Floats of the room that [`History::read`] needs for `len` samples.
    pub fn room(len: usize) -> usize {
        len + 2 * SIDE
    }

    /// `len` samples that end `back` frames before the newest one's end, the parts weighted along a straight line from
    /// the first weights to the second ones. What lies further back than the history is silence. `room` has at least [`History::room`] floats.
    pub fn read<'a>(&self, back: usize, len: usize, [from, to]: &[Weights; 2], room: &'a mut [f32]) -> &'a [f32] {
        let end = self.at.saturating_sub(back as u64);
        let known = end.saturating_sub(self.born.max(self.at.saturating_sub(self.len as u64)));
        let unknown = len.saturating_sub(usize::try_from(known).unwrap_or(usize::MAX));
        let size = self.count * SIDE;
        let (before, runs) = self.runs(back, len);
        let stays = from == to;
        let flat = !self.is_coloured() || (stays && from.iter().all(|x| *x == from[0]));
        let by_sample = 1.0 / len as f32;
        let step: Weights = if stays { [0.0; BANDS] } else { std::array::from_fn(|b| (to[b] - from[b]) * by_sample) };
        // Paths are read from the shortest delay to the longest: the next one goes on where this one begins.
        let (group, here) = runs[0];
        if let Some(next) = group.checked_sub(AHEAD) {
            fetch(&self.groups[next * size..group * size]);
        }
        for ((group, count), done) in runs.into_iter().zip([0, here]).filter(|r| r.0.1 > 0) {
            let groups = &self.groups[group * size..][..count * size];
            let out = &mut room[done * SIDE..][..count * SIDE];
            if flat {
                for (out, side) in out.chunks_exact_mut(SIDE).zip(groups.chunks_exact(size)) {
                    out.iter_mut().zip(side).for_each(|(y, x)| *y = from[0] * x);
                }
            } else {
                let ahead = (done * SIDE) as f32 - before as f32;
                let from = std::array::from_fn(|b| from[b] + step[b] * ahead);
                self.kernels.combine(groups, &from, &step, out);
            }
        }
        let out = &mut room[before..before + len];
        out[..unknown].fill(0.0);
        out
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
        let mut room = vec![0.0; History::room(50)];
        for weights in [[1.0; BANDS], [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.999_999]] {
            for back in 0..60 {
                let out = history.read(back, 50, &[weights; 2], &mut room);
                for (y, x) in out.iter().zip(&x[950 - back..]) {
                    assert!((y - x).abs() < 2e-6, "{y} {x}");
                }
            }
        }
        let out = history.read(108, 50, &[[1.0; BANDS]; 2], &mut room);
        assert!(out[..30].iter().all(|x| *x == 0.0), "further back than it remembers");
        assert!((out[30] - x[872]).abs() < 2e-6);
        history.reset();
        push(&mut history, &[0.5; 30]);
        let out = history.read(0, 50, &[[1.0; BANDS]; 2], &mut room);
        assert!(out[..20].iter().all(|x| *x == 0.0) && out[20..].iter().all(|x| *x == 0.5));
        push(&mut history, &[0.0; 128]);
        assert!(history.is_quiet());
    }
}
