//! What is built in is what `deny.toml` allows, and `docs/dependencies.md` says why.

use std::process::Command;

use portent_tests::external::{self, workspace};

/// Runs cargo-deny; whether it finds nothing, and what it says. `None` where it is absent.
fn deny(arguments: &[&str]) -> Option<(bool, String)> {
    external::program("cargo-deny")?;
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
        return external::out_of_reach("RustSec advisory database");
    }
    let Some((passed, said)) = deny(&["check", "--disable-fetch", "advisories"]) else { return };
    assert!(passed, "{said}");
}

#[test]
fn every_dependency_is_named_with_its_reason() {
    let manifest = std::fs::read_to_string(workspace().join("Cargo.toml")).unwrap();
    let (_, list) = manifest.split_once("[workspace.dependencies]\n").unwrap();
    let (list, _) = list.split_once("\n[").unwrap();
    let ours = |line: &&str| !line.contains("{ path =");
    let mut expected: Vec<_> =
        list.lines().filter(ours).filter_map(|line| line.split_once(" = ")).map(|(name, _)| name).collect();
    expected.retain(|name| !name.starts_with('#'));
    expected.sort_unstable();
    let page = std::fs::read_to_string(workspace().join("docs/dependencies.md")).unwrap();
    let (table, _) = page.split_once("\n## ").unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let (named, rest): (Vec<_>, Vec<_>) = rows.unzip();
    assert_eq!(named, expected);
    assert!(rest.iter().all(|rest| rest.split(" | ").next().is_some_and(|reason| !reason.is_empty())));
}
