//! The prediction API as one pure function: [`Service::handle`] turns a request into a response and the
//! events to send after it.
//!
//! Nothing here does I/O or knows its host: time comes through [`Clock`], the model and the configuration
//! are given at construction. Whatever a client sends, the answer is JSON, and bad input is never a 5xx.
//!
//! Read in this order: [`Service`], then `router` (path to route), a dialect (`records`, `readings`, `v1`, `v2`, `mlflow`),
//! what the dialects share (`body`, `json`, `fields`, `rows`, `plain`, `table`, `values`, `coding`, `scoring`, `scorer`,
//! `explanation`), and how errors are told (`violation`, `refusal`).

mod service;

mod call;
mod router;

mod about;
mod mlflow;
mod readings;
mod records;
mod v1;
mod v2;

mod body;
mod coding;
mod fields;
mod json;
mod plain;
mod rows;
mod table;
mod timestamp;
mod values;

mod description;
mod explanation;
mod imported;
mod plausibility;
mod scorer;
mod scoring;

mod refusal;
mod violation;

mod identity;
mod log;
mod observe;
mod outcome;

pub mod config;
mod exchange;
pub mod limits;

pub use config::{Config, ConfigError, EventsTo, Token};
pub use description::{DescribedFeature, Description, Missing};
pub use exchange::{Body, Clock, Header, Request, Response};
pub use imported::{ClassScores, Imported, ScoreError, ScoreFunction};
pub use log::log_line;
pub use service::{ModelState, Service};

#[cfg(any(test, fuzzing))]
pub mod exercise;
#[cfg(test)]
mod tests;
