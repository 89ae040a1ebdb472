//! One source to two ears: where it is, which filter that asks for, and how the filter moves.

pub mod beam;
pub(crate) mod ears;
pub mod motion;
pub(crate) mod point;
pub mod source;
pub(crate) mod voice;

pub use beam::Beam;
pub use motion::{FARTHEST_M, HeadMotion, Motion, Path, PathKey, PosePath, is_meant};
pub use source::SourceSpec;
