//! Starts the servers to measure.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::contender::Contender;
use super::kind::{Events, Host, Kind, Peer};
use super::manifest;
use super::process::{Process, free_port};
use super::report::Report;
use super::workload::Workload;
use crate::paths;

/// How to start contenders.
#[derive(Debug)]
pub(crate) struct Setup {
    /// A directory of this run alone.
    pub(crate) directory: PathBuf,
    /// The program `portent`.
    pub(crate) program: PathBuf,
    /// The program `host-metrics`, which counts the events of Spin's components.
    pub(crate) aggregator: PathBuf,
    pub(crate) spin: PathBuf,
    pub(crate) python: PathBuf,
    /// Folder of the Python peers.
    pub(crate) peers: PathBuf,
    /// Contenders are those whose name holds one of these words; all of them, if there are none.
    pub(crate) wanted: Vec<String>,
}

/// Ports of a contender, beside the one that it serves on.
#[derive(Clone, Copy)]
struct Ports {
    metrics: u16,
    ingest: u16,
}

impl Setup {
    /// Starts all of these that are wanted; one that cannot run is named in the report.
    pub(crate) fn start_all(&self, kinds: &[Kind], options: &[&str], report: &mut Report) -> Vec<Contender> {
        let mut running = Vec::new();
        for kind in kinds.iter().filter(|kind| self.wants(**kind)) {
            match self.start(*kind, options) {
                Ok(contender) => running.push(contender),
                Err(error) => report.miss(&kind.name(), &error),
            }
        }
        running
    }

    /// Whether this contender is among those to measure.
    pub(crate) fn wants(&self, kind: Kind) -> bool {
        let name = kind.name().to_lowercase();
        self.wanted.is_empty() || self.wanted.iter().any(|word| name.contains(&word.to_lowercase()))
    }

    /// Starts a contender with further options of its host, and waits until it answers.
    pub(crate) fn start(&self, kind: Kind, options: &[&str]) -> Result<Contender> {
        let manifest = match kind {
            Kind::Predict(_, wasi, _) => manifest::shipped(&self.directory, wasi)?,
            Kind::Nothing(_, wasi) => manifest::do_nothing(&self.directory, wasi)?,
            Kind::Composed(wasi) => manifest::composed(&self.directory, wasi)?,
            Kind::Peer(_) => PathBuf::new(),
        };
        self.start_manifest(kind, &manifest, options, kind.first_workload())
    }

    /// Starts what a manifest names, and waits until it answers a request rightly.
    pub(crate) fn start_manifest(
        &self,
        kind: Kind,
        manifest: &Path,
        options: &[&str],
        first: Workload,
    ) -> Result<Contender> {
        let (port, ports) = (free_port()?, Ports { metrics: free_port()?, ingest: free_port()? });
        let (mut command, aggregator) = match kind {
            Kind::Peer(peer) => (self.peer(peer, port), None),
            Kind::Predict(Host::Embedded, ..) | Kind::Nothing(Host::Embedded, _) | Kind::Composed(_) => {
                (self.embedded(manifest, port, ports), None)
            }
            Kind::Predict(Host::Spin, _, events) => self.spin(manifest, port, ports, events)?,
            Kind::Nothing(Host::Spin, _) => self.spin(manifest, port, ports, Events::Off)?,
        };
        if let Kind::Predict(_, _, events) = kind {
            command.args(["--variable", &format!("events={}", events.value())]);
            command.args(["--variable", &format!("metrics_url=http://127.0.0.1:{}", ports.ingest)]);
        }
        let process = Process::start("it", command.args(options))?;
        let counts = matches!(kind, Kind::Predict(_, _, Events::Stdout | Events::Http));
        let mut contender = Contender::new(kind, port, process);
        contender.aggregator = aggregator;
        contender.metrics = counts.then_some(ports.metrics);
        contender.wait_for(first)?;
        Ok(contender)
    }

    fn embedded(&self, manifest: &Path, port: u16, ports: Ports) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(paths::workspace()).args(["up", "--log-level", "warn", "--from"]).arg(manifest);
        command.args(["--listen", &format!("127.0.0.1:{port}")]);
        ports.pass_to(&mut command);
        command
    }

    /// `spin up` without printing what components print, which it writes to its log files all the same.
    fn spin(
        &self,
        manifest: &Path,
        port: u16,
        ports: Ports,
        events: Events,
    ) -> Result<(Command, Option<Process>)> {
        let state = tempfile::tempdir_in(&self.directory)?.keep();
        let mut command = Command::new(&self.spin);
        command.current_dir(&self.directory).args(["up", "--quiet", "--from"]).arg(manifest);
        command.args(["--listen", &format!("127.0.0.1:{port}"), "--state-dir"]).arg(&state);
        command.arg("--log-dir").arg(state.join("logs"));
        let logs = state.join("logs/*_stdout.txt");
        let aggregator = match events {
            Events::Off => None,
            Events::Stdout => Some(self.aggregator(&["--tail".as_ref(), &logs], ports)?),
            Events::Http => Some(self.aggregator(&[], ports)?),
        };
        Ok((command, aggregator))
    }

    /// `host-metrics serve`, counting the events of a contender.
    fn aggregator(&self, options: &[&Path], ports: Ports) -> Result<Process> {
        let mut command = Command::new(&self.aggregator);
        command.current_dir(paths::workspace()).args(["serve", "--log-level", "warn"]).args(options);
        ports.pass_to(&mut command);
        Process::start("host-metrics serve", &mut command)
    }

    fn peer(&self, peer: Peer, port: u16) -> Command {
        let module = peer.module();
        let mut command = Command::new(&self.python);
        command.current_dir(&self.peers).env("PYTHONDONTWRITEBYTECODE", "1").arg("-m");
        match peer {
            Peer::Usual | Peer::Tuned => {
                command.args(["uvicorn", &format!("{module}:app"), "--no-access-log"]);
                command.args(["--port", &port.to_string()])
            }
            Peer::Flask => {
                command.args(["gunicorn", "-w", "2", "-b", &format!("127.0.0.1:{port}")]);
                command.arg(format!("{module}:app"))
            }
        };
        command
    }
}

impl Ports {
    fn pass_to(self, command: &mut Command) {
        command.args(["--metrics", &format!("127.0.0.1:{}", self.metrics)]);
        command.args(["--ingest", &format!("127.0.0.1:{}", self.ingest)]);
    }
}
