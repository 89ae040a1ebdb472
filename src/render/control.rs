//! The control side of an engine: may be called from any thread but the audio thread, may allocate, may fail.
//!
//! Commands travel to the engine through a single-producer queue and are carried out at the start of its next block.
//! What the engine no longer needs travels back and is freed here.

use super::chamber::{Chamber, ChamberOptions};
use crate::coords::{Pose, Vec3};
use crate::error::{Error, Result};
use crate::room::Room;
use crate::spatializer::source::check_gain;
use crate::spatializer::{HeadMotion, Motion, SourceSpec};
use rtrb::{Consumer, Producer};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How long a jump of position takes when nothing else is said, seconds. Short enough to feel immediate, long enough
/// that a pointer sampled sixty times a second makes one smooth way.
pub const GLIDE_S: f64 = 0.02;

/// A source of an engine: the place of its samples in the engine's inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourceId {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

impl SourceId {
    /// The index of this source's samples among the inputs of [`crate::render::Engine::process`].
    pub fn input(self) -> usize {
        self.slot as usize
    }
}

/// What the engine is asked to do.
pub(crate) enum Command {
    Add(u32, SourceSpec),
    Glide(u32, Motion, f64),
    Jump(u32, Motion),
    Gain(u32, f64),
    Remove(u32),
    Head(HeadMotion, f64),
    Room(Option<Box<Chamber>>, usize),
}

/// What the engine gives back.
pub(crate) enum Returned {
    /// A way, perhaps with a path to free.
    Motion(#[allow(dead_code)] Motion),
    /// A head's way.
    Head(#[allow(dead_code)] HeadMotion),
    /// A slot that can be used again.
    Free(u32),
    /// A room that has been left.
    Room(#[allow(dead_code)] Box<Chamber>),
}

/// Figures that the engine counts while it runs; read from any thread.
#[derive(Debug, Default)]
pub struct Counters {
    pub(crate) non_finite: AtomicU64,
    pub(crate) frames: AtomicU64,
}

impl Counters {
    /// Input samples that were NaN or infinite and were silenced.
    pub fn non_finite(&self) -> u64 {
        self.non_finite.load(Ordering::Relaxed)
    }

    /// Frames rendered.
    pub fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }
}

/// Steers an engine. Dropping it leaves the engine as it is.
pub struct Control {
    pub(crate) commands: Producer<Command>,
    pub(crate) returned: Consumer<Returned>,
    pub(crate) counters: Arc<Counters>,
    /// Generation of each slot, and whether it is taken.
    pub(crate) slots: Vec<(u32, bool)>,
    pub(crate) sample_rate: f64,
    /// What rooms are built for; `None` if the engine has no space for them.
    pub(crate) chambers: Option<ChamberOptions>,
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control").field("sources", &self.slots.len()).finish_non_exhaustive()
    }
}

impl Control {
    /// Adds a source; it sounds from the next block on.
    ///
    /// # Errors
    /// `Limit` if all sources are taken or the queue is full, `Argument` if a number is not finite.
    pub fn add(&mut self, spec: SourceSpec) -> Result<SourceId> {
        self.tidy();
        spec.check()?;
        let capacity = self.slots.len();
        let slot = self
            .slots
            .iter()
            .position(|(_, taken)| !taken)
            .ok_or_else(|| Error::limit(format!("all {capacity} sources of the engine are in use")))?;
        self.send(Command::Add(slot as u32, spec))?;
        let (generation, taken) = &mut self.slots[slot];
        *taken = true;
        *generation += 1;
        Ok(SourceId { slot: slot as u32, generation: *generation })
    }

    /// Takes a source along another way, reaching it within [`GLIDE_S`].
    ///
    /// # Errors
    /// `Argument` if the source is gone or a number is not finite, `Limit` if the queue is full.
    pub fn move_to(&mut self, id: SourceId, motion: Motion) -> Result<()> {
        self.move_over(id, motion, GLIDE_S)
    }

    /// Takes a source along another way, reaching it after `seconds`.
    ///
    /// # Errors
    /// As [`Control::move_to`].
    pub fn move_over(&mut self, id: SourceId, motion: Motion, seconds: f64) -> Result<()> {
        motion.check()?;
        let frames = glide_frames(seconds, self.sample_rate)?;
        let slot = self.slot(id)?;
        self.send(Command::Glide(slot, motion, frames))
    }

    /// Puts a source elsewhere at once: the old place fades out while the new one fades in, and nothing is heard from
    /// between them.
    ///
    /// # Errors
    /// As [`Control::move_to`].
    pub fn snap_to(&mut self, id: SourceId, motion: Motion) -> Result<()> {
        motion.check()?;
        let slot = self.slot(id)?;
        self.send(Command::Jump(slot, motion))
    }

    /// Sets a source's gain, linear; it is reached within three segments.
    ///
    /// # Errors
    /// As [`Control::move_to`].
    pub fn set_gain(&mut self, id: SourceId, gain: f64) -> Result<()> {
        check_gain(gain)?;
        let slot = self.slot(id)?;
        self.send(Command::Gain(slot, gain))
    }

    /// Fades a source out and frees its place.
    ///
    /// # Errors
    /// As [`Control::move_to`].
    pub fn remove(&mut self, id: SourceId) -> Result<()> {
        let slot = self.slot(id)?;
        self.send(Command::Remove(slot))?;
        // Taken until the engine gives it back, but no longer by this name.
        self.slots[slot as usize].0 += 1;
        Ok(())
    }

    /// Moves the head to a pose within [`GLIDE_S`].
    ///
    /// # Errors
    /// `Argument` if a number is not finite, `Limit` if the queue is full.
    pub fn set_head(&mut self, pose: Pose) -> Result<()> {
        self.set_head_motion(HeadMotion::Still(pose), GLIDE_S)
    }

    /// Takes the head along another way, reaching it after `seconds`.
    ///
    /// # Errors
    /// As [`Control::set_head`].
    pub fn set_head_motion(&mut self, motion: HeadMotion, seconds: f64) -> Result<()> {
        if let HeadMotion::Still(pose) = &motion
            && !crate::spatializer::motion::Between::is_finite(pose)
        {
            return Err(Error::argument("a head's pose must be finite"));
        }
        let frames = glide_frames(seconds, self.sample_rate)?;
        self.send(Command::Head(motion, frames))
    }

    /// Puts sources and listener in another room, or in the open with `None`, by a cross-fade of `seconds` (20 ms at least once
    /// something has sounded): what is sent
    /// into the new room grows while what comes from the old one fades. Builds the room here, which takes some
    /// milliseconds. A change asked for while another is under way waits for it; the last one asked for counts.
    ///
    /// # Errors
    /// `Argument` if the engine was built without a [`crate::render::Space`] or a number is out of its range; `Limit` if
    /// the queue is full.
    pub fn set_room(&mut self, room: Option<&Room>, seconds: f64) -> Result<()> {
        let frames = glide_frames(seconds, self.sample_rate)? as usize;
        let options =
            self.chambers.as_ref().ok_or_else(|| Error::argument("the engine was built without space for rooms"))?;
        let room = room.map(|r| Chamber::new(r, options).map(Box::new)).transpose()?;
        self.send(Command::Room(room, frames))
    }

    /// What the engine counted so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Frees what the engine gave back. Every other call does it too.
    pub fn tidy(&mut self) {
        while let Ok(item) = self.returned.pop() {
            if let Returned::Free(slot) = item {
                self.slots[slot as usize].1 = false;
            }
        }
    }

    fn slot(&self, id: SourceId) -> Result<u32> {
        match self.slots.get(id.slot as usize) {
            Some((generation, true)) if *generation == id.generation => Ok(id.slot),
            _ => Err(Error::argument("the source has been removed")),
        }
    }

    fn send(&mut self, command: Command) -> Result<()> {
        self.tidy();
        self.commands.push(command).map_err(|_| Error::limit("the engine's command queue is full: is it running?"))
    }
}

fn glide_frames(seconds: f64, sample_rate: f64) -> Result<f64> {
    if (0.0..=3600.0).contains(&seconds) {
        Ok(seconds * sample_rate)
    } else {
        Err(Error::argument(format!("a glide takes 0 to 3600 s, not {seconds}")))
    }
}

impl Motion {
    /// A source that stands at `at`.
    pub fn still(at: Vec3) -> Self {
        Self::Still(at)
    }
}
