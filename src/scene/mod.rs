//! Scenes: sources, a listener and a room, as people write them.
//!
//! A [`Scene`] is built in code or read from TOML or JSON; both say the same with the same keys (`docs/scene-file.md`
//! has them all). It holds what was written, and no more: [`convert`] makes of it what the renderer needs. What is
//! written is checked in one place, whatever it came from ([`Scene::check`]), and every mistake is found at once.
//!
//! ```
//! use periphon::coords::Vec3;
//! use periphon::scene::{RoomSpec, Scene, Source};
//! use periphon::room::preset;
//!
//! let scene = Scene::new()
//!     .room(RoomSpec::preset(preset::find("studio").unwrap()))
//!     .source(Source::at("guitar.wav", Vec3::new(4.5, 3.5, 1.2)).gain_db(-3.0))
//!     .source(Source::polar("voice.wav", 0.0, 0.0, 1.5));
//! scene.check().unwrap();
//! assert!(scene.to_toml().contains("preset = \"studio\""));
//! ```

// `node` is the tree that documents are read from and written to, `read` makes a scene of it and finds the mistakes,
// `write` goes the other way.

pub mod convert;
mod error;
mod geometry;
#[cfg(feature = "scene")]
mod json;
mod near;
pub(crate) mod node;
#[cfg(feature = "scene")]
pub(crate) mod parse;
mod parts;
mod read;
mod read_room;
pub(crate) mod reader;
mod write;

pub use convert::{BedInput, Object, RoomChoice};
pub use error::{SceneError, SceneErrors};
pub use near::nearest;
#[cfg(feature = "scene")]
pub use parse::RoomFile;
pub use parts::{
    Angles, Bed, BedLayout, Channel, Facing, Listener, ListenerKey, Place, Polar, RoomSpec, Source, SourceKey, Surface,
};

use crate::room::SPEED_OF_SOUND;
use std::path::PathBuf;

/// The version of the format that is read and written.
pub const FORMAT: i64 = 1;

/// A scene: what sounds where, for whom, in which room.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// Hz; `None`: the highest rate among the sources.
    pub sample_rate: Option<u32>,
    /// Seconds; `None`: until the last source has ended and the room has rung out.
    pub duration: Option<f64>,
    /// Metres a second.
    pub speed_of_sound: f64,
    /// Whether distance delays the sound, and movement shifts its pitch.
    pub propagation: bool,
    /// Who listens.
    pub listener: Listener,
    /// `None` for the free field.
    pub room: Option<RoomSpec>,
    /// What sounds at a place.
    pub sources: Vec<Source>,
    /// What comes from all around: multichannel files and sound fields.
    pub beds: Vec<Bed>,
    /// What paths are relative to: the folder of the scene's file. Empty for the working directory. Not written.
    pub base_dir: PathBuf,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            sample_rate: None,
            duration: None,
            speed_of_sound: SPEED_OF_SOUND,
            propagation: true,
            listener: Listener::default(),
            room: None,
            sources: Vec::new(),
            beds: Vec::new(),
            base_dir: PathBuf::new(),
        }
    }
}

impl Scene {
    /// An empty scene in the free field.
    pub fn new() -> Self {
        Self::default()
    }

    /// With this listener.
    #[must_use]
    pub fn listener(mut self, listener: Listener) -> Self {
        self.listener = listener;
        self
    }

    /// In this room.
    #[must_use]
    pub fn room(mut self, room: RoomSpec) -> Self {
        self.room = Some(room);
        self
    }

    /// With one source more.
    #[must_use]
    pub fn source(mut self, source: Source) -> Self {
        self.sources.push(source);
        self
    }

    /// With one bed more.
    #[must_use]
    pub fn bed(mut self, bed: Bed) -> Self {
        self.beds.push(bed);
        self
    }

    /// Looks for everything that [`Scene::parse`] would refuse. No file is looked for.
    ///
    /// # Errors
    /// Every mistake, with the key it is at; there is no line to name.
    pub fn check(&self) -> Result<(), SceneErrors> {
        read::scene(&write::scene(self), &read::Options::default()).map(|_| ())
    }

    /// The scene as TOML: its keys in a fixed order, and only those that differ from what they are without being written.
    pub fn to_toml(&self) -> String {
        node::to_toml(&write::scene(self))
    }
}
