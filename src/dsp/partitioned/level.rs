//! One level: a line of spectra, its products with the filters, and, behind the first level, work in small units.

use super::filters::LevelFilters;
use super::plan::{LevelPlan, Plan, product_cost, transform_cost};
use crate::dsp::fft::{Fft, LANES, Spectrum};
use crate::dsp::kernel::{GROUP, Gather, Kernels};

/// The last spectra of all inputs, and the filters that they meet.
pub(super) struct Line {
    pub(super) plan: LevelPlan,
    inputs: usize,
    groups: usize,
    entries: usize,
    fft: Fft,
    spectrum: Spectrum,
    /// `[groups][parts][inputs][GROUP]`, a ring over `parts`.
    signals: Vec<f32>,
    /// Where in the ring the newest spectrum is; the one before it comes next.
    newest: usize,
    /// Sums for the filters in use and those that are faded in, `[pairs][groups][2][GROUP]` each.
    sums: [Vec<f32>; 2],
    filters: LevelFilters,
    next: Option<LevelFilters>,
    spent: Option<LevelFilters>,
    /// How many stretches of the fade are over, while there is one.
    fade: Option<usize>,
    /// Stretches of a fade.
    fade_steps: usize,
    kernels: Kernels,
}

impl Line {
    pub(super) fn new(plan: &Plan, level: usize, filters: LevelFilters, fade_frames: usize) -> Self {
        let of = plan.levels()[level];
        let (groups, entries) = (of.groups(), plan.entries(&of));
        let sums = vec![0.0; plan.pairs() * groups * 2 * GROUP];
        Self {
            plan: of,
            inputs: plan.inputs(),
            groups,
            entries,
            fft: Fft::new(2 * of.size),
            spectrum: Spectrum::new(2 * of.size),
            signals: vec![0.0; groups * entries * GROUP],
            newest: 0,
            sums: [sums.clone(), sums],
            filters,
            next: None,
            spent: None,
            fade: None,
            fade_steps: fade_frames.div_ceil(of.size).max(1),
            kernels: Kernels::detect(),
        }
    }

    pub(super) fn reset(&mut self) {
        self.signals.fill(0.0);
        self.newest = 0;
        self.adopt();
    }

    /// Filters to fade to; given back if there is no room for them yet.
    pub(super) fn exchange(&mut self, filters: LevelFilters) -> Result<(), LevelFilters> {
        if self.next.is_some() || self.spent.is_some() || filters.data.len() != self.filters.data.len() {
            return Err(filters);
        }
        self.next = Some(filters);
        Ok(())
    }

    pub(super) fn is_free(&self) -> bool {
        self.next.is_none() && self.spent.is_none()
    }

    pub(super) fn take_spent(&mut self) -> Option<LevelFilters> {
        self.spent.take()
    }

    /// Ends a fade at once: for when there is nothing to be heard.
    pub(super) fn adopt(&mut self) {
        self.fade = None;
        if let Some(next) = self.next.take() {
            self.spent = Some(std::mem::replace(&mut self.filters, next));
        }
    }

    /// Begins a stretch of `size` frames: the oldest spectrum makes room for a new one, and a fade goes on.
    pub(super) fn advance(&mut self) {
        self.newest = (self.newest + self.plan.parts - 1) % self.plan.parts;
        match self.fade {
            Some(step) if step + 1 == self.fade_steps => self.adopt(),
            Some(step) => self.fade = Some(step + 1),
            None => {}
        }
        if self.fade.is_none() && self.next.is_some() {
            self.fade = Some(0);
        }
    }

    /// 2 during a fade, otherwise 1.
    pub(super) fn sets(&self) -> usize {
        1 + usize::from(self.fade.is_some())
    }

    /// Transforms the last `2 · size` frames of an input, in two parts, to be its newest spectrum.
    pub(super) fn take(&mut self, input: usize, (first, second): (&[f32], &[f32])) {
        self.fft.forward_of(first, second, &mut self.spectrum.re, &mut self.spectrum.im);
        let entry = self.newest * self.inputs + input;
        for (group, out) in self.signals.chunks_exact_mut(self.entries * GROUP).enumerate() {
            let out = &mut out[entry * GROUP..][..GROUP];
            out[..LANES].copy_from_slice(&self.spectrum.re[group * LANES..][..LANES]);
            out[LANES..].copy_from_slice(&self.spectrum.im[group * LANES..][..LANES]);
        }
    }

    /// Sums for two outputs, in `groups` groups of bins from `from` on, over the partitions `parts`.
    pub(super) fn gather(
        &mut self,
        set: usize,
        pair: usize,
        from: usize,
        groups: usize,
        parts: std::ops::Range<usize>,
    ) {
        let (entries, all) = (self.entries, self.groups);
        let Some(filters) = (if set == 0 { Some(&self.filters) } else { self.next.as_ref() }) else { return };
        let signals = &self.signals[from * entries * GROUP..][..groups * entries * GROUP];
        let filters = &filters.data[(pair * all + from) * entries * 2 * GROUP..][..groups * entries * 2 * GROUP];
        let sums = &mut self.sums[set][(pair * all + from) * 2 * GROUP..][..groups * 2 * GROUP];
        sums.fill(0.0);
        // The ring has its end somewhere among the partitions.
        let wrap = (self.plan.parts - self.newest).clamp(parts.start, parts.end);
        for run in [parts.start..wrap, wrap..parts.end] {
            if !run.is_empty() {
                let slot = (run.start + self.newest) % self.plan.parts;
                let which = Gather {
                    groups,
                    entries,
                    signal: slot * self.inputs,
                    filter: run.start * self.inputs,
                    count: run.len() * self.inputs,
                };
                self.kernels.gather(sums, signals, filters, &which);
            }
        }
    }

    /// The samples of one output: the second half of the transform is free of wrapped ones.
    pub(super) fn back(&mut self, set: usize, output: usize) -> &[f32] {
        let sums = &self.sums[set][output / 2 * self.groups * 2 * GROUP..][..self.groups * 2 * GROUP];
        for (group, sum) in sums.chunks_exact(2 * GROUP).enumerate() {
            let sum = &sum[output % 2 * GROUP..][..GROUP];
            self.spectrum.re[group * LANES..][..LANES].copy_from_slice(&sum[..LANES]);
            self.spectrum.im[group * LANES..][..LANES].copy_from_slice(&sum[LANES..]);
        }
        self.fft.inverse(&self.spectrum.re, &self.spectrum.im);
        &self.fft.time[self.plan.size..]
    }

    /// Puts the samples of one output, faded if there is a fade, into `out`; `at` is the place of its first frame in the
    /// stretch, and its last frame is the transform's last.
    pub(super) fn sound(&mut self, output: usize, at: usize, out: &mut [f32]) {
        let skip = self.plan.size - out.len();
        let fade = self.fade;
        let (size, steps) = (self.plan.size, self.fade_steps);
        out.copy_from_slice(&self.back(0, output)[skip..]);
        if let Some(step) = fade {
            let whole = (steps * size) as f32;
            let first = (step * size + at + 1) as f32 / whole;
            for (i, (o, new)) in out.iter_mut().zip(&self.back(1, output)[skip..]).enumerate() {
                *o += (new - *o) * (first + i as f32 / whole);
            }
        }
    }

    pub(super) fn groups(&self) -> usize {
        self.groups
    }
}

/// A level behind the first: its work on each stretch of input is done in units, while the next stretch comes in.
pub(super) struct Grid {
    pub(super) line: Line,
    outputs: usize,
    pairs: usize,
    /// Groups of bins of one unit of products.
    batch: usize,
    transform: f64,
    products: f64,
    /// The next unit, and the estimated cost of those before it.
    unit: usize,
    done: f64,
    /// `[outputs][size]`: what is heard in this stretch, and what is being made for the next.
    pub(super) playing: Vec<f32>,
    coming: Vec<f32>,
}

/// Nanoseconds that a unit of products should take.
const UNIT_NS: f64 = 2000.0;

impl Grid {
    pub(super) fn new(plan: &Plan, level: usize, filters: LevelFilters, fade_frames: usize) -> Self {
        let line = Line::new(plan, level, filters, fade_frames);
        let of = line.plan;
        let of_group = product_cost(LANES as f64, plan.filter_len(&of) as f64) * plan.entries(&of) as f64;
        let batch = ((UNIT_NS / of_group) as usize).clamp(1, line.groups());
        let sound = vec![0.0; plan.outputs() * of.size];
        Self {
            outputs: plan.outputs(),
            pairs: plan.pairs(),
            batch,
            transform: transform_cost(2 * of.size),
            products: of_group * batch as f64,
            unit: usize::MAX,
            done: 0.0,
            playing: sound.clone(),
            coming: sound,
            line,
        }
    }

    pub(super) fn reset(&mut self) {
        self.line.reset();
        self.rest();
        self.playing.fill(0.0);
        self.coming.fill(0.0);
    }

    /// Leaves the rest of the work undone: for when all of it is silence.
    pub(super) fn rest(&mut self) {
        self.unit = usize::MAX;
    }

    /// Begins a stretch.
    pub(super) fn begin(&mut self) {
        std::mem::swap(&mut self.playing, &mut self.coming);
        self.line.advance();
        self.unit = 0;
        self.done = 0.0;
    }

    /// Does the units that are due when `gone` frames of the stretch are over. `window` gives the `2 · size` frames of an
    /// input that ended where the stretch began.
    pub(super) fn work<'a>(&mut self, gone: usize, window: impl Fn(usize) -> (&'a [f32], &'a [f32])) {
        let (inputs, sets) = (self.line.inputs, self.line.sets());
        let batches = self.line.groups().div_ceil(self.batch);
        let products = sets * self.pairs * batches;
        let total = (inputs + sets * self.outputs) as f64 * self.transform + products as f64 * self.products;
        let due = total * gone as f64 / self.line.plan.size as f64;
        let all = gone == self.line.plan.size;
        while self.unit < inputs + products + self.outputs {
            let cost = match self.unit {
                u if u < inputs => self.transform,
                u if u < inputs + products => self.products,
                _ => self.transform * sets as f64,
            };
            // The nearer of too early and too late.
            if self.done + 0.5 * cost > due && !all {
                return;
            }
            self.done += cost;
            match self.unit {
                u if u < inputs => self.line.take(u, window(u)),
                u if u < inputs + products => {
                    let (set, rest) = ((u - inputs) / (self.pairs * batches), (u - inputs) % (self.pairs * batches));
                    let from = rest % batches * self.batch;
                    let groups = self.batch.min(self.line.groups() - from);
                    self.line.gather(set, rest / batches, from, groups, 0..self.line.plan.parts);
                }
                u => {
                    let output = u - inputs - products;
                    let size = self.line.plan.size;
                    self.line.sound(output, 0, &mut self.coming[output * size..][..size]);
                }
            }
            self.unit += 1;
        }
    }
}
