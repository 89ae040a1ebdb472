//! How a long filter is cut, by estimated cost.

use crate::dsp::fft::{LANES, padded_bins};
use crate::error::{Error, Result};

/// Partitions of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelPlan {
    /// Taps of a partition, and frames between two stretches of work.
    pub size: usize,
    /// The number of partitions.
    pub parts: usize,
    /// The first tap of the first partition.
    pub offset: usize,
}

impl LevelPlan {
    /// The tap behind the last one.
    pub fn end(&self) -> usize {
        self.offset + self.parts * self.size
    }

    /// Groups of bins of a spectrum.
    pub(super) fn groups(&self) -> usize {
        padded_bins(2 * self.size) / LANES
    }
}

/// Sizes of a convolver: channels, and the levels of its filters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    inputs: usize,
    outputs: usize,
    taps: usize,
    levels: Vec<LevelPlan>,
}

/// Most channels on one side: a sound field of order 7.
pub const MOST_CHANNELS: usize = 256;
/// Longest filter, taps: 30 s at 384 kHz.
pub const MOST_TAPS: usize = 12_000_000;
/// Numbers in one set of filters: 2 GiB.
const MOST_NUMBERS: f64 = (1u64 << 29) as f64;
/// Smallest partition: below it a transform costs no less.
const SMALLEST: usize = 32;
/// Largest partition.
const LARGEST: usize = 1 << 17;
/// The largest unit that cannot be cut, a transform, may be this part of the mean work of a block.
const UNIT_OF_MEAN: f64 = 0.4;

/// Nanoseconds of a transform of `len` samples with all that is moved about it, as measured over whole convolvers
/// (`docs/decisions/long-convolution.md`). Its ratio to [`product_cost`] matters, its absolute value does not.
pub(super) fn transform_cost(len: usize) -> f64 {
    0.18 * len as f64 * (len as f64).log2()
}

/// Nanoseconds of the products of `bins` bins of one input with a filter for each of two outputs. Filters that do not
/// stay in the second-level cache come slower.
pub(super) fn product_cost(bins: f64, numbers: f64) -> f64 {
    bins * if numbers > 250_000.0 { 0.6 } else { 0.3 }
}

impl Plan {
    /// The cheapest plan for filters of `taps` taps and blocks of mostly `block` frames (other blocks are rendered as
    /// well, but cost more), whose single blocks cost nearly the same. The first level reaches over `first` taps at
    /// least.
    ///
    /// # Errors
    /// `Argument` if there are no channels, taps or frames or too many.
    pub fn search(inputs: usize, outputs: usize, taps: usize, block: usize, first: usize) -> Result<Self> {
        let base = base_size(block);
        let mut best: Option<(f64, Self)> = None;
        let exponents: Vec<usize> = (1..20).take_while(|e| base << e <= LARGEST && 2 * (base << e) < taps).collect();
        for chosen in 0..1usize << exponents.len() {
            let sizes: Vec<usize> =
                exponents.iter().enumerate().filter(|(i, _)| chosen >> i & 1 == 1).map(|(_, e)| base << e).collect();
            if sizes.len() > 4 {
                continue;
            }
            let Some(plan) = Self::with_sizes(inputs, outputs, taps, base, &sizes, first) else { continue };
            let mean = plan.cost() * base as f64;
            // A transform of a level of its own work: what one block may have to do more than another.
            let unit = sizes.iter().map(|s| transform_cost(2 * s)).fold(0.0, f64::max);
            let unevenness = (unit / mean - UNIT_OF_MEAN).max(0.0);
            let score = mean * (1.0 + 2.0 * unevenness);
            if best.as_ref().is_none_or(|(s, _)| score < *s) {
                best = Some((score, plan));
            }
        }
        let (_, plan) = best.ok_or_else(|| Error::argument("a convolver needs taps"))?;
        plan.check(block)?;
        Ok(plan)
    }

    /// A plan of one level, of partitions of `size` frames (rounded up to what transforms well).
    ///
    /// # Errors
    /// As [`Plan::search`].
    pub fn uniform(inputs: usize, outputs: usize, taps: usize, size: usize) -> Result<Self> {
        let base = base_size(size);
        let levels = vec![LevelPlan { size: base, parts: taps.div_ceil(base), offset: 0 }];
        let plan = Self { inputs, outputs, taps, levels };
        plan.check(size)?;
        Ok(plan)
    }

    fn with_sizes(
        inputs: usize,
        outputs: usize,
        taps: usize,
        base: usize,
        sizes: &[usize],
        first: usize,
    ) -> Option<Self> {
        let mut levels = vec![LevelPlan { size: base, parts: 0, offset: 0 }];
        for (i, size) in sizes.iter().enumerate() {
            let from = if i == 0 { first.max(2 * size) } else { 2 * size };
            let before = levels.last_mut()?;
            if from <= before.offset {
                // The first level already reaches further: this size fits as well one level earlier.
                return None;
            }
            before.parts = (from - before.offset).div_ceil(before.size);
            let offset = before.end();
            if offset >= taps {
                return None;
            }
            levels.push(LevelPlan { size: *size, parts: 0, offset });
        }
        let last = levels.last_mut()?;
        last.parts = (taps - last.offset).div_ceil(last.size);
        Some(Self { inputs, outputs, taps, levels })
    }

    fn check(&self, block: usize) -> Result<()> {
        for (what, n, most) in [
            ("inputs", self.inputs, MOST_CHANNELS),
            ("outputs", self.outputs, MOST_CHANNELS),
            ("taps", self.taps, MOST_TAPS),
            ("frames in a block", block, LARGEST),
        ] {
            if !(1..=most).contains(&n) {
                return Err(Error::argument(format!("a convolver has 1 to {most} {what}, not {n}")));
            }
        }
        let numbers: f64 = self.levels.iter().map(|l| self.filter_len(l) as f64).sum();
        if numbers > MOST_NUMBERS {
            return Err(Error::limit(format!(
                "filters from {} inputs to {} outputs of {} taps need {:.1} GiB",
                self.inputs,
                self.outputs,
                self.taps,
                numbers * 4.0 / (1u64 << 30) as f64
            ))
            .hint("use fewer channels or a shorter response"));
        }
        Ok(())
    }

    /// The number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The taps of a filter.
    pub fn taps(&self) -> usize {
        self.taps
    }

    /// The levels, that of the first taps first.
    pub fn levels(&self) -> &[LevelPlan] {
        &self.levels
    }

    /// Estimated nanoseconds a frame, on a machine of 2023.
    pub fn cost(&self) -> f64 {
        self.levels.iter().map(|l| self.level_cost(l) / l.size as f64).sum()
    }

    /// Estimated nanoseconds of one stretch of work.
    fn level_cost(&self, level: &LevelPlan) -> f64 {
        let transform = transform_cost(2 * level.size);
        let products = (self.inputs * level.parts * self.pairs()) as f64;
        let bins = (level.groups() * LANES) as f64;
        (self.inputs + self.outputs) as f64 * transform + products * product_cost(bins, self.filter_len(level) as f64)
    }

    /// Outputs are handled two by two.
    pub(super) fn pairs(&self) -> usize {
        self.outputs.div_ceil(2)
    }

    /// Spectra a group of bins holds.
    pub(super) fn entries(&self, level: &LevelPlan) -> usize {
        level.parts * self.inputs
    }

    /// Numbers in the filters of a level: `[pairs][groups][parts][inputs][2][GROUP]`.
    pub(super) fn filter_len(&self, level: &LevelPlan) -> usize {
        self.pairs() * level.groups() * self.entries(level) * 4 * LANES
    }
}

/// The block itself if its transform is fast, and otherwise the next size for which it is.
fn base_size(block: usize) -> usize {
    let block = block.clamp(SMALLEST, LARGEST);
    let mut rest = block;
    for p in [2, 3, 5] {
        while rest.is_multiple_of(p) {
            rest /= p;
        }
    }
    // At least a factor of eight, so that the halves of the transform are vectors.
    if rest == 1 && block.is_multiple_of(8) { block } else { block.next_power_of_two() }
}
