//! periphon renders sound from the whole sphere to two ears.
//!
//! # The way of the sound
//! 1. [`decode`] opens a file and hands out planar blocks and what it knows about each channel.
//! 2. [`resample`] brings them to the engine's rate, once, before anything spatial happens.
//! 3. [`separate`] tells a track's voice from its band, where that is asked for.
//! 4. [`stems`] finds a place for each part of a song that comes in parts.
//! 5. [`scene`] is the document: sources, a listener and a room as people write them, and all that is wrong with them.
//! 6. [`spatializer`] says where each source is at any time, and draws the way of its filters between control points.
//! 7. [`room`] makes reflections of it: image sources, a late field, or the responses of a measured room.
//! 8. [`hrtf`] holds the head: measured responses ([`sofa`] reads them) on a triangulated sphere, ready for any direction.
//! 9. [`ambisonics`] is the bus for all that comes from everywhere at once, decoded to the same head.
//! 10. [`render`] is the engine: one block function that sends every source through its filters to two ears, steered
//!     from another thread ([`tracking`] knows where the head looks). It allocates nothing, waits for nothing and adds no delay.
//! 11. [`headphones`] takes away what the headphones add.
//! 12. [`output`] measures loudness and holds the true peak under its ceiling.
//! 13. [`sink`] writes the file, whole or not at all; [`live`] plays through a sound device.
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
#[cfg(feature = "live")]
pub mod live;
#[cfg(feature = "files")]
pub mod output;
pub mod panorama;
pub mod render;
#[cfg(feature = "files")]
pub mod resample;
pub mod room;
pub mod scene;
#[cfg(feature = "separate")]
pub mod separate;
#[cfg(feature = "files")]
pub mod sink;
#[cfg(feature = "sofa")]
pub mod sofa;
pub mod spatializer;
#[cfg(feature = "files")]
pub mod stems;
pub mod tracking;

pub use buffer::AudioBuffer;
pub use error::{Error, ErrorKind, Result};
pub use layout::Layout;
