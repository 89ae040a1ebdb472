//! The head as keys and a tracker have it together: the tracker turns it on from where the keys turned it.

use crate::coords::Pose;
use crate::error::Result;
use crate::live::HeadControl;
use std::sync::{Arc, Mutex};

/// Shared by the interface and the tracker's thread.
#[derive(Clone)]
pub(super) struct Stance {
    head: HeadControl,
    /// By the keys, and by the tracker.
    parts: Arc<Mutex<[Pose; 2]>>,
}

impl Stance {
    pub(super) fn new(head: HeadControl) -> Self {
        Self { head, parts: Arc::default() }
    }

    /// # Errors
    /// As [`HeadControl::turn`].
    pub(super) fn set_keys(&self, pose: Pose) -> Result<()> {
        self.set(0, pose)
    }

    /// # Errors
    /// As [`HeadControl::turn`].
    pub(super) fn set_tracker(&self, pose: Pose) -> Result<()> {
        self.set(1, pose)
    }

    fn set(&self, part: usize, pose: Pose) -> Result<()> {
        // Held until the head has been told, so that the last word is the last.
        let Ok(mut parts) = self.parts.lock() else { return Ok(()) };
        parts[part] = pose;
        let [keys, tracker] = &*parts;
        self.head.turn(together(keys, tracker))
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
