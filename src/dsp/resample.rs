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

/// The number of samples after resampling `len` samples from `from` Hz to `to` Hz.
pub fn resampled_len(len: usize, from: f64, to: f64) -> usize {
    (len as f64 * to / from).ceil() as usize
}

/// A set of filters that resample responses of `len` samples from one rate to another.
///
/// The result is a *response*: convolving at the new rate gives the same sound, so the samples are scaled by
/// `from / to`, and the level does not depend on the rate.
#[derive(Debug)]
pub struct ResponseResampler {
    /// First input sample and weights of each output sample.
    rows: Vec<(usize, Vec<f32>)>,
}

impl ResponseResampler {
    /// For responses of `len` samples; rates in Hz, both positive.
    pub fn new(len: usize, from: f64, to: f64) -> Self {
        // The band ends where the lower rate's does; the transition band lies half inside, half outside.
        let cutoff = (to / from).min(1.0);
        let half_width = CROSSINGS / cutoff;
        let norm = bessel_i0(KAISER_BETA);
        let rows = (0..resampled_len(len, from, to))
            .map(|n| {
                let centre = n as f64 * from / to;
                let first = (centre - half_width).ceil().max(0.0) as usize;
                let last = ((centre + half_width).floor() as usize).min(len.saturating_sub(1));
                let weights = (first..=last.max(first))
                    .map(|k| {
                        let x = k as f64 - centre;
                        let t = x / half_width;
                        let window = bessel_i0(KAISER_BETA * (1.0 - t * t).max(0.0).sqrt()) / norm;
                        let s = x * cutoff;
                        let sinc = if s.abs() < 1e-12 { 1.0 } else { (PI * s).sin() / (PI * s) };
                        (sinc * window * cutoff * from / to) as f32
                    })
                    .collect();
                (first, weights)
            })
            .collect();
        Self { rows }
    }

    /// The number of samples that come out.
    pub fn output_len(&self) -> usize {
        self.rows.len()
    }

    /// Resamples one response into `out`, `[output_len]`.
    pub fn process(&self, input: &[f32], out: &mut [f32]) {
        for ((first, weights), y) in self.rows.iter().zip(out) {
            *y = input.get(*first..).map_or(0.0, |x| x.iter().zip(weights).map(|(x, w)| x * w).sum());
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
            let r = ResponseResampler::new(h.len(), 48_000.0, to);
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
        let r = ResponseResampler::new(128, 48_000.0, 96_000.0);
        let mut y = vec![0.0; r.output_len()];
        r.process(&h, &mut y);
        let peak = (0..y.len()).max_by(|a, b| y[*a].abs().total_cmp(&y[*b].abs())).unwrap();
        assert_eq!(peak, 120);
    }
}
