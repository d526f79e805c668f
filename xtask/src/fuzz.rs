//! `cargo xtask fuzz`: every fuzz target for a while. They need a nightly compiler and cargo-fuzz.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use crate::build;

/// Packages with fuzz targets, by their folders.
const PACKAGES: [&str; 4] = ["components/event", "components/model", "components/service", "host-metrics"];

/// An input that takes longer is a finding: far longer than any should, far shorter than libFuzzer's 20 minutes.
const SLOW: &str = "-timeout=30";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Seconds for each target.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Only targets of this name.
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// Do nothing, and say so, where the compiler or cargo-fuzz is absent.
    #[arg(long)]
    if_present: bool,
}

/// Fuzzes each target, and fails at the first finding.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if !is_present() {
        ensure!(
            arguments.if_present,
            "needs `rustup toolchain install nightly` and `cargo install cargo-fuzz`"
        );
        println!("fuzzing skipped: no nightly compiler with cargo-fuzz");
        return Ok(());
    }
    for package in PACKAGES {
        for target in targets(Path::new(package))? {
            if arguments.target.as_ref().is_none_or(|wanted| *wanted == target) {
                println!("fuzzing {package}: {target} for {} s", arguments.seconds);
                let limit = format!("-max_total_time={}", arguments.seconds);
                let arguments = ["run", &target, "--", &limit, SLOW, "-print_final_stats=1"];
                build::run(fuzz(package).args(arguments))?;
            }
        }
    }
    Ok(())
}

fn is_present() -> bool {
    let mut version = fuzz(".");
    let version = version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

fn fuzz(folder: &str) -> Command {
    let mut command = Command::new("cargo");
    // The toolchain that runs this program would go before the one that is asked for.
    command.args(["+nightly", "fuzz"]).env_remove("RUSTUP_TOOLCHAIN").current_dir(folder);
    command
}

/// The targets of a package: each is a file.
fn targets(package: &Path) -> Result<Vec<String>> {
    let mut targets = Vec::new();
    for entry in std::fs::read_dir(package.join("fuzz/fuzz_targets"))? {
        let path = entry?.path();
        targets.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    targets.sort();
    Ok(targets)
}
