//! A load generator: HTTP/1.1 keep-alive connections, one thread each.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};

/// First row of the UCI data.
const BODY: &str = r#"{"age":63,"sex":1,"cp":1,"trestbps":145,"chol":233,"fbs":1,"restecg":2,"thalach":150,"exang":0,"oldpeak":2.3,"slope":3,"ca":0,"thal":6}"#;

/// A way to send `POST /predict`.
#[derive(Debug)]
pub(crate) struct Load {
    port: u16,
    connections: usize,
    /// Time between two requests of one connection; `None` sends the next one at once.
    interval: Option<Duration>,
}

/// Latencies of a run.
#[derive(Debug, Default)]
pub(crate) struct Latencies {
    sorted_nanos: Vec<u64>,
}

impl Load {
    /// Every connection sends its next request when the answer to the last one is there.
    pub(crate) fn saturating(port: u16, connections: usize) -> Self {
        Self { port, connections, interval: None }
    }

    /// Requests start on a schedule that answers do not change; a late answer delays those behind it on its
    /// connection, and their latency counts from when they should have started.
    pub(crate) fn paced(port: u16, connections: usize, per_second: u64) -> Self {
        let per_connection = per_second as f64 / connections as f64;
        Self { port, connections, interval: Some(Duration::from_secs_f64(1.0 / per_connection)) }
    }

    /// Sends for this long.
    pub(crate) fn run(&self, time: Duration) -> Result<Latencies> {
        let started = Instant::now();
        let threads: Vec<_> = (0..self.connections)
            .map(|connection| {
                let (port, interval) = (self.port, self.interval);
                let offset =
                    interval.unwrap_or_default().mul_f64(connection as f64 / self.connections as f64);
                std::thread::spawn(move || send(port, started + offset, interval, started + time))
            })
            .collect();
        let mut sorted_nanos = Vec::new();
        for thread in threads {
            sorted_nanos.extend(thread.join().map_err(|_| anyhow!("a load thread panicked"))??);
        }
        sorted_nanos.sort_unstable();
        ensure!(!sorted_nanos.is_empty(), "no answer from port {}", self.port);
        Ok(Latencies { sorted_nanos })
    }
}

impl Latencies {
    pub(crate) fn count(&self) -> usize {
        self.sorted_nanos.len()
    }

    /// A quantile by nearest rank, in microseconds.
    pub(crate) fn quantile_micros(&self, quantile: f64) -> u64 {
        let rank = (quantile * self.sorted_nanos.len() as f64).ceil() as usize;
        self.sorted_nanos.get(rank.saturating_sub(1)).copied().unwrap_or_default() / 1_000
    }
}

fn send(port: u16, first: Instant, interval: Option<Duration>, end: Instant) -> Result<Vec<u64>> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).context("cannot connect")?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    let request = format!(
        "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
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
        stream.write_all(request.as_bytes())?;
        read_answer(&mut reader)?;
        latencies.push(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
}

/// Reads one answer to its end; anything but 200 is an error, since it would measure something else.
fn read_answer(reader: &mut BufReader<TcpStream>) -> Result<()> {
    let (mut line, mut length, mut chunked) = (String::new(), 0, false);
    reader.read_line(&mut line)?;
    ensure!(line.starts_with("HTTP/1.1 200"), "answer is {line:?}");
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
        chunked |= header == "transfer-encoding: chunked";
    }
    if !chunked {
        return Ok(std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).map(drop)?);
    }
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let size = u64::from_str_radix(line.trim(), 16).context("chunk size")?;
        std::io::copy(&mut reader.by_ref().take(size + 2), &mut std::io::sink())?;
        if size == 0 {
            return Ok(());
        }
    }
}
