//! One gain for each octave band, as a filter that costs seven multiplications.
//!
//! Six first-order low-passes on the edges between the bands cut a signal in seven parts that add up to it exactly, with
//! no delay. A path through the room (walls, air, directivity) is a weighted sum of the parts: equal weights leave the
//! signal untouched, and many paths share one cut. First-order parts overlap, so the weights are not the gains: they are
//! solved for such that the magnitude at every band's centre is the gain asked for. Gains that fall by more than 6 dB
//! from one band to the next, which no wall does, are followed as far as first-order parts can.

pub(super) mod many;

use super::{BAND_CENTRES_HZ, BANDS, Bands};
use rustfft::num_complex::Complex;

/// Weights of the seven parts.
pub type Weights = [f32; BANDS];

/// The parts for one sample rate, and the way from gains to weights.
#[derive(Clone, Debug)]
pub struct BandFilter {
    /// Gain of each low-pass: `y += g (x + x₋₁ − 2y)` in its trapezoidal form.
    poles: [f64; BANDS - 1],
    sample_rate: f64,
    /// Bands whose centre the sample rate can carry; the others get the last one's weight.
    used: usize,
    /// Complex response of each part at each centre, `[centre][part]`.
    parts: [[Complex<f64>; BANDS]; BANDS],
    /// Inverse of the real parts of `parts`, over the bands used.
    inverse: [[f64; BANDS]; BANDS],
}

impl BandFilter {
    /// For a sample rate in Hz.
    pub fn new(sample_rate: f64) -> Self {
        let poles = std::array::from_fn(|i| {
            let edge = (BAND_CENTRES_HZ[i] * std::f64::consts::SQRT_2).min(0.45 * sample_rate);
            let g = (std::f64::consts::PI * edge / sample_rate).tan();
            g / (1.0 + g)
        });
        let used = BAND_CENTRES_HZ.iter().filter(|f| **f < 0.47 * sample_rate).count().max(1);
        let mut filter = Self {
            poles,
            sample_rate,
            used,
            parts: [[Complex::default(); BANDS]; BANDS],
            inverse: [[0.0; BANDS]; BANDS],
        };
        filter.parts = BAND_CENTRES_HZ.map(|f| filter.parts_at(f));
        let mut real = [[0.0; BANDS]; BANDS];
        for (k, row) in real.iter_mut().enumerate() {
            if k < used {
                // What lies above the last band used goes with it.
                row[..used].iter_mut().zip(&filter.parts[k]).for_each(|(r, p)| *r = p.re);
                row[used - 1] += filter.parts[k][used..].iter().map(|p| p.re).sum::<f64>();
            } else {
                row[k] = 1.0;
            }
        }
        filter.inverse = invert(real);
        filter
    }

    /// Gain of each low-pass, for the loop that runs them.
    pub fn poles(&self) -> [f32; BANDS - 1] {
        self.poles.map(|p| p as f32)
    }

    /// The weights whose magnitude at the centre of each band is `gains`.
    pub fn weights(&self, gains: &Bands) -> Weights {
        if gains.iter().all(|g| g == &gains[0]) {
            return [gains[0] as f32; BANDS];
        }
        let mut wanted = *gains;
        let mut weights = self.solve(&wanted);
        // The parts are not quite in phase; a few steps bring the magnitudes home.
        for _ in 0..4 {
            for k in 0..self.used {
                // Nothing here is so large or small that it took the care, and time, of a hypotenuse.
                let got = self.sum(&weights, &self.parts[k]).norm_sqr().sqrt();
                if got > 1e-9 {
                    wanted[k] *= gains[k] / got;
                }
            }
            weights = self.solve(&wanted);
        }
        weights.map(|w| w as f32)
    }

    /// The response of a weighted sum at `hz`.
    pub fn response(&self, weights: &Weights, hz: f64) -> Complex<f64> {
        self.sum(&weights.map(f64::from), &self.parts_at(hz))
    }

    fn sum(&self, weights: &[f64; BANDS], parts: &[Complex<f64>; BANDS]) -> Complex<f64> {
        weights.iter().zip(parts).map(|(w, p)| p * *w).sum()
    }

    fn solve(&self, wanted: &Bands) -> [f64; BANDS] {
        let mut weights: [f64; BANDS] =
            std::array::from_fn(|b| self.inverse[b][..self.used].iter().zip(wanted).map(|(m, w)| m * w).sum());
        let last = weights[self.used - 1];
        weights[self.used..].fill(last);
        weights
    }

    fn parts_at(&self, hz: f64) -> [Complex<f64>; BANDS] {
        let z = Complex::from_polar(1.0, -std::f64::consts::TAU * hz.min(0.5 * self.sample_rate) / self.sample_rate);
        let low = self.poles.map(|p| (Complex::from(1.0) + z) * p / (Complex::from(1.0) - z * (1.0 - 2.0 * p)));
        std::array::from_fn(|b| {
            let upper = if b < BANDS - 1 { low[b] } else { Complex::from(1.0) };
            upper - if b > 0 { low[b - 1] } else { Complex::from(0.0) }
        })
    }
}

/// Cuts one signal in its parts.
#[derive(Clone, Debug)]
pub struct BandSplit {
    poles: [f32; BANDS - 1],
    /// Integrators of the low-passes.
    state: [f32; BANDS - 1],
}

impl BandSplit {
    /// At rest.
    pub fn new(filter: &BandFilter) -> Self {
        Self { poles: filter.poles(), state: [0.0; BANDS - 1] }
    }

    /// Back to rest.
    pub fn reset(&mut self) {
        self.state = [0.0; BANDS - 1];
    }

    /// True when nothing rings on.
    pub fn rests(&self) -> bool {
        self.state == [0.0; BANDS - 1]
    }

    /// Ends what rings on below what counts.
    pub fn settle(&mut self) {
        for s in &mut self.state {
            if s.abs() < 1e-15 {
                *s = 0.0;
            }
        }
    }

    /// The parts of the next sample, lowest band first; they add up to it.
    #[inline(always)]
    pub fn step(&mut self, x: f32) -> Weights {
        let mut parts = [0.0; BANDS];
        let mut below = 0.0;
        for (b, (pole, state)) in self.poles.iter().zip(&mut self.state).enumerate() {
            let v = (x - *state) * pole;
            let low = v + *state;
            *state = low + v;
            parts[b] = low - below;
            below = low;
        }
        parts[BANDS - 1] = x - below;
        parts
    }
}

/// The inverse of a matrix of bands, by Gauss and Jordan with row pivots; these are far from singular.
pub(super) fn invert<const N: usize>(mut a: [[f64; N]; N]) -> [[f64; N]; N] {
    let mut inverse = [[0.0; N]; N];
    (0..N).for_each(|i| inverse[i][i] = 1.0);
    for i in 0..N {
        let pivot = (i..N).max_by(|p, q| a[*p][i].abs().total_cmp(&a[*q][i].abs())).unwrap_or(i);
        a.swap(i, pivot);
        inverse.swap(i, pivot);
        let scale = 1.0 / a[i][i];
        a[i].iter_mut().for_each(|x| *x *= scale);
        inverse[i].iter_mut().for_each(|x| *x *= scale);
        let (row, other) = (a[i], inverse[i]);
        for k in (0..N).filter(|k| *k != i) {
            let factor = a[k][i];
            a[k].iter_mut().zip(row).for_each(|(x, y)| *x -= factor * y);
            inverse[k].iter_mut().zip(other).for_each(|(x, y)| *x -= factor * y);
        }
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_db(filter: &BandFilter, gains: &Bands, weights: &Weights) -> f64 {
        let db = |k: usize| 20.0 * (filter.response(weights, BAND_CENTRES_HZ[k]).norm() / gains[k]).log10();
        (0..filter.used).map(|k| db(k).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn the_parts_add_up_to_the_signal() {
        let mut split = BandSplit::new(&BandFilter::new(48_000.0));
        for n in 0..1000 {
            let x = ((n * n) as f32 * 0.01).sin();
            assert!((split.step(x).iter().sum::<f32>() - x).abs() < 1e-6);
        }
    }

    #[test]
    fn gains_are_met_at_every_centre() {
        // A carpet, a resonant panel, three hits of each, and a long way through air.
        let cases = [
            ([0.97, 0.96, 0.93, 0.82, 0.63, 0.6, 0.59], 0.05),
            ([0.85, 0.88, 0.91, 0.95, 0.95, 0.94, 0.94], 0.05),
            ([0.56, 0.6, 0.6, 0.47, 0.27, 0.2, 0.18], 0.15),
            // A hundred metres of air fall faster than first-order parts.
            ([1.0, 1.0, 0.99, 0.97, 0.93, 0.8, 0.5], 2.0),
        ];
        for rate in [16_000.0, 44_100.0, 48_000.0, 192_000.0] {
            let filter = BandFilter::new(rate);
            for (gains, limit) in &cases {
                let exact = error_db(&filter, gains, &filter.weights(gains));
                assert!(exact < *limit, "{rate} Hz {gains:?}: {exact} dB");
            }
        }
    }

    #[test]
    fn the_split_is_the_filter() {
        let filter = BandFilter::new(48_000.0);
        let weights = filter.weights(&[1.0, 0.9, 0.8, 0.5, 0.4, 0.3, 0.2]);
        let mut split = BandSplit::new(&filter);
        let response: Vec<f64> = (0..48_000)
            .map(|n| {
                split.step(if n == 0 { 1.0 } else { 0.0 }).iter().zip(weights).map(|(p, w)| f64::from(p * w)).sum()
            })
            .collect();
        for hz in [60.0, 125.0, 700.0, 5000.0, 15_000.0] {
            let turn = |n: usize| Complex::from_polar(1.0, -std::f64::consts::TAU * hz * n as f64 / 48_000.0);
            let got: Complex<f64> = response.iter().enumerate().map(|(n, x)| turn(n) * *x).sum();
            assert!((got - filter.response(&weights, hz)).norm() < 1e-4);
        }
    }
}
