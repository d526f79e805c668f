//! Time from the start of a process to its first answer, and the cost of a fresh instance per request.

use std::time::Instant;

use anyhow::Result;
use serde_json::json;

use super::Arguments;
use super::contender::Contender;
use super::kind::{Events, Host, Kind, Wasi};
use super::report::{Report, Table};
use super::requests::mebibytes;
use super::rounds::{Round, best, worst};
use super::setup::Setup;
use super::workload::Workload;

pub(crate) const PROCESSES: &str = "start of a process";
pub(crate) const INSTANCES: &str = "start of an instance";

/// A fresh instance for every request.
const FRESH: [&str; 2] = ["--max-instance-reuse-count", "1"];

pub(crate) fn measure(setup: &Setup, arguments: &Arguments, report: &mut Report) -> Result<()> {
    processes(setup, arguments, report)?;
    instances(setup, arguments, report)
}

/// One start.
struct Start {
    millis: f64,
    cpu_millis: f64,
    resident: u64,
}

fn processes(setup: &Setup, arguments: &Arguments, report: &mut Report) -> Result<()> {
    let mut cases: Vec<_> = Kind::starting().into_iter().filter(|kind| setup.wants(*kind)).collect();
    let mut starts: Vec<Vec<Start>> = cases.iter().map(|_| Vec::new()).collect();
    // The first one fills the caches of compiled code and of the disk.
    for round in 0..=arguments.rounds {
        println!("start: {}", if round == 0 { "warming".to_owned() } else { arguments.round(round) });
        for (at, kind) in cases.clone().into_iter().enumerate().rev() {
            match start(setup, kind, &[]) {
                Ok(_) if round == 0 => {}
                Ok(seen) => starts[at].push(seen),
                Err(error) => {
                    report.miss(&kind.name(), &error);
                    cases.remove(at);
                    starts.remove(at);
                }
            }
        }
    }
    let columns = &["contender", "ms to the first answer", "longest", "CPU ms", "MiB then"];
    let mut table = Table::new(PROCESSES, columns);
    cases.iter().zip(&starts).for_each(|(kind, starts)| row(&mut table, &kind.name(), starts));
    let compiled = Kind::Predict(Host::Embedded, Wasi::P2, Events::Off);
    if cases.contains(&compiled) {
        let cache = tempfile::tempdir_in(&setup.directory)?;
        let start = start(setup, compiled, &["--cache-dir", &cache.path().to_string_lossy()])?;
        row(&mut table, &format!("{compiled}, nothing compiled yet"), &[start]);
    }
    report.add(table);
    Ok(())
}

fn start(setup: &Setup, kind: Kind, options: &[&str]) -> Result<Start> {
    let started = Instant::now();
    let contender = setup.start(kind, options)?;
    let millis = started.elapsed().as_secs_f64() * 1e3;
    let resident = contender.process.memory()?.resident;
    Ok(Start { millis, cpu_millis: contender.process.cpu_seconds()? * 1e3, resident })
}

fn row(table: &mut Table, name: &str, starts: &[Start]) {
    let Some(best) = starts.iter().min_by(|a, b| a.millis.total_cmp(&b.millis)) else { return };
    let longest = starts.iter().map(|start| start.millis).fold(0.0, f64::max);
    let memory = mebibytes(best.resident);
    table.row(&[json!(name), json!(best.millis), json!(longest), json!(best.cpu_millis), json!(memory)]);
}

/// Name of a row of the second table.
pub(crate) fn instance_row(kind: Kind, workload: Workload) -> String {
    match kind {
        Kind::Nothing(..) | Kind::Composed(_) => kind.name(),
        _ => format!("{kind}, {}", workload.name()),
    }
}

fn instances(setup: &Setup, arguments: &Arguments, report: &mut Report) -> Result<()> {
    let kinds = [Wasi::P2, Wasi::P3].map(|wasi| {
        let host = Host::Embedded;
        [Kind::Nothing(host, wasi), Kind::Predict(host, wasi, Events::Off), Kind::Composed(wasi)]
    });
    let contenders = setup.start_all(&kinds.concat(), &FRESH, report);
    let mut cases: Vec<(&Contender, Workload, Vec<Round>)> = Vec::new();
    for contender in &contenders {
        let workloads = match contender.kind {
            Kind::Nothing(..) | Kind::Composed(_) => vec![Workload::Predict],
            _ => vec![Workload::Live, Workload::Ready, Workload::Predict],
        };
        cases.extend(workloads.into_iter().map(|workload| (contender, workload, Vec::new())));
    }
    for round in 0..=arguments.rounds {
        println!("instances: {}", if round == 0 { "warming".to_owned() } else { arguments.round(round) });
        for (contender, workload, rounds) in &mut cases {
            let time = if round == 0 { arguments.time() / 4 } else { arguments.time() };
            let seen = Round::of(contender, *workload, arguments.connections, time)?;
            rounds.extend((round > 0).then_some(seen));
        }
    }
    let mut table = Table::new(INSTANCES, &["contender", "CPU µs", "worst round", "over do-nothing, µs"]);
    for (contender, workload, rounds) in &cases {
        let base = cases.iter().find(|(other, ..)| is_base(other.kind, contender.kind));
        let micros = best(rounds).map(Round::cpu_micros);
        let base = base.and_then(|(.., rounds)| best(rounds)).map(Round::cpu_micros);
        let over = micros.zip(base).map(|(micros, base)| micros - base);
        let name = instance_row(contender.kind, *workload);
        table.row(&[json!(name), json!(micros), json!(worst(rounds)), json!(over)]);
    }
    report.add(table);
    Ok(())
}

/// Whether the first does nothing in the same host and for the same version of WASI as the second.
fn is_base(nothing: Kind, kind: Kind) -> bool {
    match kind {
        Kind::Predict(host, wasi, _) | Kind::Nothing(host, wasi) => nothing == Kind::Nothing(host, wasi),
        Kind::Composed(wasi) => nothing == Kind::Nothing(Host::Embedded, wasi),
        Kind::Peer(_) => false,
    }
}
