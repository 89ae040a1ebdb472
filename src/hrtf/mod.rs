//! Heads: measured sets of head-related impulse responses, made ready to render any direction.
//!
//! [`Measured`] is what a file holds. [`HrtfSet`] is that set at one sample rate with its arrival times found, its gaps
//! closed and its directions triangulated; engines share what they make of it.

#[doc(hidden)]
pub mod bank;
#[doc(hidden)]
pub mod interpolate;
#[cfg(feature = "sofa")]
pub mod load;
#[doc(hidden)]
pub mod mesh;
#[doc(hidden)]
pub mod near_field;
mod near_field_table;
#[doc(hidden)]
pub mod onset;
mod prepared;
pub mod set;

#[doc(hidden)]
pub use bank::FilterBank;
#[doc(hidden)]
pub use interpolate::Interpolator;
#[cfg(feature = "sofa")]
pub use load::{DEFAULT_HEAD, open, read};
pub use set::{HrtfSet, Measured, Place, Shell};
