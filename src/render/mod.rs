//! The engine and its control: two halves made together, one for the audio thread and one for any other.

mod chamber;
pub mod control;
pub mod engine;
#[cfg(feature = "files")]
mod feed;
#[cfg(feature = "files")]
pub mod job;
#[cfg(feature = "files")]
pub mod offline;
#[cfg(feature = "files")]
pub mod place;
#[cfg(feature = "files")]
mod scene_feed;

mod space;
#[cfg(feature = "files")]
pub mod stage;

pub use control::{Control, SourceId};
pub use engine::{Engine, EngineOptions, engine};
#[cfg(feature = "files")]
pub use job::{Loudness, Placement, RenderJob, RenderReport};
#[cfg(feature = "files")]
pub use offline::{Progress, interrupt, render};
pub use space::{FieldSpec, Space};
#[cfg(feature = "files")]
pub use stage::{Stage, StageRoom};
