//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use host_metrics::cli::LogArgs;

use crate::compose::ComposeArgs;
use crate::train::{Simulation, Training};
use crate::up::UpArgs;

/// The version, and the profile that the program is built with.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("PORTENT_PROFILE"), ")");

/// Serves prediction models over HTTP and counts what they predict for Prometheus.
///
/// Try `portent up` in a folder with a spin.toml: it serves the application on http://127.0.0.1:3000 and its metrics on
/// http://127.0.0.1:9464/metrics.
#[derive(Debug, Parser)]
// Without a command the help would be an error of many lines.
#[command(name = "portent", version = VERSION, arg_required_else_help = false)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// How to log.
    #[command(flatten)]
    pub(crate) log: LogArgs,
}

/// What the program does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the application of a spin.toml, and its metrics.
    Up(Box<UpArgs>),
    /// Train a model; write its artefact and, beside it, its model card.
    #[command(subcommand)]
    Train(Training),
    /// Write simulated data.
    #[command(subcommand)]
    Simulate(Simulation),
    /// Show what is in a model artefact, verify its SHA-256 and replay its self-check.
    Inspect {
        /// The artefact.
        file: PathBuf,
        /// Everything, as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Measure a model artefact on labelled data in the coding it was trained on.
    Evaluate {
        /// The artefact.
        file: PathBuf,
        /// The data, CSV.
        #[arg(long)]
        data: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Join Portent and a scorer into one component.
    Compose(ComposeArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_declarations_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_version_names_the_profile() {
        assert!(VERSION.starts_with(env!("CARGO_PKG_VERSION")) && VERSION.ends_with(')'), "{VERSION}");
    }
}
