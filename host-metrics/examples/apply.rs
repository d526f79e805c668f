//! What counting an event costs: prints the least time of several rounds, decoding and merging included.
//!
//! `cargo run --release -p host-metrics --no-default-features --example apply [LINES A DELIVERY]`

#![expect(clippy::print_stdout, reason = "what it is for")]

use std::hint::black_box;
use std::time::Instant;

use host_metrics::config::Config;
use host_metrics::models::ModelLibrary;
use host_metrics::{Aggregator, Way};

/// The example of docs/events.md.
fn line() -> String {
    let page = include_str!("../../docs/events.md");
    let line = page.lines().find(|line| line.starts_with("{\"portent\":1,\"time\"")).unwrap_or_default();
    let card = std::fs::read("models/heart-disease.portent").ok();
    let card = card.and_then(|file| host_metrics::models::ModelCard::read(&file).ok());
    line.replace("<sha256>", &card.map_or_else(|| "0".repeat(64), |card| card.digest.to_string()))
}

fn main() -> anyhow::Result<()> {
    let lines: usize = std::env::args().nth(1).map_or(Ok(1000), |argument| argument.parse())?;
    let library = ModelLibrary::open(vec!["models/*.portent".to_owned()])?;
    let aggregator = Aggregator::new(library, &[], Config::default());
    let line = line();
    let mut least = f64::INFINITY;
    for _ in 0..50 {
        let start = Instant::now();
        for _ in 0..20_000 / lines {
            let mut delta = aggregator.delta(Way::Http);
            (0..lines).for_each(|_| delta.read(black_box(line.as_bytes())));
            aggregator.apply(delta);
        }
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let nanoseconds = start.elapsed().as_nanos() as f64 / (20_000 / lines * lines) as f64;
        least = least.min(nanoseconds);
    }
    let received = aggregator.snapshot().registry.intake.received(Way::Http);
    anyhow::ensure!(received == 50 * (20_000 / lines * lines) as u64, "{received} events were counted");
    println!("{lines} lines a delivery, {} bytes a line: {least:.0} ns an event", line.len());
    Ok(())
}
