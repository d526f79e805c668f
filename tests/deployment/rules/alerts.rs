//! The form of an alert: what whoever is called at night relies on.

use portent_tests::external;
use serde_json::{Value, json};

use super::rules;

const SEVERITIES: [&str; 3] = ["critical", "warning", "info"];

/// Where a runbook is read.
const RUNBOOKS: &str = "https://github.com/portent-serve/portent/blob/main/docs/runbooks";

/// Alerts whose expressions have neither labels nor a value that says something: nothing to put into a description.
const CONSTANT: [&str; 2] = ["PortentAggregatorAbsent", "PortentWatchdog"];

/// The alert that fires whatever there is: nothing to compare.
const ALWAYS: &str = "PortentWatchdog";

/// What is wrong with an alert.
fn faults(rule: &Value) -> Vec<&'static str> {
    let name = rule["alert"].as_str().unwrap_or_default();
    let annotation = |key: &str| rule["annotations"][key].as_str().unwrap_or_default();
    let (summary, description) = (annotation("summary"), annotation("description"));
    let labels = rule["labels"].as_object().cloned().unwrap_or_default();
    let checks = [
        (name.starts_with("Portent") && name.chars().all(|c| c.is_ascii_alphanumeric()), "name"),
        (rule["for"].as_str().is_some_and(|time| !time.is_empty()), "for"),
        (
            SEVERITIES.contains(&labels.get("severity").and_then(Value::as_str).unwrap_or_default()),
            "severity",
        ),
        (labels.values().all(|value| value.as_str().is_some_and(|text| !text.contains("{{"))), "labels"),
        (is_sentence(summary) && !summary.contains("{{"), "summary"),
        (is_sentence(description), "description"),
        (description.contains("{{") != CONSTANT.contains(&name), "description without a template"),
        (templates(description).all(is_readable), "value that is not made readable"),
        (annotation("runbook_url") == format!("{RUNBOOKS}/{name}.md"), "runbook_url"),
        (compares(rule["expr"].as_str().unwrap_or_default()) != (name == ALWAYS), "comparison"),
    ];
    checks.into_iter().filter(|(holds, _)| !holds).map(|(_, what)| what).collect()
}

fn is_sentence(text: &str) -> bool {
    text.ends_with('.') && !text.contains('\n')
}

/// The texts between double braces.
fn templates(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{").skip(1).filter_map(|part| part.split("}}").next())
}

/// A bare value has sixteen digits.
fn is_readable(template: &str) -> bool {
    !template.contains("$value") || template.contains("| humanize")
}

/// Whether two numbers are compared: outside of selectors, whose matchers look alike.
fn compares(expression: &str) -> bool {
    let outside = expression.split('{').map(|part| part.split_once('}').map_or(part, |(_, after)| after));
    let (first, rest) = (expression.split('{').next().unwrap_or_default(), outside.skip(1));
    std::iter::once(first).chain(rest).any(|part| part.contains(['<', '>']) || part.contains("=="))
}

#[test]
fn every_alert_has_what_it_needs() {
    for (name, rule) in rules("alert") {
        assert_eq!(faults(&rule), Vec::<&str>::new(), "{name}");
    }
}

#[test]
fn every_alert_has_a_runbook() {
    for (name, _) in rules("alert") {
        let file = external::workspace().join(format!("docs/runbooks/{name}.md"));
        assert!(file.is_file(), "{} is missing", file.display());
    }
}

#[test]
fn what_an_alert_lacks_is_found() {
    let sound = json!({
        "alert": "PortentX", "expr": "a{b=~\"c\"} > 1", "for": "1m", "labels": {"severity": "info"},
        "annotations": {"summary": "A.", "description": "{{ $value | humanize }} of {{ $labels.b }}.",
            "runbook_url": format!("{RUNBOOKS}/PortentX.md")},
    });
    assert_eq!(faults(&sound), Vec::<&str>::new());
    let cases = [
        ("/alert", json!("portent-x"), vec!["name", "runbook_url"]),
        ("/expr", json!("sum by (c) (a{b=~\"c>\"})"), vec!["comparison"]),
        ("/for", json!(null), vec!["for"]),
        ("/labels/severity", json!("page"), vec!["severity"]),
        ("/labels", json!({"severity": "info", "load": "{{ $value }}"}), vec!["labels"]),
        ("/annotations/summary", json!("{{ $labels.b }} is bad."), vec!["summary"]),
        ("/annotations/description", json!(""), vec!["description", "description without a template"]),
        ("/annotations/description", json!("{{ $value }} is bad."), vec!["value that is not made readable"]),
        ("/annotations/runbook_url", json!(format!("{RUNBOOKS}/PortentY.md")), vec!["runbook_url"]),
    ];
    for (place, value, expected) in cases {
        let mut broken = sound.clone();
        *broken.pointer_mut(place).unwrap() = value;
        assert_eq!(faults(&broken), expected, "{place}");
    }
}
