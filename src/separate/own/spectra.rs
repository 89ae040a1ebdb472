//! Into a spectrogram and back, as PyTorch's `stft` and `istft` with `center` and a periodic Hann window do it, which is what
//! such models are trained with.

use crate::dsp::fft::{Fft, Spectrum};
use std::f64::consts::TAU;

pub(super) struct Spectra {
    window: Vec<f32>,
    hop: usize,
    lines: usize,
    frames: usize,
    fft: Fft,
    spectrum: Spectrum,
}

impl Spectra {
    /// For `frames` windows of `window` samples (even), each `hop` behind the one before, of which the lowest `lines` lines
    /// are kept.
    pub fn new(window: usize, hop: usize, lines: usize, frames: usize) -> Self {
        Self {
            window: (0..window).map(|i| (0.5 - 0.5 * (TAU * i as f64 / window as f64).cos()) as f32).collect(),
            hop,
            lines,
            frames,
            fft: Fft::new(window),
            spectrum: Spectrum::new(window),
        }
    }

    /// Spectra of `hop · (frames − 1)` samples, mirrored beyond both ends: `[lines][frames]` real and imaginary parts.
    pub fn forward(&mut self, samples: &[f32], re: &mut [f32], im: &mut [f32]) {
        let (n, last) = (samples.len() as i64, samples.len() as i64 - 1);
        let half = self.window.len() as i64 / 2;
        for t in 0..self.frames {
            let begin = (t * self.hop) as i64 - half;
            for (i, (x, w)) in self.fft.time.iter_mut().zip(&self.window).enumerate() {
                // As often as a short segment needs it.
                let mut at = (begin + i as i64).rem_euclid((2 * last).max(1));
                if at > last {
                    at = 2 * last - at;
                }
                *x = samples[at.clamp(0, n - 1) as usize] * w;
            }
            self.fft.forward(&mut self.spectrum.re, &mut self.spectrum.im);
            for k in 0..self.lines {
                re[k * self.frames + t] = self.spectrum.re[k];
                im[k * self.frames + t] = self.spectrum.im[k];
            }
        }
    }

    /// The samples that such spectra belong to.
    pub fn inverse(&mut self, re: &[f32], im: &[f32], samples: &mut [f32]) {
        let half = self.window.len() / 2;
        let mut weight = vec![0.0f32; samples.len()];
        samples.fill(0.0);
        let scale = 1.0 / self.window.len() as f32;
        for t in 0..self.frames {
            self.spectrum.clear();
            for k in 0..self.lines {
                self.spectrum.re[k] = re[k * self.frames + t];
                self.spectrum.im[k] = im[k * self.frames + t];
            }
            // What a real signal has no imaginary part of.
            self.spectrum.im[0] = 0.0;
            self.spectrum.im[half] = 0.0;
            self.fft.inverse(&self.spectrum.re, &self.spectrum.im);
            for (i, (y, w)) in self.fft.time.iter().zip(&self.window).enumerate() {
                if let Some(at) = (t * self.hop + i).checked_sub(half).filter(|at| *at < samples.len()) {
                    samples[at] += y * w * scale;
                    weight[at] += w * w;
                }
            }
        }
        samples.iter_mut().zip(&weight).for_each(|(y, w)| *y /= w.max(1e-8));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spectra_lead_back_to_their_samples_and_are_those_of_the_definition() {
        let (window, hop, frames) = (96, 24, 17);
        let samples: Vec<f32> = (0..hop * (frames - 1)).map(|i| (i as f32 * 0.7).sin() + 0.3).collect();
        let lines = window / 2 + 1;
        let mut spectra = Spectra::new(window, hop, lines, frames);
        let (mut re, mut im) = (vec![0.0; lines * frames], vec![0.0; lines * frames]);
        spectra.forward(&samples, &mut re, &mut im);
        // A frame in the middle, by the sum.
        let (t, k) = (8, 5);
        let mut sum = (0.0f64, 0.0f64);
        for i in 0..window {
            let x = f64::from(samples[t * hop + i - window / 2]);
            let w = 0.5 - 0.5 * (TAU * i as f64 / window as f64).cos();
            let phase = -TAU * (k * i) as f64 / window as f64;
            sum = (sum.0 + x * w * phase.cos(), sum.1 + x * w * phase.sin());
        }
        let at = k * frames + t;
        assert!((f64::from(re[at]) - sum.0).abs() < 1e-4 && (f64::from(im[at]) - sum.1).abs() < 1e-4);
        // The first frame is mirrored about the first sample.
        let mirrored: f64 = (0..window)
            .map(|i| {
                let w = 0.5 - 0.5 * (TAU * i as f64 / window as f64).cos();
                w * f64::from(samples[(i as i64 - window as i64 / 2).unsigned_abs() as usize])
            })
            .sum();
        assert!((f64::from(re[0]) - mirrored).abs() < 1e-4);
        let mut back = vec![0.0; samples.len()];
        spectra.inverse(&re, &im, &mut back);
        assert!(back.iter().zip(&samples).all(|(a, b)| (a - b).abs() < 1e-5));
    }
}
