//! The head as keys and a tracker have it together: the tracker turns it on from where the keys turned it.

use crate::coords::Pose;
use crate::error::Result;
use crate::live::HeadControl;
use std::sync::{Arc, Mutex};

/// Shared by the interface and the tracker's thread.
#[derive(Clone, Default)]
pub(super) struct Stance(Arc<Mutex<Parts>>);

#[derive(Default)]
struct Parts {
    /// What it steers, once there is something.
    head: Option<HeadControl>,
    keys: Pose,
    tracker: Pose,
}

impl Stance {
    /// From here on this head is where keys and tracker have it.
    ///
    /// # Errors
    /// As [`HeadControl::turn`].
    pub(super) fn steers(&self, head: HeadControl) -> Result<()> {
        let Ok(mut parts) = self.0.lock() else { return Ok(()) };
        parts.head = Some(head);
        // A head that nobody has turned yet stays where the stage has it.
        if parts.together() == Pose::default() { Ok(()) } else { parts.tell() }
    }

    /// # Errors
    /// As [`HeadControl::turn`].
    pub(super) fn set_keys(&self, pose: Pose) -> Result<()> {
        self.set(|parts| parts.keys = pose)
    }

    /// # Errors
    /// As [`HeadControl::turn`].
    pub(super) fn set_tracker(&self, pose: Pose) -> Result<()> {
        self.set(|parts| parts.tracker = pose)
    }

    fn set(&self, change: impl FnOnce(&mut Parts)) -> Result<()> {
        // Held until the head has been told, so that the last word is the last.
        let Ok(mut parts) = self.0.lock() else { return Ok(()) };
        change(&mut parts);
        parts.tell()
    }
}

impl Parts {
    fn together(&self) -> Pose {
        together(&self.keys, &self.tracker)
    }

    fn tell(&self) -> Result<()> {
        self.head.as_ref().map_or(Ok(()), |head| head.turn(self.together()))
    }
}

/// The keys turn the seat, in which the tracker turns and moves the head.
fn together(keys: &Pose, tracker: &Pose) -> Pose {
    Pose {
        position: keys.position + keys.orientation.rotate(tracker.position),
        orientation: keys.orientation * tracker.orientation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coords::{Rotation, Vec3};

    #[test]
    fn a_tracked_step_ahead_goes_where_the_keys_have_turned_to() {
        let left =
            Pose { position: Vec3::new(2.0, 0.0, 0.0), orientation: Rotation::from_yaw_pitch_roll(90.0, 0.0, 0.0) };
        let step = Pose { position: Vec3::new(0.5, 0.0, 0.0), ..Pose::default() };
        let head = together(&left, &step);
        assert!((head.position - Vec3::new(2.0, 0.5, 0.0)).norm() < 1e-12, "{head:?}");
        assert_eq!(head.orientation, left.orientation);
    }
}
