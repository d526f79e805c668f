//! Servers to measure, each a process of its own.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::build;

/// Ticks per second in `/proc/PID/stat`; Linux fixes it for programs (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// A running server, ended when dropped.
#[derive(Debug)]
pub(crate) struct Contender {
    pub(crate) name: String,
    pub(crate) port: u16,
    process: Child,
}

impl Contender {
    fn start(name: &str, port: u16, command: &mut Command) -> Result<Self> {
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let process = process.with_context(|| format!("cannot start {name}"))?;
        let mut contender = Self { name: name.to_owned(), port, process };
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if contender.process.try_wait()?.is_some() || Instant::now() > deadline {
                bail!("{name} does not listen");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(contender)
    }

    /// CPU time of the process and the children that it waited for, user and system.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // Fields are counted behind the program's name, which may hold spaces: utime is the 12th from there.
        let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(11).take(2);
        let ticks = fields.map(|field| field.parse::<f64>().context("stat")).sum::<Result<f64>>()?;
        Ok(ticks / TICKS_PER_SECOND)
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        // The process may have ended on its own.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Starts the embedded host with each way of sending events, and the peers where they can run.
pub(crate) fn start_all(peers: &Path, python: &Path) -> Result<Vec<Contender>> {
    let mut contenders = Vec::new();
    for events in ["off", "stdout", "http"] {
        contenders.push(embedded_host(events)?);
    }
    for peer in ["fastapi_heart", "fastapi_heart_tuned"] {
        match start_peer(peer, peers, python) {
            Ok(contender) => contenders.push(contender),
            Err(error) => println!("skipped: {peer} ({error:#})"),
        }
    }
    Ok(contenders)
}

fn embedded_host(events: &str) -> Result<Contender> {
    let (port, ingest) = (free_port()?, free_port()?);
    let mut command = Command::new(build::program("host-metrics"));
    command.current_dir(build::workspace()).args(["up", "--metrics", "127.0.0.1:0"]);
    command.args(["--listen", &format!("127.0.0.1:{port}"), "--ingest", &format!("127.0.0.1:{ingest}")]);
    command.args(["--variable", &format!("events={events}")]);
    command.args(["--variable", &format!("metrics_url=http://127.0.0.1:{ingest}")]);
    Contender::start(&format!("embedded host, events {events}"), port, &mut command)
}

fn start_peer(name: &str, peers: &Path, python: &Path) -> Result<Contender> {
    let port = free_port()?;
    let mut command = Command::new(python);
    command.current_dir(peers).args(["-m", "uvicorn", &format!("{name}:app"), "--no-access-log"]);
    command.args(["--port", &port.to_string()]).env("PYTHONDONTWRITEBYTECODE", "1");
    Contender::start(name, port, &mut command)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
