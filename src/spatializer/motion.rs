//! Where a source or a head is, as a function of time. Evaluated on the audio thread: nothing here allocates.

use crate::coords::{Pose, Vec3};
use crate::error::{Error, Result};
use std::sync::Arc;

/// One key of a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PathKey<T> {
    /// Seconds.
    pub t: f64,
    /// The value at that time.
    pub value: T,
}

/// A way through keys: before the first the first, after the last the last, between them interpolated.
#[derive(Clone, Debug, PartialEq)]
pub struct Path<T> {
    keys: Vec<PathKey<T>>,
}

/// A head's way: positions go straight, orientations turn at constant speed.
pub type PosePath = Path<Pose>;

/// Nobody means a place farther away, metres; and the squares of much larger numbers overflow.
pub const FARTHEST_M: f64 = 1e7;

/// Nobody means a turn that takes less, seconds.
const SHORTEST_TURN_S: f64 = 1e-3;

/// True for places that can be meant: finite, and within 10 000 km.
pub fn is_meant(place: Vec3) -> bool {
    [place.x, place.y, place.z].iter().all(|x| x.abs() <= FARTHEST_M)
}

/// What a path can be made of.
pub trait Between: Copy {
    /// `part` of the way from `self` to `to`.
    fn between(self, to: Self, part: f64) -> Self;
    /// True when every number is finite, and places are within 10 000 km.
    fn is_finite(&self) -> bool;
}

impl Between for Vec3 {
    fn between(self, to: Self, part: f64) -> Self {
        self.lerp(to, part)
    }
    fn is_finite(&self) -> bool {
        is_meant(*self)
    }
}

impl Between for Pose {
    fn between(self, to: Self, part: f64) -> Self {
        Self {
            position: self.position.lerp(to.position, part),
            orientation: self.orientation.slerp(to.orientation, part),
        }
    }
    fn is_finite(&self) -> bool {
        let q = self.orientation;
        is_meant(self.position) && [q.w, q.x, q.y, q.z].iter().all(|x| x.is_finite())
    }
}

impl<T: Between> Path<T> {
    /// A path through `keys`.
    ///
    /// # Errors
    /// `Argument` if there are none, if a value is not finite, or if times do not rise.
    pub fn new(keys: Vec<PathKey<T>>) -> Result<Self> {
        if keys.is_empty() {
            return Err(Error::argument("a path needs at least one key"));
        }
        if let Some(i) = keys.iter().position(|k| !k.t.is_finite() || !k.value.is_finite()) {
            return Err(Error::argument(format!("key {i} of the path is not finite, or beyond 10 000 km")));
        }
        if let Some(i) = (1..keys.len()).find(|i| keys[*i].t <= keys[i - 1].t) {
            return Err(Error::argument(format!(
                "key {i} of the path is at {} s, not after the one before it at {} s",
                keys[i].t,
                keys[i - 1].t
            )));
        }
        Ok(Self { keys })
    }

    /// The same from `(seconds, value)`.
    ///
    /// # Errors
    /// As [`Path::new`].
    pub fn through(keys: impl IntoIterator<Item = (f64, T)>) -> Result<Self> {
        Self::new(keys.into_iter().map(|(t, value)| PathKey { t, value }).collect())
    }

    /// The keys.
    pub fn keys(&self) -> &[PathKey<T>] {
        &self.keys
    }

    /// The value at `t` seconds.
    pub fn at(&self, t: f64) -> T {
        let after = self.keys.partition_point(|k| k.t <= t);
        match (after.checked_sub(1).map(|i| &self.keys[i]), self.keys.get(after)) {
            (Some(a), Some(b)) => a.value.between(b.value, (t - a.t) / (b.t - a.t)),
            (Some(only), None) | (None, Some(only)) => only.value,
            (None, None) => unreachable!("a path has a key"),
        }
    }

    /// True if nothing changes from `t` seconds on.
    pub fn is_over(&self, t: f64) -> bool {
        self.keys.last().is_none_or(|k| t >= k.t)
    }
}

/// Where a source is, in seconds of the engine's clock.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub enum Motion {
    /// In one place.
    Still(Vec3),
    /// On a circle about a vertical axis.
    Orbit {
        /// A point of the axis.
        centre: Vec3,
        /// The place at time 0, from the centre.
        start: Vec3,
        /// Seconds for one turn counter-clockwise; negative turns clockwise.
        seconds_per_turn: f64,
    },
    /// Along a path.
    Path(Arc<Path<Vec3>>),
}

impl Motion {
    /// Along a straight line from place to place, `(seconds, place)`.
    ///
    /// # Errors
    /// As [`Path::new`].
    pub fn path(keys: impl IntoIterator<Item = (f64, Vec3)>) -> Result<Self> {
        Ok(Self::Path(Arc::new(Path::through(keys)?)))
    }

    /// Every place on the way is within the convex hull of these.
    #[cfg(feature = "files")]
    pub(crate) fn corners(&self) -> Vec<Vec3> {
        match self {
            Self::Still(p) => vec![*p],
            Self::Orbit { centre, start, .. } => {
                let (out, up) = (start.x.hypot(start.y), Vec3::new(0.0, 0.0, start.z));
                let corner = |x: f64, y: f64| *centre + up + Vec3::new(x * out, y * out, 0.0);
                vec![corner(1.0, 1.0), corner(1.0, -1.0), corner(-1.0, 1.0), corner(-1.0, -1.0)]
            }
            Self::Path(path) => path.keys().iter().map(|k| k.value).collect(),
        }
    }

    /// The place at `t` seconds.
    pub fn at(&self, t: f64) -> Vec3 {
        match self {
            Self::Still(p) => *p,
            Self::Orbit { centre, start, seconds_per_turn } => {
                let (s, c) = (std::f64::consts::TAU * (t / seconds_per_turn).fract()).sin_cos();
                *centre + Vec3::new(start.x * c - start.y * s, start.x * s + start.y * c, start.z)
            }
            Self::Path(path) => path.at(t),
        }
    }

    /// True if the place changes after `t` seconds.
    pub fn moves(&self, t: f64) -> bool {
        match self {
            Self::Still(_) => false,
            Self::Orbit { .. } => true,
            Self::Path(path) => !path.is_over(t),
        }
    }

    /// # Errors
    /// `Argument` if a number in it is not finite, or an orbit stands still.
    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Self::Still(p) if !is_meant(*p) => Err(Error::argument("a position must be finite and within 10 000 km")),
            Self::Orbit { centre, start, .. } if !(is_meant(*centre) && is_meant(*start)) => {
                Err(Error::argument("an orbit must be finite and within 10 000 km"))
            }
            Self::Orbit { seconds_per_turn, .. }
                if !(seconds_per_turn.is_finite() && seconds_per_turn.abs() >= SHORTEST_TURN_S) =>
            {
                Err(Error::argument("the seconds for one turn must be finite and no less than a thousandth"))
            }
            _ => Ok(()),
        }
    }
}

/// Where the head is, in seconds of the engine's clock.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub enum HeadMotion {
    /// In one pose.
    Still(Pose),
    /// Along a path.
    Path(Arc<PosePath>),
}

impl HeadMotion {
    /// From pose to pose, `(seconds, pose)`.
    ///
    /// # Errors
    /// As [`Path::new`].
    pub fn path(keys: impl IntoIterator<Item = (f64, Pose)>) -> Result<Self> {
        Ok(Self::Path(Arc::new(Path::through(keys)?)))
    }

    /// Every place on the way is within the convex hull of these.
    #[cfg(feature = "files")]
    pub(crate) fn corners(&self) -> Vec<Vec3> {
        match self {
            Self::Still(p) => vec![p.position],
            Self::Path(path) => path.keys().iter().map(|k| k.value.position).collect(),
        }
    }

    /// The pose at `t` seconds.
    pub fn at(&self, t: f64) -> Pose {
        match self {
            Self::Still(p) => *p,
            Self::Path(path) => path.at(t),
        }
    }

    /// True if the pose changes after `t` seconds.
    pub fn moves(&self, t: f64) -> bool {
        match self {
            Self::Still(_) => false,
            Self::Path(path) => !path.is_over(t),
        }
    }
}

/// A jump spread over time: from where it was to wherever the motion is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Glide<T> {
    from: T,
    start: f64,
    frames: f64,
}

impl<T: Between> Glide<T> {
    pub(crate) fn new(from: T, start: f64, frames: f64) -> Self {
        Self { from, start, frames }
    }

    /// The value at `frame` when the motion says `to`.
    pub(crate) fn at(&self, frame: f64, to: T) -> T {
        let part = (frame - self.start) / self.frames;
        if part >= 1.0 { to } else { self.from.between(to, part.max(0.0)) }
    }

    pub(crate) fn is_over(&self, frame: f64) -> bool {
        frame >= self.start + self.frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_turns_that_nobody_means_are_refused() {
        let at = |x: f64| Vec3::new(0.0, x, 0.0);
        let orbit = |seconds_per_turn| Motion::Orbit { centre: at(0.0), start: at(1.0), seconds_per_turn };
        for odd in [f64::NAN, f64::INFINITY, 1e8, -1e300] {
            assert!(Motion::Still(at(odd)).check().is_err(), "{odd}");
            assert!(Path::new(vec![PathKey { t: 0.0, value: at(odd) }]).is_err(), "{odd}");
        }
        for odd in [0.0, f64::NAN, 1e-300, -1e-9] {
            assert!(orbit(odd).check().is_err(), "{odd}");
        }
        assert!(Motion::Still(at(9.9e6)).check().is_ok() && orbit(-0.1).check().is_ok());
    }

    #[test]
    fn a_path_waits_at_its_ends_and_goes_straight_between() {
        let key = |t, x| PathKey { t, value: Vec3::new(x, 0.0, 0.0) };
        let p = Path::new(vec![key(1.0, 0.0), key(3.0, 4.0)]).unwrap();
        assert_eq!([0.0, 1.0, 2.0, 3.0, 9.0].map(|t| p.at(t).x), [0.0, 0.0, 2.0, 4.0, 4.0]);
        assert!(!p.is_over(2.9) && p.is_over(3.0));
        assert!(Path::new(vec![key(1.0, 0.0), key(1.0, 0.0)]).is_err());
    }

    #[test]
    fn an_orbit_goes_left_first_and_comes_back() {
        let m = Motion::Orbit { centre: Vec3::default(), start: Vec3::new(1.0, 0.0, 0.5), seconds_per_turn: 8.0 };
        assert!((m.at(2.0) - Vec3::new(0.0, 1.0, 0.5)).norm() < 1e-12);
        assert!((m.at(8.0) - m.at(0.0)).norm() < 1e-12);
        let back = Motion::Orbit { centre: Vec3::default(), start: Vec3::new(1.0, 0.0, 0.0), seconds_per_turn: -8.0 };
        assert!(back.at(2.0).y < -0.99);
    }
}
