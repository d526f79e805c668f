//! Names in rules: metrics and labels that there are, and recorded series that say how they came about.

use std::collections::{BTreeMap, BTreeSet};

use portent_event::ROUTES;
use portent_tests::{external, promql};

use super::rules;
use crate::names::text;

/// Labels that Prometheus gives to targets.
const TARGET: [&str; 3] = ["namespace", "job", "instance"];

/// Metrics by name, each with its labels: those of a scrape, by docs/metrics.md, and those of Prometheus.
fn scraped() -> BTreeMap<String, BTreeSet<String>> {
    let page = text(&external::workspace().join("docs/metrics.md"));
    let mut metrics = BTreeMap::from([("up".to_owned(), labels(&[]))]);
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let Some((name, own)) = cells.get(1).zip(cells.get(4)) else { continue };
        let (name, own): (&str, Vec<&str>) = (name.trim_matches('`'), own.split(", ").collect());
        let own = labels(&own.iter().map(|label| label.trim_matches('`')).collect::<Vec<_>>());
        if cells[2] == "histogram" {
            let bucket = own.iter().cloned().chain(["le".to_owned()]).collect();
            metrics.insert(format!("{name}_bucket"), bucket);
            metrics.insert(format!("{name}_count"), own.clone());
            metrics.insert(format!("{name}_sum"), own);
        } else {
            metrics.insert(name.to_owned(), own);
        }
    }
    assert!(metrics.len() > 40, "the page has a table");
    metrics
}

fn labels(own: &[&str]) -> BTreeSet<String> {
    own.iter().chain(&TARGET).filter(|label| !label.is_empty()).map(|&label| label.to_owned()).collect()
}

/// Labels in the first part of a recorded name, `job_app_endpoint`; `None` if it is made of anything else. `slo` stands
/// for a constant.
fn level<'k>(text: &str, known: &BTreeSet<&'k str>) -> Option<Vec<&'k str>> {
    if text.is_empty() || text == "slo" {
        return Some(Vec::new());
    }
    known.iter().find_map(|label| {
        let rest = text.strip_prefix(label)?;
        let rest = if rest.is_empty() { rest } else { rest.strip_prefix('_')? };
        let mut labels = level(rest, known)?;
        labels.push(label);
        Some(labels)
    })
}

/// Every metric that a rule may use, recorded ones included.
pub(crate) fn known() -> BTreeMap<String, BTreeSet<String>> {
    let scraped = scraped();
    let all: BTreeSet<&str> = scraped.values().flatten().map(String::as_str).collect();
    let recorded = rules("record").into_iter().map(|(name, _)| {
        let parts: Vec<&str> = name.split(':').collect();
        assert!(
            parts.len() == 3 && parts.iter().all(|part| !part.is_empty()),
            "{name}: level:metric:operations"
        );
        let level = level(parts[0], &all);
        assert!(level.is_some(), "{name} is of no level");
        (name.clone(), labels(&level.unwrap()))
    });
    recorded.chain(scraped.clone()).collect()
}

/// What an expression names that is not there.
pub(crate) fn unknown(expression: &str, known: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let names = promql::names(expression);
    let mut unknown = Vec::new();
    let mut has = BTreeSet::new();
    for (metric, matched) in &names.metrics {
        let Some(labels) = known.get(metric) else {
            unknown.push(metric.clone());
            continue;
        };
        unknown.extend(matched.difference(labels).map(|label| format!("{metric}{{{label}}}")));
        has.extend(labels);
    }
    unknown.extend(names.groupings.iter().filter(|label| !has.contains(label)).cloned());
    unknown
}

/// Expressions of all rules, with their names.
fn expressions() -> Vec<(String, String)> {
    let all = rules("record").into_iter().chain(rules("alert"));
    all.map(|(name, rule)| (name, rule["expr"].as_str().unwrap().to_owned())).collect()
}

#[test]
fn every_name_in_a_rule_is_there() {
    let known = known();
    for (rule, expression) in expressions() {
        assert_eq!(unknown(&expression, &known), Vec::<String>::new(), "{rule}");
    }
}

#[test]
fn names_that_are_not_there_are_found() {
    let known = known();
    assert_eq!(
        unknown("sum by (apps) (api_requests_total{route=\"/\"})", &known),
        ["api_requests_total{route}", "apps"]
    );
    assert_eq!(unknown("api_requests{job=\"a\"} + api_request_duration_seconds", &known).len(), 2);
    assert_eq!(
        unknown("job_app:api_requests:rate5m{endpoint=\"/\"}", &known),
        ["job_app:api_requests:rate5m{endpoint}"]
    );
    let all = BTreeSet::from(["app", "job", "endpoint"]);
    assert_eq!(level("job_app_endpoint", &all).unwrap().len(), 3);
    assert_eq!((level("job_route", &all), level("jobapp", &all)), (None, None));
}

/// Families such as `api_requests_total` are not ours alone.
#[test]
fn every_scraped_metric_is_asked_of_one_job() {
    for (rule, expression) in expressions() {
        for (metric, matched) in
            promql::names(&expression).metrics.iter().filter(|(name, _)| !name.contains(':'))
        {
            assert!(matched.contains("job"), "{rule}: {metric}");
        }
        let jobs = expression.matches("job=").count();
        assert_eq!(expression.matches("{job=\"host-metrics\"").count(), jobs, "{rule}");
    }
}

/// The routes of predictions are the same everywhere, and those that score rows.
#[test]
fn rules_about_predictions_are_about_every_route_that_predicts() {
    let mut patterns = BTreeSet::new();
    for (_, expression) in expressions() {
        let parts = expression.split("endpoint=~\"").skip(1);
        patterns.extend(parts.filter_map(|part| Some(part.split_once('"')?.0.to_owned())));
    }
    assert_eq!(patterns.len(), 1, "{patterns:?}");
    let pattern = patterns.first().unwrap();
    for info in ROUTES {
        assert_eq!(covers(pattern, info.route.as_str()), info.predicts, "{}", info.route.as_str());
    }
    assert!(!covers(pattern, "other"));
}

/// Whether one of the alternatives, whose only wildcard is `.*`, is the whole text.
fn covers(pattern: &str, text: &str) -> bool {
    pattern.split('|').any(|alternative| match alternative.split_once(".*") {
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| rest.ends_with(after)),
        None => alternative == text,
    })
}
