//! periphon renders sound from the whole sphere to two ears.

pub mod buffer;
pub mod error;
pub mod layout;
pub mod output;

pub use buffer::AudioBuffer;
pub use error::{Error, ErrorKind, Result};
