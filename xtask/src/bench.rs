//! `cargo xtask bench`: what requests cost, contenders side by side in one run.
//!
//! Every contender is a process of its own on a port of its own. Rounds are interleaved, so that whatever
//! else the machine does falls on all of them. One that cannot run is named.

mod aggregator;
mod budgets;
mod chart;
mod client;
mod contender;
mod exposition;
mod family;
mod fit;
mod kind;
mod latencies;
mod latency;
mod load;
mod machine;
mod manifest;
mod page;
mod pictures;
mod process;
mod report;
mod requests;
mod rounds;
mod scaling;
mod schedule;
mod setup;
mod starting;
mod workload;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use self::machine::Machine;
use self::report::Report;
use self::setup::Setup;
use crate::build;

/// Components that are measured.
const COMPONENTS: [&str; 3] = ["predict", "portent-do-nothing", "portent-do-nothing-p3"];

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    subject: Option<Subject>,
    /// Measure this part alone; repeatable.
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// Measure only contenders whose name holds this; repeatable.
    #[arg(long, value_name = "TEXT")]
    contender: Vec<String>,
    /// Folder of the Python peers; they are skipped by name where it or their interpreter is absent.
    #[arg(long, default_value = "../shared/peers")]
    peers: PathBuf,
    /// Python interpreter that has the peers' requirements.
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// The program of Spin; without it the one that PORTENT_SPIN names, else `spin`. Skipped by name where it
    /// cannot run.
    #[arg(long, value_name = "FILE")]
    spin: Option<PathBuf>,
    /// Measure this `host-metrics` instead of building one.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Measure what was built before.
    #[arg(long)]
    no_build: bool,
    /// Seconds of each measurement; the smaller ones take a part of it.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Rounds.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// Connections at saturation.
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// Requests per second of the latency on an open loop; repeatable.
    #[arg(long = "rate", value_name = "NUMBER", default_values_t = [500, 2000], value_parser = clap::value_parser!(u64).range(1..))]
    rates: Vec<u64>,
    /// Write the figures to this file too, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw the charts into this folder.
    #[arg(long, value_name = "FOLDER")]
    charts: Option<PathBuf>,
    /// Put the tables into docs/performance.md and the charts beside it.
    #[arg(long)]
    write_docs: bool,
}

/// What is measured instead of requests.
#[derive(Debug, clap::Subcommand)]
enum Subject {
    /// Measure the aggregator beside other ways to count the same.
    Aggregator(aggregator::Arguments),
}

/// Parts of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
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
    fn time(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// A round, for who waits.
    fn round(&self, round: u64) -> String {
        format!("round {round} of {}", self.rounds)
    }

    /// The program of Spin.
    fn spin(&self) -> PathBuf {
        let named = self.spin.clone().or_else(|| std::env::var_os("PORTENT_SPIN").map(PathBuf::from));
        named.unwrap_or_else(|| "spin".into())
    }

    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

/// Measures and prints tables.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if let Some(Subject::Aggregator(arguments)) = &arguments.subject {
        return aggregator::run(arguments);
    }
    if !arguments.no_build {
        build::components(&COMPONENTS)?;
        if arguments.program.is_none() {
            build::programs(&["host-metrics"])?;
        }
    }
    let machine = Machine::here()?;
    let directory = tempfile::tempdir()?;
    let program = arguments.program.clone().unwrap_or_else(|| build::program("host-metrics"));
    let setup = Setup {
        directory: directory.path().to_owned(),
        program: found(program)?,
        spin: found(arguments.spin())?,
        python: found(arguments.python.clone())?,
        peers: arguments.peers.clone(),
        wanted: arguments.contender.clone(),
    };
    let mut report = Report::default();
    let measured = measure(&setup, arguments, &mut report);
    // What was measured before something failed is kept.
    let written = write(arguments, &report, &machine);
    measured.and(written)
}

/// A program that is found from any folder: one that is named without a folder is looked for on the PATH.
fn found(program: PathBuf) -> Result<PathBuf> {
    if program.components().count() > 1 { Ok(std::path::absolute(program)?) } else { Ok(program) }
}

fn measure(setup: &Setup, arguments: &Arguments, report: &mut Report) -> Result<()> {
    if arguments.wants(Part::Requests) {
        requests::measure(setup, arguments, report)?;
    }
    if arguments.wants(Part::Latency) {
        latency::measure(setup, arguments, report)?;
    }
    if arguments.wants(Part::Start) {
        starting::measure(setup, arguments, report)?;
    }
    if arguments.wants(Part::Scaling) {
        scaling::measure(setup, arguments, report)?;
    }
    if arguments.only.is_empty() {
        report.add(budgets::table(report));
    }
    Ok(())
}

fn write(arguments: &Arguments, report: &Report, machine: &Machine) -> Result<()> {
    println!("\n{}", machine.sentence());
    if let Some(path) = &arguments.json {
        report.write(path, machine)?;
    }
    if let Some(folder) = &arguments.charts {
        pictures::draw(report, folder)?;
    }
    if arguments.write_docs {
        let docs = build::workspace().join("docs");
        pictures::draw(report, &docs)?;
        page::write(&docs.join("performance.md"), report, machine)?;
    }
    Ok(())
}
