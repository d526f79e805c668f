//! Training, checking and describing model artefacts; natively, never at serving time.
//!
//! Reading order: a [`Task`] states what is learnt from which columns ([`heart`] is one), [`table`] reads and
//! checks the file, [`dataset`] keeps its complete rows, [`train()`] fits, cross-validates and writes the
//! artefact and its card. [`inspect`] and [`evaluate`] look at an artefact afterwards.

pub mod heart;
mod task;

pub mod dataset;
pub mod table;

pub mod train;

mod cross_validation;
mod folds;
mod logistic;
pub mod metrics;
mod profile;
mod random;
mod self_check;

mod card;
mod metadata;

pub mod date;
pub mod evaluate;
pub mod inspect;
pub mod output;

pub use task::{Source, Target, Task};
pub use train::{Options, TrainError, Trained, train};

/// Version of the trainer, as artefacts name it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
