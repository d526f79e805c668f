//! Time until an event is acknowledged, with and without scrapes at the same time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, anyhow};
use serde_json::json;

use super::filled::Filled;
use super::lines::{self, Lines};
use crate::client::Client;
use crate::load::{Latencies, Load};
use crate::report::Table;

/// Events a second, one a delivery: little beside what can be taken.
const RATE: u64 = 500;

/// So many that none of them waits for its own last answer, unless that takes 32 ms.
const CONNECTIONS: usize = 16;

const QUANTILES: [f64; 4] = [0.50, 0.99, 0.999, 1.0];

pub(super) fn table() -> Table {
    let columns = &["contender", "series", "scrapes", "p50 µs", "p99 µs", "p99.9 µs", "max µs"];
    Table::new("event latency", columns)
}

/// Paces events through every application, so that each of them changes behind the scrape's back.
pub(super) fn measure(
    table: &mut Table,
    contenders: &[&Filled],
    rounds: usize,
    time: Duration,
) -> Result<()> {
    let lines = Lines::heart()?;
    for filled in contenders {
        let mut latencies = [Latencies::default(), Latencies::default()];
        let apps = lines::apps(filled.apps);
        let feed = || lines.singles(apps.clone());
        let load = Load::paced(filled.server.ingest, CONNECTIONS, RATE, &feed);
        let mut scrapes = 0;
        for round in 0..rounds {
            println!("round {} of {rounds}: event latency of {}", round + 1, filled.server.name);
            latencies[0].merge(load.run(time)?);
            let (with, number) = while_scraping(filled.server.metrics, || load.run(time))?;
            latencies[1].merge(with);
            scrapes += number;
        }
        let micros = latencies.map(|of| QUANTILES.map(|quantile| of.quantile_micros(quantile)));
        let difference: Vec<_> =
            micros[1].iter().zip(micros[0]).map(|(with, without)| *with as i64 - without as i64).collect();
        let shown = [(json!("none"), json!(micros[0])), (json!(scrapes), json!(micros[1]))];
        for (scrapes, micros) in shown.into_iter().chain([(json!("difference"), json!(difference))]) {
            let mut row = vec![json!(filled.server.name), json!(filled.series), scrapes];
            row.extend(micros.as_array().into_iter().flatten().cloned());
            table.row(&row);
        }
    }
    Ok(())
}

/// Does something while scrapes run back to back, and says how many there were.
fn while_scraping<T>(port: u16, work: impl FnOnce() -> Result<T>) -> Result<(T, u64)> {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let scraping = scope.spawn(|| {
            let (mut client, mut number) = (Client::connect(port)?, 0);
            while !over.load(Ordering::Relaxed) {
                client.get("/metrics", "")?.successful()?;
                number += 1;
            }
            Ok::<_, anyhow::Error>(number)
        });
        let done = work();
        over.store(true, Ordering::Relaxed);
        let number = scraping.join().map_err(|_| anyhow!("the scraping thread panicked"))??;
        Ok((done?, number))
    })
}
