//! Outside judges: programs and data that are not part of this repository.
//!
//! Where one is absent, a test that needs it says so by name and ends; with `PORTENT_FORBID_SKIPS=1`, as in
//! CI, that is a failure instead.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Forbids skipping where set to `1`.
pub const FORBID_SKIPS: &str = "PORTENT_FORBID_SKIPS";

/// File to which the name of every skipped judge is appended, a line each; `cargo xtask test` sums it up.
pub const SKIP_LOG: &str = "PORTENT_SKIP_LOG";

/// The shared data (`../shared/data` beside the repository) by file name, or `None` after recording the skip.
#[must_use]
pub fn data(file: &str) -> Option<PathBuf> {
    shared(&format!("data/{file}"))
}

/// What is shared beside the repository (`../shared`) by name, or `None` after recording the skip.
#[must_use]
pub fn shared(name: &str) -> Option<PathBuf> {
    let path = workspace().join("../shared").join(name);
    found(path.exists().then_some(path), &format!("shared/{name}"))
}

/// Python with a module, or `None` after recording the skip.
#[must_use]
pub fn python_with(module: &str) -> Option<PathBuf> {
    let has_module = |python: &PathBuf| {
        let tried = Command::new(python).arg("-c").arg(format!("import {module}")).output();
        tried.is_ok_and(|output| output.status.success())
    };
    found(find("python3").filter(has_module), &format!("python3 with {module}"))
}

/// A program by name, looked for in `PATH`, or `None` after recording the skip.
#[must_use]
pub fn program(name: &str) -> Option<PathBuf> {
    found(find(name), name)
}

/// A program that no package registry has, so that CI cannot install it: looked for in the environment variable
/// and in `PATH`. Its absence is recorded, and is never a failure.
#[must_use]
pub fn optional_program(variable: &str, name: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).map(PathBuf::from).or_else(|| find(name));
    if path.is_none() {
        record_skip(&format!("{name} (optional)"));
    }
    path
}

/// Records that something out of a test's reach, such as a data base on the network, was not asked: never a failure.
pub fn out_of_reach(name: &str) {
    record_skip(&format!("{name} (optional)"));
}

/// The root of this repository.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Records the skip of `judge` where it was not found.
///
/// # Panics
/// If the judge is absent and skipping is forbidden.
#[must_use]
pub fn found<T>(judge: Option<T>, name: &str) -> Option<T> {
    if judge.is_none() {
        assert!(std::env::var_os(FORBID_SKIPS).is_none_or(|value| value != "1"), "judge absent: {name}");
        record_skip(name);
    }
    judge
}

fn find(name: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn record_skip(name: &str) {
    if let Some(log) = std::env::var_os(SKIP_LOG) {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(log);
        let written = file.and_then(|mut file| file.write_all(format!("{name}\n").as_bytes()));
        assert!(written.is_ok(), "cannot record that {name} was skipped");
    }
}
