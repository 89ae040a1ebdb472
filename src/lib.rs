//! periphon renders sound from the whole sphere to two ears.

pub mod buffer;
pub mod coords;
pub mod dsp;
pub mod error;
pub mod hrtf;
pub mod layout;
pub mod render;
pub mod spatializer;

pub use buffer::AudioBuffer;
pub use error::{Error, ErrorKind, Result};
