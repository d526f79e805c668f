//! The page about objectives says what the rules hold an application to.

use portent_tests::{deploy, external};
use serde_json::Value;

use crate::names::text;
use crate::rules::rules;

#[test]
fn objectives_are_those_of_the_rules() {
    let page = page();
    for (name, rest) in [("availability", " |"), ("latency", " within 100 ms |")] {
        let stated = format!("| {name}: {} %{rest}", percent(constant(&format!("slo:{name}:objective"))));
        assert!(page.contains(&stated), "docs/slo.md does not state {stated:?}");
    }
    let floor = constant("slo:bad_requests:floor");
    let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&format!("at least `slo:bad_requests:floor` bad requests, which is {floor},")));
}

/// A slow request is one beyond the time that the page states, in every rule.
#[test]
fn slow_is_what_the_page_says() {
    let rules = text(&deploy::path("prometheus/rules/latency.yaml"));
    let bounds: Vec<_> = rules.split("le=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(!bounds.is_empty() && bounds.iter().all(|bound| *bound == "0.1"), "{bounds:?}");
}

/// Every burn alert has its row in the page's table, and in that of its runbook, with thresholds worked out from the
/// objectives; and the tables have no other rows.
#[test]
fn burn_rates_are_those_of_the_rules() {
    for (name, objective, column) in [
        ("PortentAvailabilityBudgetBurn", "slo:availability:objective", 5),
        ("PortentLatencyBudgetBurn", "slo:latency:objective", 6),
    ] {
        let runbook = text(&external::workspace().join(format!("docs/runbooks/{name}.md")));
        let page = page();
        let (page, runbook) = (rows(&page), rows(&runbook));
        let burns: Vec<_> = rules("alert").into_iter().filter(|(alert, _)| alert == name).collect();
        assert_eq!((burns.len(), page.len(), runbook.len()), (4, 4, 4), "{name}");
        for (((_, burn), stated), listed) in burns.iter().zip(page).zip(runbook) {
            let rate = rate(burn, objective);
            let threshold = format!("{} %", percent(rate * (1.0 - constant(objective))));
            let label = |label: &str| burn["labels"][label].as_str().unwrap();
            let (severity, long, short) = (label("severity"), label("long"), label("short"));
            assert_eq!(stated[1..4], [severity, &rate.to_string(), &format!("{long}, {short}")], "{name}");
            assert_eq!(stated[column - 1], threshold, "{name}");
            assert_eq!(listed[1..4], [severity, &format!("{long} and {short}"), &threshold], "{name}");
        }
    }
}

fn page() -> String {
    text(&external::workspace().join("docs/slo.md"))
}

/// The value of a series that is recorded as a number.
fn constant(record: &str) -> f64 {
    let (_, rule) = rules("record").into_iter().find(|(name, _)| name == record).unwrap();
    rule["expr"].as_str().unwrap().parse().unwrap()
}

/// The burn rate that an alert asks for, over both of its windows.
fn rate(burn: &Value, objective: &str) -> f64 {
    let expression = burn["expr"].as_str().unwrap();
    let budget = format!("(1 - scalar({objective}))");
    let rates: Vec<f64> = expression
        .lines()
        .filter_map(|line| line.split_once(" > ")?.1.strip_suffix(&budget))
        .map(|factor| factor.strip_suffix(" * ").map_or(1.0, |factor| factor.parse().unwrap()))
        .collect();
    assert!(matches!(rates[..], [long, short] if long == short), "{expression}: {rates:?}");
    rates[0]
}

/// A share as a percentage without needless digits.
fn percent(share: f64) -> f64 {
    (share * 1e6).round() / 1e4
}

/// The cells of rows that begin with a severity.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let table =
        page.lines().filter(|line| line.starts_with("| critical |") || line.starts_with("| warning |"));
    table.map(|line| line.split('|').map(str::trim).collect()).collect()
}
