//! The shipped Alertmanager configuration in a real Alertmanager: who is told what, and what stays silent.

mod receivers;
mod server;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use portent_tests::{deploy, external};
use serde_json::{Value, json};

use self::receivers::Receivers;
use self::server::Alertmanager;

/// The directory of credentials in the shipped configuration.
const SECRETS: &str = "/etc/alertmanager/secrets/portent-alerting";

#[test]
fn the_shipped_configuration_starts_without_any_credential() {
    let Some(program) = program() else { return };
    assert!(!Path::new(SECRETS).exists(), "this machine has none");
    let server = Alertmanager::start(&program, &deploy::path("alertmanager/alertmanager.yml"));
    server.post(&[alert("PortentWatchdog", "info", "")]);
    // A message without its credential fails alone: the server goes on.
    let failed = "alertmanager_notification_requests_failed_total{integration=\"webhook\"} ";
    let failures =
        |text: String| text.lines().find_map(|line| line.strip_prefix(failed)?.parse::<f64>().ok());
    let deadline = Instant::now() + Duration::from_secs(30);
    while failures(server.get("/metrics")).is_none_or(|count| count < 1.0) {
        assert!(Instant::now() < deadline, "no message fails");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(server.states("PortentWatchdog"), ["active"]);
}

#[test]
fn every_severity_reaches_its_receiver_with_its_credential() {
    let Some(program) = program() else { return };
    let receivers = Receivers::start();
    let (server, _folder) = receivers.alertmanager(&program);
    server.post(&[
        alert("PortentWatchdog", "info", ""),
        alert("PortentStorageFailing", "critical", ""),
        alert("PortentConfigurationReloadFailed", "warning", ""),
        alert("PortentModelChanged", "info", "hvs"),
    ]);
    let page = receivers.wait_for("/pager", "PortentStorageFailing");
    assert!(page.contains("Bearer pager-secret"), "{page}");
    let watchdog = receivers.wait_for("/dead-man", "PortentWatchdog");
    assert!(watchdog.contains("Bearer dead-man-secret"), "{watchdog}");
    let slack = receivers.wait_for("/slack-secret", "PortentConfigurationReloadFailed");
    assert!(slack.contains("FIRING 1: PortentConfigurationReloadFailed: summary of it"), "{slack}");
    receivers.wait_for("/slack-secret", "PortentStorageFailing");
    let mail = receivers.wait_for("mail", "PortentModelChanged");
    assert!(mail.contains("Subject: FIRING 1: PortentModelChanged of hvs: summary of it"), "{mail}");
    // AUTH PLAIN: user and password in base64.
    assert!(mail.contains("AUTH PLAIN AGFsZXJ0bWFuYWdlckBleGFtcGxlLm9yZwBtYWlsLXNlY3JldA=="), "{mail}");
    for (place, alert) in [
        ("/pager", "PortentConfigurationReloadFailed"),
        ("/pager", "PortentModelChanged"),
        ("/pager", "PortentWatchdog"),
        ("/slack-secret", "PortentModelChanged"),
        ("/slack-secret", "PortentWatchdog"),
        ("mail", "PortentStorageFailing"),
        ("/dead-man", "PortentStorageFailing"),
    ] {
        assert!(receivers.messages(place, alert).is_empty(), "{place} is not told of {alert}");
    }
}

#[test]
fn an_alert_that_another_one_explains_is_silent() {
    let Some(program) = program() else { return };
    let receivers = Receivers::start();
    let (server, _folder) = receivers.alertmanager(&program);
    server.post(&[
        alert("PortentModelNotLoaded", "critical", "hvs"),
        alert("PortentNoPredictions", "warning", "hvs"),
        alert("PortentNoPredictions", "warning", "heart-disease"),
        surge("ModelNotLoaded"),
        surge("ValidationError"),
        alert("PortentAvailabilityBudgetBurn", "critical", "hvs"),
        alert("PortentAvailabilityBudgetBurn", "warning", "hvs"),
        alert("PortentAvailabilityBudgetBurn", "warning", "heart-disease"),
        alert("PortentStorageFailing", "critical", ""),
        alert("PortentEventLoss", "warning", ""),
    ]);
    receivers.wait_for("/slack-secret", "PortentNoPredictions of heart-disease");
    receivers.wait_for("/slack-secret", "PortentAvailabilityBudgetBurn of heart-disease");
    assert_eq!(server.states("PortentNoPredictions"), ["heart-disease active", "hvs suppressed"]);
    assert_eq!(server.states("PortentErrorTypeSurge"), ["hvs active", "hvs suppressed"]);
    let burns = ["heart-disease active", "hvs active", "hvs suppressed"];
    assert_eq!(server.states("PortentAvailabilityBudgetBurn"), burns);
    assert_eq!(server.states("PortentEventLoss"), ["suppressed"]);
    assert!(receivers.messages("/slack-secret", "PortentNoPredictions of hvs").is_empty());
}

#[test]
fn without_the_aggregator_only_its_absence_and_the_watchdog_are_heard() {
    let Some(program) = program() else { return };
    let receivers = Receivers::start();
    let (server, _folder) = receivers.alertmanager(&program);
    let mut elsewhere = alert("PortentModelNotLoaded", "critical", "hvs");
    elsewhere["labels"]["job"] = "another".into();
    server.post(&[
        alert("PortentAggregatorAbsent", "critical", ""),
        alert("PortentWatchdog", "info", ""),
        alert("PortentAvailabilityBudgetBurn", "critical", "hvs"),
        alert("PortentModelChanged", "info", "hvs"),
        elsewhere,
    ]);
    receivers.wait_for("/pager", "PortentAggregatorAbsent");
    receivers.wait_for("/pager", "PortentModelNotLoaded");
    receivers.wait_for("/dead-man", "PortentWatchdog");
    for (name, states) in [
        ("PortentAggregatorAbsent", "active"),
        ("PortentWatchdog", "active"),
        ("PortentAvailabilityBudgetBurn", "hvs suppressed"),
        ("PortentModelChanged", "hvs suppressed"),
        ("PortentModelNotLoaded", "hvs active"),
    ] {
        assert_eq!(server.states(name), [states], "{name}");
    }
    assert!(receivers.messages("/pager", "PortentAvailabilityBudgetBurn").is_empty());
}

/// Debian's name of the program, or that of everybody else.
fn program() -> Option<PathBuf> {
    let named = |name: &str| {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&paths).map(|folder| folder.join(name)).find(|path| path.is_file())
    };
    external::found(named("prometheus-alertmanager").or_else(|| named("alertmanager")), "alertmanager")
}

fn surge(error_type: &str) -> Value {
    let mut surge = alert("PortentErrorTypeSurge", "warning", "hvs");
    surge["labels"]["error_type"] = error_type.into();
    surge
}

fn alert(name: &str, severity: &str, app: &str) -> Value {
    let labels = json!({ "alertname": name, "severity": severity, "job": "host-metrics", "app": app });
    let annotations = json!({ "summary": "summary of it", "description": "d", "runbook_url": "r" });
    json!({ "labels": labels, "annotations": annotations })
}
