//! The filter of one line: eight parts cut by seven first-order low-passes, as [`crate::room::bands`] has seven, with one
//! band more at 16 kHz, where air takes much more than at 8 kHz.
//!
//! A line's gains lie close to 1 (a decibel or so at each pass), where first-order parts meet them well; what matters is
//! their logarithm, and that no frequency may ever gain.

use crate::room::bands::invert;
use crate::room::decay::{SPECTRUM, SPECTRUM_HZ, Spectrum};
use rustfft::num_complex::Complex;

/// Low-passes of a line.
pub(super) const POLES: usize = SPECTRUM - 1;

/// The parts for one sample rate, and the way from gains to weights.
#[derive(Clone, Debug)]
pub(super) struct Bank {
    /// Gain of each low-pass: `y += g (x − y)`.
    pub poles: [f64; POLES],
    sample_rate: f64,
    /// Bands whose centre the sample rate can carry; the others go with the last of them.
    used: usize,
    parts: [[Complex<f64>; SPECTRUM]; SPECTRUM],
    inverse: [[f64; SPECTRUM]; SPECTRUM],
    /// Response of the parts at third octaves from 20 Hz to half the sample rate.
    between: Vec<[Complex<f64>; SPECTRUM]>,
}

impl Bank {
    pub fn new(sample_rate: f64) -> Self {
        let poles = std::array::from_fn(|i| {
            let edge = (SPECTRUM_HZ[i] * std::f64::consts::SQRT_2).min(0.45 * sample_rate);
            1.0 - (-std::f64::consts::TAU * edge / sample_rate).exp()
        });
        let used = SPECTRUM_HZ.iter().filter(|f| **f < 0.45 * sample_rate).count().max(1);
        let zero = [[Complex::default(); SPECTRUM]; SPECTRUM];
        let mut bank =
            Self { poles, sample_rate, used, parts: zero, inverse: [[0.0; SPECTRUM]; SPECTRUM], between: Vec::new() };
        let thirds = (0..).map(|i| 20.0 * 2f64.powf(f64::from(i) / 3.0)).take_while(|hz| *hz < 0.5 * sample_rate);
        bank.between = thirds.chain([0.5 * sample_rate]).map(|hz| bank.parts_at(hz)).collect();
        bank.parts = SPECTRUM_HZ.map(|hz| bank.parts_at(hz));
        let mut real = [[0.0; SPECTRUM]; SPECTRUM];
        for (k, row) in real.iter_mut().enumerate() {
            if k < used {
                row[..used].iter_mut().zip(&bank.parts[k]).for_each(|(r, p)| *r = p.re);
                row[used - 1] += bank.parts[k][used..].iter().map(|p| p.re).sum::<f64>();
            } else {
                row[k] = 1.0;
            }
        }
        bank.inverse = invert(real);
        bank
    }

    /// The weights whose magnitude at the centres is `gains`, but whose magnitude is nowhere above `most`: if it were,
    /// all weights are drawn together until it is not.
    pub fn weights(&self, gains: &Spectrum, most: f64) -> Spectrum {
        let mut wanted = *gains;
        let mut weights = self.solve(&wanted);
        for _ in 0..6 {
            for k in 0..self.used {
                let got = self.sum(&weights, &self.parts[k]).norm();
                if got > 1e-9 {
                    wanted[k] = (wanted[k] * gains[k] / got).clamp(0.25 * gains[k], 4.0 * gains[k]);
                }
            }
            weights = self.solve(&wanted);
        }
        // Steps from what is wanted to one gain for all, which surely is below: 24 such steps leave 2 %.
        let mean = weights.iter().sum::<f64>() / SPECTRUM as f64;
        let base = mean.clamp(0.0, most);
        for _ in 0..24 {
            if self.peak(&weights) <= most {
                return weights;
            }
            weights = weights.map(|w| base + 0.85 * (w - base));
        }
        [base; SPECTRUM]
    }

    /// The largest magnitude over all frequencies.
    fn peak(&self, weights: &Spectrum) -> f64 {
        self.between.iter().map(|parts| self.sum(weights, parts).norm()).fold(weights[0].abs(), f64::max)
    }

    /// The response of weighted parts at `hz`.
    pub fn response(&self, weights: &Spectrum, hz: f64) -> Complex<f64> {
        self.sum(weights, &self.parts_at(hz))
    }

    /// Samples by which the envelope of a tone at a band's centre comes late.
    pub fn group_delay(&self, weights: &Spectrum, band: usize) -> f64 {
        let hz = SPECTRUM_HZ[band].min(0.4 * self.sample_rate);
        let (low, high) = (0.99 * hz, 1.01 * hz);
        let turn = (self.response(weights, low) * self.response(weights, high).conj()).arg();
        turn / (std::f64::consts::TAU * (high - low) / self.sample_rate)
    }

    fn sum(&self, weights: &Spectrum, parts: &[Complex<f64>; SPECTRUM]) -> Complex<f64> {
        weights.iter().zip(parts).map(|(w, p)| p * *w).sum()
    }

    fn solve(&self, wanted: &Spectrum) -> Spectrum {
        let mut weights: Spectrum =
            std::array::from_fn(|b| self.inverse[b][..self.used].iter().zip(wanted).map(|(m, w)| m * w).sum());
        let last = weights[self.used - 1];
        weights[self.used..].fill(last);
        weights
    }

    fn parts_at(&self, hz: f64) -> [Complex<f64>; SPECTRUM] {
        let z = Complex::from_polar(1.0, -std::f64::consts::TAU * hz.min(0.5 * self.sample_rate) / self.sample_rate);
        let low = self.poles.map(|p| Complex::from(p) / (Complex::from(1.0) - z * (1.0 - p)));
        std::array::from_fn(|b| {
            let upper = if b < POLES { low[b] } else { Complex::from(1.0) };
            upper - if b > 0 { low[b - 1] } else { Complex::from(0.0) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_are_met_and_no_frequency_gains_more_than_allowed() {
        let cases: [Spectrum; 4] = [
            [0.97, 0.965, 0.96, 0.95, 0.93, 0.91, 0.86, 0.7],
            [0.7, 0.99, 0.7, 0.99, 0.7, 0.99, 0.7, 0.99],
            [0.999, 0.99, 0.9, 0.85, 0.85, 0.9, 0.9, 0.8],
            [0.88, 0.9, 0.92, 0.94, 0.95, 0.94, 0.92, 0.85],
        ];
        for rate in [8000.0, 16_000.0, 44_100.0, 48_000.0, 192_000.0] {
            let bank = Bank::new(rate);
            for (case, gains) in cases.iter().enumerate() {
                let weights = bank.weights(gains, 0.9995);
                let peak = (0..4000)
                    .map(|i| bank.response(&weights, 0.5 * rate * f64::from(i) / 4000.0).norm())
                    .fold(0.0, f64::max);
                assert!(peak < 0.99951, "{rate} Hz: {peak}");
                // The other two ask for more than first-order parts can follow below the limit.
                if case == 0 || case == 3 {
                    for k in 0..bank.used {
                        let got = bank.response(&weights, SPECTRUM_HZ[k]).norm();
                        assert!(
                            (got / gains[k]).log10().abs() * 20.0 < 0.02,
                            "{rate} Hz, case {case}, band {k}: {got}"
                        );
                    }
                }
            }
        }
    }
}
