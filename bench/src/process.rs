//! Processes under measurement, as the operating system accounts for them.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use super::family::{self, Memory};

/// A running process, killed when dropped, with all that it started.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: Child,
    /// What it wrote to its standard error.
    stderr: File,
}

impl Process {
    /// Starts a program that reads nothing and whose output nobody reads.
    pub(crate) fn start(name: &str, command: &mut Command) -> Result<Self> {
        let stderr = tempfile::tempfile()?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr.try_clone()?);
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Self { name: name.to_owned(), child, stderr })
    }

    /// Waits until a look at the process finds what it looks for.
    pub(crate) fn wait_until(&mut self, what: &str, mut look: impl FnMut() -> bool) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut pause = Duration::from_micros(500);
        while !look() {
            if self.child.try_wait()?.is_some() {
                let last_words = self.last_words();
                bail!("{} ended before it {what}{last_words}", self.name);
            }
            ensure!(Instant::now() < deadline, "{} does not reach the point at which it {what}", self.name);
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(2));
        }
        Ok(())
    }

    /// CPU time of the process and of all that descend from it, user and system, in seconds.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        family::cpu_seconds(self.child.id())
    }

    /// Resident memory of the process and of all that descend from it.
    pub(crate) fn memory(&self) -> Result<Memory> {
        family::memory(self.child.id())
    }

    /// Resident memory, in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        Ok(self.memory()?.resident)
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn terminate(mut self) -> Result<()> {
        let kill = Command::new("kill").args(["-s", "TERM", &self.child.id().to_string()]).status();
        ensure!(kill.context("cannot run kill")?.success(), "{} cannot be ended", self.name);
        let status = self.child.wait()?;
        ensure!(status.success(), "{} ended with {status}", self.name);
        Ok(())
    }

    /// Why it ended, by its own account.
    fn last_words(&mut self) -> String {
        let mut text = String::new();
        let read = self.stderr.rewind().and_then(|()| self.stderr.read_to_string(&mut text));
        reason(&text).filter(|_| read.is_ok()).map_or_else(String::new, |line| format!(": {line}"))
    }
}

/// What a program wrote to its standard error last: the last line that says to be an error, since causes may
/// stand below it, else the last line.
fn reason(text: &str) -> Option<&str> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).rev();
    let error = lines.clone().find(|line| line.starts_with("Error:") || line.starts_with("error:"));
    error.or_else(|| lines.next())
}

impl Drop for Process {
    fn drop(&mut self) {
        // What it started would outlive it: `spin up` runs its trigger as a process of its own.
        let members = family::members(self.child.id()).unwrap_or_default();
        let others = members.iter().filter(|pid| **pid != self.child.id()).map(u32::to_string);
        let others: Vec<_> = others.collect();
        // The process may have ended on its own.
        drop(self.child.kill());
        drop(self.child.wait());
        if !others.is_empty() {
            drop(Command::new("kill").args(["-s", "KILL"]).args(others).stderr(Stdio::null()).status());
        }
    }
}

/// CPU time of this program, in which the load is made, in seconds.
pub(crate) fn own_cpu_seconds() -> Result<f64> {
    family::own_cpu_seconds()
}

/// A port of this machine that nobody listens on.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_the_error_or_the_last_line() {
        assert_eq!(
            reason("Serving\nError: no such import\n\nCaused by:\n   0: a type\n"),
            Some("Error: no such import")
        );
        assert_eq!(reason("starting\nprogram: bad option\n\n"), Some("program: bad option"));
        assert_eq!(reason("\n"), None);
    }

    #[test]
    fn a_program_that_ends_early_says_why() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo it is broken >&2; exit 1"]);
        let mut process = Process::start("it", &mut command).unwrap();
        let error = process.wait_until("answers", || false).unwrap_err();
        assert_eq!(error.to_string(), "it ended before it answers: it is broken");
    }
}
