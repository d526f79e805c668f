//! The shipped rules in a Prometheus server that scrapes a real host.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use portent_tests::{deploy, external};
use serde_json::{Value, json};

use crate::battery::readings;
use crate::external_checkers::used_host;
use crate::fixture::{FIRST_ROW, Running};
use crate::prometheus::Prometheus;

/// Every rule of the rule files.
fn shipped() -> Vec<Value> {
    let text = |file: &PathBuf| std::fs::read_to_string(file).unwrap();
    let files = deploy::files("prometheus/rules", ".yaml");
    let documents = files.iter().flat_map(|file| deploy::yaml(&text(file)).unwrap());
    let list = |value: &Value| value.as_array().unwrap().clone();
    documents.flat_map(|document| list(&document["groups"])).flat_map(|group| list(&group["rules"])).collect()
}

/// Recorded names without a series so far, rules that failed, and alerts that are at least waiting.
fn state(server: &Prometheus, host: &Running) -> (BTreeSet<String>, Vec<Value>, BTreeSet<String>) {
    host.post("/predict", FIRST_ROW);
    host.post("/hvs/predict", &json!({ "readings": readings() }).to_string());
    let rules = shipped();
    let recorded = rules.iter().filter_map(|rule| rule["record"].as_str());
    let missing = recorded.filter(|name| server.query(name).is_empty()).map(str::to_owned).collect();
    let evaluated = server.rules();
    assert_eq!(evaluated.len(), rules.len(), "every rule is loaded");
    let active =
        evaluated.iter().filter(|rule| rule["state"].as_str().is_some_and(|state| state != "inactive"));
    let active = active.map(|rule| rule["name"].as_str().unwrap().to_owned()).collect();
    let failed = evaluated.into_iter().filter(|rule| rule["health"] != "ok").collect();
    (missing, failed, active)
}

#[test]
fn under_traffic_every_rule_records_and_nothing_alerts() {
    let Some(program) = external::program("prometheus") else { return };
    let host = used_host();
    let server = Prometheus::scraping(&program, &host.authority("metrics"), &[]);
    let deadline = Instant::now() + Duration::from_secs(60);
    let watchdog = BTreeSet::from(["PortentWatchdog".to_owned()]);
    loop {
        let (missing, failed, active) = state(&server, &host);
        if missing.is_empty() && failed.is_empty() && active == watchdog {
            break;
        }
        assert!(Instant::now() < deadline, "missing {missing:?}, failed {failed:?}, active {active:?}");
        std::thread::sleep(Duration::from_millis(300));
    }
}

/// Label values that an expression matches on, alternatives one by one; those with a wildcard are left out.
fn matched(expression: &str) -> Vec<String> {
    let selectors = expression.split('{').skip(1).filter_map(|part| part.split("\"}").next());
    let matchers = selectors.flat_map(|selector| selector.split("\","));
    let values = matchers.filter_map(|matcher| {
        let (label, value) = matcher.split_once('"')?;
        Some((label.trim_end_matches(['=', '!', '~']).to_owned(), value.to_owned()))
    });
    let alternatives = values.flat_map(|(label, value)| {
        let list: Vec<_> = value.split('|').map(|one| format!("{label}=\"{one}\"")).collect();
        list
    });
    alternatives.filter(|matcher| !matcher.contains(".*") && !matcher.contains("..")).collect()
}

#[test]
fn every_label_value_in_a_rule_is_in_a_scrape() {
    let scrape = used_host().scrape();
    let mut checked = BTreeSet::new();
    for rule in shipped() {
        let values = matched(rule["expr"].as_str().unwrap()).into_iter();
        checked.extend(values.filter(|matcher| !matcher.starts_with("job=")));
    }
    let unknown: Vec<_> = checked.iter().filter(|matcher| !scrape.contains(*matcher)).collect();
    assert_eq!(unknown, Vec::<&String>::new());
    for expected in ["le=\"0.1\"", "le=\"0.6\"", "reason=\"displaced\"", "prediction_result=\"Hazardous\""] {
        assert!(checked.contains(expected), "{expected} is looked for among {checked:?}");
    }
}
