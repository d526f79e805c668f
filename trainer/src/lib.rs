//! Training, checking and describing model artefacts; natively, never at serving time.
//!
//! Reading order: a [`Task`] states what is learnt ([`heart`] and [`hvs`] are two). [`tabular`] learns a
//! linear model from a data file: [`table`] reads and checks it, [`dataset`] keeps its complete rows. [`hvs`]
//! simulates its data and learns a [`forest`]. Both end in [`train`], which puts the artefact and its card
//! together. [`inspect`] and [`evaluate`] look at an artefact afterwards.

pub mod heart;
pub mod hvs;
mod task;

pub mod dataset;
pub mod table;

pub mod tabular;
pub mod train;

pub mod forest;
mod logistic;
pub mod metrics;
mod profile;
mod random;
mod self_check;

mod card;
mod metadata;

pub mod evaluate;
pub mod inspect;
pub mod output;
pub mod report;

pub use task::{Source, TableTask, Target, Task};
pub use train::{Options, TrainError, Trained};

/// Version of the trainer, as artefacts name it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
