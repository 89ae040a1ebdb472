//! Butterworth band-passes, for analysis offline.

use rustfft::num_complex::Complex;
use std::f64::consts::{PI, TAU};

/// Order of the low-pass that the band-pass is made from; it has twice as many poles.
const ORDER: usize = 6;

/// A band-pass of twelve poles as six second-order sections in f64, by the bilinear transform: −3 dB at its edges.
/// Octave bands of it meet class 1 of IEC 61260.
#[derive(Clone, Debug)]
pub struct BandPass {
    /// Feedback a₁, a₂ of each section; all have the zeros of 1 − z⁻².
    sections: [[f64; 2]; ORDER],
    gain: f64,
    /// Where the energy of its own impulse response lies on average, frames.
    pub(super) centroid: f64,
}

impl BandPass {
    /// From `low` to `high` Hz; the upper edge is at most 0.49 of the sample rate. `None` if nothing is left in between.
    pub fn new(low: f64, high: f64, sample_rate: f64) -> Option<Self> {
        let high = high.min(0.49 * sample_rate);
        // Narrower bands than this ring for longer than anybody waits. The comparison also refuses what is no number.
        let wide_enough = high - low >= 1e-5 * sample_rate;
        if !wide_enough || low.is_nan() || low <= 0.0 {
            return None;
        }
        let warped = |hz: f64| 2.0 * sample_rate * (PI * hz / sample_rate).tan();
        let (w1, w2) = (warped(low), warped(high));
        let (width, middle) = (w2 - w1, (w1 * w2).sqrt());
        let mut sections = [[0.0; 2]; ORDER];
        for (k, pair) in sections.chunks_exact_mut(2).enumerate() {
            // One pole of the low-pass in the upper half plane becomes two of the band-pass; their mirrors are implied.
            let angle = PI * (2 * k + ORDER + 1) as f64 / (2 * ORDER) as f64;
            let half = Complex::from_polar(0.5 * width, angle);
            let root = (half * half - middle * middle).sqrt();
            for (section, s) in pair.iter_mut().zip([half + root, half - root]) {
                let z = (s + 2.0 * sample_rate) / (2.0 * sample_rate - s);
                *section = [-2.0 * z.re, z.norm_sqr()];
            }
        }
        let mut filter = Self { sections, gain: 1.0, centroid: 0.0 };
        let centre = (0.5 * middle / sample_rate).atan() / PI * sample_rate;
        filter.gain = 1.0 / filter.response(centre, sample_rate).norm();
        // Long enough for the slowest pole, whose decay the width of the band sets.
        let mut own = vec![0.0; ((12.0 * sample_rate / (high - low)) as usize).max(64)];
        own[0] = 1.0;
        filter.run(&mut own);
        let energy: f64 = own.iter().map(|x| x * x).sum();
        filter.centroid = own.iter().enumerate().map(|(n, x)| n as f64 * x * x).sum::<f64>() / energy;
        Some(filter)
    }

    /// The octave (`width` 1) or third (`width` 1/3) around `centre` Hz; `None` if the sample rate cannot carry it.
    pub fn fraction(centre: f64, width: f64, sample_rate: f64) -> Option<Self> {
        let half = 2f64.powf(0.5 * width);
        if centre >= 0.49 * sample_rate { None } else { Self::new(centre / half, centre * half, sample_rate) }
    }

    /// Frames after which next to nothing of its own impulse response is left.
    pub(super) fn ring(&self) -> usize {
        (6.0 * self.centroid) as usize + 1
    }

    /// The response at `hz`.
    pub fn response(&self, hz: f64, sample_rate: f64) -> Complex<f64> {
        let z = Complex::from_polar(1.0, -TAU * hz / sample_rate);
        let one = Complex::from(1.0);
        self.sections
            .iter()
            .fold(Complex::from(self.gain), |h, [a1, a2]| h * (one - z * z) / (one + z * *a1 + z * z * *a2))
    }

    /// Filters in place, from rest.
    pub fn run(&self, x: &mut [f64]) {
        let mut state = [[0.0f64; 2]; ORDER];
        for x in x {
            let mut v = *x * self.gain;
            for ([a1, a2], [s1, s2]) in self.sections.iter().zip(&mut state) {
                // Transposed direct form II with the numerator 1, 0, −1.
                let y = v + *s1;
                *s1 = *s2 - a1 * y;
                *s2 = -v - a2 * y;
                v = y;
            }
            *x = v;
        }
    }

    /// Filters backwards in time, so that the filter rings before each event and its own decay stays out of what follows
    /// (Jacobsen and Rindel, J. Sound Vib. 117(1), 1987).
    pub fn run_reversed(&self, x: &mut [f64]) {
        x.reverse();
        self.run(x);
        x.reverse();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_pass_has_the_magnitude_of_its_formula() {
        let (rate, low, high) = (48_000.0, 1000.0 / 2f64.sqrt(), 1000.0 * 2f64.sqrt());
        let filter = BandPass::new(low, high, rate).unwrap();
        let w = |hz: f64| (PI * hz / rate).tan();
        let (width, middle) = (w(high) - w(low), w(low) * w(high));
        for hz in [200.0, 500.0, low, 800.0, 1000.0, 1300.0, high, 2000.0, 9000.0] {
            let s = (w(hz) * w(hz) - middle) / (w(hz) * width);
            let want = 1.0 / (1.0 + s.powi(12)).sqrt();
            let got = filter.response(hz, rate).norm();
            assert!((got / want - 1.0).abs() < 1e-6, "{hz} Hz: {got} not {want}");
        }
    }

    #[test]
    fn running_it_is_its_response() {
        for (centre, rate) in [(125.0, 48_000.0), (125.0, 192_000.0), (8000.0, 44_100.0), (8000.0, 17_000.0)] {
            let filter = BandPass::fraction(centre, 1.0, rate).unwrap();
            let mut x = vec![0.0; rate as usize];
            x[0] = 1.0;
            filter.run(&mut x);
            for hz in [0.8 * centre, centre, 0.95 * centre] {
                let sum: Complex<f64> =
                    x.iter().enumerate().map(|(n, x)| Complex::from_polar(*x, -TAU * hz * n as f64 / rate)).sum();
                assert!((sum - filter.response(hz, rate)).norm() < 1e-6, "{centre} Hz at {rate}: {sum} at {hz}");
            }
        }
    }

    #[test]
    fn bands_above_the_sample_rate_are_none() {
        assert!(BandPass::fraction(8000.0, 1.0, 16_000.0).is_none());
        assert!(BandPass::new(f64::NAN, 10.0, 48_000.0).is_none());
        assert!(BandPass::new(1000.0, 1000.001, 48_000.0).is_none());
        assert!(BandPass::new(1000.0, 2000.0, f64::NAN).is_none());
        assert!(BandPass::new(1000.0, 2000.0, f64::INFINITY).is_none());
        assert!(BandPass::new(30_000.0, 40_000.0, 48_000.0).is_none());
    }
}
