//! Which gain brings a track to its target loudness when a limiter follows.
//!
//! Without limiting the gain is the difference of two loudnesses. With it the loudness falls short, by how much only the
//! limited signal tells. Instead of limiting the whole track over and over, a model of the limiter runs on a record of
//! it, one energy and one peak every 2.5 ms: the energy under the limiter's gain, squared. The final pass measures what
//! really came out; its difference to the model corrects the plan if a second pass is needed at all.

use super::limiter::{FAST_RELEASE_S, MARGIN_DB, SLOW_CHARGE_S, SLOW_RELEASE_S};
use super::loudness::{Histogram, TICKS_PER_SECOND, TICKS_PER_STEP, lufs};

/// Weighted mean square and sample peak of every 2.5 ms of a signal.
#[derive(Clone, Debug, Default)]
pub struct Envelope {
    ticks: Vec<(f32, f32)>,
}

/// The plan for a target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GainPlan {
    /// Gain before the limiter, dB.
    pub gain_db: f64,
    /// The loudness to expect after it; `None` for silence.
    pub expected_lufs: Option<f64>,
}

/// No track is turned up by more than this, dB; nor by more than this above what would do without a limiter: beyond, a
/// decibel of loudness costs many of dynamics.
const MOST_DB: f64 = 60.0;
const MOST_LIMITING_DB: f64 = 20.0;
/// True peaks lie above sample peaks by about this much in material that is limited, dB.
const BETWEEN_SAMPLES_DB: f64 = 0.15;

impl Envelope {
    pub(super) fn push(&mut self, mean_square: f64, peak: f32) {
        self.ticks.push((mean_square as f32, peak));
    }

    /// The integrated loudness after a gain and, with a ceiling (dBTP), the limiter, as the model foresees it.
    pub fn loudness_at(&self, gain_db: f64, ceiling_dbtp: Option<f64>) -> Option<f64> {
        let gain = 10f64.powf(gain_db / 20.0);
        let target = ceiling_dbtp.map(|c| 10f64.powf((c - MARGIN_DB - BETWEEN_SAMPLES_DB) / 20.0));
        let mut limiter = Model::default();
        let mut gates = Histogram::new();
        let mut steps = [0.0; 4];
        // The model answers a tick late: it hears the peaks a tick early.
        let peak_at = |tick: usize| self.ticks.get(tick).map_or(0.0, |t| t.1);
        limiter.next(peak_at(0), gain, target);
        for (count, (energy, _)) in self.ticks.iter().enumerate() {
            let reduced = gain * limiter.next(peak_at(count + 1), gain, target);
            steps[3] += f64::from(*energy) * reduced * reduced;
            if (count + 1).is_multiple_of(TICKS_PER_STEP) {
                if count + 1 >= 4 * TICKS_PER_STEP {
                    gates.add(steps.iter().sum::<f64>() / (4 * TICKS_PER_STEP) as f64);
                }
                steps.rotate_left(1);
                steps[3] = 0.0;
            }
        }
        gates.gated_mean(-10.0).map(lufs)
    }
}

/// The limiter, seen every 2.5 ms.
#[derive(Default)]
struct Model {
    needs: [f64; 2],
    held: [f64; 2],
    fast: f64,
    slow: f64,
}

impl Model {
    /// Takes the sample peak a tick ahead; returns the gain of now.
    fn next(&mut self, peak: f32, gain: f64, target: Option<f64>) -> f64 {
        let Some(target) = target else { return 1.0 };
        let tick_s = 1.0 / TICKS_PER_SECOND as f64;
        let peak = f64::from(peak) * gain;
        self.needs.rotate_left(1);
        self.needs[1] = if peak > target { 1.0 - target / peak } else { 0.0 };
        let need = self.needs.iter().copied().fold(0.0, f64::max);
        self.fast = need.max(self.fast * (1.0 - tick_s / FAST_RELEASE_S));
        self.slow = if self.fast > self.slow {
            self.slow + (self.fast - self.slow) * (tick_s / SLOW_CHARGE_S)
        } else {
            (self.slow * (1.0 - tick_s / SLOW_RELEASE_S)).max(self.fast)
        };
        self.held.rotate_left(1);
        self.held[1] = self.fast.max(self.slow);
        1.0 - self.held.iter().sum::<f64>() / 2.0
    }
}

/// The gain that brings the signal behind `envelope` to `target_lufs` when a limiter at `ceiling_dbtp` follows (`None`:
/// no limiter). `correction_lu` is what an earlier pass measured above the model (0 at first). At most 60 dB up,
/// and 20 dB into the limiter; a target out of reach gets the gain that comes closest. Silence gets 0 dB.
pub fn plan_gain(envelope: &Envelope, target_lufs: f64, ceiling_dbtp: Option<f64>, correction_lu: f64) -> GainPlan {
    let at = |gain_db: f64| envelope.loudness_at(gain_db, ceiling_dbtp).map(|l| l + correction_lu);
    let Some(dry) = envelope.loudness_at(0.0, None) else {
        return GainPlan { gain_db: 0.0, expected_lufs: None };
    };
    let least = (target_lufs - dry - correction_lu.max(0.0) - 1.0).min(MOST_DB);
    let mut gain_db = (target_lufs - dry - correction_lu).min(MOST_DB);
    let (mut low, mut high) = (least, MOST_DB.min(target_lufs - dry + MOST_LIMITING_DB));
    let mut best = (f64::INFINITY, gain_db, None);
    for _ in 0..24 {
        let Some(loudness) = at(gain_db) else { break };
        let error = loudness - target_lufs;
        if error.abs() < best.0 {
            best = (error.abs(), gain_db, Some(loudness));
        }
        if error.abs() < 0.002 {
            break;
        }
        if error < 0.0 {
            low = low.max(gain_db)
        } else {
            high = high.min(gain_db)
        }
        // Under the limiter a decibel of gain makes less than a decibel of loudness: step by the error, then halve.
        let step = gain_db - 1.5 * error;
        gain_db = if step > low && step < high && error.abs() < 3.0 { step } else { 0.5 * (low + high) };
    }
    GainPlan { gain_db: best.1, expected_lufs: best.2 }
}
