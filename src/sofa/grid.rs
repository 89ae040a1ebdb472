//! grid
#[derive(Clone, Debug, PartialEq)]
/// x
pub struct Grid {}
/// x
#[derive(Clone, Debug, PartialEq)]
pub enum GridKind {}
