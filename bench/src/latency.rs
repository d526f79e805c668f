//! Latency on an open loop: requests are due at a fixed rate, however long answers take.

use anyhow::Result;
use serde_json::{Value, json};

use super::Arguments;
use super::contender::{Contender, check_counts};
use super::kind::Kind;
use super::load::{Latencies, Load};
use super::process::own_cpu_seconds;
use super::report::{Report, Table};
use super::setup::Setup;

pub(crate) const TABLE: &str = "latency";

const COLUMNS: [&str; 10] = [
    "contender at rate",
    "requests/s",
    "p50 µs",
    "p90 µs",
    "p99 µs",
    "p99.9 µs",
    "longest µs",
    "sent late, p99 µs",
    "load's CPU µs",
    "requests",
];

const QUANTILES: [f64; 5] = [0.5, 0.9, 0.99, 0.999, 1.0];

/// A rate at one contender, over all rounds.
struct Case<'a> {
    contender: &'a Contender,
    rate: u64,
    latencies: Latencies,
    lateness: Latencies,
    load_cpu: f64,
}

pub(crate) fn measure(setup: &Setup, arguments: &Arguments, report: &mut Report) -> Result<()> {
    let contenders = setup.start_all(&Kind::all(), &[], report);
    let mut cases = Vec::new();
    for rate in &arguments.rates {
        cases.extend(contenders.iter().map(|contender| Case::new(contender, *rate)));
    }
    // The first round only warms.
    for round in 0..=arguments.rounds {
        println!("latency: {}", if round == 0 { "warming".to_owned() } else { arguments.round(round) });
        // What cannot keep up is not asked again.
        cases.retain_mut(|case| match case.measure(arguments, round == 0) {
            Ok(()) => true,
            Err(error) => {
                report.miss(&format!("{} at {} requests/s", case.contender.name(), case.rate), &error);
                false
            }
        });
    }
    let mut table = Table::new(TABLE, &COLUMNS);
    cases.iter().for_each(|case| table.row(&case.row()));
    report.add(table);
    check_counts(&contenders, report);
    Ok(())
}

/// Name of a row.
pub(crate) fn row_name(kind: Kind, rate: u64) -> String {
    format!("{kind}, at {rate}")
}

/// So many that one waits for its own last answer only where that takes more than 100 ms, within reason.
fn connections(rate: u64) -> usize {
    usize::try_from(rate / 10).unwrap_or(usize::MAX).clamp(16, 256)
}

impl<'a> Case<'a> {
    fn new(contender: &'a Contender, rate: u64) -> Self {
        let (latencies, lateness) = (Latencies::default(), Latencies::default());
        Self { contender, rate, latencies, lateness, load_cpu: 0.0 }
    }

    fn measure(&mut self, arguments: &Arguments, is_warming: bool) -> Result<()> {
        let kind = self.contender.kind;
        let request = kind.first_workload().request(kind.protocol());
        let request = request.ok_or_else(|| anyhow::anyhow!("there is no such request"))?;
        let feed = || request.feed();
        let load = Load::paced(self.contender.port, connections(self.rate), self.rate, &feed);
        let cpu = own_cpu_seconds()?;
        let time = if is_warming { arguments.time() / 4 } else { arguments.time() };
        let sent =
            self.contender.note(load.expecting(request.status).send(time), |sent| sent.latencies.count())?;
        let unsent = sent.unsent;
        if !is_warming {
            self.load_cpu += own_cpu_seconds()? - cpu;
            self.latencies.merge(sent.latencies);
            self.lateness.merge(sent.lateness);
        }
        let is_kept_up = is_warming || unsent == 0;
        anyhow::ensure!(is_kept_up, "it answers too slowly: {unsent} requests were not sent");
        Ok(())
    }

    fn row(&self) -> Vec<Value> {
        let mut row = vec![json!(row_name(self.contender.kind, self.rate)), json!(self.rate)];
        row.extend(QUANTILES.map(|quantile| json!(self.latencies.quantile_micros(quantile))));
        let count = self.latencies.count();
        row.push(json!(self.lateness.quantile_micros(0.99)));
        row.push(json!(self.load_cpu * 1e6 / count as f64));
        row.push(json!(count));
        row
    }
}
