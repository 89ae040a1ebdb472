//! The lattice of image sources of a shoebox.
//!
//! Source: Allen and Berkley, J. Acoust. Soc. Am. 65(4), 1979, pp. 943–950.

use super::{BANDS, Bands};
use crate::coords::Vec3;

/// One image: how many times the sound is mirrored along each axis, with the sign of the side it comes from. All
/// zero is the source itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Image {
    /// x, y, z
    pub index: [i32; 3],
}

impl Image {
    /// Every image of up to `order`, the lowest order first: 1, 7, 25, 63, 129, ... in all.
    pub fn up_to(order: usize) -> Vec<Self> {
        let n = order as i32;
        let mut all = Vec::new();
        for x in -n..=n {
            let left = n - x.abs();
            for y in -left..=left {
                let left = left - y.abs();
                all.extend((-left..=left).map(|z| Self { index: [x, y, z] }));
            }
        }
        all.sort_by_key(|i| (i.order(), i.index));
        all
    }

    /// The number of reflections.
    pub fn order(&self) -> usize {
        self.index.iter().map(|n| n.unsigned_abs() as usize).sum()
    }

    /// Where the image of a source at `source` is, in a room of `size`.
    pub fn position(&self, size: [f64; 3], source: Vec3) -> Vec3 {
        let along = |n: i32, length: f64, s: f64| f64::from(n) * length + if n % 2 == 0 { s } else { length - s };
        let [x, y, z] = self.index;
        Vec3::new(along(x, size[0], source.x), along(y, size[1], source.y), along(z, size[2], source.z))
    }

    /// A direction in which the image sends, as the source itself sees it: mirrored along the axes with an odd number of
    /// reflections.
    pub fn seen_by_source(&self, direction: Vec3) -> Vec3 {
        let along = |n: i32, d: f64| if n % 2 == 0 { d } else { -d };
        let [x, y, z] = self.index;
        Vec3::new(along(x, direction.x), along(y, direction.y), along(z, direction.z))
    }

    /// Reflections at each wall, in the order of [`super::Wall::ALL`]: the wall on the image's side comes first.
    pub fn hits(&self) -> [u32; 6] {
        let mut hits = [0; 6];
        for (axis, n) in self.index.iter().enumerate() {
            let (far, near) = (n.unsigned_abs().div_ceil(2), n.unsigned_abs() / 2);
            let (low, high) = if *n > 0 { (near, far) } else { (far, near) };
            (hits[2 * axis], hits[2 * axis + 1]) = (low, high);
        }
        hits
    }

    /// What the walls leave of the pressure, band by band: `reflection` holds each wall's pressure reflection factor.
    pub fn reflection(&self, reflection: &[Bands; 6]) -> Bands {
        let mut gain = [1.0; BANDS];
        for (hits, wall) in self.hits().iter().zip(reflection) {
            for (g, r) in gain.iter_mut().zip(wall) {
                *g *= r.powi(*hits as i32);
            }
        }
        gain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lattice_has_the_known_numbers_of_images() {
        for (order, count) in [(0, 1), (1, 7), (2, 25), (3, 63), (17, 7175)] {
            assert_eq!(Image::up_to(order).len(), count);
        }
    }

    #[test]
    fn a_first_image_lies_behind_its_wall_and_hits_it_once() {
        let (size, s) = ([6.0, 5.0, 3.0], Vec3::new(1.0, 2.0, 0.5));
        let back = Image { index: [-1, 0, 0] };
        assert_eq!((back.position(size, s), back.hits()), (Vec3::new(-1.0, 2.0, 0.5), [1, 0, 0, 0, 0, 0]));
        let front = Image { index: [1, 0, 0] };
        assert_eq!((front.position(size, s), front.hits()), (Vec3::new(11.0, 2.0, 0.5), [0, 1, 0, 0, 0, 0]));
        let twice = Image { index: [0, 0, 2] };
        assert_eq!((twice.position(size, s).z, twice.hits()), (6.5, [0, 0, 0, 0, 1, 1]));
        assert_eq!(Image { index: [0, -3, 0] }.hits(), [0, 0, 2, 1, 0, 0]);
    }
}
