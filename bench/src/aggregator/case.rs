//! Measures the cost of one kind of request to a server, round by round.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

use super::Arguments;
use super::servers::Server;
use crate::load::{Feed, Load};
use crate::process::own_cpu_seconds;
use crate::report::Table;

/// What is sent to a server, again and again.
pub(super) struct Sent {
    pub(super) name: &'static str,
    pub(super) connections: usize,
    /// Events, or pushes, of a request.
    pub(super) each: u64,
    /// Bytes of one of them.
    pub(super) bytes: u64,
    pub(super) feed: Box<dyn Fn() -> Feed>,
}

/// One kind of request at one server.
pub(super) struct Case<'a> {
    pub(super) server: &'a Server,
    sent: &'a Sent,
    rounds: Vec<Round>,
}

/// What one round reached.
#[derive(Debug)]
pub(super) struct Round {
    /// Events, or pushes.
    pub(super) number: u64,
    /// CPU time of the server, in seconds.
    pub(super) cpu: f64,
    /// CPU time of the load generator, in seconds.
    pub(super) load_cpu: f64,
    /// Time on the clock.
    pub(super) seconds: f64,
}

const COLUMNS: [&str; 8] = [
    "contender",
    "what",
    "bytes each",
    "CPU ns each",
    "CPU ns, worst round",
    "each per CPU second",
    "each per second",
    "load CPU ns each",
];

impl<'a> Case<'a> {
    pub(super) fn new(server: &'a Server, sent: &'a Sent) -> Self {
        Self { server, sent, rounds: Vec::new() }
    }

    /// Events, or pushes, of all rounds.
    pub(super) fn number(&self) -> u64 {
        self.rounds.iter().map(|round| round.number).sum()
    }

    fn measure(&mut self, time: Duration) -> Result<()> {
        let Self { server, sent, rounds } = self;
        let (cpu, load_cpu) = (server.process.cpu_seconds()?, own_cpu_seconds()?);
        let started = Instant::now();
        let answers = Load::saturating(server.ingest, sent.connections, &*sent.feed).run(time)?;
        rounds.push(Round {
            number: answers.count() as u64 * sent.each,
            cpu: server.process.cpu_seconds()? - cpu,
            load_cpu: own_cpu_seconds()? - load_cpu,
            seconds: started.elapsed().as_secs_f64(),
        });
        Ok(())
    }
}

impl Round {
    fn cpu_nanos(&self) -> f64 {
        self.cpu * 1e9 / self.number as f64
    }
}

/// Measures the cases in turn, round by round.
pub(super) fn run(cases: &mut [Case<'_>], arguments: &Arguments) -> Result<()> {
    let time = Duration::from_millis(arguments.milliseconds);
    for round in 0..arguments.rounds {
        for case in &mut *cases {
            println!("round {} of {}: {}, {}", round + 1, arguments.rounds, case.server.name, case.sent.name);
            case.measure(time)?;
        }
    }
    Ok(())
}

pub(super) fn table(name: &'static str) -> Table {
    Table::new(name, &COLUMNS)
}

/// Adds a row a case.
pub(super) fn rows(table: &mut Table, cases: &[Case<'_>]) {
    for Case { server, sent, rounds } in cases {
        row(table, server.name, sent.name, sent.bytes, rounds);
    }
}

/// Adds a row: the round of least CPU time, and the CPU time of the worst.
pub(super) fn row(table: &mut Table, contender: &str, what: &str, bytes: u64, rounds: &[Round]) {
    let Some(best) = rounds.iter().min_by(|a, b| a.cpu_nanos().total_cmp(&b.cpu_nanos())) else { return };
    let worst = rounds.iter().map(Round::cpu_nanos).fold(0.0, f64::max);
    let fastest = rounds.iter().map(|round| round.number as f64 / round.seconds).fold(0.0, f64::max);
    table.row(&[
        json!(contender),
        json!(what),
        json!(bytes),
        json!(best.cpu_nanos()),
        json!(worst),
        json!(1e9 / best.cpu_nanos()),
        json!(fastest),
        json!(best.load_cpu * 1e9 / best.number as f64),
    ]);
}
