//! Every expression of every dashboard, on a real Prometheus that scraped the real program under traffic.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use portent_tests::dashboard::{self, Dashboard, Expression, Substitution, panel_expressions};
use portent_tests::{external, promql};
use serde_json::Value;

use crate::fixture::Running;
use crate::prometheus::Prometheus;

mod drawing;
mod kubernetes;
mod traffic;

/// Panels whose values may lie outside of 0 to 1 although their unit is a share.
const BEYOND: [(&str, &str); 3] = [
    ("Availability Budget Left", "below 0 once more than the budget is spent"),
    ("Latency Budget Left", "below 0 once more than the budget is spent"),
    ("Processor Time", "several threads take more than a second a second"),
];

/// Annotations that are empty where nothing happens, as nothing does in this scenario.
const EVENTFUL: [&str; 2] = ["Model changes", "Restarts"];

/// An alert that fires at once, with the labels of ours: without one the lists of alerts are empty.
const ALERT: &str = "groups:\n- name: shown\n  rules:\n  - alert: PortentAggregatorShown\n    expr: vector(1)\n    \
                     labels: {severity: warning, job: host-metrics, app: hvs}\n";

/// Both applications, and a Prometheus that watches them with the shipped rules and these.
pub(crate) fn watched(program: &Path, rules: &str) -> (Running, Prometheus, tempfile::TempDir) {
    let state = tempfile::tempdir().unwrap();
    let host = Running::up(&[
        "--state",
        state.path().to_str().unwrap(),
        "--config",
        "deploy/host-metrics/hvs-and-heart.toml",
    ]);
    let add = |folder: &Path| std::fs::write(folder.join("rules/more.yaml"), rules).unwrap();
    let server = Prometheus::configured(program, &host.authority("metrics"), &[], add);
    (host, server, state)
}

pub(crate) fn now() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64()
}

/// The values in the place of variables, for a server that scrapes every second; "All" of the jobs are those that
/// have an aggregator.
pub(crate) fn values() -> Substitution {
    let ranges =
        [("__rate_interval", "10s"), ("__interval", "5s"), ("__range", "1m"), ("job", "host-metrics")];
    ranges.iter().fold(Substitution::everything(), |values, (name, value)| values.with(name, value))
}

/// The series that an expression selects, asked as its panel asks.
pub(crate) fn selected(server: &Prometheus, expression: &Expression, values: &Substitution) -> Vec<Value> {
    let query = values.apply(&expression.text);
    if expression.instant { server.instant(&query, now()) } else { server.range(&query, now(), 8, 1) }
}

/// Every number of a series, of a moment or of a range.
pub(crate) fn numbers(series: &Value) -> Vec<f64> {
    let points = dashboard::items(series, "/values").chain(series.get("value"));
    points.filter_map(|point| point[1].as_str()?.parse().ok()).collect()
}

#[expect(clippy::print_stdout, reason = "the values are what a reader of the test wants to see")]
fn check_panel(server: &Prometheus, dashboard: &Dashboard, panel: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for expression in panel_expressions(panel) {
        let (title, reference) = (&expression.place, &expression.reference);
        let series = selected(server, &expression, &values());
        let found: Vec<_> = series.iter().flat_map(numbers).collect();
        let last = series.first().and_then(|one| numbers(one).last().copied());
        println!(
            "{} | {title} | {reference} | {} | {}",
            dashboard.field("title"),
            series.len(),
            last.map_or("-".to_owned(), |value| value.to_string())
        );
        let mut fault = |what: &str| faults.push(format!("{title} {reference} {what}: {}", expression.text));
        if found.is_empty() {
            fault("selects nothing");
        }
        if found.iter().any(|value| !value.is_finite()) {
            fault("has values that are no numbers");
        }
        let limit = match panel["fieldConfig"]["defaults"]["unit"].as_str() {
            Some("percentunit") if BEYOND.iter().all(|(beyond, _)| beyond != title) => 1.0,
            Some("percent") => 100.0,
            _ => continue,
        };
        // The last digits of a quotient of sums are not exact.
        if found.iter().any(|value| !(-1e-9..=limit + 1e-9).contains(value)) {
            fault("is a share beyond 0 to 1");
        }
    }
    faults
}

#[test]
#[expect(clippy::print_stdout, reason = "the head of the values")]
fn every_panel_shows_finite_values() {
    let Some(program) = external::program("prometheus") else { return };
    let (host, server, _state) = watched(&program, ALERT);
    let end = Instant::now() + Duration::from_secs(15);
    while Instant::now() < end {
        traffic::round(&host);
        std::thread::sleep(Duration::from_millis(300));
    }
    std::thread::sleep(Duration::from_millis(2500));
    println!("dashboard | panel | ref | series | last value of the first");
    let mut faults = Vec::new();
    for dashboard in dashboard::shipped() {
        for panel in dashboard.panels() {
            faults.extend(check_panel(&server, &dashboard, panel));
        }
        let others = dashboard.expressions().into_iter().filter(|one| {
            ["variable", "annotation"].contains(&&*one.reference) && !EVENTFUL.contains(&&*one.place)
        });
        for expression in others {
            if selected(&server, &expression, &values()).is_empty() {
                faults.push(format!("{} selects nothing", expression.place));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    check_names(&server);
}

/// Every metric that a dashboard names is there, with every label that it names.
fn check_names(server: &Prometheus) {
    let mut faults = BTreeSet::new();
    for expression in dashboard::shipped().iter().flat_map(Dashboard::expressions) {
        let names = promql::names(&values().apply(&expression.text));
        let mut labels = BTreeSet::new();
        for (metric, matched) in &names.metrics {
            let series = server.instant(metric, now());
            let found: BTreeSet<_> = series
                .iter()
                .filter_map(|one| one["metric"].as_object())
                .flat_map(|one| one.keys().cloned())
                .collect();
            faults.extend(matched.difference(&found).map(|label| format!("{metric} has no label {label}")));
            if series.is_empty() {
                faults.insert(format!("no metric {metric}"));
            }
            labels.extend(found);
        }
        let unknown = names.groupings.iter().filter(|label| !labels.contains(*label));
        faults.extend(unknown.map(|label| format!("{}: no label {label}", expression.place)));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
