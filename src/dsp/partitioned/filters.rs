//! Responses as spectra, in the order in which the loops read them.

use super::plan::Plan;
use crate::dsp::fft::{Fft, LANES, Spectrum};
use crate::dsp::kernel::GROUP;
use std::sync::Arc;

/// The filters of one level: `[pairs of outputs][groups of bins][parts][inputs][2 outputs][re, im][LANES]`.
///
/// A clone is another handle to the same filters.
#[derive(Clone, Debug)]
pub struct LevelFilters {
    pub(super) data: Arc<[f32]>,
}

/// The filters of all levels of a plan, from every input to every output. A clone is another handle to the same filters.
#[derive(Clone, Debug)]
pub struct Filters {
    pub(super) plan: Arc<Plan>,
    pub(super) levels: Vec<LevelFilters>,
}

impl LevelFilters {
    /// Silence, for one level of a plan.
    pub fn new(plan: &Plan, level: usize) -> Self {
        Self { data: vec![0.0; plan.filter_len(&plan.levels()[level])].into() }
    }
}

impl Filters {
    /// Silence: nothing goes anywhere until responses are written.
    pub fn new(plan: &Arc<Plan>) -> Self {
        let levels = (0..plan.levels().len()).map(|l| LevelFilters::new(plan, l)).collect();
        Self { plan: Arc::clone(plan), levels }
    }

    /// Prepares `responses[input][output]`, each of any length up to the plan's; a missing one is silence.
    pub fn of<R: AsRef<[f32]>>(plan: &Arc<Plan>, responses: &[Vec<R>]) -> Self {
        let mut filters = Self::new(plan);
        let mut writer = FilterWriter::new(plan);
        for (input, row) in responses.iter().enumerate().take(plan.inputs()) {
            for (output, response) in row.iter().enumerate().take(plan.outputs()) {
                writer.write_all(&mut filters, input, output, response.as_ref());
            }
        }
        filters
    }

    /// How they are cut.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The filters of one level, to be written.
    pub fn level_mut(&mut self, level: usize) -> &mut LevelFilters {
        &mut self.levels[level]
    }

    /// The filters of one level.
    pub fn level(&self, level: usize) -> &LevelFilters {
        &self.levels[level]
    }
}

/// Writes responses into filters. Writing allocates nothing.
#[derive(Clone)]
pub struct FilterWriter {
    plan: Arc<Plan>,
    ffts: Vec<Fft>,
    spectra: Vec<Spectrum>,
}

impl std::fmt::Debug for FilterWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FilterWriter").field("plan", &self.plan).finish_non_exhaustive()
    }
}

impl FilterWriter {
    /// For filters of `plan`.
    pub fn new(plan: &Arc<Plan>) -> Self {
        let lens: Vec<usize> = plan.levels().iter().map(|l| 2 * l.size).collect();
        Self {
            plan: Arc::clone(plan),
            ffts: lens.iter().map(|n| Fft::new(*n)).collect(),
            spectra: lens.iter().map(|n| Spectrum::new(*n)).collect(),
        }
    }

    /// As [`FilterWriter::write`], in all levels.
    pub fn write_all(&mut self, into: &mut Filters, input: usize, output: usize, response: &[f32]) -> bool {
        let levels = into.levels.iter_mut().enumerate();
        levels.fold(true, |all, (level, into)| self.write(level, into, input, output, response) && all)
    }

    /// Replaces, in the filters of one level, the way from an input to an output: `response` is the whole one, of which
    /// the level takes its taps. Returns false, and does nothing, if somebody else holds these filters as well or they
    /// are of another plan.
    pub fn write(
        &mut self,
        level: usize,
        into: &mut LevelFilters,
        input: usize,
        output: usize,
        response: &[f32],
    ) -> bool {
        let of = self.plan.levels()[level];
        let (inputs, entries, groups) = (self.plan.inputs(), self.plan.entries(&of), of.groups());
        let Some(data) = Arc::get_mut(&mut into.data) else { return false };
        if data.len() != self.plan.filter_len(&of) || input >= inputs || output >= self.plan.outputs() {
            return false;
        }
        let (fft, spectrum) = (&mut self.ffts[level], &mut self.spectra[level]);
        // The inverse transform multiplies by its length.
        let scale = 1.0 / (2 * of.size) as f32;
        let pair = &mut data[output / 2 * groups * entries * 2 * GROUP..][..groups * entries * 2 * GROUP];
        for part in 0..of.parts {
            let from = (of.offset + part * of.size).min(response.len());
            let taps = &response[from..(from + of.size).min(response.len()).min(self.plan.taps().max(from))];
            if taps.is_empty() {
                spectrum.clear();
            } else {
                fft.time[..taps.len()].copy_from_slice(taps);
                fft.time[..taps.len()].iter_mut().for_each(|x| *x *= scale);
                fft.time[taps.len()..].fill(0.0);
                fft.forward(&mut spectrum.re, &mut spectrum.im);
            }
            let entry = part * inputs + input;
            for (group, out) in pair.chunks_exact_mut(entries * 2 * GROUP).enumerate() {
                let out = &mut out[(entry * 2 + output % 2) * GROUP..][..GROUP];
                out[..LANES].copy_from_slice(&spectrum.re[group * LANES..][..LANES]);
                out[LANES..].copy_from_slice(&spectrum.im[group * LANES..][..LANES]);
            }
        }
        true
    }
}
