//! Band-limited resampling of short responses by one windowed sinc, at any ratio.
//!
//! Head-related responses are a few milliseconds long, so the steep filters made for music would ring for longer than
//! they last. This one keeps the response's own time: a sample at time t stays at time t.

use std::f64::consts::PI;

/// Zero crossings of the sinc on each side; with a Kaiser window of β = 10 about −100 dB beyond the band.
const CROSSINGS: f64 = 32.0;
const KAISER_BETA: f64 = 10.0;

/// The modified Bessel function of the first kind and order 0, by its power series.
pub fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > sum * 1e-17 {
        term *= (x / (2.0 * k)).powi(2);
        sum += term;
        k += 1.0;
    }
    sum
}

/// The number of samples after resampling `len` samples from `from` Hz to `to` Hz; `usize::MAX` if there are more.
pub fn resampled_len(len: usize, from: f64, to: f64) -> usize {
    (len as f64 * to / from).ceil() as usize
}

/// Resamples responses of `len` samples from one rate to another.
///
/// The result is a *response*: convolving at the new rate gives the same sound, so the samples are scaled by
/// `from / to`, and the level does not depend on the rate.
#[derive(Debug)]
pub struct ResponseResampler {
    /// Weights of each phase, `[phases][width]`.
    weights: Vec<f32>,
    width: usize,
    /// For each output sample its phase, and the first sample of the padded input that it takes.
    rows: Vec<(usize, usize)>,
    padded: Vec<f32>,
    reach: usize,
}

/// Lanes of the dot product: as many sums side by side, so that it becomes vector code.
const LANES: usize = 8;

impl ResponseResampler {
    /// For responses of `len` samples; rates in Hz, both 1000 to 1 000 000, as callers have checked: the filter has 64
    /// times `from / to` taps.
    pub fn new(len: usize, from: f64, to: f64) -> Self {
        // The band ends where the lower rate's does; the transition band lies half inside, half outside.
        let cutoff = (to / from).min(1.0);
        let half_width = CROSSINGS / cutoff;
        let reach = half_width.ceil() as usize;
        let width = (2 * reach + 1).next_multiple_of(LANES);
        let norm = bessel_i0(KAISER_BETA);
        let mut weights = Vec::new();
        let mut phases: Vec<i64> = Vec::new();
        let rows = (0..resampled_len(len, from, to))
            .map(|n| {
                let centre = n as f64 * from / to;
                let whole = centre.floor();
                // Phases come back after as many samples as the rates' ratio has in its lowest terms.
                let key = ((centre - whole) * 1e9).round() as i64;
                let phase = phases.iter().position(|p| *p == key).unwrap_or_else(|| {
                    phases.push(key);
                    weights.extend((0..width).map(|k| {
                        let x = k as f64 - reach as f64 - (centre - whole);
                        let t = (x / half_width).abs().min(1.0);
                        let window = bessel_i0(KAISER_BETA * (1.0 - t * t).sqrt()) / norm;
                        let s = x * cutoff;
                        let sinc = if s.abs() < 1e-12 { 1.0 } else { (PI * s).sin() / (PI * s) };
                        let inside = f64::from(u8::from(t < 1.0));
                        (inside * sinc * window * cutoff * from / to) as f32
                    }));
                    phases.len() - 1
                });
                // The input lies `reach` samples into its padding.
                (phase, whole as usize)
            })
            .collect();
        Self { weights, width, rows, padded: vec![0.0; len + width + reach + 1], reach }
    }

    /// The number of samples that come out.
    pub fn output_len(&self) -> usize {
        self.rows.len()
    }

    /// Resamples one response into `out`, `[output_len]`.
    pub fn process(&mut self, input: &[f32], out: &mut [f32]) {
        self.padded.fill(0.0);
        self.padded[self.reach..self.reach + input.len()].copy_from_slice(input);
        for ((phase, first), y) in self.rows.iter().zip(out) {
            let weights = &self.weights[phase * self.width..][..self.width];
            let x = &self.padded[*first..first + self.width];
            let mut sums = [0.0f32; LANES];
            for (x, w) in x.chunks_exact(LANES).zip(weights.chunks_exact(LANES)) {
                for ((s, x), w) in sums.iter_mut().zip(x).zip(w) {
                    *s += x * w;
                }
            }
            *y = sums.iter().sum();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gain in dB of a response at `hz`.
    fn gain_db(h: &[f32], hz: f64, rate: f64) -> f64 {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, x) in h.iter().enumerate() {
            let (s, c) = (2.0 * PI * hz * n as f64 / rate).sin_cos();
            re += f64::from(*x) * c;
            im -= f64::from(*x) * s;
        }
        10.0 * (re * re + im * im).log10()
    }

    #[test]
    fn the_level_of_a_response_does_not_depend_on_the_rate() {
        let mut h = vec![0.0f32; 256];
        for (n, x) in h.iter_mut().enumerate().skip(40) {
            *x = ((n * 7919 % 97) as f32 / 97.0 - 0.5) * (-((n - 40) as f32) / 12.0).exp();
        }
        for to in [44_100.0, 88_200.0, 96_000.0, 176_400.0, 192_000.0, 384_000.0] {
            let mut r = ResponseResampler::new(h.len(), 48_000.0, to);
            let mut y = vec![0.0; r.output_len()];
            r.process(&h, &mut y);
            for hz in [100.0, 1000.0, 5000.0, 12_000.0, 18_000.0] {
                let d = gain_db(&y, hz, to) - gain_db(&h, hz, 48_000.0);
                assert!(d.abs() < 0.02, "{to} Hz: {d:.4} dB off at {hz} Hz");
            }
        }
    }

    #[test]
    fn a_pulse_stays_at_its_time() {
        let mut h = vec![0.0f32; 128];
        h[60] = 1.0;
        let mut r = ResponseResampler::new(128, 48_000.0, 96_000.0);
        let mut y = vec![0.0; r.output_len()];
        r.process(&h, &mut y);
        let peak = (0..y.len()).max_by(|a, b| y[*a].abs().total_cmp(&y[*b].abs())).unwrap();
        assert_eq!(peak, 120);
    }
}
