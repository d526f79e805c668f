//! The benchmark: CPU time, latency and memory of Portent and of other servers, measured side by side in one run.
//!
//! `cargo xtask bench` builds what is measured, then runs this program. Each contender is a process of its own on a port
//! of its own. Rounds are interleaved, so that other load on the machine affects all contenders alike. A contender that
//! cannot run is named in the report.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks to its user")]

mod aggregator;
mod arguments;
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
mod paths;
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
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser as _;

use self::arguments::{Arguments, Part, Subject};
use self::machine::Machine;
use self::report::Report;
use self::setup::Setup;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match &arguments.subject {
        Some(Subject::Aggregator(arguments)) => aggregator::run(arguments),
        None => run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Measures requests and prints tables.
fn run(arguments: &Arguments) -> Result<()> {
    let machine = Machine::here()?;
    let directory = tempfile::tempdir()?;
    let program = found(arguments.program.clone().unwrap_or_else(|| paths::program("portent")))?;
    ensure!(program.is_file(), "{} is not built: run `cargo xtask bench`", program.display());
    let setup = Setup {
        directory: directory.path().to_owned(),
        aggregator: program.with_file_name("host-metrics"),
        program,
        spin: found(arguments.spin_program())?,
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
        report.begin("requests");
        requests::measure(setup, arguments, report)?;
    }
    if arguments.wants(Part::Latency) {
        report.begin("latency");
        latency::measure(setup, arguments, report)?;
    }
    if arguments.wants(Part::Start) {
        report.begin("start");
        starting::measure(setup, arguments, report)?;
    }
    if arguments.wants(Part::Scaling) {
        report.begin("scaling");
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
        let docs = paths::workspace().join("docs");
        pictures::draw(report, &docs)?;
        page::write(&docs.join("performance.md"), report, machine)?;
    }
    Ok(())
}
