//! Servers that hold a given number of series, and the memory that the series take.

use anyhow::Result;
use serde_json::{Value, json};

use super::lines::{self, Lines};
use super::servers::Server;
use crate::client::Client;

/// Lines of a delivery: few, so that what bodies take is not taken for memory of the series.
const LINES: usize = 20;

/// Groups that the series of the pushgateway are in.
const GROUPS: usize = 10;

/// A server with about the number of series that was asked for.
#[derive(Debug)]
pub(super) struct Filled {
    pub(super) server: Server,
    /// Lines of its text exposition that are samples.
    pub(super) series: u64,
    /// Applications that the series belong to.
    pub(super) apps: usize,
    /// Resident memory before, in bytes, and the series that were there.
    empty: (u64, u64),
    /// Resident memory when the last series was made, before it was shown.
    resident: u64,
}

impl Filled {
    pub(super) fn new(server: Server, target: u64) -> Result<Self> {
        let empty = (server.process.resident_bytes()?, server.scrape()?.series());
        let apps = if server.takes_events { fill(&server, target, empty.1)? } else { push(&server, target)? };
        let resident = server.process.resident_bytes()?;
        let series = server.scrape()?.series();
        Ok(Self { server, series, apps, empty, resident })
    }

    /// A row of the table of memory: bytes a series, and with what they were made out.
    pub(super) fn memory(&self) -> Result<Vec<Value>> {
        let shown = self.server.process.resident_bytes()?;
        let (bytes, series) = (self.resident.saturating_sub(self.empty.0), self.series - self.empty.1);
        Ok(vec![
            json!(self.server.name),
            json!(self.series),
            json!(bytes as f64 / series as f64),
            json!(mebibytes(self.empty.0)),
            json!(mebibytes(self.resident)),
            json!(mebibytes(shown)),
        ])
    }
}

pub(super) const MEMORY: [&str; 6] =
    ["contender", "series", "bytes a series", "MiB empty", "MiB filled", "MiB after scrapes"];

pub(super) fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// Sends the first event of as many applications as it takes.
fn fill(server: &Server, target: u64, empty: u64) -> Result<usize> {
    let (lines, mut client) = (Lines::heart()?, Client::connect(server.ingest)?);
    let source = lines::new_source();
    let mut send = |apps: &[String], sequence: usize| {
        let (mut body, mut request) = (String::new(), Vec::new());
        apps.iter().for_each(|app| lines.write(&mut body, app, 1));
        lines::write_delivery(&mut request, &source, sequence as u64, &body);
        client.exchange(&request)?.successful()
    };
    send(&lines::apps(1), 0)?;
    let of_one = (server.scrape()?.series() - empty).max(1);
    let number = (target.saturating_sub(empty) / of_one).max(1) as usize;
    let apps = lines::apps(number);
    for (sequence, apps) in apps[1..].chunks(LINES).enumerate() {
        send(apps, sequence + 1)?;
    }
    Ok(number)
}

fn push(server: &Server, target: u64) -> Result<usize> {
    let (mut push, mut client) =
        (lines::pushes(GROUPS, target as usize / GROUPS), Client::connect(server.ingest)?);
    for _ in 0..GROUPS {
        let mut request = Vec::new();
        push(&mut request);
        client.exchange(&request)?.successful()?;
    }
    Ok(GROUPS)
}
