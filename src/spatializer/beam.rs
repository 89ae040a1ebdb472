//! How loud a source sends in each direction.

use crate::coords::Vec3;
use crate::room::directivity::Directivity;

/// A first-order pattern, `a + (1 − a) cos θ`, and where it faces. Its sign is kept: behind a figure of eight the sound is
/// turned over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beam {
    /// The part that goes everywhere: 1 omnidirectional, 0.5 cardioid, 0 figure of eight.
    pub everywhere: f64,
    /// Where it faces, of length 1.
    pub facing: Vec3,
}

impl Default for Beam {
    fn default() -> Self {
        Self::OMNI
    }
}

impl Beam {
    /// Alike in all directions.
    pub const OMNI: Self = Self { everywhere: 1.0, facing: Vec3::new(1.0, 0.0, 0.0) };

    /// A pattern that faces in a direction of any length: `Beam::new(Directivity::Cardioid, listener - voice)`.
    pub fn new(pattern: Directivity, facing: Vec3) -> Self {
        Self { everywhere: pattern.omni_part(), facing: facing.direction() }
    }

    /// The gain towards a direction of length 1.
    pub fn gain(&self, direction: Vec3) -> f64 {
        self.everywhere + (1.0 - self.everywhere) * self.facing.dot(direction)
    }

    /// The part of an omnidirectional source's power that is sent in all directions together.
    pub fn power(&self) -> f64 {
        let a = self.everywhere;
        a * a + (1.0 - a) * (1.0 - a) / 3.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cardioid_is_deaf_behind_and_sends_a_third_of_the_power() {
        let beam = Beam { everywhere: 0.5, facing: Vec3::new(0.0, 1.0, 0.0) };
        assert_eq!([beam.gain(beam.facing), beam.gain(beam.facing * -1.0)], [1.0, 0.0]);
        assert!((beam.power() - 1.0 / 3.0).abs() < 1e-12);
    }
}
