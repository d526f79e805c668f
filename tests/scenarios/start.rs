//! Starting and stopping: wrong configuration is one clear line, and a stop loses nothing.

use std::net::TcpListener;
use std::process::Output;

use crate::fixture::{FIRST_ROW, Running, host_metrics, portent};

/// Runs `portent up`, or `host-metrics`, with these arguments to its own end, on free ports if they name none.
fn run(arguments: &[&str]) -> Output {
    let (mut command, listeners) = if arguments[0] == "up" { (portent(), 3) } else { (host_metrics(), 2) };
    command.args(arguments);
    for option in ["--metrics", "--ingest", "--listen"].iter().take(listeners) {
        if !arguments.contains(option) {
            command.args([option, "127.0.0.1:0"]);
        }
    }
    command.output().unwrap()
}

#[track_caller]
fn check_refused(arguments: &[&str], code: i32, expected: &str) {
    let output = run(arguments);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(text.contains(expected), "{text}");
    assert!(text.trim_end().lines().count() <= 3, "one clear line, not {text}");
}

#[test]
fn wrong_configuration_is_named() {
    check_refused(&["up", "--from", "no/such/spin.toml"], 64, "no/such/spin.toml");
    check_refused(&["up", "--variable", "unknown=1"], 64, "unknown");
    check_refused(&["serve", "--models", "Cargo.toml"], 1, "Cargo.toml");
    check_refused(&["serve", "--metrics", "nonsense"], 64, "nonsense");
}

#[test]
fn unsupported_manifest_keys_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = std::fs::read_to_string(portent_tests::external::workspace().join("spin.toml")).unwrap();
    let path = folder.path().join("spin.toml");
    let manifest =
        manifest.replace("[component.heart]\n", "[component.heart]\nkey_value_stores = [\"default\"]\n");
    std::fs::write(&path, manifest).unwrap();
    check_refused(&["up", "--from", path.to_str().unwrap()], 64, "component.heart.key_value_stores");
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    check_refused(&["serve", "--metrics", &address], 1, &address);
    check_refused(&["up", "--listen", &address], 1, &address);
}

#[test]
fn sigterm_ends_both_programs_well() {
    let host = Running::up(&[]);
    assert_eq!(host.post("/predict", FIRST_ROW).0, 200);
    assert_eq!(host.stop(), Some(0));
    assert_eq!(Running::serve(&[]).stop(), Some(0));
}
