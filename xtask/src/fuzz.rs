//! `cargo xtask fuzz`: runs every fuzz target for some time. Needs a nightly compiler and cargo-fuzz.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use crate::build;

/// Folders in which there are packages; some of the packages have fuzz targets.
const FOLDERS: [&str; 4] = [".", "components", "host-metrics", "portent"];

/// Folder of the fuzz targets in a package.
const TARGETS: &str = "fuzz/fuzz_targets";

/// An input that takes longer, in seconds, is a finding. libFuzzer's own limit is 20 minutes.
const SLOW: &str = "-timeout=30";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Seconds for each target.
    #[arg(long, default_value_t = 60)]
    pub(crate) seconds: u64,
    /// Only targets of this name.
    #[arg(long, value_name = "NAME")]
    pub(crate) target: Option<String>,
    /// Do nothing, and say so, if the compiler or cargo-fuzz is missing.
    #[arg(long)]
    pub(crate) if_present: bool,
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
    for package in packages()? {
        for target in targets(&package)? {
            if arguments.target.as_ref().is_none_or(|wanted| *wanted == target) {
                println!("fuzzing {}: {target} for {} s", package.display(), arguments.seconds);
                let limit = format!("-max_total_time={}", arguments.seconds);
                let arguments = ["run", &target, "--", &limit, SLOW, "-print_final_stats=1"];
                build::run(fuzz(&package).args(arguments))?;
            }
        }
    }
    Ok(())
}

fn is_present() -> bool {
    let mut version = fuzz(build::workspace());
    let version = version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

fn fuzz(folder: &Path) -> Command {
    let mut command = Command::new("cargo");
    // Otherwise the toolchain of this program would take precedence over `+nightly`.
    command.args(["+nightly", "fuzz"]).env_remove("RUSTUP_TOOLCHAIN").current_dir(folder);
    command
}

/// The packages with fuzz targets.
fn packages() -> Result<Vec<PathBuf>> {
    let mut packages = Vec::new();
    for folder in
        FOLDERS.map(|folder| build::workspace().join(folder)).iter().filter(|folder| folder.is_dir())
    {
        for entry in std::fs::read_dir(folder)? {
            packages.extend(Some(entry?.path()).filter(|package| package.join(TARGETS).is_dir()));
        }
    }
    packages.sort();
    Ok(packages)
}

/// The targets of a package: each is a file.
fn targets(package: &Path) -> Result<Vec<String>> {
    let mut targets = Vec::new();
    for entry in std::fs::read_dir(package.join(TARGETS))? {
        let path = entry?.path();
        targets.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    targets.sort();
    Ok(targets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_with_fuzz_targets_are_found() {
        let packages = packages().unwrap();
        for name in ["components/event", "components/model"] {
            assert!(packages.iter().any(|package| package.ends_with(name)), "{name}: {packages:?}");
        }
        assert!(packages.iter().all(|package| !targets(package).unwrap().is_empty()));
    }
}
