//! Real spherical harmonics: the gain of a direction in each channel of the bus.
//!
//! ACN order, SN3D gains, no Condon-Shortley phase (Nachbar, Zotter, Deleflie, Sontacchi, "AmbiX: a suggested
//! Ambisonics format", 3rd Ambisonics Symposium, 2011): every channel of degree `l` has gain 1 or less, and the squares
//! of all channels of one degree add up to 1.

use super::channels;
use crate::coords::Vec3;

/// Gains of a unit vector up to third order, 16 channels. A few dozen multiplications: for the audio thread, once a
/// path and block.
#[inline]
pub fn encode_third([x, y, z]: [f32; 3]) -> [f32; 16] {
    const R3: f32 = 1.732_050_8;
    const R15: f32 = 3.872_983_3;
    /// √(3/8)
    const R3_8: f32 = 0.612_372_4;
    /// √(5/8)
    const R5_8: f32 = 0.790_569_4;
    let (xx, yy, zz) = (x * x, y * y, z * z);
    let (xy, d, high) = (x * y, xx - yy, R3_8 * (5.0 * zz - 1.0));
    [
        1.0,
        y,
        z,
        x,
        R3 * xy,
        R3 * y * z,
        1.5 * zz - 0.5,
        R3 * x * z,
        0.5 * R3 * d,
        R5_8 * y * (3.0 * xx - yy),
        R15 * xy * z,
        high * y,
        z * (2.5 * zz - 1.5),
        high * x,
        0.5 * R15 * z * d,
        R5_8 * x * (xx - 3.0 * yy),
    ]
}

/// Gains of a direction up to `order` into the first `(order + 1)²` values of `gains`. The direction has any length;
/// the origin is straight ahead. Allocates nothing.
///
/// # Panics
/// Panics if `gains` is too short.
pub fn encode(order: usize, direction: Vec3, gains: &mut [f32]) {
    let gains = &mut gains[..channels(order)];
    evaluate(order, direction, |channel, y| gains[channel] = y as f32);
}

/// [`encode`] in double precision.
///
/// # Panics
/// Panics if `gains` is too short.
pub fn encode_f64(order: usize, direction: Vec3, gains: &mut [f64]) {
    let gains = &mut gains[..channels(order)];
    evaluate(order, direction, |channel, y| gains[channel] = y);
}

/// Hands out channel and gain, in no order.
///
/// With r = √(x² + y²), the harmonic is `Q(l, m; z)` times the real or imaginary part of `(x + jy)^m`, where Q is the
/// associated Legendre function with its norm and without its factor `r^m`. Q starts on the diagonal and goes up in
/// degree: `√((l+m)(l−m)) Q(l) = (2l−1) z Q(l−1) − √((l+m−1)(l−m−1)) Q(l−2)`, which is stable and has no pole.
fn evaluate(order: usize, direction: Vec3, mut put: impl FnMut(usize, f64)) {
    let Vec3 { x, y, z } = direction.direction();
    let (mut diagonal, mut cos, mut sin) = (1.0f64, 1.0f64, 0.0f64);
    for m in 0..=order {
        let mf = m as f64;
        if m > 0 {
            // √2 enters once: the norm is √(2 − δ(m)).
            diagonal *= if m == 1 { 1.0 } else { ((2.0 * mf - 1.0) / (2.0 * mf)).sqrt() };
            (cos, sin) = (cos * x - sin * y, cos * y + sin * x);
        }
        let (mut before, mut now) = (0.0, diagonal);
        for l in m..=order {
            if l > m {
                let lf = l as f64;
                let next = (2.0 * lf - 1.0) * z * now - ((lf + mf - 1.0) * (lf - mf - 1.0)).sqrt() * before;
                (before, now) = (now, next / ((lf + mf) * (lf - mf)).sqrt());
            }
            put(l * l + l + m, now * cos);
            if m > 0 {
                put(l * l + l - m, now * sin);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directions() -> Vec<Vec3> {
        let mut v: Vec<Vec3> = (0..200)
            .map(|i| Vec3::from_polar(f64::from(i) * 137.5, (f64::from(i) / 100.0 - 1.0).asin().to_degrees(), 1.0))
            .collect();
        v.extend([Vec3::new(0.0, 0.0, 1.0), Vec3::new(0.0, 0.0, -1.0), Vec3::new(0.0, 1.0, 0.0)]);
        v
    }

    /// By definition: `√((2 − δ) (l−|m|)! / (l+|m|)!) P(l, |m|; sin φ) cos or sin (|m| θ)`, the associated Legendre
    /// function as `(1 − z²)^(m/2)` times the m-th derivative of Rodrigues' formula.
    fn literal(l: usize, m: i32, azimuth: f64, elevation: f64) -> f64 {
        let am = m.unsigned_abs() as usize;
        // Coefficients of (z² − 1)^l, then l + m derivatives.
        let mut p = vec![0.0f64; 2 * l + 1];
        let factorial = |n: usize| (1..=n).map(|k| k as f64).product::<f64>();
        for k in 0..=l {
            let binomial = factorial(l) / (factorial(k) * factorial(l - k));
            p[2 * k] = binomial * if (l - k).is_multiple_of(2) { 1.0 } else { -1.0 };
        }
        for _ in 0..l + am {
            p = p.iter().enumerate().skip(1).map(|(k, c)| c * k as f64).collect();
        }
        let z = elevation.sin();
        let derivative: f64 = p.iter().enumerate().map(|(k, c)| c * z.powi(k as i32)).sum();
        let legendre = elevation.cos().powi(am as i32) * derivative / (2.0f64.powi(l as i32) * factorial(l));
        let norm = if am == 0 { 1.0 } else { (2.0 * factorial(l - am) / factorial(l + am)).sqrt() };
        let turn = if m < 0 { (am as f64 * azimuth).sin() } else { (am as f64 * azimuth).cos() };
        norm * legendre * turn
    }

    #[test]
    fn harmonics_are_their_definition() {
        for order in 0..=10 {
            let mut got = vec![0.0; channels(order)];
            for d in directions() {
                let (az, el, _) = d.to_polar();
                encode_f64(order, d * 3.0, &mut got);
                for l in 0..=order {
                    for m in -(l as i32)..=l as i32 {
                        let want = literal(l, m, az.to_radians(), el.to_radians());
                        let got = got[((l * l + l) as i32 + m) as usize];
                        assert!((got - want).abs() < 1e-8, "{l} {m} at {az} {el}: {got} {want}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_fast_way_is_the_general_one() {
        let mut want = [0.0f32; 16];
        for d in directions() {
            encode(3, d, &mut want);
            let got = encode_third([d.x as f32, d.y as f32, d.z as f32]);
            for (g, w) in got.iter().zip(want) {
                assert!((g - w).abs() < 2e-6, "{d:?}: {got:?} {want:?}");
            }
        }
    }

    #[test]
    fn harmonics_are_orthogonal_and_each_degree_has_energy_one() {
        // Gauss-Legendre in height by Newton's method, equal steps in azimuth: exact for products up to order 7.
        let n = 16;
        let c = channels(7);
        let mut gram = vec![0.0f64; c * c];
        let mut y = vec![0.0f64; c];
        for i in 0..n {
            let mut z = (std::f64::consts::PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
            let mut slope = 0.0;
            for _ in 0..50 {
                let (mut a, mut b) = (1.0, z);
                for k in 2..=n {
                    let k = k as f64;
                    (a, b) = (b, ((2.0 * k - 1.0) * z * b - (k - 1.0) * a) / k);
                }
                slope = n as f64 * (z * b - a) / (z * z - 1.0);
                z -= b / slope;
            }
            let weight = 1.0 / ((1.0 - z * z) * slope * slope) / 32.0;
            for k in 0..32 {
                encode_f64(7, Vec3::from_polar(360.0 * f64::from(k) / 32.0, z.asin().to_degrees(), 1.0), &mut y);
                for l in 0..=7 {
                    let sum: f64 = y[l * l..(l + 1) * (l + 1)].iter().map(|y| y * y).sum();
                    assert!((sum - 1.0).abs() < 1e-12);
                }
                for a in 0..c {
                    for b in 0..c {
                        gram[a * c + b] += weight * y[a] * y[b];
                    }
                }
            }
        }
        for a in 0..c {
            for b in 0..c {
                let want = if a == b { 1.0 / (2 * crate::ambisonics::degree(a) + 1) as f64 } else { 0.0 };
                assert!((gram[a * c + b] - want).abs() < 1e-12, "{a} {b}: {}", gram[a * c + b]);
            }
        }
    }

    #[test]
    fn what_has_no_direction_is_in_front() {
        let (mut a, mut b) = ([0.0; 16], [0.0; 16]);
        encode(3, Vec3::new(1.0, 0.0, 0.0), &mut a);
        for d in [Vec3::default(), Vec3::new(f64::NAN, 0.0, 0.0)] {
            encode(3, d, &mut b);
            assert_eq!(a, b);
        }
    }
}
