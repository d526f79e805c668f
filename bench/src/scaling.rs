//! Cost by rows per request, by connections and by trees per model.

mod models;

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::json;

use super::Arguments;
use super::contender::Contender;
use super::fit::Line;
use super::kind::{Events, Host, Kind, Wasi};
use super::manifest;
use super::report::{Report, Table};
use super::rounds::{Round, best, least_quantile};
use super::setup::Setup;
use super::workload::{Request, Workload};

pub(crate) const ROWS: &str = "rows of a request";
pub(crate) const CONNECTIONS: &str = "connections";
pub(crate) const TREES: &str = "trees of a model";

/// Rows of a request, up to the most that one may have.
const ROW_COUNTS: [usize; 11] = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000];
const CONNECTION_COUNTS: [usize; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const TREE_COUNTS: [usize; 7] = [1, 3, 10, 30, 100, 300, 1_000];

/// Rows of the batch by which the cost of a tree is measured beside that of a single row.
const TREE_ROWS: usize = 100;

pub(crate) const SIZE_COLUMNS: [&str; 6] = ["contender", "size", "CPU µs", "µs each", "line, µs", "off, %"];
const CONNECTION_COLUMNS: [&str; 6] =
    ["contender", "connections", "CPU µs", "requests/s", "p50 µs", "p99 µs"];

pub(crate) fn measure(setup: &Setup, arguments: &Arguments, report: &mut Report) -> Result<()> {
    let kinds = [Wasi::P2, Wasi::P3].map(|wasi| Kind::Predict(Host::Embedded, wasi, Events::Off));
    let contenders = setup.start_all(&kinds, &[], report);
    rows(&contenders, arguments, report)?;
    connections(&contenders, arguments, report)?;
    drop(contenders);
    if setup.wants(kinds[0]) {
        trees(setup, arguments, report)?;
    }
    Ok(())
}

/// What grows, at one contender: a request of every size, and the rounds of each.
struct Case<'a> {
    name: String,
    contender: &'a Contender,
    request: Request,
    size: usize,
    rounds: Vec<Round>,
}

impl<'a> Case<'a> {
    fn new(name: String, contender: &'a Contender, request: Request, size: usize) -> Self {
        Self { name, contender, request, size, rounds: Vec::new() }
    }
}

fn rows(contenders: &[Contender], arguments: &Arguments, report: &mut Report) -> Result<()> {
    let mut cases = Vec::new();
    for (contender, rows) in contenders.iter().flat_map(|one| ROW_COUNTS.map(|rows| (one, rows))) {
        let request = Workload::Batch(rows).request(contender.kind.protocol()).context("no batches")?;
        cases.push(Case::new(contender.name(), contender, request, rows));
    }
    run(ROWS, &mut cases, arguments)?;
    report.add(sizes(ROWS, &cases));
    Ok(())
}

fn trees(setup: &Setup, arguments: &Arguments, report: &mut Report) -> Result<()> {
    let kind = Kind::Predict(Host::Embedded, Wasi::P2, Events::Off);
    let mut contenders = Vec::new();
    for trees in TREE_COUNTS {
        // A folder each, since a mount is of a folder.
        let folder = tempfile::tempdir_in(&setup.directory)?.keep();
        let model = folder.join("model.portent");
        std::fs::write(&model, models::forest(trees)?)?;
        let manifest = manifest::with_model(&setup.directory, &format!("trees-{trees}"), &model)?;
        let contender = setup.start_manifest(kind, &manifest, &[], Workload::Ready)?;
        contenders.push((trees, contender));
    }
    let mut cases = Vec::new();
    for rows in [1, TREE_ROWS] {
        for (trees, contender) in &contenders {
            let name = if rows == 1 { format!("{kind}, a row") } else { format!("{kind}, {rows} rows") };
            cases.push(Case::new(name, contender, models::request(rows), *trees));
        }
    }
    run(TREES, &mut cases, arguments)?;
    report.add(sizes(TREES, &cases));
    Ok(())
}

/// Measures cases in turn, round by round, on few connections, so that large requests do not pile up.
fn run(what: &str, cases: &mut [Case<'_>], arguments: &Arguments) -> Result<()> {
    let connections = arguments.connections.min(4);
    let time = arguments.time() / 4;
    for round in 0..=arguments.rounds {
        println!("{what}: {}", if round == 0 { "warming".to_owned() } else { arguments.round(round) });
        for case in &mut *cases {
            let time = if round == 0 { time.min(Duration::from_millis(100)) } else { time };
            let seen = Round::of_request(case.contender, &case.request, connections, time);
            let seen = seen.with_context(|| format!("{what}: {}, {}", case.name, case.size))?;
            case.rounds.extend((round > 0).then_some(seen));
        }
    }
    Ok(())
}

/// A row a case, beside the straight line through those of its name.
fn sizes(name: &'static str, cases: &[Case<'_>]) -> Table {
    let point = |case: &Case<'_>| Some((case.size as f64, best(&case.rounds)?.cpu_micros()));
    let mut table = Table::new(name, &SIZE_COLUMNS);
    for case in cases {
        let Some((size, micros)) = point(case) else { continue };
        let points: Vec<_> = cases.iter().filter(|other| other.name == case.name).filter_map(point).collect();
        let line = Line::fit(&points);
        table.row(&[
            json!(case.name),
            json!(case.size),
            json!(micros),
            json!(micros / size),
            json!(line.map(|line| line.at(size))),
            json!(line.map(|line| line.percent_off((size, micros)))),
        ]);
    }
    table
}

fn connections(contenders: &[Contender], arguments: &Arguments, report: &mut Report) -> Result<()> {
    let cases: Vec<_> =
        contenders.iter().flat_map(|one| CONNECTION_COUNTS.map(|count| (one, count))).collect();
    let mut seen: Vec<Vec<Round>> = cases.iter().map(|_| Vec::new()).collect();
    for round in 1..=arguments.rounds {
        println!("{CONNECTIONS}: {}", arguments.round(round));
        for ((contender, count), rounds) in cases.iter().zip(&mut seen) {
            rounds.push(Round::of(contender, Workload::Predict, *count, arguments.time() / 2)?);
        }
    }
    let mut table = Table::new(CONNECTIONS, &CONNECTION_COLUMNS);
    for ((contender, count), rounds) in cases.iter().zip(&seen) {
        let fastest = rounds.iter().map(Round::per_second).fold(0.0, f64::max);
        table.row(&[
            json!(contender.name()),
            json!(count),
            json!(best(rounds).map(Round::cpu_micros)),
            json!(fastest.round() as u64),
            json!(least_quantile(rounds, 0.5)),
            json!(least_quantile(rounds, 0.99)),
        ]);
    }
    report.add(table);
    Ok(())
}
