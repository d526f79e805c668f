//! The aggregator and its peers, each as a process of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::client::Client;
use crate::exposition::Exposition;
use crate::paths;
use crate::process::{Process, free_port};

/// Names of the aggregator, as it counts.
pub(super) const MEMORY: &str = "host-metrics, memory";
pub(super) const DURABLE: &str = "host-metrics, --state";

/// Raises every limit above what is measured here.
const CONFIG: &str = "[limits]\napps = 10000\nseries = 10000000\n";

/// How to start each server.
#[derive(Debug)]
pub(super) struct Servers {
    /// A directory of this run alone.
    directory: PathBuf,
    /// The peers' programs, if they can run.
    python: Option<PathBuf>,
    pushgateway: Option<PathBuf>,
}

/// A running server, killed when dropped.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) name: &'static str,
    pub(super) ingest: u16,
    pub(super) metrics: u16,
    pub(super) process: Process,
    /// Whether it takes event lines; the pushgateway takes series.
    pub(super) takes_events: bool,
    /// Whether it keeps every event before it acknowledges it.
    pub(super) is_durable: bool,
}

impl Servers {
    pub(super) fn new(directory: &Path, program: &Path, python: &Path, pushgateway: &Path) -> Result<Self> {
        std::fs::write(directory.join("limits.toml"), CONFIG)?;
        // A copy, so that a build during the run does not replace the program.
        std::fs::copy(program, directory.join("host-metrics")).context("cannot copy host-metrics")?;
        let python = or_skip(start_python(python)).map(|_| python.to_owned());
        let pushgateway = or_skip(start_pushgateway(pushgateway)).map(|_| pushgateway.to_owned());
        Ok(Self { directory: directory.to_owned(), python, pushgateway })
    }

    /// The aggregator, counting in memory.
    pub(super) fn memory(&self) -> Result<Server> {
        self.host_metrics(MEMORY, &[])
    }

    /// The aggregator with a state directory of this name; what is there is gone on with.
    pub(super) fn durable(&self, state: &str) -> Result<Server> {
        self.host_metrics(DURABLE, &["--state".as_ref(), &self.path(state)])
    }

    /// The aggregator with these options. Returns when it is ready.
    pub(super) fn host_metrics(&self, name: &'static str, options: &[&Path]) -> Result<Server> {
        let (ingest, metrics) = (free_port()?, free_port()?);
        let mut command = Command::new(self.path("host-metrics"));
        command.current_dir(paths::workspace()).args(["serve", "--log-level", "warn"]);
        command.args(["--models", "models/heart-disease.portent", "--config"]).arg(self.path("limits.toml"));
        command.args(["--metrics", &format!("127.0.0.1:{metrics}")]);
        command.args(["--ingest", &format!("127.0.0.1:{ingest}")]).args(options);
        let process = start(name, &mut command, metrics, "/readyz")?;
        let is_durable = options.contains(&Path::new("--state"));
        Ok(Server { name, ingest, metrics, process, takes_events: true, is_durable })
    }

    /// prometheus-client for Python, counting the same events; none if it cannot run.
    pub(super) fn python(&self) -> Result<Option<Server>> {
        self.python.as_deref().map(start_python).transpose()
    }

    /// The pushgateway; none if it cannot run.
    pub(super) fn pushgateway(&self) -> Result<Option<Server>> {
        self.pushgateway.as_deref().map(start_pushgateway).transpose()
    }

    /// A path in the directory of this run.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

impl Server {
    /// What it exposes, as text.
    pub(super) fn scrape(&self) -> Result<Exposition> {
        let answer = Client::connect(self.metrics)?.get("/metrics", "")?.successful()?;
        Exposition::new(answer.body)
    }

    /// Checks that it has counted exactly this many events.
    pub(super) fn ensure_counted(&self, events: u64) -> Result<()> {
        let exposition = self.scrape()?;
        let counted = exposition.events();
        ensure!(counted as u64 == events, "{} counted {counted} of {events} events", self.name);
        let unknown = exposition.sum("portent_unknown_model_total ");
        ensure!(unknown == 0.0, "{} does not know the model of {unknown} predictions", self.name);
        Ok(())
    }
}

/// A peer, or nothing but its name if it cannot run.
fn or_skip(peer: Result<Server>) -> Option<Server> {
    peer.inspect_err(|error| println!("skipped: {error:#}")).ok()
}

fn start_python(program: &Path) -> Result<Server> {
    let port = free_port()?;
    let mut command = Command::new(program);
    command.arg(paths::workspace().join("bench/src/aggregator/peer.py")).arg(port.to_string());
    start_peer("prometheus-client", &mut command, port, "/metrics", true)
}

fn start_pushgateway(program: &Path) -> Result<Server> {
    let port = free_port()?;
    let mut command = Command::new(program);
    command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
    start_peer("pushgateway", &mut command, port, "/-/ready", false)
}

fn start_peer(
    name: &'static str,
    command: &mut Command,
    port: u16,
    path: &str,
    takes_events: bool,
) -> Result<Server> {
    let process = start(name, command, port, path)?;
    Ok(Server { name, ingest: port, metrics: port, process, takes_events, is_durable: false })
}

/// Bytes of the files of a directory.
pub(super) fn bytes_in(directory: &Path) -> Result<u64> {
    let entries = std::fs::read_dir(directory).context("cannot read the state directory")?;
    // A file may go between being listed and being looked at.
    Ok(entries.filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len())).sum())
}

fn start(name: &str, command: &mut Command, port: u16, path: &str) -> Result<Process> {
    let mut process = Process::start(name, command)?;
    process.wait_until("is ready", || {
        let answer = Client::connect(port).and_then(|mut client| client.get(path, ""));
        answer.is_ok_and(|answer| answer.status == 200)
    })?;
    Ok(process)
}
