//! periphon renders sound from the whole sphere to two ears.

pub mod buffer;
pub mod error;
pub mod layout;
#[cfg(feature = "sofa")]
pub mod sofa;

pub use buffer::AudioBuffer;
pub use error::{Error, ErrorKind, Result};
