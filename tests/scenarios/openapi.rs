//! External checkers of `/openapi.json`: a validator of the document, and schemathesis, which asks the service for
//! everything that the document promises.

use std::path::Path;
use std::process::Command;

use portent_tests::external;

use crate::fixture::{Running, get};

/// Seconds that schemathesis spends on each application.
const SECONDS: &str = "PORTENT_SCHEMATHESIS_SECONDS";

/// A host and the address of an application's document.
fn served(base: &str) -> (Running, String) {
    let host = Running::up(&[]);
    let url = format!("{}{base}/openapi.json", host.base("serving"));
    (host, url)
}

#[track_caller]
fn check_valid(base: &str) {
    let Some(validator) = external::program("openapi-spec-validator") else { return };
    let (_host, url) = served(base);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("openapi.json");
    std::fs::write(&file, get(&url).1).unwrap();
    let output = Command::new(validator).args(["--schema", "3.1"]).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Every check in every phase, with a fixed seed.
#[track_caller]
fn check_promises(base: &str) {
    if external::is_left_to_all("schemathesis") {
        return;
    }
    let Some(schemathesis) = external::program("schemathesis") else { return };
    let (_host, url) = served(base);
    let folder = tempfile::tempdir().unwrap();
    let seconds = std::env::var(SECONDS).unwrap_or_else(|_| "60".to_owned());
    let output = Command::new(schemathesis)
        .args([
            "run",
            &url,
            "--checks",
            "all",
            "--phases",
            "examples,coverage,fuzzing,stateful",
            "--seed",
            "1",
        ])
        .args(["--max-time", &seconds, "--generation-database", "none", "--no-color"])
        .env("SCHEMATHESIS_HOOKS", "schemathesis_hooks")
        .env("PYTHONPATH", Path::new(env!("CARGO_MANIFEST_DIR")).join("external_checkers"))
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("No issues found"), "{text}");
}

#[test]
fn the_document_of_the_heart_application_is_valid() {
    check_valid("");
}

#[test]
fn the_document_of_the_battery_application_is_valid() {
    check_valid("/hvs");
}

#[test]
fn schemathesis_finds_nothing_in_the_heart_application() {
    check_promises("");
}

#[test]
fn schemathesis_finds_nothing_in_the_battery_application() {
    check_promises("/hvs");
}
