//! Short-time spectra at the track's own rate.
//!
//! The networks know windows of 4096 samples at 44.1 kHz, a quarter of it apart. At another rate the window lasts as
//! long, to within a few parts in a hundred, so that its lines mean the same frequencies, and nothing needs to be
//! resampled: the sound that comes out has never left its rate.

use super::unet::BINS;
use crate::dsp::fft::{Fft, Spectrum, padded_bins};
use std::f64::consts::TAU;

/// Samples of the window at the model's rate, and that rate.
const MODEL_WINDOW: f64 = 4096.0;
const MODEL_RATE: f64 = 44_100.0;
/// The sum of the squares of four overlapping Hann windows.
const OVERLAP: f32 = 1.5;

/// How a stretch of sound is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// As the networks were trained.
    Plain,
    /// Through windows longer by an eighth: everything seems higher by two semitones.
    Higher,
}

impl View {
    pub const ALL: [Self; 2] = [Self::Plain, Self::Higher];
}

/// Samples of the window: the length nearest to the model's that transforms fast, a multiple of 16.
pub(super) fn window_len(sample_rate: f64) -> usize {
    let ideal = MODEL_WINDOW * sample_rate / MODEL_RATE / 16.0;
    let smooth = |mut n: usize| {
        for prime in [2, 3, 5, 7, 11, 13] {
            while n.is_multiple_of(prime) {
                n /= prime;
            }
        }
        n == 1
    };
    let middle = ideal.round().max(1.0) as usize;
    // Among twice as many numbers there is always a power of two.
    let away = |n: &usize| (*n as f64 / ideal).ln().abs();
    let nearest = (middle / 2 + 1..=2 * middle).filter(|n| smooth(*n)).min_by(|a, b| away(a).total_cmp(&away(b)));
    16 * nearest.unwrap_or(middle)
}

/// A window and its transform.
struct Lens {
    window: Vec<f32>,
    fft: Fft,
}

impl Lens {
    fn new(len: usize) -> Self {
        let window = (0..len).map(|i| (0.5 - 0.5 * (TAU * i as f64 / len as f64).cos()) as f32).collect();
        Self { window, fft: Fft::new(len) }
    }

    fn look(&mut self, samples: &[f32], spectrum: &mut Spectrum) {
        for ((t, x), w) in self.fft.time.iter_mut().zip(samples).zip(&self.window) {
            *t = x * w;
        }
        self.fft.forward(&mut spectrum.re, &mut spectrum.im);
    }
}

/// Spectra of windows of one channel, and back.
pub(super) struct Frames {
    /// Samples of the window.
    pub len: usize,
    /// Samples from a window to the next.
    pub hop: usize,
    plain: Lens,
    higher: Lens,
    spectrum: Spectrum,
    wide: Spectrum,
}

impl Frames {
    pub fn new(sample_rate: f64) -> Self {
        let len = window_len(sample_rate);
        let wide = len / 8 * 9;
        Self {
            len,
            hop: len / 4,
            plain: Lens::new(len),
            higher: Lens::new(wide),
            spectrum: Spectrum::new(len),
            wide: Spectrum::new(wide),
        }
    }

    /// Samples that the longer window reaches beyond the plain one on each side.
    pub fn beyond(&self) -> usize {
        self.len / 16
    }

    /// Lines of the spectrum.
    pub fn bins(&self) -> usize {
        self.len / 2 + 1
    }

    /// Magnitudes at the model's scale. `samples` are those of the plain window and [`Frames::beyond`] more on each side.
    pub fn magnitudes(&mut self, view: View, samples: &[f32], out: &mut [f32]) {
        let beyond = self.beyond();
        let (lens, spectrum, samples) = match view {
            View::Plain => (&mut self.plain, &mut self.spectrum, &samples[beyond..beyond + self.len]),
            View::Higher => (&mut self.higher, &mut self.wide, samples),
        };
        let len = lens.window.len();
        lens.look(samples, spectrum);
        let scale = MODEL_WINDOW as f32 / len as f32;
        let bins = BINS.min(len / 2 + 1);
        for ((o, re), im) in out[..bins].iter_mut().zip(&spectrum.re).zip(&spectrum.im) {
            *o = (re * re + im * im).sqrt() * scale;
        }
        out[bins..].fill(0.0);
    }

    /// Adds the window of `samples`, filtered by a gain for each line, to `sum`.
    pub fn filter(&mut self, samples: &[f32], gains: &[f32], sum: &mut [f32]) {
        self.plain.look(samples, &mut self.spectrum);
        debug_assert!(gains.len() == self.bins() && self.bins() <= padded_bins(self.len));
        let lines = self.spectrum.re.iter_mut().zip(&mut self.spectrum.im);
        for ((re, im), g) in lines.zip(gains) {
            *re *= g;
            *im *= g;
        }
        self.plain.fft.inverse(&self.spectrum.re, &self.spectrum.im);
        let scale = 1.0 / (OVERLAP * self.len as f32);
        for ((s, y), w) in sum.iter_mut().zip(&self.plain.fft.time).zip(&self.plain.window) {
            *s += y * w * scale;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_last_as_long_as_the_models_at_every_rate() {
        for rate in [8000.0, 11_025.0, 16_000.0, 22_050.0, 44_100.0, 48_000.0, 96_000.0, 192_000.0, 384_000.0] {
            let ratio = window_len(rate) as f64 / rate / (MODEL_WINDOW / MODEL_RATE);
            let least = if rate < 20_000.0 { 0.035 } else { 0.01 };
            assert!((ratio - 1.0).abs() < least, "{rate} Hz: {ratio}");
        }
        assert_eq!(window_len(44_100.0), 4096);
        for rate in 8000..9000 {
            assert!(window_len(f64::from(rate)).is_multiple_of(16));
        }
    }

    #[test]
    fn windows_that_are_not_filtered_add_up_to_the_signal() {
        let mut frames = Frames::new(22_050.0);
        let (len, hop) = (frames.len, frames.hop);
        let x: Vec<f32> = (0..len * 3).map(|i| (i as f32 * 0.37).sin()).collect();
        let mut sum = vec![0.0; x.len()];
        let ones = vec![1.0; frames.bins()];
        for at in (0..=x.len() - len).step_by(hop) {
            frames.filter(&x[at..at + len], &ones, &mut sum[at..at + len]);
        }
        for i in 3 * hop..x.len() - 3 * hop {
            assert!((sum[i] - x[i]).abs() < 1e-5, "{i}");
        }
    }
}
