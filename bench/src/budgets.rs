//! Limits on the measured costs, and whether a run keeps to them.

use serde_json::json;

use super::kind::{Events, Host, Kind, Peer, Wasi};
use super::report::{Report, Table};
use super::workload::Workload;
use super::{latency, requests, starting};
use crate::paths;

pub(crate) const TABLE: &str = "budgets";

/// Rate of the latency that has a budget.
const RATE: u64 = 500;

/// Bytes of the component without its models.
const COMPONENT_BYTES: f64 = 1024.0 * 1024.0;

/// CPU time that a fresh instance may take over that of one with the same model built in.
const COMPOSED_INSTANCE_MICROS: f64 = 60.0;

/// CPU time that an instance may take over that of one that does nothing.
const INSTANCE_MICROS: f64 = 100.0;

/// A budget and what was measured.
#[derive(Debug, PartialEq)]
struct Budget {
    what: String,
    at_most: f64,
    measured: Option<f64>,
    unit: &'static str,
}

/// Every budget that this program measures, beside the figures of the run.
pub(crate) fn table(report: &Report) -> Table {
    let mut table = Table::new(TABLE, &["what", "budget", "measured", "met"]);
    for Budget { what, at_most, measured, unit } in all(report) {
        let met =
            measured.map_or("not measured", |measured| if measured <= at_most { "yes" } else { "**no**" });
        let shown = |value: f64| format!("{}{unit}", digits(value));
        table.row(&[
            json!(what),
            json!(format!("≤ {}", shown(at_most))),
            json!(measured.map(shown)),
            json!(met),
        ]);
    }
    table
}

fn all(report: &Report) -> Vec<Budget> {
    let mut all = Vec::new();
    for wasi in [Wasi::P2, Wasi::P3] {
        all.extend(beside_peers(report, wasi));
    }
    for (host, wasi) in [(Host::Embedded, Wasi::P2), (Host::Embedded, Wasi::P3), (Host::Spin, Wasi::P2)] {
        all.extend(beside_nothing(report, host, wasi));
    }
    for (wasi, http) in [(Wasi::P2, 1.6), (Wasi::P3, 1.1)] {
        let predict = |events| Kind::Predict(Host::Embedded, wasi, events);
        all.push(cpu(report, predict(Events::Stdout), predict(Events::Off), 1.1));
        all.push(cpu(report, predict(Events::Http), predict(Events::Off), http));
    }
    all.extend([Wasi::P2, Wasi::P3].map(|wasi| instance(report, wasi)));
    all.extend([Wasi::P2, Wasi::P3].into_iter().flat_map(|wasi| composed(report, wasi)));
    all.push(Budget {
        what: "wasm, WASI 0.2, without models".to_owned(),
        at_most: COMPONENT_BYTES,
        measured: component_bytes(),
        unit: " B",
    });
    all
}

/// CPU time, latency and rows a second beside the servers that are written in Python.
fn beside_peers(report: &Report, wasi: Wasi) -> Vec<Budget> {
    let predict = Kind::Predict(Host::Embedded, wasi, Events::Stdout);
    let (usual, tuned) = (Kind::Peer(Peer::Usual), Kind::Peer(Peer::Tuned));
    let p99 = |kind| number(report, latency::TABLE, &latency::row_name(kind, RATE), "p99 µs");
    let rows = |kind: Kind| number(report, requests::OTHERS, &kind.name(), "rows/s of 1,000");
    vec![
        cpu(report, predict, usual, 1.0 / 40.0),
        cpu(report, predict, tuned, 1.0 / 5.0),
        ratio(format!("p99 at {RATE}/s: {predict}, to {tuned}"), p99(predict), p99(tuned), 0.1),
        ratio(format!("time a row of 1,000: {predict}, to {usual}"), rows(usual), rows(predict), 0.01),
    ]
}

fn beside_nothing(report: &Report, host: Host, wasi: Wasi) -> [Budget; 2] {
    let limits = if host == Host::Spin { [1.1, 1.3] } else { [1.25, 1.4] };
    [(Events::Off, limits[0]), (Events::Stdout, limits[1])].map(|(events, limit)| {
        cpu(report, Kind::Predict(host, wasi, events), Kind::Nothing(host, wasi), limit)
    })
}

fn instance(report: &Report, wasi: Wasi) -> Budget {
    let row = starting::instance_row(Kind::Predict(Host::Embedded, wasi, Events::Off), Workload::Ready);
    let what = format!("start of an instance with its model, over do-nothing: embedded host, {wasi}");
    let measured = number(report, starting::INSTANCES, &row, "over do-nothing, µs");
    Budget { what, at_most: INSTANCE_MICROS, measured, unit: " µs" }
}

/// A scorer in a component of its own, beside the same model built in.
fn composed(report: &Report, wasi: Wasi) -> [Budget; 3] {
    let (kind, base) = (Kind::Composed(wasi), Kind::Predict(Host::Embedded, wasi, Events::Off));
    let rows = |kind: Kind| number(report, requests::OTHERS, &kind.name(), "rows/s of 1,000");
    let over = |row: &str| number(report, starting::INSTANCES, row, "over do-nothing, µs");
    let fresh = over(&starting::instance_row(kind, Workload::Predict));
    let built_in = over(&starting::instance_row(base, Workload::Predict));
    [
        cpu(report, kind, base, 1.15),
        ratio(format!("time a row of 1,000: {kind}, to {base}"), rows(base), rows(kind), 1.15),
        Budget {
            what: format!("fresh instance: {kind}, over {base}"),
            at_most: COMPOSED_INSTANCE_MICROS,
            measured: fresh.zip(built_in).map(|(fresh, built_in)| fresh - built_in),
            unit: " µs",
        },
    ]
}

/// CPU time of a prediction, as a share of another contender's.
fn cpu(report: &Report, kind: Kind, base: Kind, at_most: f64) -> Budget {
    let micros = |kind: Kind| number(report, requests::PREDICT, &kind.name(), "CPU µs");
    ratio(format!("CPU: {kind}, to {base}"), micros(kind), micros(base), at_most)
}

fn ratio(what: String, value: Option<f64>, base: Option<f64>, at_most: f64) -> Budget {
    let measured = value.zip(base).map(|(value, base)| value / base);
    Budget { what, at_most, measured, unit: "×" }
}

fn number(report: &Report, table: &str, row: &str, column: &str) -> Option<f64> {
    report.table(table)?.number(row, column)
}

/// Size of the built component less that of the artefacts that it embeds.
fn component_bytes() -> Option<f64> {
    let bytes = std::fs::metadata(paths::component("predict")).ok()?.len();
    let models = std::fs::read_dir(paths::workspace().join("models")).ok()?.filter_map(|entry| {
        let entry = entry.ok()?;
        let is_artefact = entry.path().extension().is_some_and(|extension| extension == "portent");
        entry.metadata().ok().filter(|_| is_artefact).map(|file| file.len())
    });
    Some(bytes.saturating_sub(models.sum()) as f64)
}

/// Three digits that mean something; a whole number in full.
fn digits(value: f64) -> String {
    match value {
        value if value >= 1_000.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value if value >= 1.0 => format!("{value:.2}"),
        value => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(off: f64, stdout: f64) -> Report {
        let mut table = Table::new(requests::PREDICT, &["contender", "CPU µs"]);
        let predict = |events| Kind::Predict(Host::Embedded, Wasi::P2, events).name();
        table.row(&[json!(predict(Events::Off)), json!(off)]);
        table.row(&[json!(predict(Events::Stdout)), json!(stdout)]);
        let mut report = Report::default();
        report.add(table);
        report
    }

    fn row(report: &Report) -> String {
        let lines = table(report).lines();
        let row =
            lines.lines().find(|line| line.contains("events stdout, to embedded host, WASI 0.2, events off"));
        row.unwrap().to_owned()
    }

    #[test]
    fn a_ratio_is_held_against_its_budget() {
        assert!(
            row(&report(80.0, 84.0)).ends_with("| ≤ 1.10× | 1.05× | yes |"),
            "{}",
            row(&report(80.0, 84.0))
        );
        assert!(row(&report(80.0, 96.0)).ends_with("| ≤ 1.10× | 1.20× | **no** |"));
    }

    #[test]
    fn what_was_not_measured_is_said_to_be_so() {
        assert!(row(&Report::default()).ends_with("| ≤ 1.10× | - | not measured |"));
    }
}
