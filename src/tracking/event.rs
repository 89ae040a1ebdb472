//! What a tracker says about the head, in this program's conventions.

use crate::coords::{Rotation, Vec3};

/// One of the three angles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Axis {
    /// Left.
    Yaw,
    /// Up.
    Pitch,
    /// Right ear down.
    Roll,
}

/// One thing a tracker said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HeadEvent {
    /// How the head is turned: w, x, y, z as sent, in the head's own conventions, of about unit length.
    Quaternion([f64; 4]),
    /// How the head is turned: yaw, pitch, roll, degrees.
    Angles([f64; 3]),
    /// How a *scene* is turned so that it stays where it is: the undoing of the head's turn, by yaw, then pitch, then roll
    /// about the scene's own axes; degrees.
    SceneAngles([f64; 3]),
    /// One angle of the head, the others stay; degrees.
    Angle(Axis, f64),
    /// One angle of a scene, the others stay; degrees.
    SceneAngle(Axis, f64),
    /// Where the head is, metres.
    Position(Vec3),
    /// Where the head is, metres, and how it is turned: yaw, pitch, roll, degrees.
    Pose(Vec3, [f64; 3]),
    /// Where the head looks now is ahead from here on.
    Recentre,
}

/// No angle is larger, degrees: beyond, something else is meant.
const MOST_DEGREES: f64 = 3600.0;
/// No head is farther away, metres.
const MOST_METRES: f64 = 100.0;
/// A quaternion's length may be off by this much: some senders round to three digits.
const LENGTH_TOLERANCE: f64 = 0.1;

fn sane(degrees: &[f64]) -> bool {
    degrees.iter().all(|d| d.abs() <= MOST_DEGREES)
}

impl HeadEvent {
    /// False if a number is not finite, a quaternion not near unit length, or an angle or a place beyond all reason.
    pub fn is_sane(&self) -> bool {
        let near = |p: &Vec3| p.is_finite() && p.norm() <= MOST_METRES;
        match self {
            Self::Quaternion(q) => {
                let length = q.iter().map(|x| x * x).sum::<f64>().sqrt();
                (length - 1.0).abs() <= LENGTH_TOLERANCE
            }
            Self::Angles(a) | Self::SceneAngles(a) => sane(a),
            Self::Angle(_, a) | Self::SceneAngle(_, a) => sane(&[*a]),
            Self::Position(p) => near(p),
            Self::Pose(p, a) => near(p) && sane(a),
            Self::Recentre => true,
        }
    }
}

/// The rotation of a head by its angles.
pub(super) fn of_angles([yaw, pitch, roll]: [f64; 3]) -> Rotation {
    Rotation::from_yaw_pitch_roll(yaw, pitch, roll)
}

/// The rotation of a head whose scene is turned by these angles.
pub(super) fn of_scene_angles(angles: [f64; 3]) -> Rotation {
    of_angles(angles).inverse()
}
