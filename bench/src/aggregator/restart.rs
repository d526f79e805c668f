//! Time until the aggregator is ready again with its state directory.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

use super::filled::{Filled, mebibytes};
use super::lines::{self, Lines};
use super::servers::{Server, Servers, bytes_in};
use crate::load::Load;
use crate::report::Table;

const CONNECTIONS: usize = 32;

/// How the run before ended.
const ENDS: [&str; 2] = ["SIGKILL under load before", "SIGTERM before"];

/// Restarts from a state directory of this name, and checks that nothing that was acknowledged is lost.
pub(super) fn measure(servers: &Servers, filled: Filled, state: &str, rounds: usize) -> Result<Table> {
    let Filled { mut server, series, apps, .. } = filled;
    let (lines, apps) = (Lines::heart()?, lines::apps(apps));
    let mut restarts = [Vec::new(), Vec::new()];
    for round in 0..rounds {
        println!("round {} of {rounds}: restarts", round + 1);
        let before = server.scrape()?.events() as u64;
        let feed = || lines.singles(apps.clone());
        let sent = Load::saturating(server.ingest, CONNECTIONS, &feed).run(Duration::from_secs(1))?;
        let events = before + sent.count() as u64;
        for (end, restarts) in restarts.iter_mut().enumerate() {
            match end {
                0 => drop(server),
                _ => server.process.terminate()?,
            }
            let restart = restart(servers, state)?;
            server = restart.0;
            restarts.push((restart.1, restart.2));
            server.ensure_counted(events)?;
        }
    }
    let mut table = Table::new("restart", &["series", "after", "MiB on disk", "ms to be ready", "ms, worst"]);
    for (end, restarts) in ENDS.iter().zip(&restarts) {
        let Some(best) = restarts.iter().min_by(|a, b| a.1.total_cmp(&b.1)) else { continue };
        let worst = restarts.iter().map(|restart| restart.1).fold(0.0, f64::max);
        table.row(&[json!(series), json!(end), json!(mebibytes(best.0)), json!(best.1), json!(worst)]);
    }
    Ok(table)
}

/// The server again, the bytes that it began with and the milliseconds until it was ready.
fn restart(servers: &Servers, state: &str) -> Result<(Server, u64, f64)> {
    let bytes = bytes_in(&servers.path(state))?;
    let started = Instant::now();
    let server = servers.durable(state)?;
    Ok((server, bytes, started.elapsed().as_secs_f64() * 1e3))
}
