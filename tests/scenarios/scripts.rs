//! The scripts that check a running service: they pass where all is well, and fail where something is not.

mod known_traffic;
mod proxy;
mod service;

use std::process::{Command, Stdio};

use portent_tests::deploy;

use crate::fixture::Running;

/// Runs a script from a folder that has nothing to do with it: its exit status, and all that it says.
fn run(script: &str, arguments: &[&str]) -> (i32, String) {
    let script = deploy::path(&format!("scripts/{script}")).canonicalize().unwrap();
    let output = Command::new(script).args(arguments).current_dir("/").stdin(Stdio::null()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

/// Runs a script on a host with its aggregator.
fn check(script: &str, host: &Running, arguments: &[&str]) -> (i32, String) {
    let (url, metrics) = (host.base("serving"), host.base("metrics"));
    run(script, &[&["--url", &url, "--metrics-url", &metrics], arguments].concat())
}

#[track_caller]
fn check_passes(script: &str, host: &Running, arguments: &[&str]) -> String {
    let (code, said) = check(script, host, arguments);
    assert_eq!(code, 0, "{said}");
    said
}

#[track_caller]
fn check_fails((code, said): (i32, String), expected: &str) -> String {
    assert_eq!(code, 1, "{said}");
    assert!(said.contains(expected), "no {expected:?} in {said}");
    said
}
