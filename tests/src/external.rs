//! What a test may be skipped for: an external tool that is missing, or time.
//!
//! External tools are programs and data that are not part of this repository. If one is missing, a test that needs it
//! records its name and ends. With `PORTENT_FORBID_SKIPS=1`, as in CI, that is a failure instead. A test that takes more
//! than a few seconds ends likewise, unless `PORTENT_TEST_ALL=1`, which `cargo xtask test --all` sets.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Forbids skipping for a missing tool, if it is `1`.
pub const FORBID_SKIPS: &str = "PORTENT_FORBID_SKIPS";

/// Lets slow tests run, if it is `1`.
pub const TEST_ALL: &str = "PORTENT_TEST_ALL";

/// File to which every skip is appended, one per line: `missing` or `slow`, a tab, and a name. `cargo xtask test`
/// lists them at its end.
pub const SKIP_LOG: &str = "PORTENT_SKIP_LOG";

/// Whether a slow test is left to `cargo xtask test --all`. Its name is recorded then.
#[must_use]
pub fn is_left_to_all(name: &str) -> bool {
    let is_left = std::env::var_os(TEST_ALL).is_none_or(|value| value != "1");
    if is_left {
        record_skip("slow", name);
    }
    is_left
}

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
        record_skip("missing", &format!("{name} (optional)"));
    }
    path
}

/// Records that something out of a test's reach, such as a data base on the network, was not asked: never a failure.
pub fn out_of_reach(name: &str) {
    record_skip("missing", &format!("{name} (optional)"));
}

/// The root of this repository.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Records the skip if a tool was not found.
///
/// # Panics
/// If the tool is missing and skipping is forbidden.
#[must_use]
pub fn found<T>(tool: Option<T>, name: &str) -> Option<T> {
    if tool.is_none() {
        let is_forbidden = std::env::var_os(FORBID_SKIPS).is_some_and(|value| value == "1");
        assert!(!is_forbidden, "external tool missing: {name}");
        record_skip("missing", name);
    }
    tool
}

fn find(name: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn record_skip(reason: &str, name: &str) {
    if let Some(log) = std::env::var_os(SKIP_LOG) {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(log);
        let written = file.and_then(|mut file| file.write_all(format!("{reason}\t{name}\n").as_bytes()));
        assert!(written.is_ok(), "cannot record that {name} was skipped");
    }
}
