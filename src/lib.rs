//! periphon renders sound from the whole sphere to two ears.
//!
//! # The way of the sound
//! 1. [`decode`] opens a file and hands out planar blocks and what it knows about each channel.
//! 2. [`resample`] brings them to the engine's rate, once, before anything spatial happens.
//! 3. [`spatializer`] says where each source is at any time, and draws the way of its filters between control points.
//! 4. [`hrtf`] holds the head: measured responses ([`sofa`] reads them) on a triangulated sphere, ready for any direction.
//! 5. [`render`] is the engine: one block function that sends every source through its filters to two ears, steered
//!    from another thread. It allocates nothing, waits for nothing and adds no delay.
//! 6. [`output`] measures loudness and holds the true peak under its ceiling.
//! 7. [`sink`] writes the file, whole or not at all.
//!
//! [`dsp`] is what they are built from: transforms, and the loops over spectra.

/// The front page, so that its example compiles.
#[cfg(all(doctest, feature = "sofa"))]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod ambisonics;
pub mod buffer;
#[cfg(feature = "cli")]
pub mod cli;
pub mod coords;
#[cfg(feature = "files")]
pub mod decode;
pub mod dsp;
pub mod error;
pub mod headphones;
pub mod hrtf;
pub mod layout;
#[cfg(feature = "files")]
pub mod output;
pub mod render;
#[cfg(feature = "files")]
pub mod resample;
pub mod room;
pub mod scene;
#[cfg(feature = "files")]
pub mod sink;
#[cfg(feature = "sofa")]
pub mod sofa;
pub mod spatializer;
pub mod tracking;

pub use buffer::AudioBuffer;
pub use error::{Error, ErrorKind, Result};
pub use layout::Layout;
