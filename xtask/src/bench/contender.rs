//! Servers to measure, each a process of its own.

use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::process::{Process, free_port};
use crate::build;

/// A running server, ended when dropped.
#[derive(Debug)]
pub(crate) struct Contender {
    pub(crate) name: String,
    pub(crate) port: u16,
    pub(crate) process: Process,
}

impl Contender {
    fn start(name: &str, port: u16, command: &mut Command) -> Result<Self> {
        let mut process = Process::start(name, command)?;
        process.wait_until("listens", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok())?;
        Ok(Self { name: name.to_owned(), port, process })
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
