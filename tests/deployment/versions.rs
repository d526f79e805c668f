//! Versions stand in one place, and the guide uses them.

use portent_tests::{deploy, external};

use crate::names::text;

/// Names and values of `deploy/versions.env`.
fn versions() -> Vec<(String, String)> {
    let text = text(&deploy::path("versions.env"));
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.split_once('=').unwrap()).map(|(name, value)| (name.into(), value.into())).collect()
}

/// Files that are read beside the list: the guide, the manifests and what checks them.
fn readers() -> String {
    let guide = external::workspace().join("docs/kubernetes.md");
    let schemas = external::workspace().join("tests/deployment/manifests/schemas.rs");
    text(&guide) + &text(&schemas)
}

#[test]
fn a_version_is_written_down_once() {
    let readers = readers();
    for (name, value) in versions() {
        let value = value.rsplit(":v").next().unwrap();
        let is_number = |c: char| c.is_ascii_digit() || c == '.';
        let mut words = readers.split(|c: char| !is_number(c));
        assert!(!words.any(|word| word == value), "{name} is written down again: {value}");
    }
}

/// A version that nothing asks for would only grow old; the least ones are there to be read.
#[test]
fn every_version_is_used() {
    let readers = readers();
    let unused: Vec<_> =
        versions().into_iter().map(|(name, _)| name).filter(|name| !readers.contains(name)).collect();
    assert_eq!(unused, ["SPIN_SHIM_MINIMUM", "PROMETHEUS_OPERATOR", "KEDA"]);
}
