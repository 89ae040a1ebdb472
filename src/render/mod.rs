//! The engine and its control: two halves made together, one for the audio thread and one for any other.

pub mod control;
pub mod engine;

pub use control::{Control, SourceId};
pub use engine::{Engine, EngineOptions, engine};
