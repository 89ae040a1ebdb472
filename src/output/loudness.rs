//! Loudness after ITU-R BS.1770-5: K-weighting, mean square, two gates; momentary, short-term and range as in EBU Tech
//! 3341 and 3342. One pass, fixed memory, no allocation while it runs, so it serves files and live meters alike.
//!
//! Time is cut into ticks of 2.5 ms: forty make the 100 ms step of the gates, at any sample rate, without drift.

use super::k_weighting::{KWeighting, PairState};
use super::oversample::sample_peak;
use super::plan::Envelope;
use super::true_peak::TruePeakMeter;
use crate::error::{Error, Result};
use crate::layout::Layout;

/// Ticks in a second.
pub(super) const TICKS_PER_SECOND: u64 = 400;
/// Ticks in the 100 ms by which the gating blocks advance.
pub(super) const TICKS_PER_STEP: usize = 40;
/// Steps in a momentary (and gating) block of 400 ms, and in a short-term block of 3 s.
const MOMENTARY: usize = 4;
const SHORT_TERM: usize = 30;

/// The loudness of a mean square that is already weighted.
pub(super) fn lufs(mean_square: f64) -> f64 {
    -0.691 + 10.0 * mean_square.log10()
}

/// The weight of each channel in the sum: 0 for low-frequency effects, 1.41 for places at the side (azimuth 60 to 120
/// degrees, elevation below 30), 1 elsewhere (BS.1770-5, table 4). Of a sound field only the omnidirectional component
/// counts: for a plane wave it is the wave itself.
pub fn channel_weights(layout: &Layout) -> Vec<f64> {
    match layout {
        Layout::Speakers { speakers, .. } => speakers
            .iter()
            .map(|s| match s.azimuth.abs() {
                _ if s.lfe => 0.0,
                60.0..=120.0 if s.elevation.abs() < 30.0 => 1.41,
                _ => 1.0,
            })
            .collect(),
        Layout::Ambisonic { .. } => (0..layout.channels()).map(|i| if i == 0 { 1.0 } else { 0.0 }).collect(),
        Layout::Discrete { channels } => vec![1.0; *channels],
    }
}

/// A streaming loudness and true-peak meter.
#[derive(Clone, Debug)]
pub struct LoudnessMeter {
    sample_rate: u64,
    weights: Vec<f64>,
    k: KWeighting,
    pairs: Vec<PairState>,
    true_peak: Option<TruePeakMeter>,
    envelope: Option<Envelope>,
    /// Frames seen; ticks finished.
    frames: u64,
    ticks: u64,
    tick: Measured,
    step: Measured,
    /// The last 3 s in steps of 100 ms, oldest overwritten.
    steps: [Measured; SHORT_TERM],
    steps_done: u64,
    gated: Histogram,
    range: Histogram,
    max_momentary: f64,
    max_short_term: f64,
}

/// Weighted energy and how many frames it comes from.
#[derive(Clone, Copy, Debug, Default)]
struct Measured {
    energy: f64,
    peak: f32,
    frames: u64,
}

impl LoudnessMeter {
    /// A meter for channels that stand as `layout` says, at `sample_rate` Hz, with the true peak.
    ///
    /// # Errors
    /// `Argument` if the layout has no channels, or the rate is not from 8000 to 384000.
    pub fn new(layout: &Layout, sample_rate: u32) -> Result<Self> {
        Self::with_weights(channel_weights(layout), sample_rate)
    }

    /// A meter for channels of these weights, one a channel.
    ///
    /// # Errors
    /// As [`LoudnessMeter::new`].
    pub fn with_weights(weights: Vec<f64>, sample_rate: u32) -> Result<Self> {
        if weights.is_empty() {
            return Err(Error::argument("a loudness meter needs at least one channel"));
        }
        super::check_rate(sample_rate)?;
        Ok(Self::build(weights, sample_rate))
    }

    fn build(weights: Vec<f64>, sample_rate: u32) -> Self {
        Self {
            sample_rate: u64::from(sample_rate),
            k: KWeighting::new(sample_rate),
            pairs: vec![PairState::default(); weights.len().div_ceil(2)],
            true_peak: Some(TruePeakMeter::new(weights.len())),
            envelope: None,
            weights,
            frames: 0,
            ticks: 0,
            tick: Measured::default(),
            step: Measured::default(),
            steps: [Measured::default(); SHORT_TERM],
            steps_done: 0,
            gated: Histogram::new(),
            range: Histogram::new(),
            max_momentary: f64::NEG_INFINITY,
            max_short_term: f64::NEG_INFINITY,
        }
    }

    /// Leaves the true peak out, which saves about half of the work.
    #[must_use]
    pub fn without_true_peak(mut self) -> Self {
        self.true_peak = None;
        self
    }

    /// Also keeps the energy and the sample peak of every 2.5 ms, from which [`super::plan`] foresees what a limiter
    /// will do to the loudness. This grows by 3.2 kB a second: not for the audio thread.
    #[must_use]
    pub fn with_envelope(mut self) -> Self {
        self.envelope = Some(Envelope::default());
        self
    }

    /// What [`LoudnessMeter::with_envelope`] asked for.
    pub fn envelope(&self) -> Option<&Envelope> {
        self.envelope.as_ref()
    }

    /// Measures the next frames, one slice a channel, all of one length. NaN and infinity count as silence. Does not
    /// allocate (unless an envelope is kept).
    ///
    /// # Panics
    /// Panics if the slices are not one a channel, or differ in length.
    pub fn push(&mut self, planes: &[&[f32]]) {
        assert_eq!(planes.len(), self.weights.len(), "one slice a channel");
        let frames = planes[0].len();
        assert!(planes.iter().all(|p| p.len() == frames), "slices of one length");
        if let Some(meter) = &mut self.true_peak {
            meter.push(planes);
        }
        let mut done = 0;
        while done < frames {
            let tick_end = (self.ticks + 1) * self.sample_rate / TICKS_PER_SECOND;
            let n = (frames - done).min((tick_end - self.frames) as usize);
            self.measure(planes, done, done + n);
            done += n;
            self.frames += n as u64;
            if self.frames == tick_end {
                self.end_tick();
            }
        }
    }

    fn measure(&mut self, planes: &[&[f32]], from: usize, to: usize) {
        // Longer than the longest tick (960 frames at 384 kHz).
        let mut cleaned = [[0.0f32; 1024]; 2];
        for (pair, state) in self.pairs.iter_mut().enumerate() {
            let weights = &self.weights[2 * pair..self.weights.len().min(2 * pair + 2)];
            if weights.iter().all(|&w| w == 0.0) {
                continue;
            }
            let mut lanes = [&planes[2 * pair][from..to]; 2];
            if let Some(second) = planes.get(2 * pair + 1) {
                lanes[1] = &second[from..to];
            }
            let mut sum = if lanes.iter().any(|l| super::guard::has_odd(l)) {
                for (clean, lane) in cleaned.iter_mut().zip(lanes) {
                    clean[..lane.len()].copy_from_slice(lane);
                    super::guard::silence_odd(&mut clean[..lane.len()]);
                }
                lanes = [&cleaned[0][..to - from], &cleaned[1][..to - from]];
                state.energy(&self.k, lanes[0], lanes[1])
            } else {
                state.energy(&self.k, lanes[0], lanes[1])
            };
            sum[0] *= weights[0];
            sum[1] *= weights.get(1).copied().unwrap_or(0.0);
            self.tick.energy += sum[0] + sum[1];
            if self.envelope.is_some() {
                self.tick.peak = self.tick.peak.max(sample_peak(lanes[0])).max(sample_peak(lanes[1]));
            }
        }
        self.tick.frames += (to - from) as u64;
    }

    fn end_tick(&mut self) {
        self.ticks += 1;
        let tick = std::mem::take(&mut self.tick);
        if let Some(envelope) = &mut self.envelope {
            envelope.push(tick.energy / tick.frames as f64, tick.peak);
        }
        self.step.energy += tick.energy;
        self.step.frames += tick.frames;
        if self.ticks.is_multiple_of(TICKS_PER_STEP as u64) {
            self.end_step();
        }
    }

    fn end_step(&mut self) {
        self.steps[(self.steps_done % SHORT_TERM as u64) as usize] = std::mem::take(&mut self.step);
        self.steps_done += 1;
        if let Some(mean) = self.last(MOMENTARY) {
            self.gated.add(mean);
            self.max_momentary = self.max_momentary.max(lufs(mean));
        }
        if let Some(mean) = self.last(SHORT_TERM) {
            self.range.add(mean);
            self.max_short_term = self.max_short_term.max(lufs(mean));
        }
    }

    /// Mean square of the last `count` whole steps, if there have been so many.
    fn last(&self, count: usize) -> Option<f64> {
        if self.steps_done < count as u64 {
            return None;
        }
        let newest_first =
            (0..count as u64).map(|i| self.steps[((self.steps_done - 1 - i) % SHORT_TERM as u64) as usize]);
        let (energy, frames) = newest_first.fold((0.0, 0), |(e, n), s| (e + s.energy, n + s.frames));
        Some(energy / frames as f64)
    }

    /// Integrated loudness of everything so far, LUFS. `None` for less than 400 ms, or if nothing passes the gate of
    /// -70 LUFS.
    pub fn integrated_lufs(&self) -> Option<f64> {
        self.gated.gated_mean(-10.0).map(lufs)
    }

    /// Loudness of the last 400 ms; `None` before there are so many. Minus infinity for silence.
    pub fn momentary_lufs(&self) -> Option<f64> {
        self.last(MOMENTARY).map(lufs)
    }

    /// Loudness of the last 3 s; `None` before there are so many. Minus infinity for silence.
    pub fn short_term_lufs(&self) -> Option<f64> {
        self.last(SHORT_TERM).map(lufs)
    }

    /// The loudest 400 ms so far.
    pub fn max_momentary_lufs(&self) -> Option<f64> {
        self.max_momentary.is_finite().then_some(self.max_momentary)
    }

    /// The loudest 3 s so far.
    pub fn max_short_term_lufs(&self) -> Option<f64> {
        self.max_short_term.is_finite().then_some(self.max_short_term)
    }

    /// Loudness range in LU (EBU Tech 3342): from the 10th to the 95th percentile of the short-term loudness above a
    /// gate 20 LU under its mean. `None` for less than 3 s or silence.
    pub fn range_lu(&self) -> Option<f64> {
        self.range.spread(-20.0, 0.10, 0.95)
    }

    /// The largest true peak so far, dBTP; minus infinity for silence, `None` if it is not measured.
    pub fn true_peak_dbtp(&self) -> Option<f64> {
        self.true_peak.as_ref().map(TruePeakMeter::dbtp)
    }

    /// Frames measured so far.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// The sample rate in Hz.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate as u32
    }

    /// A new meter with the same weights and rate, with the true peak, without an envelope.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self::build(self.weights.clone(), self.sample_rate())
    }

    /// Forgets everything: as new.
    pub fn reset(&mut self) {
        self.pairs.fill(PairState::default());
        if let Some(meter) = &mut self.true_peak {
            meter.reset();
        }
        if let Some(envelope) = &mut self.envelope {
            *envelope = Envelope::default();
        }
        (self.frames, self.ticks, self.steps_done) = (0, 0, 0);
        (self.tick, self.step) = Default::default();
        self.gated.clear();
        self.range.clear();
        (self.max_momentary, self.max_short_term) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    }
}

/// Mean squares of blocks above the absolute gate (-70 LUFS), counted in classes of 0.01 LU up to +30 LUFS. A class keeps
/// its sum, so means over classes are exact; only a block that lies within 0.01 LU of the relative gate may fall on the
/// wrong side of it.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    classes: Vec<(u32, f64)>,
}

impl Histogram {
    pub(super) fn new() -> Self {
        Self { classes: vec![(0, 0.0); 10_000] }
    }

    pub(super) fn clear(&mut self) {
        self.classes.fill((0, 0.0));
    }

    pub(super) fn add(&mut self, mean_square: f64) {
        let class = (lufs(mean_square) + 70.0) * 100.0;
        if class >= 0.0 {
            let last = self.classes.len() - 1;
            let (count, sum) = &mut self.classes[(class as usize).min(last)];
            *count = count.saturating_add(1);
            *sum += mean_square;
        }
    }

    fn mean(classes: &[(u32, f64)]) -> Option<f64> {
        let (count, sum) = classes.iter().fold((0u64, 0.0), |(n, s), (count, sum)| (n + u64::from(*count), s + sum));
        (count > 0).then(|| sum / count as f64)
    }

    /// The classes above a gate `relative_lu` under the mean of all.
    fn above(&self, relative_lu: f64) -> Option<&[(u32, f64)]> {
        let gate = Self::mean(&self.classes)? * 10f64.powf(relative_lu / 10.0);
        let first = self.classes.iter().position(|(n, s)| *n > 0 && s / f64::from(*n) >= gate)?;
        Some(&self.classes[first..])
    }

    pub(super) fn gated_mean(&self, relative_lu: f64) -> Option<f64> {
        self.above(relative_lu).and_then(Self::mean)
    }

    fn spread(&self, relative_lu: f64, low: f64, high: f64) -> Option<f64> {
        let classes = self.above(relative_lu)?;
        let total: u64 = classes.iter().map(|(n, _)| u64::from(*n)).sum();
        let at = |part: f64| {
            let rank = ((total - 1) as f64 * part).round() as u64;
            let mut seen = 0;
            classes.iter().position(|(n, _)| {
                seen += u64::from(*n);
                seen > rank
            })
        };
        Some((at(high)? as f64 - at(low)? as f64) / 100.0)
    }
}

#[cfg(test)]
mod tests;
