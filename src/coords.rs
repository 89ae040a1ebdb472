//! Positions, orientations and every conversion between conventions.
//!
//! Inside, everything is right-handed AES69: +x front, +y left, +z up, metres. Angles for people are degrees, azimuth
//! counter-clockwise seen from above. Other conventions are converted here and nowhere else.

use std::f64::consts::PI;
use std::ops::{Add, Mul, Neg, Sub};

/// A place or a direction, metres.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Vec3 {
    /// Front.
    pub x: f64,
    /// Left.
    pub y: f64,
    /// Up.
    pub z: f64,
}

impl Vec3 {
    /// The point (x, y, z).
    pub const fn new(x: f64, y: f64, z: f64) -> Self {
        Self { x, y, z }
    }

    /// From azimuth and elevation in degrees and a distance in metres.
    pub fn from_polar(azimuth: f64, elevation: f64, distance: f64) -> Self {
        let (a, e) = (azimuth * PI / 180.0, elevation * PI / 180.0);
        Self::new(distance * e.cos() * a.cos(), distance * e.cos() * a.sin(), distance * e.sin())
    }

    /// Azimuth in (−180, 180] degrees, elevation in degrees, distance in metres. The origin is straight ahead.
    pub fn to_polar(self) -> (f64, f64, f64) {
        let flat = self.x.hypot(self.y);
        (self.y.atan2(self.x) * 180.0 / PI, self.z.atan2(flat) * 180.0 / PI, self.norm())
    }

    /// The scalar product.
    pub fn dot(self, o: Self) -> f64 {
        self.x * o.x + self.y * o.y + self.z * o.z
    }

    /// The vector product.
    pub fn cross(self, o: Self) -> Self {
        Self::new(self.y * o.z - self.z * o.y, self.z * o.x - self.x * o.z, self.x * o.y - self.y * o.x)
    }

    /// The length.
    pub fn norm(self) -> f64 {
        self.dot(self).sqrt()
    }

    /// The direction, of length 1; straight ahead for the origin and for anything not finite.
    pub fn direction(self) -> Self {
        let n = self.norm();
        if n > 1e-12 && n.is_finite() { self * (1.0 / n) } else { Self::new(1.0, 0.0, 0.0) }
    }

    /// The straight line to `to`, `part` of the way.
    pub fn lerp(self, to: Self, part: f64) -> Self {
        self + (to - self) * part
    }

    /// True when all three are finite.
    pub fn is_finite(self) -> bool {
        self.x.is_finite() && self.y.is_finite() && self.z.is_finite()
    }
}

impl Add for Vec3 {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        Self::new(self.x + o.x, self.y + o.y, self.z + o.z)
    }
}

impl Sub for Vec3 {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        Self::new(self.x - o.x, self.y - o.y, self.z - o.z)
    }
}

impl Mul<f64> for Vec3 {
    type Output = Self;
    fn mul(self, k: f64) -> Self {
        Self::new(self.x * k, self.y * k, self.z * k)
    }
}

impl Neg for Vec3 {
    type Output = Self;
    fn neg(self) -> Self {
        self * -1.0
    }
}

/// A rotation as a unit quaternion; the identity looks along +x with +z up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rotation {
    /// The real part.
    pub w: f64,
    /// Along +x.
    pub x: f64,
    /// Along +y.
    pub y: f64,
    /// Along +z.
    pub z: f64,
}

impl Default for Rotation {
    fn default() -> Self {
        Self::IDENTITY
    }
}

impl Rotation {
    /// No rotation.
    pub const IDENTITY: Self = Self { w: 1.0, x: 0.0, y: 0.0, z: 0.0 };

    /// From a quaternion of any length; the identity if it is zero or not finite.
    pub fn from_quaternion(w: f64, x: f64, y: f64, z: f64) -> Self {
        let n = (w * w + x * x + y * y + z * z).sqrt();
        if n > 1e-12 && n.is_finite() { Self { w: w / n, x: x / n, y: y / n, z: z / n } } else { Self::IDENTITY }
    }

    /// A head turned left by `yaw`, then its nose up by `pitch`, then its right ear down by `roll`; degrees.
    pub fn from_yaw_pitch_roll(yaw: f64, pitch: f64, roll: f64) -> Self {
        let half = PI / 360.0;
        let about = |x: f64, y: f64, z: f64, degrees: f64| {
            let (s, c) = (degrees * half).sin_cos();
            Self { w: c, x: x * s, y: y * s, z: z * s }
        };
        // Nose up is a turn about −y, right ear down one about +x.
        about(0.0, 0.0, 1.0, yaw) * about(0.0, -1.0, 0.0, pitch) * about(1.0, 0.0, 0.0, roll)
    }

    /// Yaw, pitch and roll as [`Rotation::from_yaw_pitch_roll`] takes them: yaw and roll in (-180, 180], pitch in
    /// [-90, 90]. Straight up or down, where only their sum is defined, the roll is 0.
    pub fn yaw_pitch_roll(self) -> [f64; 3] {
        let nose = self.rotate(Vec3::new(1.0, 0.0, 0.0));
        let pitch = nose.z.clamp(-1.0, 1.0).asin();
        let level = nose.x.hypot(nose.y) > 1e-9;
        // Where the nose points up, the left ear still tells the heading.
        let left = self.rotate(Vec3::new(0.0, 1.0, 0.0));
        let yaw = if level { nose.y.atan2(nose.x) } else { (-left.x).atan2(left.y) };
        let degrees = 180.0 / PI;
        let unrolled = Self::from_yaw_pitch_roll(yaw * degrees, pitch * degrees, 0.0).inverse() * self;
        let roll = 2.0 * unrolled.x.atan2(unrolled.w);
        let turn = |r: f64| {
            if r > PI {
                r - 2.0 * PI
            } else if r <= -PI {
                r + 2.0 * PI
            } else {
                r
            }
        };
        [yaw, pitch, turn(roll)].map(|r| r * degrees)
    }

    /// The rotation that undoes this one.
    pub fn inverse(self) -> Self {
        Self { w: self.w, x: -self.x, y: -self.y, z: -self.z }
    }

    /// A vector given in the turned frame, in the outer one.
    pub fn rotate(self, v: Vec3) -> Vec3 {
        let q = Vec3::new(self.x, self.y, self.z);
        let t = q.cross(v) * 2.0;
        v + t * self.w + q.cross(t)
    }

    /// The shortest way to `to`, `part` of the way at constant angular speed.
    pub fn slerp(self, to: Self, part: f64) -> Self {
        let mut cos = self.w * to.w + self.x * to.x + self.y * to.y + self.z * to.z;
        let sign = if cos < 0.0 { -1.0 } else { 1.0 };
        cos *= sign;
        let (a, b) = if cos > 0.9995 {
            (1.0 - part, part)
        } else {
            let angle = cos.acos();
            (((1.0 - part) * angle).sin() / angle.sin(), (part * angle).sin() / angle.sin())
        };
        let b = b * sign;
        Self::from_quaternion(
            a * self.w + b * to.w,
            a * self.x + b * to.x,
            a * self.y + b * to.y,
            a * self.z + b * to.z,
        )
    }
}

impl Mul for Rotation {
    type Output = Self;
    fn mul(self, o: Self) -> Self {
        Self {
            w: self.w * o.w - self.x * o.x - self.y * o.y - self.z * o.z,
            x: self.w * o.x + self.x * o.w + self.y * o.z - self.z * o.y,
            y: self.w * o.y - self.x * o.z + self.y * o.w + self.z * o.x,
            z: self.w * o.z + self.x * o.y - self.y * o.x + self.z * o.w,
        }
    }
}

/// Where a head is and how it is turned.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pose {
    /// The middle of the head.
    pub position: Vec3,
    /// How it is turned.
    pub orientation: Rotation,
}

impl Pose {
    /// At a place, turned.
    pub const fn new(position: Vec3, orientation: Rotation) -> Self {
        Self { position, orientation }
    }

    /// At a place, looking along +x.
    pub const fn at(position: Vec3) -> Self {
        Self { position, orientation: Rotation::IDENTITY }
    }

    /// A point of the world as this head sees it.
    pub fn relative(&self, world: Vec3) -> Vec3 {
        self.orientation.inverse().rotate(world - self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: Vec3, b: Vec3) -> bool {
        (a - b).norm() < 1e-12
    }

    #[test]
    fn the_angles_of_a_rotation_are_those_it_was_made_of() {
        for angles in [[0.0, 0.0, 0.0], [30.0, 20.0, -10.0], [170.0, -80.0, 179.0], [-135.0, 45.0, -170.0]] {
            let [y, p, r] = angles;
            let back = Rotation::from_yaw_pitch_roll(y, p, r).yaw_pitch_roll();
            assert!(angles.iter().zip(back).all(|(a, b)| (a - b).abs() < 1e-9), "{angles:?} {back:?}");
        }
        let [yaw, pitch, roll] = Rotation::from_yaw_pitch_roll(40.0, 90.0, 0.0).yaw_pitch_roll();
        assert!((yaw - 40.0).abs() < 1e-5 && (pitch - 90.0).abs() < 1e-5 && roll.abs() < 1e-5, "{yaw} {pitch} {roll}");
    }

    #[test]
    fn ninety_degrees_is_left_and_up_is_up() {
        assert!(close(Vec3::from_polar(90.0, 0.0, 2.0), Vec3::new(0.0, 2.0, 0.0)));
        assert!(close(Vec3::from_polar(0.0, 90.0, 1.0), Vec3::new(0.0, 0.0, 1.0)));
        let (a, e, d) = Vec3::from_polar(-135.0, 20.0, 3.0).to_polar();
        assert!((a + 135.0).abs() < 1e-9 && (e - 20.0).abs() < 1e-9 && (d - 3.0).abs() < 1e-9);
    }

    #[test]
    fn a_head_turned_left_sees_the_front_at_its_right() {
        let head = Pose { position: Vec3::default(), orientation: Rotation::from_yaw_pitch_roll(90.0, 0.0, 0.0) };
        assert!(close(head.relative(Vec3::new(1.0, 0.0, 0.0)), Vec3::new(0.0, -1.0, 0.0)));
    }

    #[test]
    fn nose_up_lowers_the_front_and_right_ear_down_lifts_the_right() {
        let up = Pose { position: Vec3::default(), orientation: Rotation::from_yaw_pitch_roll(0.0, 30.0, 0.0) };
        assert!(up.relative(Vec3::new(1.0, 0.0, 0.0)).z < 0.0);
        let roll = Pose { position: Vec3::default(), orientation: Rotation::from_yaw_pitch_roll(0.0, 0.0, 30.0) };
        assert!(roll.relative(Vec3::new(0.0, -1.0, 0.0)).z > 0.0);
    }

    #[test]
    fn slerp_goes_the_short_way_at_constant_speed() {
        let a = Rotation::from_yaw_pitch_roll(170.0, 0.0, 0.0);
        let b = Rotation::from_yaw_pitch_roll(-170.0, 0.0, 0.0);
        let (yaw, _, _) = a.slerp(b, 0.25).rotate(Vec3::new(1.0, 0.0, 0.0)).to_polar();
        assert!((yaw - 175.0).abs() < 1e-9, "{yaw}");
    }
}
