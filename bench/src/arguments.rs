//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use super::aggregator;

/// Measures CPU time, latency and memory of requests, beside other servers.
#[derive(Debug, clap::Parser)]
#[command(bin_name = "cargo xtask bench", args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) subject: Option<Subject>,
    /// Measure this part alone; repeatable.
    #[arg(long, value_enum)]
    pub(crate) only: Vec<Part>,
    /// Measure only contenders whose name holds this; repeatable.
    #[arg(long, value_name = "TEXT")]
    pub(crate) contender: Vec<String>,
    /// Folder of the Python peers; they are skipped by name if it or their interpreter is missing.
    #[arg(long, default_value = "../shared/peers")]
    pub(crate) peers: PathBuf,
    /// Python interpreter that has the peers' requirements.
    #[arg(long, default_value = "python3")]
    pub(crate) python: PathBuf,
    /// The program of Spin; without it the one that PORTENT_SPIN names, else `spin`. Skipped by name if it
    /// cannot run.
    #[arg(long, value_name = "FILE")]
    pub(crate) spin: Option<PathBuf>,
    /// Measure this `portent`; `host-metrics` is expected beside it. Nothing is built then.
    #[arg(long, value_name = "FILE")]
    pub(crate) program: Option<PathBuf>,
    /// Seconds of each measurement; the smaller ones take a part of it.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seconds: u64,
    /// Rounds.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) rounds: u64,
    /// Connections at saturation.
    #[arg(long, default_value_t = 8)]
    pub(crate) connections: usize,
    /// Requests per second of the latency on an open loop; repeatable.
    #[arg(long = "rate", value_name = "NUMBER", default_values_t = [500, 2000],
        value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) rates: Vec<u64>,
    /// Write the figures to this file too, as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Draw the charts into this folder.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) charts: Option<PathBuf>,
    /// Put the tables into docs/performance.md and the charts beside it.
    #[arg(long)]
    pub(crate) write_docs: bool,
}

/// What is measured instead of requests.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Subject {
    /// Measure the aggregator beside other ways to count the same.
    Aggregator(aggregator::Arguments),
}

/// Parts of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// CPU time, throughput and memory at saturation.
    Requests,
    /// Latency on an open loop.
    Latency,
    /// Starts of processes and of instances.
    Start,
    /// Cost by rows, by connections and by trees.
    Scaling,
}

impl Arguments {
    /// Time of a measurement.
    pub(crate) fn time(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// A round, as progress shows it.
    pub(crate) fn round(&self, round: u64) -> String {
        format!("round {round} of {}", self.rounds)
    }

    /// The program of Spin.
    pub(crate) fn spin_program(&self) -> PathBuf {
        let named = self.spin.clone().or_else(|| std::env::var_os("PORTENT_SPIN").map(PathBuf::from));
        named.unwrap_or_else(|| "spin".into())
    }

    pub(crate) fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}
