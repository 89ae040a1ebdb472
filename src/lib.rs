//! periphon renders sound from the whole sphere to two ears.

pub mod buffer;
pub mod error;
pub mod layout;
pub mod output;
#[cfg(feature = "files")]
pub mod sink;

pub use buffer::AudioBuffer;
pub use error::{Error, ErrorKind, Result};
