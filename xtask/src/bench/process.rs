//! Processes under measurement, as the operating system accounts for them.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

/// Ticks per second in `/proc/PID/stat`; Linux fixes it for programs (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// A running process, killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: Child,
}

impl Process {
    /// Starts a program that reads and prints nothing.
    pub(crate) fn start(name: &str, command: &mut Command) -> Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.with_context(|| format!("cannot start {name}"))?;
        Ok(Self { name: name.to_owned(), child })
    }

    /// Waits until a look at the process finds what it looks for.
    pub(crate) fn wait_until(&mut self, what: &str, mut look: impl FnMut() -> bool) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut pause = Duration::from_millis(1);
        while !look() {
            ensure!(self.child.try_wait()?.is_none(), "{} ended before it {what}", self.name);
            ensure!(Instant::now() < deadline, "{} does not come to where it {what}", self.name);
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(10));
        }
        Ok(())
    }

    /// CPU time of all its threads, user and system, in seconds.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        cpu_seconds(&self.child.id().to_string())
    }

    /// Resident memory, in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().context("VmRSS")?;
        Ok(kibibytes * 1024)
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn terminate(mut self) -> Result<()> {
        let kill = Command::new("kill").args(["-s", "TERM", &self.child.id().to_string()]).status();
        ensure!(kill.context("cannot run kill")?.success(), "{} cannot be ended", self.name);
        let status = self.child.wait()?;
        ensure!(status.success(), "{} ended with {status}", self.name);
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The process may have ended on its own.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// CPU time of this program, in which the load is made, in seconds.
pub(crate) fn own_cpu_seconds() -> Result<f64> {
    cpu_seconds("self")
}

/// A port of this machine that nobody listens on.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn cpu_seconds(process: &str) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // Fields are counted behind the program's name, which may hold spaces: utime is the 12th from there.
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(11).take(2);
    let ticks = fields.map(|field| field.parse::<f64>().context("stat")).sum::<Result<f64>>()?;
    Ok(ticks / TICKS_PER_SECOND)
}
