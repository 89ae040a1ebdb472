//! Building an engine: a head, and what of the rest differs from the usual.

use super::control::Control;
use super::engine::{Engine, EngineOptions, engine};
use super::space::Space;
use crate::coords::Pose;
use crate::error::Result;
use crate::hrtf::HrtfSet;
use crate::room::Room;
use crate::spatializer::HeadMotion;
use std::sync::Arc;

/// What an [`Engine`] is built from; made by [`Engine::builder`].
///
/// ```
/// # use periphon::{Engine, HrtfSet, Measured, Result, Room, Vec3};
/// # fn main() -> Result<()> {
/// # let directions = [(0.0, 0.0), (90.0, 0.0), (-90.0, 0.0), (180.0, 0.0), (0.0, 90.0), (0.0, -90.0)];
/// # let positions = directions.map(|(azimuth, elevation)| Vec3::from_polar(azimuth, elevation, 1.0)).to_vec();
/// # let responses = [1.0, 0.5, 0.2, 0.1].repeat(12);
/// # let measured = Measured { sample_rate: 48_000.0, taps: 4, positions, responses, delays: vec![[0.0; 2]; 6] };
/// # let head = std::sync::Arc::new(HrtfSet::new(&measured, 48_000.0)?);
/// let room = Room::new([6.0, 5.0, 3.0], 0.3);
/// let (engine, control) = Engine::builder(&head).max_block(256).max_sources(8).room(&room).build()?;
/// assert_eq!(engine.latency_frames(), 0);
/// # drop(control);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is built before `build`"]
pub struct EngineBuilder {
    head: Arc<HrtfSet>,
    max_block: usize,
    max_sources: usize,
    offline: bool,
    space: Option<Space>,
    room: Option<Room>,
    listener: Option<HeadMotion>,
}

impl EngineBuilder {
    pub(super) fn new(head: &Arc<HrtfSet>) -> Self {
        Self {
            head: Arc::clone(head),
            max_block: 1024,
            max_sources: 32,
            offline: false,
            space: None,
            room: None,
            listener: None,
        }
    }

    /// The block that will be asked for, frames, 1 to 8192; 1024 unless told otherwise. Any other length may be
    /// rendered; changes of live positions are followed in steps of at most this.
    pub fn max_block(mut self, frames: usize) -> Self {
        self.max_block = frames;
        self
    }

    /// The most sources at once, 1 to 65536; 32 unless told otherwise. Memory is set aside for all of them.
    pub fn max_sources(mut self, sources: usize) -> Self {
        self.max_sources = sources;
        self
    }

    /// For rendering to a file: motion is drawn through the same points whatever the block, so that blocks of any
    /// length sound alike. Without it, motion is followed from block to block, down to 64 frames at 48 kHz.
    pub fn offline(mut self) -> Self {
        self.offline = true;
        self
    }

    /// Makes it ready for rooms, directed and wide sources, and for what the [`Space`] says. Costs memory and some time
    /// for each source; without it, sources are points in the free field.
    pub fn space(mut self, space: Space) -> Self {
        self.space = Some(space);
        self
    }

    /// Begins in a room, and is ready for others: as [`Space::default`] where no space has been given.
    pub fn room(mut self, room: &Room) -> Self {
        self.room = Some(room.clone());
        self
    }

    /// Where the listener is at first: the origin, looking along +x, unless told otherwise.
    pub fn listener(mut self, pose: Pose) -> Self {
        self.listener = Some(HeadMotion::Still(pose));
        self
    }

    /// The engine, for the audio thread, and its control, for any other. Both are at the head's sample rate.
    ///
    /// Engines of one head share its data: those for further listeners cost their own memory only.
    ///
    /// # Errors
    /// `Argument` if a size or a number of the room is out of its range.
    pub fn build(self) -> Result<(Engine, Control)> {
        let rate = self.head.sample_rate();
        let mut options = match self.offline {
            true => EngineOptions::offline(rate, self.max_block, self.max_sources),
            false => EngineOptions::live(rate, self.max_block, self.max_sources),
        };
        options.space = match (self.space, &self.room) {
            (None, Some(_)) => Some(Space::default()),
            (space, _) => space,
        };
        let (engine, mut control) = engine(&self.head, &options)?;
        if let Some(motion) = self.listener {
            control.set_head_motion(motion, 0.0)?;
        }
        if let Some(room) = &self.room {
            control.set_room(Some(room), 0.0)?;
        }
        Ok((engine, control))
    }
}
