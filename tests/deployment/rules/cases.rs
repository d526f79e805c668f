//! The tests of alerts: which alerts are seen to fire, to stay silent, and to do either at their boundary.
//!
//! A test group names its alert and what it is seen to do: `PortentX fires: …`, `PortentX is silent: …` or
//! `PortentX at its boundary: …`.

use std::collections::BTreeMap;

use portent_tests::deploy;
use serde_json::{Value, json};

use super::{document, rules};

/// What the tests of one alert look at: groups of each kind, and moments with and without the alert.
#[derive(Debug, Default, PartialEq, Eq)]
struct Cases {
    fires: usize,
    silent: usize,
    boundary: usize,
    /// Moments at the boundary at which it fires, and at which it does not.
    sides: (usize, usize),
}

/// Adds the cases of a test file.
fn count(file: &Value, cases: &mut BTreeMap<String, Cases>) -> Result<(), String> {
    for group in list(&file["tests"]) {
        let name = group["name"].as_str().unwrap_or_default();
        let moments = list(&group["alert_rule_test"]);
        let Some((alert, kind)) = subject(name) else {
            match moments.is_empty() {
                true => continue,
                false => return Err(format!("`{name}` names no alert")),
            }
        };
        for moment in &moments {
            check(alert, moment).map_err(|problem| format!("`{name}`: {problem}"))?;
        }
        let firing = moments.iter().filter(|moment| !list(&moment["exp_alerts"]).is_empty()).count();
        let quiet = moments.len() - firing;
        let cases = cases.entry(alert.to_owned()).or_default();
        match kind {
            "fires" if firing > 0 => cases.fires += 1,
            "is silent" if quiet > 0 => cases.silent += 1,
            "at its boundary" if firing + quiet > 0 => {
                cases.boundary += 1;
                cases.sides = (cases.sides.0 + firing, cases.sides.1 + quiet);
            }
            _ => return Err(format!("`{name}` does not show what it says")),
        }
    }
    Ok(())
}

/// Alert and kind in the name of a group.
fn subject(name: &str) -> Option<(&str, &str)> {
    let (subject, _) = name.split_once(": ")?;
    subject.split_once(' ').filter(|(alert, _)| alert.starts_with("Portent"))
}

/// A moment is about the alert, and says all that the alert does.
fn check(alert: &str, moment: &Value) -> Result<(), &'static str> {
    if moment["alertname"] != alert {
        return Err("another alert is looked at");
    }
    let complete = |expected: &Value| {
        let annotations = ["summary", "description", "runbook_url"];
        expected["exp_labels"]["severity"].is_string()
            && annotations.iter().all(|key| expected["exp_annotations"][key].is_string())
    };
    let all = list(&moment["exp_alerts"]).iter().all(complete);
    if all { Ok(()) } else { Err("labels or annotations are left out") }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

#[test]
#[expect(clippy::print_stdout, reason = "the table is read with --nocapture")]
fn every_alert_is_tested_on_both_sides_and_at_its_boundary() {
    let mut cases = BTreeMap::new();
    for file in deploy::files("prometheus/tests", "_test.yaml") {
        count(&document(&file), &mut cases).unwrap();
    }
    println!("alert | fires | silent | boundary (moments firing, silent)");
    for (alert, Cases { fires, silent, boundary, sides }) in &cases {
        println!("{alert} | {fires} | {silent} | {boundary} ({}, {})", sides.0, sides.1);
    }
    for (alert, _) in rules("alert") {
        let cases = cases.get(&alert).unwrap_or_else(|| panic!("{alert} has no test"));
        let Cases { fires, silent, boundary: _, sides } = cases;
        assert!(*fires > 0 && *silent > 0 && sides.0 > 0 && sides.1 > 0, "{alert}: {cases:?}");
    }
    let alerts: Vec<String> = rules("alert").into_iter().map(|(name, _)| name).collect();
    assert!(cases.keys().all(|alert| alerts.contains(alert)), "tests are about alerts that there are");
}

#[test]
fn tests_that_show_nothing_are_found() {
    let firing = json!({"alertname": "PortentX", "exp_alerts": [{"exp_labels": {"severity": "info"},
        "exp_annotations": {"summary": "A.", "description": "B.", "runbook_url": "C"}}]});
    let counted = |name: &str, moments: Value| {
        let mut cases = BTreeMap::new();
        let file = json!({"tests": [{"name": name, "alert_rule_test": moments}]});
        count(&file, &mut cases).map(|()| cases.into_values().next().unwrap_or_default())
    };
    let quiet = json!({"alertname": "PortentX"});
    assert_eq!(
        counted("PortentX fires: a", json!([firing])).unwrap(),
        Cases { fires: 1, ..Cases::default() }
    );
    let both = counted("PortentX at its boundary: a", json!([quiet, firing])).unwrap();
    assert_eq!(both, Cases { boundary: 1, sides: (1, 1), ..Cases::default() });
    assert!(counted("PortentX fires: a", json!([quiet])).is_err());
    assert!(counted("PortentX is silent: a", json!([firing])).is_err());
    assert!(counted("PortentX is silent: a", json!([])).is_err());
    assert!(counted("PortentX sleeps: a", json!([quiet])).is_err());
    assert!(counted("PortentY fires: a", json!([firing])).is_err());
    assert!(counted("an alert", json!([firing])).is_err());
    let incomplete = json!({"alertname": "PortentX", "exp_alerts": [{"exp_labels": {"severity": "info"}}]});
    assert!(counted("PortentX fires: a", json!([incomplete])).is_err());
}
