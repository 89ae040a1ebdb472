//! The panorama: an ordinary stereo track becomes a room one sits in.
//!
//! [`decompose`] takes a stereo stream apart into direct sound per panning direction and ambience, and [`parts`] says what
//! each of its signals is. [`stage`] holds the files that say
//! where the parts go, and [`roles`] where the stems of a song go; the engine places them there ([`crate::render`]), and
//! [`timbre`] finds the equaliser that leaves the music its colour, from the stage's own responses and never from the song.
//! What is left of a song's colour after that [`balance`] keeps while it plays.
//!
//! ```
//! use periphon::panorama::{Decomposer, Options};
//!
//! let mut decomposer = Decomposer::new(48_000.0, &Options::default())?;
//! let layout = decomposer.layout();
//! let mut parts = vec![vec![0.0f32; 512]; layout.len()];
//! let (left, right) = (vec![0.25f32; 512], vec![0.25f32; 512]);
//! // What goes in comes out, in parts, `latency_frames` later.
//! decomposer.process(&left, &right, &mut parts);
//! let centre = &parts[layout.centre()];
//! # assert_eq!(centre.len(), 512);
//! # Ok::<(), periphon::Error>(())
//! ```

pub mod balance;
pub mod decompose;
mod masks;
pub mod parts;
pub mod roles;
pub mod stage;
pub mod timbre;

pub use balance::{Balance, PairGains};
pub use decompose::{Decomposer, Options};
pub use parts::PartsLayout;
pub use roles::{Role, RoleSpot, Roles};
pub use stage::StageFile;

#[cfg(test)]
mod tests;
