//! The prediction API as one pure function: [`Service::handle`] turns a request into a response and the
//! events to send after it.
//!
//! Nothing here does I/O or knows its host: time comes through [`Clock`], the model and the configuration
//! are given at construction. Every answer to an error is JSON, and bad input is never a 5xx.
//!
//! Read in this order: [`Service`], then `router` (path to route), a protocol (`records`, `readings`, `v1`, `v2`,
//! `mlflow`), the modules that protocols share (`call`, `body`, `json`, `fields`, `rows`, `table`, `values`, `coding`,
//! `scoring`, `explanation`, `observe`), and errors (`violation`, `refusal`).

mod about;
mod body;
mod call;
mod coding;
pub mod config;
mod description;
mod exchange;
mod explanation;
mod fields;
mod identity;
mod imported;
mod json;
pub mod limits;
mod log;
mod mlflow;
mod model_state;
mod observe;
mod outcome;
mod readings;
mod records;
mod refusal;
mod router;
mod rows;
mod scoring;
mod service;
mod stop_watch;
mod table;
mod timestamp;
mod v1;
mod v2;
mod values;
mod violation;

pub use config::{Config, ConfigError, EventsTo, Token};
pub use description::{DescribedFeature, Description, Missing};
pub use exchange::{Body, Clock, Header, Request, Response};
pub use imported::{ClassScores, Imported, ScoreError, ScoreFunction};
pub use log::log_line;
pub use model_state::ModelState;
pub use service::Service;

#[cfg(any(test, fuzzing))]
pub mod fuzz_support;
#[cfg(test)]
mod tests;
