//! `cargo xtask bench`: what requests cost, contenders side by side in one run.
//!
//! Every contender is a process of its own on a port of its own. Rounds are interleaved, so that whatever
//! else the machine does falls on all of them. One that cannot run is named.

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

use anyhow::Result;

pub(crate) use self::arguments::Arguments;
use self::arguments::{Part, Subject};
use self::machine::Machine;
use self::report::Report;
use self::setup::Setup;
use crate::build;

/// Components that are measured.
const COMPONENTS: [&str; 5] =
    ["predict", "predict-p3", "portent-do-nothing", "portent-do-nothing-p3", "portent-scorer-linear"];

/// Measures and prints tables.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if let Some(Subject::Aggregator(arguments)) = &arguments.subject {
        return aggregator::run(arguments);
    }
    if !arguments.no_build {
        build::components(&COMPONENTS)?;
        build::scored_components(&build::SCORED)?;
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
        let docs = build::workspace().join("docs");
        pictures::draw(report, &docs)?;
        page::write(&docs.join("performance.md"), report, machine)?;
    }
    Ok(())
}
