//! Runs the aggregator under full load for some time, and checks that memory and disk stay flat and counts exact.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};

use super::lines::{self, Lines};
use super::servers::{Server, Servers, bytes_in};
use super::tail_writer::TailWriter;
use super::trend::{self, Sample};
use crate::client::Client;
use crate::report::Table;

/// Connections that send batches, and that send single events.
const BATCHES: usize = 2;
const SINGLES: usize = 6;

/// Time between two samples of memory and disk, and between two scrapes.
const SAMPLES: Duration = Duration::from_secs(10);
const SCRAPES: Duration = Duration::from_secs(1);

/// Batches of the same lines.
const BATCHES_BETWEEN: u32 = 100;

/// Applications of the single events.
const APPS: usize = 20;

/// Families of events by the way they came.
const BY_HTTP: &str = "portent_events_received_total{way=\"http\"} ";
const BY_FILE: &str = "portent_events_received_total{way=\"tail\"} ";

/// How often a delivery is sent again before the soak fails, and the pause before.
const ATTEMPTS: usize = 60;
const PAUSE: Duration = Duration::from_millis(500);

/// Directory of the state, and of the followed files.
const STATE: &str = "soak";
const LOGS: &str = "logs";

/// What the threads share.
#[derive(Debug, Default)]
struct Shared {
    over: AtomicBool,
    acknowledged: AtomicU64,
    written: AtomicU64,
    scrapes: AtomicU64,
    /// Lines of the followed files that a scrape has shown.
    read: AtomicU64,
}

impl Shared {
    /// Ends every thread if one has failed.
    fn ending(&self, result: Result<()>) -> Result<()> {
        result.inspect_err(|_| self.over.store(true, Ordering::Relaxed))
    }
}

/// Loads it for so long, then checks the counts, and again after a restart.
pub(super) fn run(servers: &Servers, time: Duration) -> Result<Table> {
    let logs = servers.path(LOGS);
    std::fs::create_dir(&logs)?;
    let server = start(servers)?;
    let shared = Shared::default();
    let samples = std::thread::scope(|scope| {
        let mut threads: Vec<_> =
            (0..BATCHES).map(|_| scope.spawn(|| shared.ending(send_batches(&server, &shared)))).collect();
        threads.extend((0..SINGLES).map(|_| scope.spawn(|| shared.ending(send_singles(&server, &shared)))));
        threads.push(scope.spawn(|| shared.ending(write_files(&logs, &shared))));
        threads.push(scope.spawn(|| shared.ending(scrape(&server, &shared))));
        let samples = sample(&server, &servers.path(STATE), &shared, time);
        shared.over.store(true, Ordering::Relaxed);
        for thread in threads {
            thread.join().map_err(|_| anyhow!("a thread panicked"))??;
        }
        samples
    })?;
    wait_for_files(&server, &shared)?;
    check(&server, &shared)?;
    server.process.terminate()?;
    check(&start(servers)?, &shared).context("after a restart")?;
    let [acknowledged, written, scrapes] =
        [&shared.acknowledged, &shared.written, &shared.scrapes].map(|number| number.load(Ordering::Relaxed));
    println!(
        "exact: {acknowledged} events by HTTP, {written} from files, also after a restart; {scrapes} scrapes"
    );
    Ok(trend::table(&samples))
}

fn start(servers: &Servers) -> Result<Server> {
    let (pattern, state) = (servers.path(LOGS).join("*.log"), servers.path(STATE));
    let options = ["--state".as_ref(), &*state, "--tail".as_ref(), &*pattern];
    servers.host_metrics("host-metrics, --state, --tail", &options)
}

/// Sends batches of one source.
fn send_batches(server: &Server, shared: &Shared) -> Result<()> {
    let (lines, mut feed, mut left) = (Lines::heart()?, Lines::short().batches(), 0);
    let (mut events, mut kind) = (0, 0);
    send(server, shared, |request| {
        // New lines now and then: their times must stay near the present, but making them is no load.
        if left == 0 {
            let lines = if kind % 2 == 0 { lines.clone() } else { Lines::short() };
            (events, feed, left, kind) = (lines.batch().1, lines.batches(), BATCHES_BETWEEN, kind + 1);
        }
        left -= 1;
        feed(request);
        events
    })
}

/// Sends single events, each of a source of its own.
fn send_singles(server: &Server, shared: &Shared) -> Result<()> {
    let mut feed = Lines::heart()?.singles(lines::apps(APPS));
    send(server, shared, |request| {
        feed(request);
        1
    })
}

/// Sends deliveries one after the other, each until it is acknowledged.
fn send(server: &Server, shared: &Shared, mut next: impl FnMut(&mut Vec<u8>) -> u64) -> Result<()> {
    let (mut client, mut request) = (Client::connect(server.ingest)?, Vec::new());
    while !shared.over.load(Ordering::Relaxed) {
        request.clear();
        let events = next(&mut request);
        let mut attempts = 0;
        while !client.exchange(&request).is_ok_and(|answer| answer.status == 200) {
            attempts += 1;
            ensure!(attempts < ATTEMPTS, "a delivery was not acknowledged after {ATTEMPTS} attempts");
            std::thread::sleep(PAUSE);
            client = Client::connect(server.ingest)?;
        }
        shared.acknowledged.fetch_add(events, Ordering::Relaxed);
    }
    Ok(())
}

fn write_files(directory: &Path, shared: &Shared) -> Result<()> {
    let mut writer = TailWriter::new(directory, &Lines::heart()?)?;
    while !shared.over.load(Ordering::Relaxed) {
        let [written, read] = [&shared.written, &shared.read].map(|number| number.load(Ordering::Relaxed));
        let lines = writer.write(written.saturating_sub(read))?;
        shared.written.fetch_add(lines, Ordering::Relaxed);
    }
    Ok(())
}

/// Scrapes once a second, as a Prometheus would that is impatient.
fn scrape(server: &Server, shared: &Shared) -> Result<()> {
    while !shared.over.load(Ordering::Relaxed) {
        let started = Instant::now();
        shared.read.store(server.scrape()?.sum(BY_FILE) as u64, Ordering::Relaxed);
        shared.scrapes.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(SCRAPES.saturating_sub(started.elapsed()));
    }
    Ok(())
}

/// Samples until the time is over, or a thread has ended early.
fn sample(server: &Server, state: &Path, shared: &Shared, time: Duration) -> Result<Vec<Sample>> {
    let (started, mut samples) = (Instant::now(), Vec::new());
    loop {
        std::thread::sleep(SAMPLES.min(time.saturating_sub(started.elapsed())));
        let (resident, disk) = (server.process.resident_bytes()?, bytes_in(state)?);
        samples.push(Sample { seconds: started.elapsed().as_secs_f64(), resident, disk });
        if started.elapsed() >= time || shared.over.load(Ordering::Relaxed) {
            return Ok(samples);
        }
    }
}

/// Waits until everything in the followed files is read.
fn wait_for_files(server: &Server, shared: &Shared) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(60);
    while (server.scrape()?.sum(BY_FILE) as u64) < shared.written.load(Ordering::Relaxed) {
        ensure!(Instant::now() < deadline, "the followed files are not read to their end within a minute");
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

/// Holds what is counted against what was acknowledged and written.
fn check(server: &Server, shared: &Shared) -> Result<()> {
    let [acknowledged, written] =
        [&shared.acknowledged, &shared.written].map(|number| number.load(Ordering::Relaxed));
    let exposition = server.scrape()?;
    let counts = [(BY_HTTP, acknowledged), (BY_FILE, written), ("portent_events_rejected_total{", 0)];
    for (family, expected) in counts {
        let counted = exposition.sum(family);
        ensure!(counted as u64 == expected, "{family} is {counted}, not {expected}");
    }
    server.ensure_counted(acknowledged + written)
}
