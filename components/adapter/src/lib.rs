//! What the shells of the prediction API share. [`service`] is set up once an instance; [`stamp`] completes what a
//! request adds to the counts. [`delivery`] holds the rules of a delivery by HTTP and [`batch`] those of gathering
//! events for one: both are pure, the shells move the bytes. [`limits`] is the one list of their numbers.

mod app;
#[cfg(not(feature = "scorer"))]
mod artefact;
pub mod batch;
pub mod delivery;
#[cfg(feature = "scorer")]
mod imported;
pub mod limits;

pub use app::{MonotonicClock, events_to, service, stamp};
