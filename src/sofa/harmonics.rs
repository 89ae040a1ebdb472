//! Spherical harmonics: sets that are kept as coefficients of a continuous function of direction.
//!
//! AES69 keeps them as emitters of the type "spherical harmonics": `(order + 1)²` coefficients in ACN order of the
//! real, orthonormal harmonics without the Condon-Shortley phase (its tools agree on that). The function is evaluated
//! on rings of directions fine enough for the order.

use super::container::MAX_VALUES;
use super::finding::Finding;
use super::fir::Filters;
use super::places::{Vec3, from_angles};
use crate::error::{Error, Result};

/// Multiplications that one set may ask for: a few seconds.
const MAX_WORK: u64 = 20_000_000_000;

/// Coefficients to filters on a grid of directions at `distance`. Returns the filters and their places.
pub(crate) fn expand(
    coefficients: &Filters,
    distance: f64,
    findings: &mut Vec<Finding>,
) -> Result<(Filters, Vec<Vec3>)> {
    let (e, row) = (coefficients.emitters, 2 * coefficients.taps);
    let order = e.isqrt() - 1;
    if (order + 1) * (order + 1) != e {
        return Err(Error::malformed(format!("{e} spherical harmonics are not 1, 4, 9, 16, ... coefficients")));
    }
    if coefficients.measurements != 1 {
        return Err(Error::unsupported(format!(
            "spherical harmonics for {} measurements do not say which one to use",
            coefficients.measurements
        )));
    }
    let delay = coefficients.delays[0];
    if coefficients.delays.iter().any(|d| *d != delay) {
        return Err(Error::unsupported("Data.Delay differs between spherical harmonics"));
    }
    // At least as fine as the order can tell apart, and fine enough for look-up by neighbours.
    let step = (90.0 / (order + 1) as f64).min(5.0);
    let rings = (180.0 / step).ceil() as usize;
    let mut angles = vec![(0.0, -90.0)];
    for ring in 1..rings {
        let elevation = -90.0 + 180.0 * ring as f64 / rings as f64;
        angles.extend((0..2 * rings).map(|i| (180.0 * i as f64 / rings as f64, elevation)));
    }
    angles.push((0.0, 90.0));
    let directions = angles.len();
    let values = directions.saturating_mul(row);
    if values > MAX_VALUES || (values as u64).saturating_mul(e as u64) > MAX_WORK {
        return Err(Error::limit(format!(
            "spherical harmonics of order {order} with {} samples ask for too much",
            coefficients.taps
        )));
    }
    let mut irs = vec![0f32; directions * row];
    let mut places = Vec::with_capacity(directions);
    let mut basis = vec![0f64; e];
    for (&(azimuth, elevation), out) in angles.iter().zip(irs.chunks_exact_mut(row)) {
        let (azimuth, elevation) = (f64::to_radians(azimuth), f64::to_radians(elevation));
        evaluate(order, azimuth, elevation, &mut basis);
        for (&y, coefficient) in basis.iter().zip(coefficients.irs.chunks_exact(row)) {
            let y = y as f32;
            out.iter_mut().zip(coefficient).for_each(|(o, &c)| *o += y * c);
        }
        places.push(from_angles(azimuth, elevation, distance));
    }
    findings.push(Finding::info(
        "spherical-harmonics",
        format!("the set is kept as spherical harmonics of order {order}; evaluated in {directions} directions"),
    ));
    let filters = Filters {
        sample_rate: coefficients.sample_rate,
        taps: coefficients.taps,
        measurements: directions,
        emitters: 1,
        irs,
        delays: vec![delay; directions],
    };
    Ok((filters, places))
}

/// The real orthonormal spherical harmonics up to `order` in ACN order, without the Condon-Shortley phase; radians.
fn evaluate(order: usize, azimuth: f64, elevation: f64, out: &mut [f64]) {
    let (z, r) = elevation.sin_cos();
    // Associated Legendre functions with their norm, by the usual stable recursion: up the diagonal, then in degree.
    let mut diagonal = (1.0 / (4.0 * std::f64::consts::PI)).sqrt();
    for m in 0..=order {
        if m > 0 {
            diagonal *= r * ((2 * m + 1) as f64 / (2 * m) as f64).sqrt();
        }
        let (sin, cos) = (m as f64 * azimuth).sin_cos();
        let scale = if m == 0 { 1.0 } else { std::f64::consts::SQRT_2 };
        let (mut before, mut now) = (0.0, diagonal);
        for l in m..=order {
            if l > m {
                let (lf, mf) = (l as f64, m as f64);
                let a = ((4.0 * lf * lf - 1.0) / (lf * lf - mf * mf)).sqrt();
                let b = (((lf - 1.0) * (lf - 1.0) - mf * mf) / (4.0 * (lf - 1.0) * (lf - 1.0) - 1.0)).sqrt();
                (before, now) = (now, a * (z * now - b * before));
            }
            out[l * l + l + m] = scale * now * cos;
            out[l * l + l - m] = if m == 0 { now } else { scale * now * sin };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_orders_are_their_formulas() {
        let (az, el) = (0.7f64, -0.4f64);
        let [x, y, z] = from_angles(az, el, 1.0);
        let mut out = [0.0; 9];
        evaluate(2, az, el, &mut out);
        let pi = std::f64::consts::PI;
        let first = (3.0 / (4.0 * pi)).sqrt();
        let second = (15.0 / (4.0 * pi)).sqrt();
        let want = [
            (1.0 / (4.0 * pi)).sqrt(),
            first * y,
            first * z,
            first * x,
            second * x * y,
            second * y * z,
            (5.0 / (16.0 * pi)).sqrt() * (3.0 * z * z - 1.0),
            second * x * z,
            second / 2.0 * (x * x - y * y),
        ];
        for (k, (a, b)) in out.iter().zip(want).enumerate() {
            assert!((a - b).abs() < 1e-12, "{k}: {a} {b}");
        }
    }

    #[test]
    fn high_orders_stay_orthonormal_at_every_direction() {
        // Addition theorem: the squares of all harmonics of degree l sum to (2 l + 1) / 4 pi.
        let order = 35;
        let mut out = vec![0.0; (order + 1) * (order + 1)];
        evaluate(order, 2.1, 1.2, &mut out);
        for l in 0..=order {
            let sum: f64 = out[l * l..(l + 1) * (l + 1)].iter().map(|v| v * v).sum();
            assert!((sum * 4.0 * std::f64::consts::PI / (2 * l + 1) as f64 - 1.0).abs() < 1e-10);
        }
    }
}
