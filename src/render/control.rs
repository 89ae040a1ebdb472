//! The control side of an engine: may be called from any thread but the audio thread, may allocate, may fail.
//!
//! Commands travel to the engine through a single-producer queue and are carried out at the start of its next block.
//! What the engine no longer needs travels back and is freed here.

use super::chamber::{Chamber, ChamberOptions};
use super::signal::{self, Feed, Inlet, Signal};
use crate::coords::{Pose, Rotation, Vec3};
use crate::error::{Error, Result};
use crate::room::Room;
use crate::spatializer::motion::is_meant;
use crate::spatializer::source::{check_beam, check_gain};
use crate::spatializer::{Beam, HeadMotion, Motion, SourceSpec};
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

    /// As a number, never 0: for bindings. Its lower half is the input.
    pub fn to_bits(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.slot)
    }

    /// From such a number; from any other comes a source that no engine has.
    pub fn from_bits(bits: u64) -> Self {
        Self { slot: bits as u32, generation: (bits >> 32) as u32 }
    }
}

/// What the engine is asked to do.
pub(crate) enum Command {
    Add(u32, SourceSpec, Option<Box<Inlet>>),
    Glide(u32, Motion, f64),
    Jump(u32, Motion),
    Gain(u32, f64),
    Beam(u32, Beam),
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
    /// What a source played.
    Inlet(#[allow(dead_code)] Box<Inlet>),
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
    pub(crate) max_block: usize,
    /// What rooms are built for; `None` if the engine has no space for them.
    pub(crate) chambers: Option<ChamberOptions>,
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control").field("sources", &self.slots.len()).finish_non_exhaustive()
    }
}

impl Control {
    /// Adds a source that plays the engine's input [`SourceId::input`]; it sounds from the next block on.
    ///
    /// # Errors
    /// `Limit` if all sources are taken or the queue is full, `Argument` if a number is out of its range.
    pub fn add(&mut self, spec: SourceSpec) -> Result<SourceId> {
        self.begin(spec, None)
    }

    /// Adds a source that plays what `signal` makes, on the audio thread, block by block.
    ///
    /// # Errors
    /// As [`Control::add`].
    pub fn add_signal(&mut self, spec: SourceSpec, signal: impl Signal + 'static) -> Result<SourceId> {
        let inlet = Inlet::new(Box::new(signal), self.max_block);
        self.begin(spec, Some(Box::new(inlet)))
    }

    /// Adds a source that plays what another thread pushes, through a queue of `samples` samples (1 to 16777216). What
    /// is not there in time is silence, and counted.
    ///
    /// # Errors
    /// As [`Control::add`].
    pub fn add_feed(&mut self, spec: SourceSpec, samples: usize) -> Result<(SourceId, Feed)> {
        let (feed, queue) = signal::feed(samples)?;
        Ok((self.add_signal(spec, queue)?, feed))
    }

    fn begin(&mut self, spec: SourceSpec, inlet: Option<Box<Inlet>>) -> Result<SourceId> {
        self.tidy();
        spec.check()?;
        let capacity = self.slots.len();
        let slot = self
            .slots
            .iter()
            .position(|(_, taken)| !taken)
            .ok_or_else(|| Error::limit(format!("all {capacity} sources of the engine are in use")))?;
        self.send(Command::Add(slot as u32, spec, inlet))?;
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

    /// Turns a source, or changes its pattern: as [`Control::set_gain`] does it. Heard by engines with a
    /// [`Space`](crate::Space).
    ///
    /// # Errors
    /// As [`Control::move_to`]; `Argument` too if the beam's direction has not the length 1.
    pub fn set_beam(&mut self, id: SourceId, beam: Beam) -> Result<()> {
        check_beam(&beam)?;
        let slot = self.slot(id)?;
        self.send(Command::Beam(slot, beam))
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
        let motion = match motion {
            HeadMotion::Still(pose) => HeadMotion::Still(upright(pose)?),
            HeadMotion::Path(path) => {
                path.keys().iter().try_for_each(|key| upright(key.value).map(|_| ()))?;
                HeadMotion::Path(path)
            }
        };
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
        let options = self.chambers.as_ref().ok_or_else(|| {
            Error::argument("the engine was built without space for rooms")
                .hint("build it with EngineBuilder::room or EngineBuilder::space")
        })?;
        let room = room.map(|r| Chamber::new(r, options).map(Box::new)).transpose()?;
        self.send(Command::Room(room, frames))
    }

    /// True until the source is removed.
    pub fn has(&self, id: SourceId) -> bool {
        self.slot(id).is_ok()
    }

    /// Hz.
    pub fn sample_rate(&self) -> f64 {
        self.sample_rate
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

    /// Half of the room for commands is taken: nobody takes them as fast as they come.
    #[cfg(feature = "live")]
    pub(crate) fn is_half_full(&self) -> bool {
        2 * self.commands.slots() < self.commands.buffer().capacity()
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

/// How far from 1 the length of a head's quaternion may be: as far as single precision and some turns take it.
const UNIT: f64 = 1e-3;

/// A pose whose quaternion has the length 1.
///
/// # Errors
/// `Argument` if a number is not finite, or the quaternion is none of a rotation.
fn upright(pose: Pose) -> Result<Pose> {
    let q = pose.orientation;
    let length = (q.w * q.w + q.x * q.x + q.y * q.y + q.z * q.z).sqrt();
    if !(is_meant(pose.position) && length.is_finite()) {
        return Err(Error::argument("a head's pose must be finite and within 10 000 km"));
    }
    if (length - 1.0).abs() > UNIT {
        return Err(Error::argument(format!("a head's orientation is a quaternion of length 1, not {length}"))
            .hint("Rotation::from_quaternion takes one of any length"));
    }
    // What is exact up to rounding stays as it is, bit for bit.
    let exact = (length - 1.0).abs() < 1e-12;
    Ok(if exact { pose } else { Pose { orientation: Rotation::from_quaternion(q.w, q.x, q.y, q.z), ..pose } })
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
