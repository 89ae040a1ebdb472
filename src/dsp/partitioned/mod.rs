//! Long convolution without added latency: many inputs through long filters to many outputs.
//!
//! The filters are cut into *levels* of partitions, short ones first and longer ones later (Gardner, J. Audio Eng. Soc.
//! 43(3), 1995). A [`Plan`] says how, found by a search over estimated costs (García, AES 113, 2002; Wefers,
//! *Partitioned convolution algorithms for real-time auralization*, 2015). [`Filters`] are responses prepared for a
//! plan, [`Convolver`] is the state that sends sound through them.
//!
//! # How the work is shared and spread
//! Each input is transformed once a level for all outputs, and the sums of an output are transformed back once a level
//! for all inputs. The first level answers at once, whatever the block: a hop of any length transforms its last
//! `2 · size` frames again, and the hop that ends on the level's grid leaves its spectrum to the partitions behind. All
//! further levels keep a grid in absolute time. A level of partitions of `size` frames begins `2 · size` frames into the
//! filter or later, so that its work on each stretch of input, cut into small units, can be spread evenly over the
//! `size` frames that follow, on the thread that calls.

mod convolver;
mod filters;
mod level;
mod plan;
#[cfg(test)]
mod tests;

pub use convolver::Convolver;
pub use filters::{FilterWriter, Filters, LevelFilters};
pub use plan::{LevelPlan, Plan};
