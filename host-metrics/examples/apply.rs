//! The cost of counting an event: prints the least CPU time of several rounds, decoding and merging included. With a
//! state directory, the encoding of records is part of it.
//!
//! `cargo run --release -p host-metrics --example apply [LINES PER DELIVERY [STATE DIRECTORY]]`

#![expect(clippy::print_stdout, reason = "what it is for")]

use std::hint::black_box;
use std::path::Path;

use anyhow::Context as _;
use host_metrics::Aggregator;
use portent_counts::{ModelMetadata, ModelStore, Way};
use portent_exposition::Config;

const ROUNDS: usize = 10;

/// Events of a round. The kernel accounts for CPU time in steps of some milliseconds.
const EVENTS: usize = 100_000;

/// The example of docs/events.md, as an event of a model.
fn line(app: &str) -> anyhow::Result<String> {
    let page = include_str!("../../docs/events.md");
    let line = page.lines().find(|line| line.starts_with("{\"portent\":1,\"time\""));
    let mut event: serde_json::Value = serde_json::from_str(line.context("no event in docs/events.md")?)?;
    event["app"] = app.into();
    let model = ModelMetadata::read(&std::fs::read(format!("models/{app}.portent"))?)?;
    event["predictions"][0]["model"] = model.digest.to_string().into();
    Ok(event.to_string())
}

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let lines: usize = arguments.next().map_or(Ok(1000), |argument| argument.parse())?;
    let store = ModelStore::open(vec!["models/*.portent".to_owned()])?;
    let aggregator = match arguments.next() {
        None => Aggregator::new(store, &[], Config::default()),
        Some(directory) => {
            let options = portent_journal::Options { log_bytes: u64::MAX / 2 };
            Aggregator::open(store, &[], Config::default(), Path::new(&directory), options)?
        }
    };
    let mut events = [line("heart-disease")?, line("hvs")?].into_iter().cycle();
    let deliveries = EVENTS / lines;
    let mut least = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = cpu_nanoseconds()?;
        for _ in 0..deliveries {
            let mut delta = aggregator.delta(Way::Http);
            events.by_ref().take(lines).for_each(|line| delta.read(black_box(line.as_bytes())));
            aggregator.apply(delta);
        }
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let nanoseconds = (cpu_nanoseconds()? - start) as f64 / (deliveries * lines) as f64;
        least = least.min(nanoseconds);
    }
    let received = aggregator.snapshot().registry.ingest.received(Way::Http);
    anyhow::ensure!(received >= (ROUNDS * deliveries * lines) as u64, "{received} events were counted");
    println!("{lines} lines per delivery: {least:.0} ns per event");
    aggregator.close()?;
    if let Some(status) = aggregator.storage() {
        println!("{} bytes per record", status.log_bytes / (ROUNDS * deliveries) as u64);
    }
    Ok(())
}

/// CPU time of this thread so far.
fn cpu_nanoseconds() -> anyhow::Result<u64> {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(times.split(' ').next().unwrap_or_default().parse()?)
}
