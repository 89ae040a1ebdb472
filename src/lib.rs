//! periphon renders sound from the whole sphere to two ears.
//!
//! # In a program of your own
//! 1. A head, prepared for a sample rate, shared by all who listen: [`hrtf::open`](crate::hrtf) or [`HrtfSet::new`].
//! 2. [`Engine::builder`] makes two halves of it: the [`Engine`] belongs to the audio thread and fills blocks; its [`Control`]
//!    belongs to any other and says what sounds where, who listens, and in which [`Room`].
//! 3. Samples come with each block ([`Engine::process`]), through a queue from another thread ([`Control::add_feed`]) or
//!    from code that makes them ([`Control::add_signal`]).
//!
//! `docs/embedding/rust.md` begins there; `examples/` answers one question a file. A scene as people write it is rendered
//! block by block by [`render`], too.
//!
//! # What is promised
//! What these pages show. Of it, the types at the root, and [`coords`], [`error`], [`hrtf`], [`render`]'s engine and [`room`] are
//! settled: they change only with a new minor version before 1.0, and with a new major one from then on, and the
//! compiler checks it (`tests/api.rs`). What is public and not shown is there for the program, tests and benches.
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

/// The guide for programs that embed the library, likewise.
#[cfg(all(doctest, feature = "sofa"))]
#[doc = include_str!("../docs/embedding/rust.md")]
struct Embedding;

pub mod ambisonics;
pub mod buffer;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod coords;
#[cfg(feature = "files")]
pub mod decode;
#[doc(hidden)]
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
#[doc(hidden)]
pub mod spatializer;
#[cfg(feature = "files")]
pub mod stems;
pub mod tracking;

pub use buffer::AudioBuffer;
pub use coords::{Pose, Rotation, Vec3};
pub use error::{Error, ErrorKind, Result};
pub use hrtf::{HrtfSet, Measured};
pub use layout::Layout;
pub use render::{Control, Counters, Engine, EngineBuilder, Feed, FieldSpec, Signal, SourceId, Space};
pub use room::Room;
#[doc(inline)]
pub use spatializer::{Beam, HeadMotion, Motion, Path, PathKey, PosePath, SourceSpec};
