//! Heads: measured sets of head-related impulse responses, made ready to render any direction.
//!
//! [`Measured`] is what a file holds. [`HrtfSet`] is that set at one sample rate with its arrival times found, its gaps
//! closed and its directions triangulated. [`FilterBank`] is an `HrtfSet` transformed for one engine.

pub mod bank;
pub mod interpolate;
#[cfg(feature = "sofa")]
pub mod load;
pub mod mesh;
pub mod near_field;
mod near_field_table;
pub mod onset;
pub mod set;

pub use bank::FilterBank;
pub use interpolate::Interpolator;
#[cfg(feature = "sofa")]
pub use load::{DEFAULT_HEAD, open, read};
pub use set::{HrtfSet, Measured, Place, Shell};
