//! Matrices that turn a sound field: real spherical harmonics of one degree go over into each other.
//!
//! The matrix of degree 1 is the rotation itself; each further degree follows from the one before and from degree 1
//! (Ivanic and Ruedenberg, "Rotation matrices for real spherical harmonics", J. Phys. Chem. 100, 1996, pp. 6342–6347,
//! with the correction in 102, 1998, pp. 9099–9100).

use super::MAX_ORDER;
use crate::coords::{Rotation, Vec3};

/// Numbers in all blocks up to [`MAX_ORDER`]: Σ (2l + 1)².
const VALUES: usize = first(MAX_ORDER + 1);

/// Where the block of degree `l` begins: Σ (2k + 1)² for k < l.
const fn first(l: usize) -> usize {
    // Σ (2k + 1)² = l (4 l² − 1) / 3, without going below zero for l = 0.
    (4 * l * l * l - l) / 3
}

/// A block-diagonal rotation of a bus, a square block for each degree.
#[derive(Clone, Debug, PartialEq)]
pub struct RotationMatrices {
    order: usize,
    values: [f32; VALUES],
}

impl RotationMatrices {
    /// No rotation, up to `order` (at most [`MAX_ORDER`]).
    pub fn new(order: usize) -> Self {
        let mut new = Self { order: order.min(MAX_ORDER), values: [0.0; VALUES] };
        new.set(Rotation::IDENTITY);
        new
    }

    /// The order.
    pub fn order(&self) -> usize {
        self.order
    }

    /// The block of one degree by rows, `[2l + 1][2l + 1]`: channel `m` of the turned field is row `l + m` times the
    /// channels of the field.
    pub fn degree(&self, l: usize) -> &[f32] {
        &self.values[first(l)..first(l + 1)]
    }

    /// The matrices that turn the field by `rotation`: a sound from direction `d` then comes from `rotation.rotate(d)`.
    /// For a turned head that is the inverse of its orientation. Allocates nothing.
    pub fn set(&mut self, rotation: Rotation) {
        let mut v = [0.0f64; VALUES];
        v[0] = 1.0;
        // Columns are where the axes go; channels of degree 1 are y, z, x.
        let axes = [Vec3::new(0.0, 1.0, 0.0), Vec3::new(0.0, 0.0, 1.0), Vec3::new(1.0, 0.0, 0.0)];
        if self.order >= 1 {
            for (column, axis) in axes.into_iter().enumerate() {
                let to = rotation.rotate(axis);
                (v[1 + column], v[4 + column], v[7 + column]) = (to.y, to.z, to.x);
            }
        }
        for l in 2..=self.order {
            let (low, high) = v.split_at_mut(first(l));
            next_degree(l as i32, &low[1..10], &low[first(l - 1)..], &mut high[..(2 * l + 1) * (2 * l + 1)]);
        }
        for (to, from) in self.values.iter_mut().zip(v) {
            *to = from as f32;
        }
    }
}

/// The block of degree `l` from those of degree 1 and `l − 1`; names as in the paper's table 2, m for the row.
fn next_degree(l: i32, one: &[f64], before: &[f64], block: &mut [f64]) {
    let r1 = |i: i32, j: i32| one[((i + 1) * 3 + j + 1) as usize];
    let rl = |a: i32, b: i32| before[((a + l - 1) * (2 * l - 1) + b + l - 1) as usize];
    let p = |i: i32, a: i32, n: i32| {
        if n == -l {
            r1(i, 1) * rl(a, 1 - l) + r1(i, -1) * rl(a, l - 1)
        } else if n == l {
            r1(i, 1) * rl(a, l - 1) - r1(i, -1) * rl(a, 1 - l)
        } else {
            r1(i, 0) * rl(a, n)
        }
    };
    let root2 = std::f64::consts::SQRT_2;
    for m in -l..=l {
        let am = m.abs();
        for n in -l..=l {
            let under = f64::from(if n.abs() == l { 2 * l * (2 * l - 1) } else { (l + n) * (l - n) });
            let part = |x: i32| (f64::from(x) / under).sqrt();
            let mut sum = 0.0;
            if am < l {
                sum += part((l + m) * (l - m)) * p(0, m, n);
            }
            let v = match m {
                0 => -root2 * (p(1, 1, n) + p(-1, -1, n)),
                1 => root2 * p(1, 0, n),
                -1 => root2 * p(-1, 0, n),
                m if m > 0 => p(1, m - 1, n) - p(-1, 1 - m, n),
                _ => p(1, m + 1, n) + p(-1, -m - 1, n),
            };
            sum += 0.5 * part((l + am - 1) * (l + am)) * v;
            if m != 0 && am < l - 1 {
                let w = if m > 0 { p(1, m + 1, n) + p(-1, -m - 1, n) } else { p(1, m - 1, n) - p(-1, 1 - m, n) };
                sum -= 0.5 * part((l - am - 1) * (l - am)) * w;
            }
            block[((m + l) * (2 * l + 1) + n + l) as usize] = sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambisonics::{MAX_CHANNELS, channels, degree, encode};

    fn rotations() -> Vec<Rotation> {
        let mut v: Vec<Rotation> = (0..20)
            .map(|i| {
                let i = f64::from(i);
                Rotation::from_yaw_pitch_roll(i * 71.0, (i * 37.0) % 180.0 - 90.0, i * 113.0)
            })
            .collect();
        v.extend([Rotation::IDENTITY, Rotation::from_yaw_pitch_roll(180.0, 0.0, 0.0)]);
        v.extend([Rotation::from_yaw_pitch_roll(0.0, 90.0, 0.0), Rotation::from_yaw_pitch_roll(0.0, 0.0, 180.0)]);
        v
    }

    fn apply(r: &RotationMatrices, x: &[f32]) -> Vec<f32> {
        (0..channels(r.order()))
            .map(|c| {
                let (l, n) = (degree(c), 2 * degree(c) + 1);
                let row = &r.degree(l)[(c - l * l) * n..][..n];
                row.iter().zip(&x[l * l..]).map(|(a, b)| a * b).sum()
            })
            .collect()
    }

    #[test]
    fn a_turned_direction_has_the_turned_gains() {
        for order in 0..=MAX_ORDER {
            let mut matrices = RotationMatrices::new(order);
            let (mut x, mut want) = ([0.0; MAX_CHANNELS], [0.0; MAX_CHANNELS]);
            for rotation in rotations() {
                matrices.set(rotation);
                for i in 0..30 {
                    let d = Vec3::from_polar(f64::from(i) * 137.5, f64::from(i) * 6.0 - 88.0, 1.0);
                    encode(order, d, &mut x);
                    encode(order, rotation.rotate(d), &mut want);
                    for (c, y) in apply(&matrices, &x).iter().enumerate() {
                        assert!((y - want[c]).abs() < 1e-5, "order {order}, channel {c}: {y} {}", want[c]);
                    }
                }
            }
        }
    }

    #[test]
    fn two_turns_are_the_turn_that_they_make() {
        let x: Vec<f32> = (0..64).map(|i| ((i * 37 % 23) as f32 - 11.0) / 11.0).collect();
        let (mut a, mut b, mut ab) = (RotationMatrices::new(7), RotationMatrices::new(7), RotationMatrices::new(7));
        for pair in rotations().windows(2) {
            a.set(pair[0]);
            b.set(pair[1]);
            ab.set(pair[0] * pair[1]);
            let (two, one) = (apply(&a, &apply(&b, &x)), apply(&ab, &x));
            for (two, one) in two.iter().zip(one) {
                assert!((two - one).abs() < 2e-5, "{two} {one}");
            }
        }
    }
}
