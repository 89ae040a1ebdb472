//! The state that sends sound through long filters.

use super::filters::{Filters, LevelFilters};
use super::level::{Grid, Line};
use super::plan::Plan;
use crate::dsp::denormals::FlushDenormals;
use std::sync::Arc;

/// Many inputs through long filters to many outputs, without added latency and in blocks of any length.
///
/// Filters are exchanged while it runs: [`Convolver::exchange`] takes others, which are faded in level by level, each
/// in its own next stretch of frames, and [`Convolver::take_spent`] gives the old ones back.
pub struct Convolver {
    plan: Arc<Plan>,
    first: Line,
    /// What the first level's later partitions give to the stretch under way, `[outputs][size]`.
    tail: Vec<f32>,
    grids: Vec<Grid>,
    history: History,
    /// Frames since the last sound.
    quiet: u64,
    /// Frames after which all that was heard has left the filters and the lines.
    memory: u64,
    /// Samples that were NaN or infinite, and taken as silence.
    non_finite: u64,
}

impl std::fmt::Debug for Convolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Convolver").field("plan", &self.plan).finish_non_exhaustive()
    }
}

impl Convolver {
    /// Through `filters`. A fade to others takes `fade_frames`, rounded up to whole partitions, in each level.
    pub fn new(filters: &Filters, fade_frames: usize) -> Self {
        let plan = Arc::clone(filters.plan());
        // A level looks back at two partitions while the next stretch comes in, and further back if it begins late.
        let history = plan.levels().iter().map(|l| 4 * l.size + l.offset.saturating_sub(2 * l.size)).max().unwrap_or(1);
        let memory = plan.levels().iter().map(|l| l.end() + 4 * l.size).max().unwrap_or(0);
        Self {
            first: Line::new(&plan, 0, filters.level(0).clone(), fade_frames),
            tail: vec![0.0; plan.outputs() * plan.levels()[0].size],
            grids: (1..plan.levels().len())
                .map(|l| Grid::new(&plan, l, filters.level(l).clone(), fade_frames))
                .collect(),
            history: History::new(plan.inputs(), history),
            quiet: memory as u64,
            memory: memory as u64,
            non_finite: 0,
            plan,
        }
    }

    /// Sizes.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Frames that sound after the input has ended.
    pub fn tail_frames(&self) -> usize {
        self.plan.taps() - 1
    }

    /// Samples of the input so far that were NaN or infinite; they are taken as silence.
    pub fn non_finite(&self) -> u64 {
        self.non_finite
    }

    /// Forgets all sound; filters on their way are in use at once.
    pub fn reset(&mut self) {
        self.first.reset();
        self.grids.iter_mut().for_each(Grid::reset);
        self.tail.fill(0.0);
        self.history.reset();
        self.quiet = self.memory;
        self.non_finite = 0;
    }

    /// Fades to other filters: all levels are exchanged, each as soon as it can. The caller keeps `filters` alive until
    /// the ones that they replace have been taken back, so that nothing is freed here. Allocates nothing.
    ///
    /// Returns false, and does nothing, if the last ones are still being faded in, if those before them have not been
    /// taken back ([`Convolver::take_spent`]), or if they are of another plan.
    pub fn exchange(&mut self, filters: &Filters) -> bool {
        let same = Arc::ptr_eq(&filters.plan, &self.plan) || *filters.plan == *self.plan;
        if !same || !(0..filters.levels.len()).all(|l| self.is_free(l)) {
            return false;
        }
        filters.levels.iter().enumerate().all(|(l, of)| self.exchange_level(l, of.clone()).is_ok())
    }

    /// Fades to other filters in one level only.
    ///
    /// # Errors
    /// Gives them back where [`Convolver::exchange`] returns false.
    pub fn exchange_level(&mut self, level: usize, filters: LevelFilters) -> Result<(), LevelFilters> {
        match level {
            0 => self.first.exchange(filters),
            l if l <= self.grids.len() => self.grids[l - 1].line.exchange(filters),
            _ => Err(filters),
        }
    }

    /// True if a level takes other filters now.
    pub fn is_free(&self, level: usize) -> bool {
        if level == 0 { self.first.is_free() } else { self.grids[level - 1].line.is_free() }
    }

    /// The filters of a level that are no longer heard, to be used again or freed on another thread.
    pub fn take_spent(&mut self, level: usize) -> Option<LevelFilters> {
        if level == 0 { self.first.take_spent() } else { self.grids.get_mut(level - 1)?.line.take_spent() }
    }

    /// One block: `inputs[i]` is the signal of input `i`; a missing one, or the missing rest of a shorter one, is
    /// silence. The outputs are overwritten; the block's length is that of the shortest of them.
    pub fn process(&mut self, inputs: &[&[f32]], outputs: &mut [&mut [f32]]) {
        let _flush = FlushDenormals::new();
        let frames = outputs.iter().map(|o| o.len()).min().unwrap_or(0);
        let size = self.first.plan.size;
        let mut done = 0;
        while done < frames {
            let at = (self.history.end % size as u64) as usize;
            let hop = (frames - done).min(size - at);
            self.hop(inputs, outputs, done, at, hop);
            done += hop;
        }
        for output in outputs.iter_mut() {
            output[frames..].fill(0.0);
        }
    }

    /// `hop` frames from `done` on, which stay within a stretch of the first level, `at` frames into it.
    fn hop(&mut self, inputs: &[&[f32]], outputs: &mut [&mut [f32]], done: usize, at: usize, hop: usize) {
        let (silent, bad) = self.history.push(inputs, done, hop);
        self.non_finite += bad;
        self.quiet = if silent { self.quiet.saturating_add(hop as u64) } else { 0 };
        if self.quiet >= self.memory.saturating_add(hop as u64) {
            return self.rest(outputs, done, hop);
        }
        let channels = self.plan.outputs();
        let size = self.first.plan.size;
        let parts = self.first.plan.parts;
        let whole = hop == size;
        if at == 0 {
            self.first.advance();
            if !whole {
                self.gather(1..parts);
                for o in 0..channels {
                    self.first.sound(o, 0, &mut self.tail[o * size..][..size]);
                }
            }
        }
        let end = self.history.end;
        for input in 0..self.plan.inputs() {
            self.first.take(input, self.history.window(input, end, 0, 2 * size));
        }
        self.gather(if whole { 0..parts } else { 0..1 });
        for (o, output) in outputs.iter_mut().enumerate() {
            let out = &mut output[done..done + hop];
            if o >= channels {
                out.fill(0.0);
                continue;
            }
            self.first.sound(o, at, out);
            if !whole {
                out.iter_mut().zip(&self.tail[o * size + at..][..hop]).for_each(|(y, t)| *y += t);
            }
        }
        for grid in &mut self.grids {
            let size = grid.line.plan.size;
            let at = ((end - hop as u64) % size as u64) as usize;
            if at == 0 {
                grid.begin();
            }
            for (o, output) in outputs.iter_mut().enumerate().take(channels) {
                let from = &grid.playing[o * size + at..][..hop];
                output[done..done + hop].iter_mut().zip(from).for_each(|(y, x)| *y += x);
            }
            let begun = end - (at + hop) as u64;
            // A level that begins later into the filter than its work asks for looks at earlier sound.
            let late = grid.line.plan.offset - 2 * size;
            grid.work(at + hop, |input| self.history.window(input, begun, late, 2 * size));
        }
    }

    /// Sums of the first level over some of its partitions.
    fn gather(&mut self, parts: std::ops::Range<usize>) {
        for set in 0..self.first.sets() {
            for pair in 0..self.plan.pairs() {
                self.first.gather(set, pair, 0, self.first.groups(), parts.clone());
            }
        }
    }

    /// A hop of silence after all has rung out: every line and every sum is zero already.
    fn rest(&mut self, outputs: &mut [&mut [f32]], done: usize, hop: usize) {
        self.first.adopt();
        self.tail.fill(0.0);
        for grid in &mut self.grids {
            grid.line.adopt();
            grid.rest();
        }
        outputs.iter_mut().for_each(|o| o[done..done + hop].fill(0.0));
    }
}

/// The last frames of all inputs, for all levels.
struct History {
    /// `[inputs][len]`, a ring each.
    data: Vec<f32>,
    len: usize,
    /// Frames taken so far.
    end: u64,
}

impl History {
    fn new(inputs: usize, len: usize) -> Self {
        Self { data: vec![0.0; inputs * len], len, end: 0 }
    }

    fn reset(&mut self) {
        self.data.fill(0.0);
        self.end = 0;
    }

    /// Takes `hop` frames of each input. Tells whether all were silent, and how many were not finite.
    fn push(&mut self, inputs: &[&[f32]], from: usize, hop: usize) -> (bool, u64) {
        let at = (self.end % self.len as u64) as usize;
        let (mut loudest, mut bad) = (0.0f32, 0);
        for (i, ring) in self.data.chunks_exact_mut(self.len).enumerate() {
            let input = inputs.get(i).and_then(|x| x.get(from..)).unwrap_or(&[]);
            let input = &input[..hop.min(input.len())];
            let cut = input.len().min(self.len - at);
            ring[at..at + cut].copy_from_slice(&input[..cut]);
            ring[..input.len() - cut].copy_from_slice(&input[cut..]);
            // Only a hop that holds something odd is looked at sample by sample.
            let sum = magnitude(input);
            if !sum.is_finite() {
                for k in 0..input.len() {
                    let x = &mut ring[(at + k) % self.len];
                    if !x.is_finite() {
                        *x = 0.0;
                        bad += 1;
                    }
                }
            }
            loudest = loudest.max(sum);
            for k in input.len()..hop {
                ring[(at + k) % self.len] = 0.0;
            }
        }
        self.end += hop as u64;
        (loudest == 0.0, bad)
    }

    /// The `n` frames of an input up to `back` frames before the frame `end`, in two parts; before the first frame there
    /// is silence.
    fn window(&self, input: usize, end: u64, back: usize, n: usize) -> (&[f32], &[f32]) {
        let ring = &self.data[input * self.len..][..self.len];
        let to = ((end % self.len as u64) as usize + self.len - back) % self.len;
        if to >= n { (&ring[to - n..to], &[]) } else { (&ring[self.len + to - n..], &ring[..to]) }
    }
}

/// The sum of all magnitudes, in sixteen sums side by side so that it becomes vector code.
fn magnitude(x: &[f32]) -> f32 {
    let mut sums = [0.0f32; 16];
    let chunks = x.chunks_exact(16);
    let rest: f32 = chunks.remainder().iter().map(|x| x.abs()).sum();
    for chunk in chunks {
        sums.iter_mut().zip(chunk).for_each(|(s, x)| *s += x.abs());
    }
    rest + sums.iter().sum::<f32>()
}
