//! What two ears have in common: the 2 × 2 matrix of their levels and of their coherence, and how to give one pair of
//! signals that of another with the least change.
//!
//! Vilkamo, Bäckström, Kuntz, "Optimized covariance domain framework for time-frequency processing of spatial audio",
//! J. Audio Eng. Soc. 61(6), 2013, pp. 403–411; used for binaural decoders by Zaunschirm, Schörkhuber, Höldrich,
//! "Binaural rendering of Ambisonic signals by head-related impulse response time alignment and a diffuseness
//! constraint", J. Acoust. Soc. Am. 143(6), 2018, pp. 3616–3627.

use rustfft::num_complex::Complex;

/// A complex number in double precision.
pub type C64 = Complex<f64>;
/// Two rows of two.
pub type Matrix2 = [[C64; 2]; 2];

/// Part of each level that is added to it, so that wholly coherent ears can be inverted (−80 dB).
const LOADING: f64 = 1e-8;

/// A covariance: the levels of both ears, and left times conjugated right.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Covariance {
    /// Power at the left ear.
    pub left: f64,
    /// Power at the right ear.
    pub right: f64,
    /// Left times conjugated right.
    pub cross: C64,
}

impl Covariance {
    /// Adds one pair of values of weight `weight`.
    pub fn add(&mut self, [l, r]: [C64; 2], weight: f64) {
        self.left += weight * l.norm_sqr();
        self.right += weight * r.norm_sqr();
        self.cross += l * r.conj() * weight;
    }

    /// The magnitude of the interaural coherence, 0 to 1.
    pub fn coherence(&self) -> f64 {
        self.cross.norm() / (self.left * self.right).sqrt().max(f64::MIN_POSITIVE)
    }

    /// The lower triangle `K` with `K Kᴴ` equal to this; `None` for silence.
    fn factor(&self) -> Option<Matrix2> {
        let both = self.left + self.right;
        if !(both > 1e-30 && both.is_finite()) {
            return None;
        }
        // The second term is for an ear that hears nothing.
        let load = |level: f64| LOADING * level + LOADING * LOADING * both;
        let a = (self.left + load(self.left)).sqrt();
        let b = self.cross.conj() / a;
        let c = (self.right + load(self.right) - b.norm_sqr()).max(load(self.right)).sqrt();
        Some([[a.into(), C64::default()], [b, c.into()]])
    }
}

/// The matrix that gives signals of covariance `have` the covariance `want` and changes them least; the identity where
/// either is silent.
pub fn match_covariance(have: &Covariance, want: &Covariance) -> Matrix2 {
    let one = C64::new(1.0, 0.0);
    let none = C64::default();
    let identity = [[one, none], [none, one]];
    let (Some(from), Some(to)) = (have.factor(), want.factor()) else { return identity };
    // M = K U K̂⁻¹; of all unitary U the polar factor of Kᴴ K̂ keeps M x nearest to x.
    let u = polar(product(hermitian(to), from));
    let [[a, _], [b, c]] = from;
    let inverse = [[one / a, none], [-b / (a * c), one / c]];
    product(product(to, u), inverse)
}

/// `a` times `b`.
pub fn product(a: Matrix2, b: Matrix2) -> Matrix2 {
    std::array::from_fn(|i| std::array::from_fn(|j| a[i][0] * b[0][j] + a[i][1] * b[1][j]))
}

fn hermitian(a: Matrix2) -> Matrix2 {
    std::array::from_fn(|i| std::array::from_fn(|j| a[j][i].conj()))
}

/// The nearest unitary matrix. As `A = U P` and, for two rows, `P + det(P) P⁻¹ = tr(P) 1`, it is `A` plus its
/// conjugated adjugate turned by the phase of its determinant, scaled.
fn polar(a: Matrix2) -> Matrix2 {
    let det = a[0][0] * a[1][1] - a[0][1] * a[1][0];
    let turn = if det.norm() > 0.0 { det / det.norm() } else { C64::new(1.0, 0.0) };
    let adjugate = hermitian([[a[1][1], -a[0][1]], [-a[1][0], a[0][0]]]);
    let sum: Matrix2 = std::array::from_fn(|i| std::array::from_fn(|j| a[i][j] + turn * adjugate[i][j]));
    let scale = (0.5 * sum.iter().flatten().map(C64::norm_sqr).sum::<f64>()).sqrt().max(f64::MIN_POSITIVE);
    sum.map(|row| row.map(|x| x / scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(matrix: Matrix2, c: &Covariance) -> Matrix2 {
        let full = [[c.left.into(), c.cross], [c.cross.conj(), c.right.into()]];
        product(product(matrix, full), hermitian(matrix))
    }

    #[test]
    fn the_wanted_covariance_is_had() {
        let cases = [(1.0, 2.0, 0.9, 0.3), (0.5, 0.5, 0.1, 2.0), (3.0, 1e-3, 0.99, -1.0), (1e-6, 2e-6, 0.5, 0.0)];
        let cov = |(left, right, coherence, phase): (f64, f64, f64, f64)| Covariance {
            left,
            right,
            cross: C64::from_polar(coherence * (left * right).sqrt(), phase),
        };
        for have in cases {
            for want in cases {
                let (have, want) = (cov(have), cov(want));
                let got = of(match_covariance(&have, &want), &have);
                let tolerance = 1e-5 * (want.left + want.right);
                assert!((got[0][0].re - want.left).abs() < tolerance, "{have:?} {want:?} {got:?}");
                assert!((got[1][1].re - want.right).abs() < tolerance, "{have:?} {want:?} {got:?}");
                assert!((got[0][1] - want.cross).norm() < tolerance, "{have:?} {want:?} {got:?}");
            }
        }
    }

    #[test]
    fn what_is_right_is_not_changed_and_silence_is_left_alone() {
        let c = Covariance { left: 1.0, right: 0.7, cross: C64::new(0.3, -0.5) };
        for (have, want) in [(c, c), (Covariance::default(), c), (c, Covariance::default())] {
            let m = match_covariance(&have, &want);
            for i in 0..2 {
                for j in 0..2 {
                    assert!((m[i][j] - C64::new(f64::from(i == j), 0.0)).norm() < 1e-9, "{m:?}");
                }
            }
        }
    }
}
