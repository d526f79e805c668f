//! The real program as a child process.

#![allow(dead_code, reason = "each test that includes this file uses a part of it")]

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::http::{self, Answer};

/// How long anything is waited for that must come about: far more than it takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program with free ports and without artefacts.
pub(crate) fn serve() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-metrics"));
    command.args(SERVE);
    command
}

/// Options that every test gives.
pub(crate) const SERVE: [&str; 7] =
    ["serve", "--metrics", "127.0.0.1:0", "--ingest", "127.0.0.1:0", "--models", "no-models/*.portent"];

/// A started program; killed if a test fails in between.
pub(crate) struct Running {
    pub(crate) child: Child,
    stdout: BufReader<ChildStdout>,
    log: PathBuf,
}

/// Where its listeners are.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    pub(crate) metrics: String,
    pub(crate) ingest: String,
}

impl Running {
    /// Starts it, with the log in a file of its own.
    pub(crate) fn spawn(command: &mut Command, log: &Path) -> Self {
        let stderr = File::options().create(true).append(true).open(log).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout, log: log.to_owned() }
    }

    /// Waits for the two lines on stdout.
    pub(crate) fn addresses(&mut self) -> Addresses {
        let mut address = |before: &str, after: &str| {
            let mut line = String::new();
            self.stdout.read_line(&mut line).unwrap();
            let address = line.trim_end().strip_prefix(before).and_then(|line| line.strip_suffix(after));
            address
                .unwrap_or_else(|| panic!("{line}{}", std::fs::read_to_string(&self.log).unwrap()))
                .to_owned()
        };
        let metrics = address("metrics http://", "/metrics");
        let ingest = address("ingest http://", "/v1/events");
        Addresses { metrics, ingest }
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args(["-s", signal, &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Ends it as a service manager would.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        self.signal("TERM");
        self.child.wait().unwrap()
    }

    /// Ends it at once.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Addresses {
    /// `GET` from the metrics listener.
    pub(crate) fn get(&self, path: &str) -> Answer {
        http::get(&self.metrics, path).unwrap()
    }

    /// What `/v1/status` says.
    pub(crate) fn status(&self) -> serde_json::Value {
        serde_json::from_str(&self.get("/v1/status").body).unwrap()
    }

    /// A delivery.
    pub(crate) fn deliver(&self, source: &str, sequence: u64, body: &[u8]) -> Answer {
        http::deliver(&self.ingest, source, sequence, body).unwrap()
    }
}

/// Waits until a condition holds; `what` says which.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
