//! The battery task: early warning of thermal runaway in high-voltage storage, learnt from simulated racks.
//!
//! Reading order: [`simulator`] makes [`recording`]s, [`features`] are computed from their readings,
//! [`sample`] draws rows to learn from, [`train()`] fits a forest and measures it by its [`alarms`] on
//! scenarios that it has not seen.

pub mod alarms;
mod candidate;
mod compare;
pub mod csv;
pub mod evaluate;
pub mod features;
mod notes;
pub mod quality;
pub mod recording;
pub mod sample;
mod settings;
pub mod simulator;
mod task;
mod train;

pub use self::compare::{Compared, Quality};
pub use self::settings::Settings;
pub use self::task::{APP, task};
pub use self::train::train;
