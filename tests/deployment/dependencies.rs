//! What is built in is what `deny.toml` allows.

use std::process::Command;

use portent_tests::judge::{self, workspace};

/// Runs cargo-deny; whether it finds nothing, and what it says. `None` where it is absent.
fn deny(arguments: &[&str]) -> Option<(bool, String)> {
    judge::program("cargo-deny")?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).arg("deny").args(arguments).current_dir(workspace()).output().unwrap();
    Some((output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned()))
}

#[test]
fn licences_versions_and_sources_are_allowed() {
    let Some((passed, said)) = deny(&["check", "licenses", "bans", "sources"]) else { return };
    assert!(passed && !said.contains("warning["), "{said}");
}

#[test]
fn no_dependency_has_an_advisory() {
    let Some((fetched, _)) = deny(&["fetch", "db"]) else { return };
    if !fetched {
        return judge::out_of_reach("RustSec advisory database");
    }
    let Some((passed, said)) = deny(&["check", "--disable-fetch", "advisories"]) else { return };
    assert!(passed, "{said}");
}
