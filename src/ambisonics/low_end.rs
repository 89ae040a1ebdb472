//! The lowest frequencies of filters that are too short for them.
//!
//! A filter of 5 ms tells frequencies apart that lie 190 Hz apart, but a head that was measured with a small
//! loudspeaker falls by tens of dB below that, and a cut to length fills the fall up. So a few slow waves over the
//! length of the filter are added, fitted to the spectrum before the cut with the same *relative* error at every
//! frequency.

use super::covariance::C64;
use super::fit::Targets;
use super::solve::solve_positive;
use crate::dsp::fft::{Fft, Spectrum};

/// Slow waves: half cycles over the length of the filter, from 0 up.
const WAVES: usize = 10;
/// Levels below this part of the mean power count as this much.
const FLOOR: f64 = 1e-4;

/// The slow waves and their fit.
pub(super) struct LowEnd {
    /// `[WAVES][taps]`
    waves: Vec<Vec<f32>>,
    /// What each wave's coefficient takes from the error at each bin, `[bins][WAVES]`, real and imaginary part.
    take: Vec<[[f64; 2]; WAVES]>,
}

impl LowEnd {
    /// For filters of a window's length; `fft` is as long as the targets.
    pub(super) fn new(window: &[f32], fft: &mut Fft, targets: &Targets) -> Self {
        let taps = window.len();
        let waves: Vec<Vec<f32>> = (0..WAVES)
            .map(|k| {
                let wave = |n: usize| (std::f64::consts::PI * k as f64 * (n as f64 + 0.5) / taps as f64).cos() as f32;
                window.iter().enumerate().map(|(n, w)| w * wave(n)).collect()
            })
            .collect();
        // Twice as far up as the waves reach, so that they do no harm there.
        let bins = (WAVES * fft.len() / taps + 1).min(targets.bins());
        let power = |bin: usize| targets.covariance(bin).left + targets.covariance(bin).right;
        let mean = (0..targets.bins()).map(power).sum::<f64>() / targets.bins() as f64;
        let weight = |bin: usize| 1.0 / (power(bin) + FLOOR * mean).max(f64::MIN_POSITIVE);
        let mut s = Spectrum::new(fft.len());
        let mut lines = vec![[[0.0; 2]; WAVES]; bins];
        for (k, wave) in waves.iter().enumerate() {
            fft.time[..taps].copy_from_slice(wave);
            fft.time[taps..].fill(0.0);
            fft.forward(&mut s.re, &mut s.im);
            for (bin, line) in lines.iter_mut().enumerate() {
                line[k] = [f64::from(s.re[bin]), f64::from(s.im[bin])];
            }
        }
        let mut normal = vec![0.0; WAVES * WAVES];
        for (bin, line) in lines.iter().enumerate() {
            for (j, row) in normal.chunks_exact_mut(WAVES).enumerate() {
                for (n, l) in row.iter_mut().zip(line) {
                    *n += weight(bin) * (line[j][0] * l[0] + line[j][1] * l[1]);
                }
            }
        }
        let ridge = 1e-6 * (0..WAVES).map(|k| normal[k * WAVES + k]).sum::<f64>() / WAVES as f64;
        (0..WAVES).for_each(|k| normal[k * WAVES + k] += ridge);
        // Solved for the weighted lines themselves, a right-hand side for each part of each bin.
        let mut take: Vec<f64> = (0..2 * bins).flat_map(|i| lines[i / 2].map(|l| weight(i / 2) * l[i % 2])).collect();
        if !solve_positive(&mut normal, WAVES, &mut take) {
            take.fill(0.0);
        }
        let take =
            take.chunks_exact(2 * WAVES).map(|both| std::array::from_fn(|k| [both[k], both[WAVES + k]])).collect();
        Self { waves, take }
    }

    /// Adds to a filter of spectrum `re`, `im` what brings its low end nearest to `want`.
    pub(super) fn mend(&self, filter: &mut [f32], re: &[f32], im: &[f32], want: impl Fn(usize) -> C64) {
        let mut amounts = [0.0f64; WAVES];
        for (bin, take) in self.take.iter().enumerate() {
            let error = want(bin) - C64::new(f64::from(re[bin]), f64::from(im[bin]));
            for (a, t) in amounts.iter_mut().zip(take) {
                *a += t[0] * error.re + t[1] * error.im;
            }
        }
        for (wave, a) in self.waves.iter().zip(amounts) {
            filter.iter_mut().zip(wave).for_each(|(y, w)| *y += a as f32 * w);
        }
    }
}
