//! A load generator: HTTP/1.1 keep-alive connections, one thread each.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};

use super::client::Client;

/// Writes the requests of one connection, one after the other, each into an empty buffer.
pub(crate) type Feed = Box<dyn FnMut(&mut Vec<u8>) + Send>;

/// A way to send requests.
pub(crate) struct Load<'a> {
    port: u16,
    connections: usize,
    /// Time between two requests of one connection; `None` sends the next one at once.
    interval: Option<Duration>,
    feed: &'a dyn Fn() -> Feed,
}

/// Latencies of a run.
#[derive(Debug, Default)]
pub(crate) struct Latencies {
    sorted_nanos: Vec<u64>,
}

impl<'a> Load<'a> {
    /// Every connection sends its next request when the answer to the last one is there.
    pub(crate) fn saturating(port: u16, connections: usize, feed: &'a dyn Fn() -> Feed) -> Self {
        Self { port, connections, interval: None, feed }
    }

    /// Requests start on a schedule that answers do not change; a late answer delays those behind it on its
    /// connection, and their latency counts from when they should have started.
    pub(crate) fn paced(port: u16, connections: usize, per_second: u64, feed: &'a dyn Fn() -> Feed) -> Self {
        let per_connection = per_second as f64 / connections as f64;
        let interval = Duration::from_secs_f64(1.0 / per_connection);
        Self { port, connections, interval: Some(interval), feed }
    }

    /// Sends for this long.
    pub(crate) fn run(&self, time: Duration) -> Result<Latencies> {
        let feeds: Vec<Feed> = (0..self.connections).map(|_| (self.feed)()).collect();
        let started = Instant::now();
        let threads = feeds.into_iter().enumerate().map(|(connection, feed)| {
            let (port, interval) = (self.port, self.interval);
            let offset = interval.unwrap_or_default().mul_f64(connection as f64 / self.connections as f64);
            std::thread::spawn(move || send(port, feed, started + offset, interval, started + time))
        });
        let threads: Vec<_> = threads.collect();
        let mut latencies = Latencies::default();
        for thread in threads {
            let nanos = thread.join().map_err(|_| anyhow!("a load thread panicked"))??;
            latencies.sorted_nanos.extend(nanos);
        }
        latencies.sorted_nanos.sort_unstable();
        ensure!(latencies.count() > 0, "no answer from port {}", self.port);
        Ok(latencies)
    }
}

impl Latencies {
    pub(crate) fn count(&self) -> usize {
        self.sorted_nanos.len()
    }

    /// All of these together.
    pub(crate) fn merge(&mut self, other: Self) {
        self.sorted_nanos.extend(other.sorted_nanos);
        self.sorted_nanos.sort_unstable();
    }

    /// A quantile by nearest rank, in microseconds.
    pub(crate) fn quantile_micros(&self, quantile: f64) -> u64 {
        let rank = (quantile * self.sorted_nanos.len() as f64).ceil() as usize;
        self.sorted_nanos.get(rank.saturating_sub(1)).copied().unwrap_or_default() / 1_000
    }
}

fn send(
    port: u16,
    mut feed: Feed,
    first: Instant,
    interval: Option<Duration>,
    end: Instant,
) -> Result<Vec<u64>> {
    let (mut client, mut request) = (Client::connect(port)?, Vec::new());
    let (mut latencies, mut due) = (Vec::new(), first);
    loop {
        let start = match interval {
            None => Instant::now(),
            Some(interval) => {
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                let next = due + interval;
                std::mem::replace(&mut due, next)
            }
        };
        if start >= end {
            return Ok(latencies);
        }
        request.clear();
        feed(&mut request);
        client.exchange(&request)?.successful()?;
        latencies.push(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
}
