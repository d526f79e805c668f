//! The counts of the aggregator, without I/O other than reading model files.
//!
//! A [`Delta`] counts the events of one delivery. A [`Ledger`] merges deltas into the [`Registry`] that is exposed, and keeps
//! the identity by which each of them is counted once. The modules are listed in reading order.

pub mod ledger;

pub mod dedup;
pub mod delta;

pub mod file_position;

pub mod cri;
pub mod lines;

pub mod series_limits;

pub mod registry;

pub mod models;

pub mod clock;
mod sparse;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use delta::Delta;
pub use ledger::{Ledger, Origin};
pub use models::{ModelMetadata, ModelStore, Models};
pub use registry::{Registry, Way};
