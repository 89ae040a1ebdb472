//! Steering what plays: the head, and the sources of the stage. What was steered holds for machines that come later.

use super::plan::Plan;
use super::player::Player;
use super::steward::Shared;
use crate::coords::{Pose, Vec3};
use crate::error::{Error, Result};
use crate::render::{Control, SourceId};
use crate::spatializer::motion::Between;
use crate::spatializer::source::check_gain;
use crate::spatializer::{HeadMotion, Motion};
use rtrb::Producer;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Farther from the stage's origin than this nobody walks, metres.
const FARTHEST_M: f64 = 1000.0;

/// The steering of a machine under way.
pub(super) struct Wheel {
    pub(super) id: u64,
    pub(super) track: usize,
    pub(super) plan: Plan,
    pub(super) control: Option<Control>,
    pub(super) poses: Producer<Pose>,
    pub(super) measured: bool,
    /// Nobody takes what it is told, so it has not been told where the head is now.
    pub(super) behind: bool,
}

/// What was done to the sources of a track.
#[derive(Default)]
pub(super) struct Steered {
    /// The stage on which it was done, newest.
    plan: Option<Plan>,
    pub(super) moves: BTreeMap<usize, Motion>,
    pub(super) gains: BTreeMap<usize, f64>,
}

/// Where the caller has the head.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Aim {
    /// There, whatever the stage says.
    At(Pose),
    /// So much beside where the stage has it.
    Beside(Pose),
}

/// What the caller has steered to.
#[derive(Default)]
pub(super) struct Wheels {
    pub(super) all: Vec<Wheel>,
    pub(super) head: Option<Aim>,
    /// By track.
    pub(super) steered: BTreeMap<usize, Steered>,
}

impl Wheels {
    fn set_head(&mut self, aim: Aim) -> Result<()> {
        let (Aim::At(pose) | Aim::Beside(pose)) = &aim;
        if !pose.is_finite() || pose.position.norm() > FARTHEST_M {
            return Err(Error::argument("a head's pose must be finite, and within a kilometre"));
        }
        self.head = Some(aim);
        let mut all = std::mem::take(&mut self.all);
        let done = all.iter_mut().try_for_each(|w| self.turn(w));
        self.all = all;
        done
    }

    /// The listener's way on a stage.
    pub(super) fn head_of(&self, plan: &Plan) -> HeadMotion {
        match &self.head {
            None => plan.head.clone(),
            Some(Aim::At(pose)) => HeadMotion::Still(*pose),
            Some(Aim::Beside(pose)) => plan.head_beside(pose),
        }
    }

    /// From where the head would be to where the walls of a stage let it be.
    pub(super) fn held_back(&self, plan: &Plan, seconds: f64) -> Vec3 {
        match &self.head {
            Some(Aim::Beside(pose)) => plan.held_back(pose, seconds),
            _ => Vec3::default(),
        }
    }

    /// Brings a machine to where the head is.
    fn turn(&self, wheel: &mut Wheel) -> Result<()> {
        if self.head.is_none() {
            return Ok(());
        }
        let motion = self.head_of(&wheel.plan);
        wheel.behind = false;
        if wheel.measured {
            wheel.behind = wheel.poses.push(motion.at(0.0)).is_err();
        } else if let Some(control) = &mut wheel.control {
            // What is left is for what else is steered while nothing plays.
            wheel.behind = control.is_half_full();
            if !wheel.behind {
                control.set_head_motion(motion, 0.0)?;
            }
        }
        Ok(())
    }

    /// Brings machines that had been told more than they had taken to where the head is now.
    pub(super) fn catch_up(&mut self) {
        let mut all = std::mem::take(&mut self.all);
        for wheel in all.iter_mut().filter(|w| w.behind) {
            // The pose has been accepted before.
            let _ = self.turn(wheel);
        }
        self.all = all;
    }

    /// Takes in the wheel of a machine that is about to be handed over, and brings the machine to where everything is.
    pub(super) fn add(&mut self, mut wheel: Wheel) -> Result<()> {
        self.turn(&mut wheel)?;
        if let Some(steered) = self.steered.get_mut(&wheel.track) {
            let before = steered.plan.replace(wheel.plan.clone());
            if before.as_ref().is_some_and(|b| !b.has_sources_of(&wheel.plan)) {
                *steered = Steered::default();
            } else if before.is_some_and(|b| !b.is_like(&wheel.plan)) {
                // In another room, or placed in another way, the old places mean nothing.
                steered.moves.clear();
            }
            if let Some(control) = &mut wheel.control {
                for (n, motion) in &steered.moves {
                    control.snap_to(id(*n), motion.clone())?;
                }
                for (n, gain) in &steered.gains {
                    let own = wheel.plan.parts.get(*n).map_or(1.0, |p| p.gain);
                    control.set_gain(id(*n), own * gain)?;
                }
            }
        }
        self.all.push(wheel);
        Ok(())
    }
}

/// The head of a player, for a tracker's thread.
#[derive(Clone)]
pub struct HeadControl {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for HeadControl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HeadControl").finish_non_exhaustive()
    }
}

impl HeadControl {
    /// As [`Player::turn_head`].
    ///
    /// # Errors
    /// As there.
    pub fn turn(&self, beside: Pose) -> Result<()> {
        self.shared.wheels.lock().map_or(Ok(()), |mut wheels| wheels.set_head(Aim::Beside(beside)))
    }
}

impl Player {
    /// Takes the head to a pose, now and in all that is played later. It is heard from the next block on. Cheap enough
    /// for every packet of a head tracker.
    ///
    /// # Errors
    /// `Argument` if a number is not finite.
    pub fn set_head(&self, pose: Pose) -> Result<()> {
        self.shared.wheels.lock().map_or(Ok(()), |mut wheels| wheels.set_head(Aim::At(pose)))
    }

    /// Turns and moves the head from where the stage has it, now and in all that is played later: `beside.position` is
    /// added in the stage's axes (walls hold it back), `beside.orientation` comes after the listener's own. This is what a
    /// head tracker says. Heard from the next block on, and cheap enough for every packet.
    ///
    /// # Errors
    /// `Argument` if a number is not finite.
    pub fn turn_head(&self, beside: Pose) -> Result<()> {
        self.head().turn(beside)
    }

    /// The head alone, to be turned from another thread.
    pub fn head(&self) -> HeadControl {
        HeadControl { shared: Arc::clone(&self.shared) }
    }

    /// Takes a source of the stage that plays, counted from 0, along another way. It stays there through seeks and other
    /// heads; another room puts it back.
    ///
    /// # Errors
    /// `Argument` if there is no such source or a number is not finite, `Limit` if too many commands wait, `Unsupported`
    /// where nothing can be steered: in measured rooms and without spatialisation.
    pub fn move_source(&self, source: usize, motion: &Motion) -> Result<()> {
        self.steer(
            source,
            |control, _| control.move_to(id(source), motion.clone()),
            |steered| {
                steered.moves.insert(source, motion.clone());
            },
        )
    }

    /// Sets the gain of a source of the stage that plays, linear, times what the stage gives it.
    ///
    /// # Errors
    /// As [`Player::move_source`].
    pub fn set_source_gain(&self, source: usize, gain: f64) -> Result<()> {
        check_gain(gain)?;
        self.steer(
            source,
            |control, own| control.set_gain(id(source), own * gain),
            |steered| {
                steered.gains.insert(source, gain);
            },
        )
    }

    fn steer(
        &self,
        source: usize,
        mut f: impl FnMut(&mut Control, f64) -> Result<()>,
        note: impl FnOnce(&mut Steered),
    ) -> Result<()> {
        let Ok(mut wheels) = self.shared.wheels.lock() else { return Ok(()) };
        let playing = self.shared.gauge.machine.load(Ordering::Acquire);
        let Some(now) = wheels.all.iter().find(|w| w.id == playing) else {
            return Err(Error::argument("nothing plays yet"));
        };
        let track = now.track;
        if now.control.is_none() || !now.plan.steerable {
            return Err(Error::unsupported(match (now.measured, now.plan.fields) {
                (true, _) => "in a measured room sources stay where its loudspeakers are, as loud as they are",
                (_, 1..) => "a sound field has no sources to steer",
                _ => "without spatialisation there are no sources to steer",
            }));
        }
        if source >= now.plan.parts.len() {
            return Err(Error::argument(format!("there is no source {source}, counted from 0")));
        }
        // Of the same track others may be on their way here, or leaving.
        for wheel in wheels.all.iter_mut().filter(|w| w.track == track) {
            if let (Some(part), Some(control)) = (wheel.plan.parts.get(source), &mut wheel.control) {
                f(control, part.gain)?;
            }
        }
        let plan = wheels.all.iter().find(|w| w.id == playing).map(|w| w.plan.clone());
        let steered = wheels.steered.entry(track).or_default();
        if steered.plan.is_none() {
            steered.plan = plan;
        }
        note(steered);
        Ok(())
    }
}

/// A stage's sources are the first that its engine was given.
fn id(source: usize) -> SourceId {
    SourceId { slot: u32::try_from(source).unwrap_or(u32::MAX), generation: 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coords::Vec3;

    #[test]
    fn a_head_that_is_nowhere_is_refused() {
        let mut wheels = Wheels::default();
        let at = |x: f64| Pose { position: Vec3::new(x, 0.0, 0.0), ..Pose::default() };
        assert!(wheels.set_head(Aim::Beside(at(f64::NAN))).is_err());
        assert!(wheels.set_head(Aim::At(at(1e9))).is_err());
        assert!(wheels.head.is_none());
        wheels.set_head(Aim::Beside(at(1.0))).unwrap();
        assert!(wheels.head.is_some());
    }
}
