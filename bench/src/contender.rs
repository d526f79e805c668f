//! A server under measurement: a process of its own on a port of its own.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::client::Client;
use super::exposition::Exposition;
use super::kind::Kind;
use super::process::Process;
use super::report::Report;
use super::workload::Workload;

/// How long the last events may be on their way to be counted.
const COUNTING: Duration = Duration::from_secs(5);

/// A running server, ended when dropped.
#[derive(Debug)]
pub(crate) struct Contender {
    pub(crate) kind: Kind,
    pub(crate) port: u16,
    pub(crate) process: Process,
    /// What counts its events, if that is a process of its own.
    pub(crate) aggregator: Option<Process>,
    /// Where its events are shown, if it has any.
    pub(crate) metrics: Option<u16>,
    /// Requests that it has answered; not known any more once some load failed.
    answered: Cell<Option<u64>>,
}

impl Contender {
    pub(crate) fn new(kind: Kind, port: u16, process: Process) -> Self {
        Self { kind, port, process, aggregator: None, metrics: None, answered: Cell::new(Some(0)) }
    }

    pub(crate) fn name(&self) -> String {
        self.kind.name()
    }

    /// Notes what came of a load, as far as answers were counted.
    pub(crate) fn note<T>(&self, sent: Result<T>, answers: impl Fn(&T) -> usize) -> Result<T> {
        let number = sent.as_ref().ok().map(|sent| answers(sent) as u64);
        self.answered.set(self.answered.get().zip(number).map(|(before, number)| before + number));
        sent
    }

    /// Checks that every answer was counted once, if its events go anywhere: otherwise something else was
    /// measured.
    pub(crate) fn ensure_counted(&self) -> Result<()> {
        let (Some(metrics), Some(answered)) = (self.metrics, self.answered.get()) else { return Ok(()) };
        let deadline = Instant::now() + COUNTING;
        loop {
            let answer = Client::connect(metrics)?.get("/metrics", "")?.successful()?;
            let exposition = Exposition::new(answer.body)?;
            let counted = exposition.events() as u64;
            let dropped = exposition.sum("portent_events_dropped_total{");
            if counted == answered {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "{counted} of {answered} requests were counted, {dropped} reported as lost"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until it answers a request rightly.
    pub(crate) fn wait_for(&mut self, workload: Workload) -> Result<()> {
        let request = workload.request(self.kind.protocol()).context("it has no such request")?;
        let (port, mut refused) = (self.port, None);
        self.process.wait_until("answers", || match Client::connect(port) {
            Err(_) => false,
            Ok(mut client) => match client.exchange(&request.bytes) {
                Ok(answer) => {
                    refused = (answer.status != request.status).then_some(answer.status);
                    true
                }
                Err(_) => false,
            },
        })?;
        ensure!(refused.is_none(), "it answers {workload:?} with status {refused:?}");
        self.answered.set(Some(1));
        Ok(())
    }
}

/// Names those contenders in the report whose answers were not counted once each.
pub(crate) fn check_counts(contenders: &[Contender], report: &mut Report) {
    for contender in contenders {
        if let Err(error) = contender.ensure_counted() {
            report.miss(&format!("exact counts of {}", contender.name()), &error);
        }
    }
}
