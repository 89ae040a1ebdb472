//! periphon for C.
//!
//! Every function returns a [`PeriphonStatus`] and takes opaque handles, which are looked up in tables and never
//! followed: a null one, one that has been freed, one of another kind and one that another thread is just using give a
//! status. Nothing that happens in here unwinds into C. What may be called on the audio thread says so; it neither
//! allocates, nor locks, nor waits.
//!
//! `unsafe` is in [`arg`], which reads C's arguments, in [`callback`], which calls C's functions, and where both are used.

mod arg;
mod callback;
mod handle;
#[cfg(test)]
mod tests;

// In the order in which the header explains them.
mod status;

mod head;

mod room;

mod options;

mod engine;

mod source;

mod control;

mod feed;

#[cfg(feature = "files")]
mod stream;

pub use room::PeriphonWall;
pub use status::PeriphonStatus;
