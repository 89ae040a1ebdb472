//! Headphone correction: what runs after the ears, so that a headphone's own colouration is not added to the room's.
//!
//! A [`Profile`] says what is to be corrected: an [`Equaliser`] of a few parametric filters, a graphic curve, an impulse
//! response, or several of them. Profiles come from files ([`open`]) as AutoEq and Equalizer APO write them, from sound
//! files, or from the catalogue of measured headphones. A [`Correction`] is a profile made ready for a sample rate; a
//! [`Corrector`] runs one and cross-fades to another when its [`CorrectorControl`] says so. None of them adds a delay but
//! where a response had to be resampled ([`Correction::latency_frames`]).
//!
//! How filters keep their shape at every sample rate: `docs/decisions/headphones.md`.

pub mod biquad;
#[cfg(feature = "headphones")]
pub mod catalogue;
pub mod correction;
pub mod equaliser;
mod fit;
pub(crate) mod graphic;
#[cfg(feature = "files")]
mod open;
mod parse;
pub mod profile;
#[cfg(feature = "headphones")]
mod search;
pub mod switch;

#[cfg(feature = "headphones")]
pub use catalogue::{Kind, Model};
pub use correction::Correction;
pub use equaliser::{Equaliser, Filter, Shape};
#[cfg(feature = "files")]
pub use open::open;
pub use profile::{ImpulseResponse, Profile};
#[cfg(feature = "headphones")]
pub use search::{find, search};
pub use switch::{Corrector, CorrectorControl, corrector};
