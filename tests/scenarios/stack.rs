//! `deploy/local/run`: everything on one machine.

mod failing;
mod running;

use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use portent_tests::{deploy, external};
use serde_json::Value;

use crate::fixture::{host_metrics, portent, terminate, try_get};

/// The options of the ports, in the order in which [`Stack::ports`] has them.
const PORTS: [&str; 5] =
    ["--port", "--metrics-port", "--ingest-port", "--prometheus-port", "--alertmanager-port"];

/// A running stack, ended when dropped.
struct Stack {
    process: Child,
    ports: Vec<u16>,
    output: Vec<String>,
    folder: tempfile::TempDir,
}

/// Ports that are free at present.
fn free_ports() -> Vec<u16> {
    let listeners: Vec<_> = PORTS.iter().map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
}

/// The script, in a folder that has nothing to do with it; `None` if a program that it runs is absent.
fn script(directory: &Path, ports: &[u16], arguments: &[&str]) -> Option<Command> {
    for program in ["prometheus", "promtool", "prometheus-alertmanager", "amtool"] {
        external::program(program)?;
    }
    let mut command = Command::new(deploy::path("local/run").canonicalize().unwrap());
    command.env("PORTENT_PROGRAM", portent().get_program());
    command.env("PORTENT_HOST_METRICS", host_metrics().get_program()).current_dir("/");
    command.arg("--directory").arg(directory);
    command.args(PORTS.iter().zip(ports).flat_map(|(option, port)| [(*option).to_owned(), port.to_string()]));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Some(command)
}

/// Runs the script to its end: its exit status, and what it complains about.
fn run(directory: &Path, ports: &[u16], arguments: &[&str]) -> Option<(i32, String)> {
    let output = script(directory, ports, arguments)?.output().unwrap();
    Some((output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap()))
}

impl Stack {
    /// Starts a stack and waits until it says that everything runs.
    fn start(arguments: &[&str]) -> Option<Self> {
        Self::start_in(tempfile::tempdir().unwrap(), arguments)
    }

    fn start_in(folder: tempfile::TempDir, arguments: &[&str]) -> Option<Self> {
        for _ in 0..5 {
            let ports = free_ports();
            let mut process = script(folder.path(), &ports, arguments)?.spawn().expect("the script starts");
            let mut output = Vec::new();
            for line in BufReader::new(process.stdout.as_mut().unwrap()).lines().map_while(Result::ok) {
                let last = line.starts_with("Everything runs.");
                output.push(line);
                if last {
                    return Some(Self { process, ports, output, folder });
                }
            }
            let ended = process.wait_with_output().unwrap();
            let error = String::from_utf8_lossy(&ended.stderr);
            // Another test may have taken a port since it was free.
            let is_taken = ["is taken", "cannot listen", "address already in use"];
            assert!(is_taken.iter().any(|text| error.contains(text)), "{output:?}\n{error}");
        }
        panic!("there was never a free port for everything");
    }

    /// The address behind one of [`PORTS`].
    fn base(&self, option: &str) -> String {
        let port = PORTS.iter().zip(&self.ports).find(|(found, _)| **found == option).unwrap().1;
        format!("http://127.0.0.1:{port}")
    }

    /// Asks until the answer to a request is as wanted, and returns it.
    fn wait_for(&self, option: &str, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let url = format!("{}{path}", self.base(option));
        let deadline = Instant::now() + Duration::from_secs(180);
        loop {
            let answer = try_get(&url).and_then(|(_, text)| serde_json::from_str(&text).ok());
            let answer: Value = answer.unwrap_or_default();
            if wanted(&answer) {
                return answer;
            }
            assert!(Instant::now() < deadline, "{url} answers {answer:#}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// The processes that the script has started: what they are called, and their numbers.
    fn children(&self) -> Vec<(String, u32)> {
        let id = self.process.id().to_string();
        let output = Command::new("ps").args(["--ppid", &id, "-o", "comm=,pid="]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let lines = text.lines().filter_map(|line| line.rsplit_once(' '));
        lines.map(|(name, pid)| (name.trim().to_owned(), pid.trim().parse().unwrap())).collect()
    }

    /// Waits for the end: the exit status and what was complained about. Nothing may be left then.
    fn ended(mut self) -> (i32, String, tempfile::TempDir) {
        let complaints = std::io::read_to_string(self.process.stderr.take().unwrap()).unwrap();
        let code = self.process.wait().unwrap().code().unwrap();
        for port in &self.ports {
            assert!(TcpStream::connect(("127.0.0.1", *port)).is_err(), "somebody still listens on {port}");
        }
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        let orphans = Command::new("pgrep").arg("-f").arg(folder.path()).output().unwrap();
        assert!(orphans.stdout.is_empty(), "left: {}", String::from_utf8_lossy(&orphans.stdout));
        (code, complaints, folder)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // It ends its processes itself; killed, it could not.
        if self.process.try_wait().is_ok_and(|status| status.is_none()) {
            terminate(&self.process);
            let _ = self.process.wait();
        }
    }
}
