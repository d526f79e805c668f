//! `cargo xtask bench aggregator`: the cost of counting events and of scrapes, beside other ways to count the same.
//!
//! CPU time is that of the contender's process, as the operating system accounts for it. It excludes the load generator,
//! which is this program. Rounds are interleaved over the contenders.

mod case;
mod filled;
mod ingest;
mod lines;
mod restart;
mod scrape;
mod servers;
mod soak;
mod stall;
mod tail_writer;
mod trend;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};

use self::filled::{Filled, MEMORY};
use self::servers::{Server, Servers};
use super::machine::Machine;
use super::report::{Report, Table};
use crate::paths;

/// Numbers of series that are scraped; with the last one the rest is measured.
const SIZES: [u64; 3] = [1_000, 10_000, 100_000];

/// State directory of the aggregator that holds the most series.
const STATE: &str = "series";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Python interpreter that has prometheus-client; that peer is skipped by name if it cannot run.
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// The pushgateway's program; skipped by name if it cannot run.
    #[arg(long, default_value = "prometheus-pushgateway")]
    pushgateway: PathBuf,
    /// Measure this `host-metrics`. Nothing is built then.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Measure this part alone; repeatable.
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// Milliseconds of each measurement of ingest.
    #[arg(long, default_value_t = 1500)]
    milliseconds: u64,
    /// Rounds.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Write the figures to this file too, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Instead of measuring, keep the aggregator under full load for so long, and check its counts.
    #[arg(long, value_name = "MINUTES")]
    soak: Option<u64>,
}

/// Parts of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Events by HTTP.
    Ingest,
    /// Events in a file.
    Tail,
    /// Series pushed to the pushgateway.
    Pushes,
    /// Scrapes, memory, latency during scrapes and restarts.
    Series,
}

/// Measures and prints tables.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let program = arguments.program.clone().unwrap_or_else(|| paths::program("host-metrics"));
    ensure!(program.is_file(), "{} is not built: run `cargo xtask bench aggregator`", program.display());
    // On the disk of the build: what is measured durably must not be on one that is memory.
    std::fs::create_dir_all(paths::target_directory())?;
    let directory = tempfile::tempdir_in(paths::target_directory())?;
    let servers = Servers::new(directory.path(), &program, &arguments.python, &arguments.pushgateway)?;
    let mut report = Report::default();
    match arguments.soak {
        Some(minutes) => report.add(soak::run(&servers, Duration::from_secs(60 * minutes))?),
        None => measure(&servers, arguments, &mut report)?,
    }
    arguments.json.as_deref().map_or(Ok(()), |path| report.write(path, &Machine::here()?))
}

fn measure(servers: &Servers, arguments: &Arguments, report: &mut Report) -> Result<()> {
    let is_wanted = |part| arguments.only.is_empty() || arguments.only.contains(&part);
    if is_wanted(Part::Ingest) {
        report.add(ingest::http(servers, arguments)?);
    }
    if is_wanted(Part::Tail) {
        report.add(ingest::tail(servers, arguments)?);
    }
    if is_wanted(Part::Pushes) {
        report.add(ingest::pushes(servers, arguments)?);
    }
    if is_wanted(Part::Series) {
        measure_series(servers, arguments, report)?;
    }
    Ok(())
}

/// Everything that depends on the number of series.
fn measure_series(servers: &Servers, arguments: &Arguments, report: &mut Report) -> Result<()> {
    let mut scrapes = scrape::table();
    let (mut memory, mut last) = (Table::new("memory", &MEMORY), Vec::new());
    for size in SIZES {
        let filled: Result<Vec<_>> =
            contenders(servers, size)?.into_iter().map(|server| Filled::new(server, size)).collect();
        last = filled?;
        let in_memory: Vec<_> = last.iter().filter(|filled| !filled.server.is_durable).collect();
        scrape::measure(&mut scrapes, &in_memory, arguments.rounds)?;
    }
    report.add(scrapes);
    for filled in &last {
        memory.row(&filled.memory()?);
    }
    report.add(memory);
    let mut stalls = stall::table();
    let taking: Vec<_> = last.iter().filter(|filled| filled.server.takes_events).collect();
    stall::measure(&mut stalls, &taking, arguments.rounds, Duration::from_secs(2))?;
    report.add(stalls);
    if let Some(durable) = last.into_iter().find(|filled| filled.server.is_durable) {
        report.add(restart::measure(servers, durable, STATE, arguments.rounds)?);
    }
    Ok(())
}

/// The aggregator and its peers, empty; durably too for the most series are.
fn contenders(servers: &Servers, size: u64) -> Result<Vec<Server>> {
    let mut contenders = vec![servers.memory()?];
    if SIZES.ends_with(&[size]) {
        contenders.push(servers.durable(STATE)?);
    }
    contenders.extend(servers.python()?);
    contenders.extend(servers.pushgateway()?);
    Ok(contenders)
}
