//! cli (placeholder until merge)
pub mod bench;
