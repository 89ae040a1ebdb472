//! How a source sends its sound into the directions: first-order patterns, the same in all bands.
//!
//! A pattern is `a + (1 − a) cos θ`, θ the angle from where the source faces. Its gain straight ahead is 1.

/// The pattern of a source.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Directivity {
    /// The same everywhere.
    #[default]
    Omni,
    /// −8 dB at the back.
    Subcardioid,
    /// Nothing at the back.
    Cardioid,
    /// Nothing at 126° off the front.
    Supercardioid,
    /// Nothing at 109.5°; the least power into the room.
    Hypercardioid,
    /// Nothing at the sides, and the back is inverted.
    Figure8,
}

impl Directivity {
    /// All of them, widest first.
    pub const ALL: [Self; 6] =
        [Self::Omni, Self::Subcardioid, Self::Cardioid, Self::Supercardioid, Self::Hypercardioid, Self::Figure8];

    /// Its name in scene files.
    pub fn name(self) -> &'static str {
        ["omni", "subcardioid", "cardioid", "supercardioid", "hypercardioid", "figure8"][self as usize]
    }

    /// The pattern of that name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.name() == name)
    }

    /// The part that goes everywhere, `a`.
    pub fn omni_part(self) -> f64 {
        [1.0, 0.7, 0.5, 0.37, 0.25, 0.0][self as usize]
    }

    /// Gain towards a direction; `cos_angle` is the cosine of its angle from where the source faces. Negative where the
    /// pattern inverts the sound. May be called on the audio thread.
    #[inline]
    pub fn gain(self, cos_angle: f64) -> f64 {
        let a = self.omni_part();
        a + (1.0 - a) * cos_angle
    }

    /// Power sent into all directions together, against that of an omnidirectional source: the mean of `gain²` over the
    /// sphere, `a² + (1 − a)²/3`. What the late field gets of the source. May be called on the audio thread.
    pub fn diffuse_power(self) -> f64 {
        let a = self.omni_part();
        a * a + (1.0 - a) * (1.0 - a) / 3.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_is_1_and_the_nulls_are_where_they_belong() {
        for d in Directivity::ALL {
            assert!((d.gain(1.0) - 1.0).abs() < 1e-12, "{}", d.name());
            assert_eq!(Directivity::find(d.name()), Some(d));
        }
        let at = |d: Directivity, degrees: f64| d.gain(degrees.to_radians().cos());
        assert!(at(Directivity::Cardioid, 180.0).abs() < 1e-12);
        assert!(at(Directivity::Figure8, 90.0).abs() < 1e-12);
        assert!(at(Directivity::Hypercardioid, 109.47).abs() < 1e-4);
        assert!(at(Directivity::Supercardioid, 126.0).abs() < 2e-3);
        assert!((at(Directivity::Figure8, 180.0) + 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_diffuse_power_is_the_mean_over_the_sphere() {
        for d in Directivity::ALL {
            // Equal steps of the cosine are equal areas of the sphere.
            let n = 10_000;
            let mean = (0..n).map(|i| d.gain(2.0 * (f64::from(i) + 0.5) / f64::from(n) - 1.0).powi(2)).sum::<f64>();
            assert!((mean / f64::from(n) - d.diffuse_power()).abs() < 1e-6, "{}", d.name());
        }
        assert!((Directivity::Hypercardioid.diffuse_power() - 0.25).abs() < 1e-12);
    }
}
