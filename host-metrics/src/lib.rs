//! The aggregator of Portent: counts the events of prediction components once, and exposes them to
//! Prometheus.
//!
//! [`Aggregator`] owns the counts. Events reach it from the files and the socket in [`ingest`], or from a
//! host in the same process; [`exposition`] writes what a scrape answers. The modules are listed in reading
//! order.

pub mod cli;
pub mod config;
pub mod environment;
pub mod logging;
pub mod start;

#[cfg(feature = "host")]
pub mod up;

pub mod aggregator;
pub mod ingest;
pub mod registry;

pub mod exposition;
pub mod families;
pub mod models;

pub mod state;

pub mod doors;
pub mod server;

mod answer;
pub mod clock;
pub mod codec;
pub mod process;
mod readiness;
mod reload;
mod scrape;
mod status;
#[cfg(test)]
mod testing;

pub use aggregator::Aggregator;
pub use registry::Way;
pub use reload::Reloaded;
