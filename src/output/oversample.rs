//! Sixteen-fold interpolation that does no more work than the question needs.
//!
//! The question is always "where does the signal between the samples pass this threshold?". Two stages answer it: a
//! half-band filter of 30 taps doubles the rate, then 6 taps each for seven points in every gap (after the first stage
//! the signal fills only half of the band, so a short filter will do). The sum of a filter's absolute taps bounds what
//! it can make of its input, so a block whose samples are low enough needs neither stage, and one whose doubled samples
//! are low enough does not need the second: exactly the same answer, for a fraction of the work.
//!
//! Sixteen points a sample read a tone at 0.45 of the sample rate at most 0.034 dB low (four, the least that
//! ITU-R BS.1770 Annex 2 asks for, 0.55 dB).

use std::f64::consts::PI;

/// Frames looked at together.
pub(super) const BLOCK: usize = 32;
/// Frames needed before and after a block.
pub(super) const CONTEXT: usize = 16;
/// A block with its context.
pub(super) const SPAN: usize = BLOCK + 2 * CONTEXT;

/// Taps of the half-band filter on either side.
const HALF: usize = 15;
/// Points of the second stage between two points of the first.
const PHASES: usize = 7;
/// Taps of the second stage.
const TAPS: usize = 6;
/// Points of the doubled signal around a block that the second stage reads: one frame before, one after.
const WIDE: usize = BLOCK + 2;

/// Both filters and their bounds.
#[derive(Clone, Debug)]
pub(super) struct Oversampler {
    half: [f32; HALF],
    fine: [[f32; TAPS]; PHASES],
    /// No interpolated point is larger than the largest sample times this.
    bound: f32,
    /// No point of the second stage is larger than the largest point of the first times this.
    fine_bound: f32,
}

fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > 1e-16 * sum {
        term *= (x / (2.0 * k)).powi(2);
        sum += term;
        k += 1.0;
    }
    sum
}

/// A sinc under a Kaiser window that ends at ±`reach`.
fn windowed_sinc(t: f64, reach: f64, beta: f64) -> f64 {
    let sinc = if t == 0.0 { 1.0 } else { (PI * t).sin() / (PI * t) };
    let inside = (1.0 - (t / reach).powi(2)).max(0.0);
    sinc * bessel_i0(beta * inside.sqrt()) / bessel_i0(beta)
}

impl Oversampler {
    pub(super) fn new() -> Self {
        // Beta 4 for 46 dB with 30 taps; 4.5 for 50 dB with 6 taps and four times the transition (Kaiser 1974).
        let half_taps: [f64; HALF] = std::array::from_fn(|k| windowed_sinc(k as f64 + 0.5, HALF as f64, 4.0));
        let unity = 2.0 * half_taps.iter().sum::<f64>();
        let half_taps = half_taps.map(|h| h / unity);
        let mut fine_taps = [[0.0f64; TAPS]; PHASES];
        for (p, taps) in fine_taps.iter_mut().enumerate() {
            let at = (p + 1) as f64 / (PHASES + 1) as f64;
            for (j, tap) in taps.iter_mut().enumerate() {
                *tap = windowed_sinc(j as f64 - 2.0 - at, 3.0, 4.5);
            }
            let unity: f64 = taps.iter().sum();
            taps.iter_mut().for_each(|t| *t /= unity);
        }
        let fine_bound = fine_taps.iter().map(|t| t.iter().map(|t| t.abs()).sum()).fold(1.0, f64::max);
        let bound = Self::response_bound(&half_taps, &fine_taps);
        // A hair above, for the rounding of the kernels.
        let hair = 1.000_01;
        Self {
            half: half_taps.map(|h| h as f32),
            fine: fine_taps.map(|t| t.map(|t| t as f32)),
            bound: (bound * hair) as f32,
            fine_bound: (fine_bound * hair) as f32,
        }
    }

    /// The largest sum of absolute weights with which the samples enter any of the sixteen points of a frame.
    fn response_bound(half: &[f64; HALF], fine: &[[f64; TAPS]; PHASES]) -> f64 {
        // The doubled signal as weights of the samples: point m of it lies at m / 2 frames.
        let doubled = |m: i64, sample: i64| -> f64 {
            if m % 2 == 0 {
                return if sample == m / 2 { 1.0 } else { 0.0 };
            }
            let left = (m - 1).div_euclid(2);
            let k = if sample <= left { left - sample } else { sample - left - 1 };
            half.get(k as usize).copied().unwrap_or(0.0)
        };
        let mut bound: f64 = 2.0 * half.iter().map(|h| h.abs()).sum::<f64>();
        for first in [0i64, 1] {
            for taps in fine {
                let weight = |sample: i64| -> f64 {
                    (-2i64..)
                        .zip(taps)
                        .map(|(j, tap): (i64, &f64)| tap * doubled(200 + first + j, 100 + sample))
                        .sum::<f64>()
                        .abs()
                };
                bound = bound.max((-20..=20).map(weight).sum());
            }
        }
        bound
    }

    /// True if samples up to `peak` cannot make any point above `threshold`.
    pub(super) fn stays_under(&self, peak: f32, threshold: f32) -> bool {
        peak * self.bound <= threshold
    }

    /// The peaks of the 32 frames in the middle of `span`, each over the sixteen points from its sample to the next, as
    /// far as they pass `threshold`; `None` if none does. Finite samples only.
    pub(super) fn peaks_over(&self, span: &[f32; SPAN], threshold: f32) -> Option<[f32; BLOCK]> {
        peaks_over(self, span, threshold)
    }
}

#[multiversion::multiversion(targets("x86_64+avx2"))]
fn peaks_over(over: &Oversampler, span: &[f32; SPAN], threshold: f32) -> Option<[f32; BLOCK]> {
    // Between the frames CONTEXT - 1 + i and the next, for i in 0..WIDE.
    let mut between = [0.0f32; WIDE];
    for (k, &h) in over.half.iter().enumerate() {
        let before = &span[CONTEXT - 1 - k..][..WIDE];
        let after = &span[CONTEXT + k..][..WIDE];
        for i in 0..WIDE {
            between[i] += h * (before[i] + after[i]);
        }
    }
    let even = &span[CONTEXT - 1..][..WIDE + 1];
    let mut peak = [0.0f32; BLOCK];
    let mut wide = 0.0f32;
    for i in 0..BLOCK {
        peak[i] = larger(even[i + 1].abs(), between[i + 1].abs());
    }
    for (e, b) in even.iter().zip(between) {
        wide = larger(wide, larger(e.abs(), b.abs()));
    }
    wide = larger(wide, even[WIDE].abs());
    if wide * over.fine_bound <= threshold {
        return None;
    }
    for taps in &over.fine {
        let mut early = [0.0f32; BLOCK];
        let mut late = [0.0f32; BLOCK];
        for i in 0..BLOCK {
            // ..., even[i + 1], between[i + 1], even[i + 2], between[i + 2], ... are neighbours in time.
            early[i] = taps[0] * even[i]
                + taps[1] * between[i]
                + taps[2] * even[i + 1]
                + taps[3] * between[i + 1]
                + taps[4] * even[i + 2]
                + taps[5] * between[i + 2];
            late[i] = taps[0] * between[i]
                + taps[1] * even[i + 1]
                + taps[2] * between[i + 1]
                + taps[3] * even[i + 2]
                + taps[4] * between[i + 2]
                + taps[5] * even[i + 3];
        }
        for i in 0..BLOCK {
            peak[i] = larger(peak[i], larger(early[i].abs(), late[i].abs()));
        }
    }
    peak.iter().any(|&p| p > threshold).then_some(peak)
}

/// The larger of two numbers that are not NaN; unlike `f32::max` it is one instruction.
#[inline(always)]
pub(super) fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// The largest magnitude among finite samples.
#[multiversion::multiversion(targets("x86_64+avx2"))]
pub(super) fn sample_peak(samples: &[f32]) -> f32 {
    let mut peaks = [0.0f32; 16];
    let mut parts = samples.chunks_exact(16);
    for part in &mut parts {
        for i in 0..16 {
            peaks[i] = larger(part[i].abs(), peaks[i]);
        }
    }
    parts.remainder().iter().chain(&peaks).fold(0.0, |m, x| larger(x.abs(), m))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The peak of a tone over many phases, in dB of its amplitude: worst and best reading.
    fn reading_db(frequency: f64) -> (f64, f64) {
        let over = Oversampler::new();
        let (mut low, mut high) = (f64::MAX, f64::MIN);
        for phase in 0..50 {
            let at = f64::from(phase) * 0.02 * PI;
            let mut peak = 0.0f32;
            for block in 0..64 {
                let span: [f32; SPAN] =
                    std::array::from_fn(|i| (2.0 * PI * frequency * (block * BLOCK + i) as f64 + at).sin() as f32);
                peak = over.peaks_over(&span, 0.0).unwrap().iter().copied().fold(peak, f32::max);
            }
            let db = 20.0 * f64::from(peak).log10();
            low = low.min(db);
            high = high.max(db);
        }
        (low, high)
    }

    #[test]
    fn tones_up_to_20_khz_read_within_a_tenth_of_a_decibel() {
        for frequency in [0.01, 0.1, 0.2, 0.25, 0.3, 0.4, 20.0 / 48.0, 0.43] {
            let (low, high) = reading_db(frequency);
            assert!(low > -0.1 && high < 0.1, "{frequency}: {low} to {high} dB");
        }
        let (low, high) = reading_db(20.0 / 44.1);
        assert!(low > -0.15 && high < 0.15, "{low} to {high} dB");
    }

    #[test]
    fn skipping_by_the_bounds_never_changes_the_answer() {
        let over = Oversampler::new();
        let mut word = 7u32;
        let mut random = move || {
            word ^= word << 13;
            word ^= word >> 17;
            word ^= word << 5;
            word as f32 / u32::MAX as f32 * 2.0 - 1.0
        };
        let mut worst = 0.0f32;
        for round in 0..2000 {
            // Signs that add up at one point are the hardest case for the bounds.
            let span: [f32; SPAN] = std::array::from_fn(|i| match round % 3 {
                0 => random(),
                1 => {
                    if (i / 2 + usize::from(i > 32)) % 2 == 0 {
                        0.9
                    } else {
                        -0.9
                    }
                }
                _ => {
                    if (i + usize::from(i > 32)) % 2 == 0 {
                        0.9
                    } else {
                        -0.9
                    }
                }
            });
            let all = over.peaks_over(&span, 0.0).unwrap();
            let top = all.iter().copied().fold(0.0, f32::max);
            let sample = sample_peak(&span);
            worst = worst.max(top / sample);
            assert!(!over.stays_under(sample, top * 0.999));
            assert_eq!(over.peaks_over(&span, top * 0.999), Some(all));
            assert_eq!(over.peaks_over(&span, top), None);
        }
        assert!(worst > 0.8 * over.bound, "the bound {} is far above the worst case {worst}", over.bound);
    }
}
