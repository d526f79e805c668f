//! Counts instructions with valgrind's callgrind.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::build::{self, cargo, shown};

/// The program that answers the inputs, and the profile that it is built with.
const PROGRAM: &str = "portent-instructions";
const PROFILE: &str = "instructions";

/// The function of that program in which instructions are counted.
const FUNCTION: &str = "*portent_instructions::counted*";

/// The instructions of one input.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) name: String,
    pub(crate) rows: u64,
    /// Instructions of one request.
    pub(crate) instructions: u64,
}

/// Builds the program and counts every input, each in a process of its own.
pub(crate) fn all(valgrind: &Path) -> Result<Vec<Counted>> {
    build::run(cargo().args(["build", "--package", PROGRAM, "--profile", PROFILE]))?;
    let program = build::target_directory().join(PROFILE).join(PROGRAM);
    let inputs = output(&mut Command::new(&program))?;
    inputs.lines().map(|line| one(valgrind, &program, line)).collect()
}

/// Counts the input of one line of the program's list: name, status, rows, times that it is answered.
fn one(valgrind: &Path, program: &Path, line: &str) -> Result<Counted> {
    let &[name, _, rows, times] = line.split('\t').collect::<Vec<_>>().as_slice() else {
        anyhow::bail!("{PROGRAM} lists {line:?}");
    };
    let file = build::target_directory().join(PROFILE).join(format!("{name}.callgrind"));
    let mut command = Command::new(valgrind);
    command.args(["--tool=callgrind", "--collect-atstart=no", &format!("--toggle-collect={FUNCTION}")]);
    command.arg(format!("--callgrind-out-file={}", file.display())).arg(program).arg(name);
    output(&mut command)?;
    let counts = std::fs::read_to_string(&file).context("valgrind has left no counts")?;
    let total = total(&counts).with_context(|| format!("valgrind has not counted {name}"))?;
    let times: u64 = times.parse()?;
    Ok(Counted { name: name.to_owned(), rows: rows.parse()?, instructions: total / times.max(1) })
}

/// The total in a file of callgrind's; none if nothing was counted.
fn total(counts: &str) -> Option<u64> {
    let total = counts.lines().find_map(|line| line.strip_prefix("totals: "))?;
    total.trim().parse().ok().filter(|total| *total > 0)
}

/// The output of a command. Its failure is an error with its standard error.
fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run {}", shown(command)))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} failed ({}): {said}", shown(command), output.status);
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_is_read_unless_nothing_was_counted() {
        assert_eq!(total("events: Ir\nfn=(1)\n+3 4\ntotals: 194507\n"), Some(194_507));
        assert_eq!(total("events: Ir\ntotals: 0\n"), None);
        assert_eq!(total("events: Ir\n"), None);
    }
}
