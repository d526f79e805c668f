//! `cargo xtask instructions`: counts the instructions of fixed requests, and compares the counts with those kept in the
//! repository.
//!
//! Unlike time, they are nearly the same on every machine and under any load, so a test can check them.

mod count;
mod kept;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use crate::build;

use count::Counted;
use kept::Kept;

/// The program that counts.
const COUNTER: &str = "valgrind";

/// Makes it an error, if it is 1, that an external tool is missing.
const FORBID_SKIPS: &str = "PORTENT_FORBID_SKIPS";

/// Largest relative difference from the kept count. Other versions of the C library copy and allocate differently, and
/// other processors choose other versions of these functions: that is a few per cent.
const MARGIN: f64 = 0.10;

/// Options of `cargo xtask instructions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Write the counts into the repository instead of comparing with those there.
    #[arg(long)]
    write: bool,
}

/// Counts, and writes or compares.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let Some(valgrind) = find() else { bail!("{COUNTER} is not installed") };
    let counted = count::all(&valgrind)?;
    if arguments.write {
        return Kept::new(build::compiler_version()?, &counted).write();
    }
    compare(&counted)
}

/// Counts and compares as a test does: without valgrind it is skipped, by name, unless that is forbidden.
pub(crate) fn check(skip_log: &Path) -> Result<()> {
    if let Some(valgrind) = find() {
        return compare(&count::all(&valgrind)?);
    }
    let forbidden = std::env::var_os(FORBID_SKIPS).is_some_and(|value| value == "1");
    ensure!(!forbidden, "external tool missing: {COUNTER}");
    let mut log = std::fs::OpenOptions::new().append(true).open(skip_log)?;
    writeln!(log, "missing\t{COUNTER}").context("cannot record what was skipped")
}

/// Prints each count beside the kept one; an error names every input that differs too much.
fn compare(counted: &[Counted]) -> Result<()> {
    let kept = Kept::read()?;
    let compiler = build::compiler_version()?;
    if kept.compiler != compiler {
        println!("the kept counts are of Rust {}, these of Rust {compiler}", kept.compiler);
    }
    let mut differing = kept.unknown(counted);
    println!("{:16} {:>12} {:>12} {:>10} {:>8}", "input", "instructions", "kept", "a row", "change");
    for Counted { name, rows, instructions } in counted {
        let Some(before) = kept.instructions.get(name) else {
            differing.push(format!("{name} is not among the kept counts"));
            continue;
        };
        let change = *instructions as f64 / *before as f64 - 1.0;
        let row = instructions / (*rows).max(1);
        println!("{name:16} {instructions:12} {before:12} {row:10} {:+7.1}%", 100.0 * change);
        if change.abs() > MARGIN {
            differing.push(format!("{name} takes {instructions} instructions instead of {before}"));
        }
    }
    ensure!(
        differing.is_empty(),
        "{}; if that is meant, `cargo xtask instructions --write` keeps the new counts",
        differing.join("; ")
    );
    Ok(())
}

fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(COUNTER)).find(|file| file.is_file())
}
