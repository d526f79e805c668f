//! `cargo xtask test`: everything that must hold before a change lands.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::build::{self, COMPONENTS, SCORED, WASM_TARGET, cargo, shown};
use crate::instructions;

/// Crates whose tests also run as wasm: what the components consist of.
const PORTABLE: [&str; 4] = ["portent-event", "portent-model", "portent-service", "portent-adapter"];

/// Tells cargo which program runs the test programs of the portable crates.
const RUNNER: &str = "CARGO_TARGET_WASM32_WASIP2_RUNNER";

/// Builds that program along with the native tests: on its own, it would build wasmtime a second time.
const RUNNER_FEATURE: &str = "portent-tests/runner";

/// Tells tests where to record an outside judge that is absent.
const SKIP_LOG: &str = "PORTENT_SKIP_LOG";

/// Tests, counted from the closing lines of the test programs.
#[derive(Debug, Default)]
struct Count {
    passed: u64,
    failed: u64,
}

/// Runs the checks, then every test, and closes with the counts.
pub(crate) fn run() -> Result<()> {
    check()?;
    let skip_log = tempfile::NamedTempFile::new()?;
    let mut count = Count::default();
    test_native(skip_log.path(), &mut count)?;
    test_wasm(skip_log.path(), &mut count)?;
    step("instructions");
    instructions::judge(skip_log.path())?;
    let skipped: BTreeSet<String> =
        std::fs::read_to_string(skip_log.path())?.lines().map(str::to_owned).collect();
    println!();
    match skipped.len() {
        0 => println!("judges skipped: none"),
        _ => println!("judges skipped: {}", skipped.into_iter().collect::<Vec<_>>().join(", ")),
    }
    println!("{} passed, {} failed", count.passed, count.failed);
    ensure!(count.failed == 0, "tests failed");
    ensure!(count.passed > 0, "no test ran");
    Ok(())
}

fn check() -> Result<()> {
    step("formatting");
    build::run(cargo().args(["fmt", "--all", "--check"]))?;
    build::components(&COMPONENTS)?;
    build::scored_components(&SCORED)?;
    step("lints");
    let deny = ["--", "-D", "warnings"];
    let workspace = ["clippy", "--workspace", "--features", RUNNER_FEATURE, "--all-targets"];
    build::run(cargo().args(workspace).args(deny))?;
    let without_host = ["clippy", "--package", "host-metrics", "--no-default-features", "--all-targets"];
    build::run(cargo().args(without_host).args(deny))?;
    for component in COMPONENTS {
        build::run(cargo().args(["clippy", "--package", component, "--target", WASM_TARGET]).args(deny))?;
    }
    for component in SCORED {
        let arguments = ["clippy", "--package", component, "--features", "scorer", "--target", WASM_TARGET];
        build::run(cargo().args(arguments).args(deny))?;
    }
    step("documentation");
    let document = ["doc", "--workspace", "--no-deps", "--document-private-items"];
    build::run(cargo().args(document).env("RUSTDOCFLAGS", "-D warnings"))
}

fn test_native(skip_log: &Path, count: &mut Count) -> Result<()> {
    step("tests, native");
    let test = ["test", "--workspace", "--features", RUNNER_FEATURE, "--no-fail-fast"];
    count_tests(cargo().args(test).env(SKIP_LOG, skip_log), count)
}

fn test_wasm(skip_log: &Path, count: &mut Count) -> Result<()> {
    step("tests, wasm");
    let mut command = cargo();
    command.args(["test", "--no-fail-fast", "--lib", "--target", WASM_TARGET]);
    for package in PORTABLE {
        command.args(["--package", package]);
    }
    let runner = build::target_directory().join("debug/run-wasm");
    count_tests(command.env(RUNNER, runner).env(SKIP_LOG, skip_log), count)
}

/// Runs test programs, showing their output, and adds up their closing lines. A run that fails without a
/// failed test (it did not compile, or a program died) is an error.
fn count_tests(command: &mut Command, count: &mut Count) -> Result<()> {
    let failed_before = count.failed;
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot run cargo")?;
    let output = child.stdout.take().context("cargo has no output")?;
    for line in BufReader::new(output).lines() {
        let line = line?;
        println!("{line}");
        if let Some(closing) = line.strip_prefix("test result: ") {
            count.passed += number_before(closing, " passed");
            count.failed += number_before(closing, " failed");
        }
    }
    let status = child.wait()?;
    ensure!(status.success() || count.failed > failed_before, "{} failed ({status})", shown(command));
    Ok(())
}

fn number_before(text: &str, word: &str) -> u64 {
    let before = text.split(word).next().unwrap_or_default();
    before.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

fn step(name: &str) {
    println!("\n== {name}");
}
