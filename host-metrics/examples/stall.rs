//! How long a scrape stalls counting: the time to copy the counts, for which it holds their lock, and the time of the
//! next event of each application, which copies that application's counts once.
//!
//! `cargo run --release -p host-metrics --example stall [APPLICATIONS]`

#![expect(clippy::print_stdout, reason = "what it is for")]

use std::time::{Duration, Instant};

use host_metrics::Aggregator;
use portent_counts::{ModelStore, Way};
use portent_exposition::Config;
use portent_exposition::accept::Format;

fn main() -> anyhow::Result<()> {
    let apps: usize = std::env::args().nth(1).map_or(Ok(150), |argument| argument.parse())?;
    let store = ModelStore::open(vec!["models/*.portent".to_owned()])?;
    let aggregator = Aggregator::new(store, &[], Config::default());
    let lines: Vec<String> = (0..apps).map(line).collect();
    let apply = |line: &String| {
        let mut delta = aggregator.delta(Way::Http);
        delta.read(line.as_bytes());
        let start = Instant::now();
        aggregator.apply(delta);
        start.elapsed()
    };
    lines.iter().for_each(|line| _ = apply(line));
    let (mut copies, mut first, mut next) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..50 {
        let start = Instant::now();
        let snapshot = aggregator.snapshot();
        copies.push(start.elapsed());
        first.extend(lines.iter().map(apply));
        next.extend(lines.iter().map(apply));
        drop(snapshot);
    }
    let text = aggregator.snapshot().expose(Format::Text);
    println!("{} series of {apps} applications", text.split(|byte| *byte == b'\n').count());
    report("copying the counts for a scrape", &mut copies);
    report("an application's first event after it", &mut first);
    report("every other event", &mut next);
    Ok(())
}

/// A request of one application.
fn line(app: usize) -> String {
    format!(
        "{{\"portent\":1,\"time\":\"2026-01-02T03:04:05Z\",\"app\":\"app-{app}\",\"request_id\":\"r\",\
         \"method\":\"POST\",\"route\":\"/predict\",\"status\":200,\"ns\":{{\"total\":42000,\"score\":150}}}}"
    )
}

fn report(name: &str, durations: &mut [Duration]) {
    durations.sort_unstable();
    let at = |quantile: usize| durations.get(durations.len() * quantile / 1000).copied().unwrap_or_default();
    println!("{name}: median {:?}, p99 {:?}, longest {:?}", at(500), at(990), durations.last());
}
