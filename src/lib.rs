//! periphon renders sound from the whole sphere to two ears.

pub mod buffer;
#[cfg(feature = "files")]
pub mod decode;
pub mod error;
pub mod layout;
#[cfg(feature = "files")]
pub mod resample;

pub use buffer::AudioBuffer;
pub use error::{Error, ErrorKind, Result};
pub use layout::Layout;
