//! Cost of requests at saturation: CPU time of all processes of each contender, throughput, memory.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::Arguments;
use super::contender::{Contender, check_counts};
use super::kind::Kind;
use super::report::{Report, Table};
use super::rounds::{Round, best, least_quantile, worst};
use super::setup::Setup;
use super::workload::Workload;

/// Table of the single prediction, or of a component that does nothing in its place.
pub(crate) const PREDICT: &str = "requests";
/// Table of all other requests.
pub(crate) const OTHERS: &str = "other requests";

/// All kinds of requests; the first is measured for longest.
const WORKLOADS: [Workload; 7] = [
    Workload::Predict,
    Workload::Batch(100),
    Workload::Batch(1_000),
    Workload::Invalid,
    Workload::Live,
    Workload::Battery(1),
    Workload::Battery(100),
];

const COLUMNS: [&str; 11] = [
    "contender",
    "CPU µs",
    "worst round",
    "requests/s",
    "p50 µs",
    "p99 µs",
    "its aggregator's CPU µs",
    "load's CPU µs",
    "MiB idle",
    "MiB after",
    "MiB peak",
];

const OTHER_COLUMNS: [&str; 8] = [
    "contender",
    "batch of 100",
    "batch of 1,000",
    "rows/s of 1,000",
    "invalid",
    "live",
    "battery, 1 reading",
    "battery, 100",
];

/// Rounds of one kind of request at one contender.
struct Case<'a> {
    contender: &'a Contender,
    workload: Workload,
    rounds: Vec<Round>,
}

pub(crate) fn measure(setup: &Setup, arguments: &Arguments, report: &mut Report) -> Result<()> {
    let contenders = setup.start_all(&Kind::all(), &[], report);
    let idle: Result<Vec<_>> = contenders.iter().map(|contender| contender.process.memory()).collect();
    let mut cases = Vec::new();
    for workload in WORKLOADS {
        let takes = |one: &&Contender| one.kind.first_workload() == workload || is_other(one.kind, workload);
        let of_all = contenders.iter().filter(takes);
        cases.extend(of_all.map(|contender| Case { contender, workload, rounds: Vec::new() }));
    }
    run(&mut cases, arguments, report);
    let mut table = Table::new(PREDICT, &COLUMNS);
    for (contender, idle) in contenders.iter().zip(idle?) {
        let first = cases.iter().filter(|case| case.workload == contender.kind.first_workload());
        if let Some(case) = first.into_iter().find(|case| case.contender.port == contender.port) {
            table.row(&row(case, idle.resident)?);
        }
    }
    report.add(table);
    let mut others = Table::new(OTHERS, &OTHER_COLUMNS);
    for contender in contenders.iter().filter(|one| !matches!(one.kind, Kind::Nothing(..))) {
        others.row(&other_row(contender, &cases));
    }
    report.add(others);
    check_counts(&contenders, report);
    Ok(())
}

/// Whether this is measured beside the first request; what does nothing takes the same for all.
fn is_other(kind: Kind, workload: Workload) -> bool {
    !matches!(kind, Kind::Nothing(..)) && workload.request(kind.protocol()).is_some()
}

/// Measures the cases in turn, round by round; one that fails is named and left out from then on.
fn run(cases: &mut Vec<Case<'_>>, arguments: &Arguments, report: &mut Report) {
    let warm = Duration::from_millis(300);
    for round in 0..=arguments.rounds {
        println!("requests: {}", if round == 0 { "warming".to_owned() } else { arguments.round(round) });
        cases.retain_mut(|case| {
            let is_first = case.workload == case.contender.kind.first_workload();
            let time = if is_first { arguments.time() } else { arguments.time() / 2 };
            let time = if round == 0 { warm.min(time) } else { time };
            match Round::of(case.contender, case.workload, arguments.connections, time) {
                Ok(_) if round == 0 => true,
                Ok(seen) => {
                    case.rounds.push(seen);
                    true
                }
                Err(error) => {
                    report.miss(&format!("{}: {}", case.contender.name(), case.workload.name()), &error);
                    false
                }
            }
        });
    }
}

fn row(case: &Case<'_>, idle: u64) -> Result<Vec<Value>> {
    let rounds = &case.rounds;
    let memory = case.contender.process.memory()?;
    let fastest = rounds.iter().map(Round::per_second).fold(0.0, f64::max);
    let best = best(rounds);
    let aggregator = case.contender.aggregator.as_ref().map(|_| aggregator_micros(rounds));
    Ok(vec![
        json!(case.contender.name()),
        json!(best.map(Round::cpu_micros)),
        json!(worst(rounds)),
        json!(fastest.round() as u64),
        json!(least_quantile(rounds, 0.5)),
        json!(least_quantile(rounds, 0.99)),
        json!(aggregator),
        json!(best.map(|round| round.micros(round.load_cpu))),
        json!(mebibytes(idle)),
        json!(mebibytes(memory.resident)),
        json!(mebibytes(memory.peak)),
    ])
}

/// CPU time of the aggregator for one request, over all rounds: in one it is little beside the resolution.
fn aggregator_micros(rounds: &[Round]) -> f64 {
    let requests: usize = rounds.iter().map(|round| round.latencies.count()).sum();
    rounds.iter().map(|round| round.aggregator_cpu).sum::<f64>() * 1e6 / requests as f64
}

fn other_row(contender: &Contender, cases: &[Case<'_>]) -> Vec<Value> {
    let best_of = |workload: Workload| {
        let mut of_it = cases.iter().filter(|case| case.contender.port == contender.port);
        best(&of_it.find(|case| case.workload == workload)?.rounds)
    };
    let micros = |workload| json!(best_of(workload).map(Round::cpu_micros));
    let thousand = Workload::Batch(1_000);
    vec![
        json!(contender.name()),
        micros(Workload::Batch(100)),
        micros(thousand),
        json!(best_of(thousand).map(|round| (round.per_second() * 1_000.0).round() as u64)),
        micros(Workload::Invalid),
        micros(Workload::Live),
        micros(Workload::Battery(1)),
        micros(Workload::Battery(100)),
    ]
}

pub(crate) fn mebibytes(bytes: u64) -> u64 {
    bytes >> 20
}
