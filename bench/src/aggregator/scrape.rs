//! Cost of a scrape, by format and number of series.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

use super::filled::Filled;
use crate::client::{Answer, Client};
use crate::report::Table;

/// Least time of a measurement: CPU time comes in hundredths of a second.
const TIME: Duration = Duration::from_millis(500);

/// Least and most scrapes of a measurement.
const SCRAPES: std::ops::RangeInclusive<u32> = 2..=500;

/// What is asked for: a name, and the headers that ask for it.
const FORMATS: [(&str, &str); 4] = [
    ("text", "Accept: text/plain;version=0.0.4\r\n"),
    ("OpenMetrics", "Accept: application/openmetrics-text;version=1.0.0\r\n"),
    (
        "protobuf",
        "Accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited\r\n",
    ),
    ("text, gzip", "Accept: text/plain;version=0.0.4\r\nAccept-Encoding: gzip\r\n"),
];

/// What one measurement found.
#[derive(Debug)]
struct Cost {
    cpu_millis: f64,
    millis: f64,
    bytes: usize,
    content_type: String,
}

pub(super) fn table() -> Table {
    let columns =
        &["contender", "series", "asked for", "answered", "bytes", "CPU ms", "CPU ms, worst round", "ms"];
    Table::new("scrape", columns)
}

/// Scrapes these in every format, interleaved.
pub(super) fn measure(table: &mut Table, contenders: &[&Filled], rounds: usize) -> Result<()> {
    let mut costs: Vec<_> = contenders.iter().map(|_| FORMATS.map(|_| Vec::new())).collect();
    for round in 0..rounds {
        for (filled, costs) in contenders.iter().zip(&mut costs) {
            let (name, series) = (filled.server.name, filled.series);
            println!("round {} of {rounds}: scrapes of {name}, {series} series", round + 1);
            for ((_, headers), costs) in FORMATS.iter().zip(costs) {
                costs.push(scrape(filled, headers)?);
            }
        }
    }
    for (filled, costs) in contenders.iter().zip(&costs) {
        for ((format, _), costs) in FORMATS.iter().zip(costs) {
            let Some(best) = costs.iter().min_by(|a, b| a.cpu_millis.total_cmp(&b.cpu_millis)) else {
                continue;
            };
            table.row(&[
                json!(filled.server.name),
                json!(filled.series),
                json!(format),
                json!(kind(&best.content_type)),
                json!(best.bytes),
                json!(best.cpu_millis),
                json!(costs.iter().map(|cost| cost.cpu_millis).fold(0.0, f64::max)),
                json!(costs.iter().map(|cost| cost.millis).fold(f64::INFINITY, f64::min)),
            ]);
        }
    }
    Ok(())
}

fn scrape(filled: &Filled, headers: &str) -> Result<Cost> {
    let mut client = Client::connect(filled.server.metrics)?;
    let (cpu, started, mut number) = (filled.server.process.cpu_seconds()?, Instant::now(), 0);
    let mut last = Answer::default();
    while number < *SCRAPES.start() || (started.elapsed() < TIME && number < *SCRAPES.end()) {
        last = client.get("/metrics", headers)?.successful()?;
        number += 1;
    }
    let (seconds, number) = (started.elapsed().as_secs_f64(), f64::from(number));
    let cpu_millis = (filled.server.process.cpu_seconds()? - cpu) * 1e3 / number;
    let (bytes, content_type) = (last.body.len(), last.content_type);
    Ok(Cost { cpu_millis, millis: seconds * 1e3 / number, bytes, content_type })
}

/// The format by its content type: a server may answer with another one than was asked for.
fn kind(content_type: &str) -> &str {
    let media_type = content_type.split(';').next().unwrap_or_default();
    match media_type {
        "text/plain" => "text",
        "application/openmetrics-text" => "OpenMetrics",
        "application/vnd.google.protobuf" => "protobuf",
        other => other,
    }
}
