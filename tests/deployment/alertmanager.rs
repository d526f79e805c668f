//! Who hears of which alert, and which alerts are silent while another one fires.

mod matchers;
mod templates;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use portent_tests::{deploy, external};
use serde_json::Value;

use self::matchers::selects;
use crate::alerts::{self, alerts};
use crate::names::text;

/// The shipped configuration, below `deploy/`.
const CONFIG: &str = "alertmanager/alertmanager.yml";

/// Keys whose value would be a credential. Each has another one beside it that names a file.
const SECRETS: [&str; 9] = [
    "api_url",
    "auth_password",
    "auth_secret",
    "bearer_token",
    "credentials",
    "password",
    "routing_key",
    "slack_api_url",
    "smtp_auth_password",
];

#[test]
fn configuration_is_right() {
    let Some(amtool) = external::program("amtool") else { return };
    let checked = Command::new(amtool).arg("check-config").arg(deploy::path(CONFIG)).output().unwrap();
    let (said, wrong) =
        (String::from_utf8(checked.stdout).unwrap(), String::from_utf8(checked.stderr).unwrap());
    assert!(checked.status.success(), "{said}{wrong}");
    assert!(said.contains("1 templates"), "the template is found: {said}");
}

#[test]
fn every_severity_has_its_receiver() {
    let Some(amtool) = external::program("amtool") else { return };
    for (receiver, labels) in [
        ("pager", &["severity=critical"][..]),
        ("slack", &["severity=warning"]),
        ("mail", &["severity=info"]),
        ("dead-man", &["alertname=PortentWatchdog", "severity=critical"]),
        ("dead-man", &["alertname=PortentWatchdog", "severity=info"]),
        ("slack", &["alertname=PortentOfNoSeverity"]),
        ("slack", &["severity=unheard-of"]),
    ] {
        assert_eq!(receiver_of(&amtool, labels), receiver, "{labels:?}");
    }
}

#[test]
fn every_alert_of_the_rules_is_heard_of_by_its_severity() {
    let Some(amtool) = external::program("amtool") else { return };
    for alert in alerts() {
        let labels: Vec<_> = alert.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let labels: Vec<_> = labels.iter().map(String::as_str).collect();
        let expected = match (alert["alertname"].as_str(), alert["severity"].as_str()) {
            ("PortentWatchdog", _) => "dead-man",
            (_, "critical") => "pager",
            (_, "warning") => "slack",
            (_, "info") => "mail",
            _ => "a severity of the three",
        };
        assert_eq!(receiver_of(&amtool, &labels), expected, "{labels:?}");
    }
}

#[test]
fn inhibition_is_about_alerts_that_exist() {
    let (alerts, names) = (alerts(), alerts::names());
    for rule in list(&config()["inhibit_rules"]) {
        for side in ["source_matchers", "target_matchers"] {
            let matchers = texts(&rule[side]);
            for name in matchers.iter().flat_map(|matcher| matchers::alert_names(matcher)) {
                assert!(names.contains(name), "{side} names {name}, which no rule file has");
            }
            // Other labels come from what an alert's expression returns.
            let known = |matcher: &String| ["alertname", "severity"].contains(&matchers::label(matcher));
            let matchers: Vec<_> = matchers.into_iter().filter(known).collect();
            let chosen = alerts.iter().filter(|alert| selects(&matchers, alert)).count();
            assert!(!matchers.is_empty() && chosen > 0, "{side} {matchers:?} choose no alert");
        }
    }
}

#[test]
fn absence_of_the_aggregator_silences_all_but_itself_and_the_watchdog() {
    let inhibitions = list(&config()["inhibit_rules"]);
    let absence = inhibitions
        .iter()
        .find(|rule| texts(&rule["source_matchers"]) == ["alertname=\"PortentAggregatorAbsent\""]);
    let targets = texts(&absence.unwrap()["target_matchers"]);
    let heard: BTreeSet<_> = alerts().into_iter().filter(|alert| !selects(&targets, alert)).collect();
    let heard: BTreeSet<_> = heard.iter().map(|alert| alert["alertname"].as_str()).collect();
    assert_eq!(heard, BTreeSet::from(["PortentAggregatorAbsent", "PortentWatchdog"]));
}

#[test]
fn credentials_are_in_files_that_the_guide_lists() {
    let guide = text(&deploy::path("alertmanager/README.md"));
    let mut files = Vec::new();
    walk(&config(), &mut |key, value| {
        assert!(!SECRETS.contains(&key), "{key} holds a credential");
        if key.ends_with("_file") {
            files.push(value.as_str().unwrap().to_owned());
        }
    });
    assert_eq!(files.len(), 4, "{files:?}");
    for file in files.iter().map(Path::new) {
        assert_eq!(file.parent(), Some(Path::new("/etc/alertmanager/secrets/portent-alerting")));
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(guide.contains(&format!("| `{name}` |")), "the guide says what {name} holds");
    }
}

fn config() -> Value {
    deploy::yaml(&text(&deploy::path(CONFIG))).unwrap().remove(0)
}

fn receiver_of(amtool: &Path, labels: &[&str]) -> String {
    let config = format!("--config.file={}", deploy::path(CONFIG).display());
    let found =
        Command::new(amtool).args(["config", "routes", "test", &config]).args(labels).output().unwrap();
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    String::from_utf8(found.stdout).unwrap().trim().to_owned()
}

/// The items of a list; it has to be one.
fn list(value: &Value) -> Vec<Value> {
    value.as_array().unwrap().clone()
}

/// The texts of a list.
fn texts(value: &Value) -> Vec<String> {
    list(value).iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// Shows every key with its value, at any depth.
fn walk(value: &Value, show: &mut dyn FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                show(key, value);
                walk(value, show);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, show)),
        _ => {}
    }
}
