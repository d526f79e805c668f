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
    let manifest = toml_file("Cargo.toml");
    let dependencies = manifest["workspace"]["dependencies"].as_table().unwrap();
    let is_ours = |dependency: &toml::Value| dependency.get("path").is_some();
    let mut expected: Vec<_> =
        dependencies.iter().filter(|(_, value)| !is_ours(value)).map(|(name, _)| name.as_str()).collect();
    expected.sort_unstable();
    let page = page();
    let rows = rows(&page);
    assert_eq!(rows.iter().map(|row| row[0]).collect::<Vec<_>>(), expected);
    assert!(rows.iter().all(|row| !row[1].is_empty()));
}

#[test]
fn versions_are_those_of_the_lock_file() {
    let (manifest, lock) = (toml_file("Cargo.toml"), toml_file("Cargo.lock"));
    for row in rows(&page()) {
        let dependency = &manifest["workspace"]["dependencies"][row[0]];
        let package = dependency.get("package").and_then(toml::Value::as_str).unwrap_or(row[0]);
        let required = dependency.as_str().or_else(|| dependency["version"].as_str()).unwrap();
        let named = lock["package"].as_array().unwrap().iter();
        let named = named.filter(|locked| locked["name"].as_str() == Some(package));
        let versions = named.map(|locked| locked["version"].as_str().unwrap());
        let mut without_metadata = versions.filter_map(|version| version.split('+').next());
        let locked = without_metadata.find(|version| compatible(version) == compatible(required));
        assert_eq!(row[2].split(',').next(), locked, "{} in docs/dependencies.md", row[0]);
    }
}

/// The numbers that all compatible versions share: up to the first above 0.
fn compatible(version: &str) -> Vec<&str> {
    let zeros = version.split('.').take_while(|number| *number == "0").count();
    version.split('.').take(zeros + 1).collect()
}

/// The cells of the table's rows: name, purpose, version and what follows.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let (table, _) = page.split_once("\n## ").unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split('|').map(|cell| cell.trim().trim_end_matches('`')).collect()).collect()
}

fn page() -> String {
    std::fs::read_to_string(workspace().join("docs/dependencies.md")).unwrap()
}

fn toml_file(name: &str) -> toml::Table {
    std::fs::read_to_string(workspace().join(name)).unwrap().parse().unwrap()
}
