//! A service with which something is wrong, and one with which nothing is.

use std::path::Path;

use portent_tests::deploy;

use super::{check, check_fails, check_passes, run};
use crate::fixture::{Build, Running};

/// A manifest that differs from the shipped one.
fn manifest(folder: &Path, change: impl FnOnce(String) -> String) -> String {
    let text = std::fs::read_to_string(deploy::path("../spin.toml")).unwrap();
    let source = text.lines().find(|line| line.starts_with("source = ")).unwrap().to_owned();
    let path = folder.join("spin.toml");
    std::fs::write(&path, change(text).replace(&source, &format!("source = {:?}", Build::P2.component())))
        .unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn wrong_addresses_are_named() {
    let host = Running::up(&[]);
    let (url, metrics) = (host.base("serving"), host.base("metrics"));
    let nobody = "http://127.0.0.1:1";
    let both = |url: &str, metrics: &str| {
        let arguments = ["--url", url, "--metrics-url", metrics, "--wait", "1"];
        (run("test-metrics.sh", &arguments), run("smoke.sh", &arguments))
    };
    let (test, smoke) = both(nobody, &metrics);
    check_fails(test, "the application at http://127.0.0.1:1/model/info does not answer: ");
    check_fails(smoke, "FAILED  heart lives: Failed to connect");
    let (test, smoke) = both(&url, nobody);
    check_fails(test, "the aggregator at http://127.0.0.1:1 does not answer: ");
    let said = check_fails(smoke, "FAILED  the aggregator answers scrapes");
    assert!(said.contains("ok      heart predicts") && said.contains("FAILED: 1 of 7 checks"), "{said}");
    let (test, smoke) = both(&metrics, &metrics);
    check_fails(test, "answers 404: is the heart application served there?");
    check_fails(smoke, "has no such route there");
    let (test, smoke) = both(&url, &url);
    check_fails(test, "answers a scrape with 404");
    check_fails(smoke, "FAILED  the aggregator answers scrapes");
}

#[test]
fn a_healthy_service_passes_the_smoke_test() {
    let said = check_passes("smoke.sh", &Running::up(&[]), &[]);
    assert_eq!(said.lines().filter(|line| line.starts_with("ok ")).count(), 9, "{said}");
}

#[test]
fn an_application_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let without_hvs = |text: String| {
        let trigger = "[[trigger.http]]\nroute = \"/hvs/...\"\ncomponent = \"hvs\"\n";
        assert!(text.contains(trigger));
        text.replace(trigger, "")
    };
    let host = Running::up_from(&manifest(folder.path(), without_hvs), &[]);
    let said = check_fails(check("smoke.sh", &host, &["--wait", "1"]), "FAILED  hvs lives: 404");
    assert!(said.contains("ok      heart predicts") && said.contains("FAILED: 3 of 7 checks"), "{said}");
    check_fails(check("test-metrics.sh", &host, &[]), "/hvs/model/info answers 404");
}

#[test]
fn a_model_that_is_not_loaded_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let without_model = |text: String| text.replace("PORTENT_MODEL = \"hvs\"", "PORTENT_MODEL = \"nothing\"");
    let host = Running::up_from(&manifest(folder.path(), without_model), &[]);
    let said =
        check_fails(check("smoke.sh", &host, &["--wait", "1"]), "FAILED  hvs has loaded its model: 503");
    assert!(said.contains("The model is not loaded") && said.contains("ok      hvs lives"), "{said}");
    check_fails(check("test-metrics.sh", &host, &[]), "/hvs/model/info answers 503");
}
