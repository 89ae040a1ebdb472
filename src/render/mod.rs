//! The engine and its control: two halves made together, one for the audio thread and one for any other.

mod builder;
mod chamber;
pub mod control;
pub mod engine;
#[cfg(feature = "files")]
#[cfg_attr(not(feature = "live"), allow(dead_code, reason = "playing asks for it"))]
mod feed;
#[cfg(feature = "files")]
mod film;
#[cfg(feature = "files")]
mod gains;
#[cfg(feature = "files")]
pub mod job;
#[cfg(feature = "files")]
#[cfg_attr(not(feature = "live"), allow(dead_code, reason = "playing asks for it"))]
mod measured;
#[cfg(feature = "files")]
#[cfg_attr(not(feature = "live"), allow(dead_code, reason = "playing asks for it"))]
pub mod offline;
#[cfg(feature = "files")]
mod panorama;
#[cfg(feature = "files")]
pub mod place;
#[cfg(feature = "files")]
mod scene_feed;
#[cfg(feature = "files")]
mod scenes;

mod signal;
#[cfg(all(feature = "files", feature = "separate"))]
mod singing;
mod space;
#[cfg(feature = "files")]
pub mod stage;
#[cfg(feature = "files")]
mod stream;

pub use builder::EngineBuilder;
pub use control::{Control, Counters, GLIDE_S, SourceId};
pub use engine::Engine;
#[doc(hidden)]
pub use engine::{EngineOptions, engine};
#[cfg(feature = "files")]
pub use gains::GainMemory;
#[cfg(feature = "files")]
pub use job::{Loudness, Placement, RenderJob, RenderReport, Vocals};
#[cfg(feature = "files")]
pub use offline::{Progress, interrupt, is_interrupted, render};
#[cfg(feature = "files")]
pub use scenes::arrangement;
pub use signal::{Feed, Signal};
pub use space::{FieldSpec, Space};
#[cfg(feature = "files")]
pub use stage::{Stage, StageRoom};
#[cfg(feature = "files")]
pub use stream::RenderStream;

/// What the live side shares with the file side.
#[cfg(feature = "live")]
pub(crate) mod live {
    pub(crate) use super::offline::{Ears, Pace, Show, check, open};
    pub(crate) use super::scene_feed::rate_of as scene_rate;
}
