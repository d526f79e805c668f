//! The aggregator of Portent: counts the events of prediction components once, and exposes them to
//! Prometheus.
//!
//! [`Aggregator`] owns the counts. Events reach it from the files and the socket in [`ingest`], or from a host in the same
//! process. The modules are listed in reading order.

pub mod cli;
pub mod exit;
pub mod logging;
pub mod start;

mod admin;
mod status;

pub mod ingest;

pub mod aggregator;
mod line_batch;

pub mod access;

#[cfg(test)]
mod tests;

pub use aggregator::Aggregator;
