//! What both components of the prediction API share. A component moves bytes between its host and this crate.
//!
//! [`service`] is set up once per instance. [`http`] holds requests and responses, [`delivery`] the rules of a delivery of
//! events, [`batch`] those of collecting events for one, and [`limits`] their numbers.

mod app;
#[cfg(not(feature = "scorer"))]
mod artefact;
pub mod batch;
pub mod delivery;
pub mod http;
#[cfg(feature = "scorer")]
mod imported;
pub mod limits;
#[cfg(target_family = "wasm")]
pub mod output;

pub use app::{MonotonicClock, events_to, finish, service};
