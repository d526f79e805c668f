//! A load generator: HTTP/1.1 keep-alive connections, one thread each.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};

use super::client::Client;
pub(crate) use super::latencies::Latencies;
use super::schedule::Schedule;

/// Writes the requests of one connection, one after the other, each into an empty buffer.
pub(crate) type Feed = Box<dyn FnMut(&mut Vec<u8>) + Send>;

/// Status that is expected of answers if nothing else is said: any of success.
const SUCCESS: std::ops::Range<u16> = 200..300;

/// A way to send requests.
pub(crate) struct Load<'a> {
    port: u16,
    connections: usize,
    /// Requests a second over all connections; `None` sends the next one at once.
    per_second: Option<u64>,
    statuses: std::ops::Range<u16>,
    feed: &'a dyn Fn() -> Feed,
}

/// What came of a load.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// Time of each request: from when it was sent, or was due, to the end of its answer.
    pub(crate) latencies: Latencies,
    /// On an open loop, how late each request was sent whose connection was free: the sender's own delay.
    pub(crate) lateness: Latencies,
    /// Requests that were due but never sent, since the answers took too long.
    pub(crate) unsent: usize,
}

/// What one connection saw.
#[derive(Debug, Default)]
struct Seen {
    latencies: Vec<u64>,
    lateness: Vec<u64>,
    unsent: usize,
}

impl<'a> Load<'a> {
    /// Every connection sends its next request when the answer to the last one is there.
    pub(crate) fn saturating(port: u16, connections: usize, feed: &'a dyn Fn() -> Feed) -> Self {
        Self { port, connections, per_second: None, statuses: SUCCESS, feed }
    }

    /// Requests start on a schedule that answers do not change; a late answer delays those behind it on its
    /// own connection alone, and their latency counts from when they were due.
    pub(crate) fn paced(port: u16, connections: usize, per_second: u64, feed: &'a dyn Fn() -> Feed) -> Self {
        Self { per_second: Some(per_second), ..Self::saturating(port, connections, feed) }
    }

    /// Expects this status of every answer.
    pub(crate) fn expecting(self, status: u16) -> Self {
        Self { statuses: status..status + 1, ..self }
    }

    /// Sends for this long.
    pub(crate) fn run(&self, time: Duration) -> Result<Latencies> {
        Ok(self.send(time)?.latencies)
    }

    /// Sends for this long. On an open loop it takes up to twice as long to send what was due.
    pub(crate) fn send(&self, time: Duration) -> Result<Sent> {
        let feeds: Vec<Feed> = (0..self.connections).map(|_| (self.feed)()).collect();
        // All connections stand before the first request is due.
        let clients: Result<Vec<_>> = feeds.iter().map(|_| Client::connect(self.port)).collect();
        let started = Instant::now();
        let threads = clients?.into_iter().zip(feeds).enumerate().map(|(number, (client, feed))| {
            let schedule = self.per_second.map(|rate| Schedule::new(number, self.connections, rate, time));
            let connection =
                Connection { client, feed, statuses: self.statuses.clone(), request: Vec::new() };
            std::thread::spawn(move || match schedule {
                Some(schedule) => connection.follow(schedule, started, time * 2),
                None => connection.saturate(started + time),
            })
        });
        let threads: Vec<_> = threads.collect();
        let mut seen = Seen::default();
        for thread in threads {
            let of_one = thread.join().map_err(|_| anyhow!("a load thread panicked"))??;
            seen.latencies.extend(of_one.latencies);
            seen.lateness.extend(of_one.lateness);
            seen.unsent += of_one.unsent;
        }
        ensure!(!seen.latencies.is_empty(), "no answer from port {}", self.port);
        let (latencies, lateness) = (Latencies::new(seen.latencies), Latencies::new(seen.lateness));
        Ok(Sent { latencies, lateness, unsent: seen.unsent })
    }
}

struct Connection {
    client: Client,
    feed: Feed,
    statuses: std::ops::Range<u16>,
    request: Vec<u8>,
}

impl Connection {
    fn saturate(mut self, end: Instant) -> Result<Seen> {
        let mut seen = Seen::default();
        loop {
            let start = Instant::now();
            if start >= end {
                return Ok(seen);
            }
            self.exchange()?;
            seen.latencies.push(nanos(start.elapsed()));
        }
    }

    fn follow(mut self, schedule: Schedule, started: Instant, patience: Duration) -> Result<Seen> {
        wake_in_time();
        let (mut seen, mut free_at) = (Seen::default(), started);
        for due in schedule.map(|due| started + due) {
            if started.elapsed() > patience {
                seen.unsent += 1;
                continue;
            }
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if free_at <= due {
                seen.lateness.push(nanos(due.elapsed()));
            }
            self.exchange()?;
            free_at = Instant::now();
            seen.latencies.push(nanos(free_at.saturating_duration_since(due)));
        }
        Ok(seen)
    }

    fn exchange(&mut self) -> Result<()> {
        self.request.clear();
        (self.feed)(&mut self.request);
        let status = self.client.exchange(&self.request)?.status;
        ensure!(self.statuses.contains(&status), "the answer has status {status}");
        Ok(())
    }
}

/// Linux wakes a sleeping thread up to 50 µs late, to wake several at once; latencies would hold that. Where
/// it cannot be changed, what is told of the sender's lateness shows it.
fn wake_in_time() {
    let Ok(this) = std::fs::read_link("/proc/thread-self") else { return };
    let thread = this.file_name().unwrap_or_default().to_string_lossy().into_owned();
    drop(std::fs::write(format!("/proc/{thread}/timerslack_ns"), "1"));
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
