//! `cargo xtask test`: everything that must hold before a change lands. `tests/README.md` says which tests there are.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::available_parallelism;

use anyhow::{Context as _, Result, ensure};

use crate::build::{self, COMPONENTS, SCORED, WASM_TARGET, cargo, shown};
use crate::{fuzz, instructions};

/// Crates whose tests also run as wasm: those that the components consist of.
const PORTABLE: [&str; 5] =
    ["portent-event", "portent-model", "portent-service", "portent-openapi", "portent-adapter"];

/// Tells cargo which program runs the test programs of the portable crates.
const RUNNER: &str = "CARGO_TARGET_WASM32_WASIP2_RUNNER";

/// Builds that program along with the native tests: on its own, it would build wasmtime a second time.
const RUNNER_FEATURE: &str = "portent-tests/runner";

/// Tells tests where to record that they were skipped, and why. `portent_tests::external` writes it.
const SKIP_LOG: &str = "PORTENT_SKIP_LOG";

/// Tells slow tests to run, if it is 1.
const TEST_ALL: &str = "PORTENT_TEST_ALL";

/// Number of tests that a test program runs at once.
const TEST_THREADS: &str = "RUST_TEST_THREADS";

/// Options of `cargo xtask test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Run the slow tests too: the full kill loop, external tools that take minutes, instruction counts, a soak, fuzzing.
    #[arg(long)]
    all: bool,
}

/// One run of the tests.
#[derive(Debug)]
struct Run {
    all: bool,
    skip_log: PathBuf,
    passed: u64,
    failed: u64,
}

/// Runs the checks, then the tests, and closes with the counts.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    check()?;
    let skip_log = build::target_directory().join("skipped-tests");
    std::fs::write(&skip_log, "").with_context(|| format!("cannot write {}", skip_log.display()))?;
    let mut run = Run { all: arguments.all, skip_log, passed: 0, failed: 0 };
    run.native()?;
    run.wasm()?;
    if run.all {
        run.rest()?;
    }
    let skipped = std::fs::read_to_string(&run.skip_log)?;
    let listed = |reason| list(&skipped, reason);
    println!("\nexternal tools missing, their tests skipped: {}", listed("missing"));
    if !run.all {
        println!("left to `cargo xtask test --all`: {}, instruction counts, soak, fuzzing", listed("slow"));
    }
    println!("{} passed, {} failed", run.passed, run.failed);
    ensure!(run.failed == 0, "tests failed");
    ensure!(run.passed > 0, "no test ran");
    Ok(())
}

/// The names that the log has for a reason, each once. A line of the log is a reason, a tab and a name.
fn list(log: &str, reason: &str) -> String {
    let names = log.lines().filter_map(|line| line.split_once('\t')).filter(|(found, _)| *found == reason);
    let names: BTreeSet<&str> = names.map(|(_, name)| name).collect();
    if names.is_empty() { "none".to_owned() } else { names.into_iter().collect::<Vec<_>>().join(", ") }
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
    let mut components = cargo();
    components.args(["clippy", "--target", WASM_TARGET]);
    build::run(components.args(COMPONENTS.map(|name| ["--package", name]).concat()).args(deny))?;
    let mut scored = cargo();
    scored.args(["clippy", "--target", WASM_TARGET, "--features", "scorer"]);
    build::run(scored.args(SCORED.map(|name| ["--package", name]).concat()).args(deny))?;
    step("documentation");
    let document = ["doc", "--workspace", "--no-deps", "--document-private-items"];
    build::run(cargo().args(document).env("RUSTDOCFLAGS", "-D warnings"))
}

impl Run {
    fn native(&mut self) -> Result<()> {
        step("tests, native");
        let mut command = cargo();
        command.args(["test", "--workspace", "--features", RUNNER_FEATURE, "--no-fail-fast"]);
        // Many tests wait for other processes: with as many tests as cores, the cores would idle.
        if std::env::var_os(TEST_THREADS).is_none() {
            command.env(TEST_THREADS, (2 * available_parallelism()?.get()).to_string());
        }
        self.count_tests(&mut command)
    }

    fn wasm(&mut self) -> Result<()> {
        step("tests, wasm");
        let mut command = cargo();
        command.args(["test", "--no-fail-fast", "--lib", "--target", WASM_TARGET]);
        command.args(PORTABLE.map(|name| ["--package", name]).concat());
        command.env(RUNNER, build::program("debug", "run-wasm"));
        self.count_tests(&mut command)
    }

    /// Checks that are no test programs and take minutes.
    fn rest(&self) -> Result<()> {
        step("instructions");
        instructions::check(&self.skip_log)?;
        step("soak");
        let mut soak = Command::new(build::program("debug", "portent-bench"));
        soak.args(["aggregator", "--soak", "1", "--program"]).arg(build::program("debug", "host-metrics"));
        build::run(&mut soak)?;
        step("fuzzing");
        fuzz::run(&fuzz::Arguments { seconds: 10, target: None, if_present: true })
    }

    /// Runs test programs, shows their output, and adds up their closing lines. A run that fails without a failed test
    /// (it did not compile, or a program crashed) is an error.
    fn count_tests(&mut self, command: &mut Command) -> Result<()> {
        let failed_before = self.failed;
        command.env(SKIP_LOG, &self.skip_log);
        if self.all {
            command.env(TEST_ALL, "1");
        }
        let mut child = command.stdout(Stdio::piped()).spawn().context("cannot run cargo")?;
        let output = child.stdout.take().context("cargo has no output")?;
        for line in BufReader::new(output).lines() {
            let line = line?;
            println!("{line}");
            if let Some(closing) = line.strip_prefix("test result: ") {
                self.passed += number_before(closing, " passed");
                self.failed += number_before(closing, " failed");
            }
        }
        let status = child.wait()?;
        ensure!(status.success() || self.failed > failed_before, "{} failed ({status})", shown(command));
        Ok(())
    }
}

fn number_before(text: &str, word: &str) -> u64 {
    let before = text.split(word).next().unwrap_or_default();
    before.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

fn step(name: &str) {
    println!("\n== {name}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_listed_by_reason_and_each_name_once() {
        let log = "missing\tspin\nslow\tkill loop\nmissing\tamtool\nmissing\tspin\n";
        assert_eq!(list(log, "missing"), "amtool, spin");
        assert_eq!(list(log, "slow"), "kill loop");
        assert_eq!(list("", "slow"), "none");
    }

    #[test]
    fn a_closing_line_is_counted() {
        let closing = "FAILED. 12 passed; 3 failed; 0 ignored";
        assert_eq!((number_before(closing, " passed"), number_before(closing, " failed")), (12, 3));
    }
}
