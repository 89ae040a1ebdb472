//! Stems: the parts of a song in files of their own, each placed on a stage by what its name says it is.
//!
//! [`names`] reads roles out of names, [`folder`] finds the stems of a folder, [`arrange()`] puts them on a stage and makes a
//! [`Scene`](crate::scene::Scene) of them, which is rendered like any other, and [`write`](write_scene) keeps that scene for
//! whoever wants to go on from there. Where a role stands is the stage's to say ([`crate::panorama::roles`]).

pub mod arrange;
pub mod folder;
pub mod names;
mod words;
pub mod write;

pub use arrange::{Arrangement, Stem, arrange};
pub use folder::stems_of;
pub use names::{Named, Side, recognise};
pub use write::write_scene;
