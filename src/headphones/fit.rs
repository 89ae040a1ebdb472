//! The second-order filter of one sample rate whose magnitude comes closest to that of another rate's filter.
//!
//! Least squares over decibels by Levenberg and Marquardt's method, in the coefficients themselves; their derivatives
//! are short. Steps that would leave the stable, minimum-phase filters are not taken.

use super::biquad::{Biquad, cookbook, phi, power};
use super::equaliser::Filter;

const POINTS: usize = 64;
/// Points around the filter's own frequency, up to 1.5 octaves away.
const NEAR: usize = 13;
const STEPS: usize = 16;
/// A filter this close to what is wanted, dB at worst, needs no fitting.
const GOOD_DB: f64 = 0.005;

/// Magnitudes to be met.
struct Wanted {
    /// sin²(ω/2) at the rate of the fit, and dB.
    points: Vec<(f64, f64)>,
}

type Coefficients = [f64; 5];

fn of(p: &Coefficients) -> Biquad {
    Biquad { b: [p[0], p[1], p[2]], a: [p[3], p[4]] }
}

/// Derivatives of [`power`] with respect to the coefficients.
fn slopes(c: [f64; 3], at: f64) -> [f64; 3] {
    let [c0, c1, c2] = c;
    let sum = 2.0 * (c0 + c1 + c2);
    [
        sum - 4.0 * at * (c1 + 4.0 * c2) + 16.0 * at * at * c2,
        sum - 4.0 * at * (c0 + c2),
        sum - 4.0 * at * (c1 + 4.0 * c0) + 16.0 * at * at * c0,
    ]
}

impl Wanted {
    fn new(reference: &Biquad, reference_hz: f64, centre_hz: f64, sample_rate: f64) -> Self {
        let top = (0.47 * sample_rate).min(20_000.0);
        let mut points = Vec::with_capacity(POINTS + NEAR);
        let mut add = |hz: f64| points.push((phi(hz, sample_rate), reference.gain_db(hz, reference_hz)));
        for i in 0..POINTS {
            add(20.0 * (top / 20.0).powf(i as f64 / (POINTS - 1) as f64));
        }
        for i in 0..NEAR {
            let hz = centre_hz * 2f64.powf(3.0 * i as f64 / (NEAR - 1) as f64 - 1.5);
            if hz < top {
                add(hz);
            }
        }
        Self { points }
    }

    fn off(&self, p: &Coefficients, (at, db): (f64, f64)) -> f64 {
        let q = of(p);
        10.0 * (power(q.b, at) / power([1.0, q.a[0], q.a[1]], at)).max(1e-30).log10() - db
    }

    /// The sum of squares.
    fn error(&self, p: &Coefficients) -> f64 {
        self.points.iter().map(|x| self.off(p, *x).powi(2)).sum()
    }

    /// The squares of the derivatives, and their products with what is off.
    fn normal(&self, p: &Coefficients) -> ([[f64; 5]; 5], [f64; 5]) {
        let q = of(p);
        let a = [1.0, q.a[0], q.a[1]];
        let to_db = 10.0 / std::f64::consts::LN_10;
        let (mut square, mut right) = ([[0.0; 5]; 5], [0.0; 5]);
        for point in &self.points {
            let off = self.off(p, *point);
            let (up, down) = (power(q.b, point.0).max(1e-30), power(a, point.0).max(1e-30));
            let (du, dd) = (slopes(q.b, point.0), slopes(a, point.0));
            let row = [du[0] / up, du[1] / up, du[2] / up, -dd[1] / down, -dd[2] / down].map(|x| x * to_db);
            for i in 0..5 {
                for j in 0..5 {
                    square[i][j] += row[i] * row[j];
                }
                right[i] -= row[i] * off;
            }
        }
        (square, right)
    }

    /// Improves a filter.
    fn improve(&self, start: Coefficients) -> (Coefficients, f64) {
        let mut p = start;
        let mut error = self.error(&p);
        let mut damping = 1e-3;
        for _ in 0..STEPS {
            let (square, right) = self.normal(&p);
            let mut better = false;
            for _ in 0..8 {
                let mut damped = square;
                for i in 0..5 {
                    damped[i][i] *= 1.0 + damping;
                }
                if let Some(step) = solve(damped, right) {
                    let next: Coefficients = std::array::from_fn(|i| p[i] + step[i]);
                    let next_error = self.error(&next);
                    if of(&next).is_sound() && next_error < error {
                        better = error - next_error > 1e-9 * error;
                        (p, error) = (next, next_error);
                        damping = (damping / 4.0).max(1e-9);
                        break;
                    }
                }
                damping *= 4.0;
            }
            if !better {
                break;
            }
        }
        (p, error)
    }
}

/// Gauss's elimination with pivots; `None` if there is no single solution.
fn solve(mut m: [[f64; 5]; 5], mut y: [f64; 5]) -> Option<[f64; 5]> {
    for i in 0..5 {
        let pivot = (i..5).max_by(|a, b| m[*a][i].abs().total_cmp(&m[*b][i].abs()))?;
        m.swap(i, pivot);
        y.swap(i, pivot);
        if m[i][i].abs() < 1e-200 || !m[i][i].is_finite() {
            return None;
        }
        for j in i + 1..5 {
            let k = m[j][i] / m[i][i];
            for c in i..5 {
                m[j][c] -= k * m[i][c];
            }
            y[j] -= k * y[i];
        }
    }
    for i in (0..5).rev() {
        let known: f64 = (i + 1..5).map(|c| m[i][c] * y[c]).sum();
        y[i] = (y[i] - known) / m[i][i];
    }
    y.iter().all(|x| x.is_finite()).then_some(y)
}

/// The filter of `sample_rate` closest to `reference` (of `reference_hz`). `near` is the filter meant, its frequency
/// within the rate's band.
pub(super) fn closest(reference: &Biquad, reference_hz: f64, near: &Filter, sample_rate: f64) -> Biquad {
    let wanted = Wanted::new(reference, reference_hz, near.frequency_hz, sample_rate);
    let plain = cookbook(near, sample_rate);
    let start = |q: &Biquad| [q.b[0], q.b[1], q.b[2], q.a[0], q.a[1]];
    let first = start(&plain);
    if wanted.points.iter().all(|x| wanted.off(&first, *x).abs() < GOOD_DB) {
        return plain;
    }
    let mut best = (first, wanted.error(&first));
    // A second start, broad and at the middle of the band, finds what the first misses where the filter's own frequency
    // lies at or beyond the end of the band.
    let broad =
        cookbook(&Filter { frequency_hz: near.frequency_hz.min(0.3 * sample_rate), q: 0.7, ..*near }, sample_rate);
    let flat = cookbook(
        &Filter { frequency_hz: 0.25 * sample_rate, q: 0.5, gain_db: 0.1 * near.gain_db, ..*near },
        sample_rate,
    );
    for q in [plain, broad, flat] {
        if q.is_sound() {
            let found = wanted.improve(start(&q));
            if found.1 < best.1 {
                best = found;
            }
        }
        // Half a tenth of a decibel rms: no other start would be heard.
        if best.1 < 0.0025 * wanted.points.len() as f64 {
            break;
        }
    }
    of(&best.0)
}
