//! What one delivery, or one look at a file, adds to the counts.

use std::sync::Arc;

use portent_event::{DropReport, Event, Line, is_event_line};

use crate::clock;
use crate::models::{ModelStore, Models};
use crate::registry::{Registry, Rejection, Way};

/// Counts being made, apart from those that are exposed: decoding and counting need no lock, and what turns
/// out to be wrong is thrown away as a whole.
#[derive(Debug)]
pub struct Delta<'a> {
    store: &'a ModelStore,
    models: Arc<Models>,
    way: Way,
    now: u64,
    events: u64,
    counts: Registry,
}

impl<'a> Delta<'a> {
    /// Begins counts of lines that came this way.
    #[must_use]
    pub fn new(store: &'a ModelStore, way: Way) -> Self {
        let (models, counts) = (store.models(), Registry::default());
        Self { store, models, way, now: clock::now(), events: 0, counts }
    }

    /// Counts a line, given without its newline. A line that is not ours, or not right, is counted as such.
    pub fn read(&mut self, line: &[u8]) {
        if !is_event_line(line) {
            return self.ignore(1);
        }
        match Line::decode(line) {
            Ok(line) => self.apply(&line),
            Err(error) => {
                tracing::debug!(%error, "line refused");
                self.reject(Rejection::from(&error));
            }
        }
    }

    /// Counts a decoded line.
    pub fn apply(&mut self, line: &Line<'_>) {
        match line {
            Line::Event(event) => self.apply_event(event),
            Line::Dropped(report) => self.apply_drops(report),
        }
    }

    /// Counts an event.
    pub fn apply_event(&mut self, event: &Event<'_>) {
        self.apply_event_of(event, event.nanoseconds());
    }

    /// Counts an event whose time has been read already.
    pub fn apply_event_of(&mut self, event: &Event<'_>, time: u64) {
        if event.predictions.iter().any(|made| !self.models.contains_key(&made.model)) {
            self.models = self.store.models_for(event.predictions.iter().map(|made| &made.model));
        }
        self.events += 1;
        self.counts.ingest.receive(self.way, 1);
        self.counts.apply_of(event, time, &self.models, self.now);
    }

    /// Counts events that a sender gave up on.
    pub fn apply_drops(&mut self, report: &DropReport<'_>) {
        self.counts.apply_drops(report, self.now);
    }

    /// Counts something that was refused.
    pub fn reject(&mut self, reason: Rejection) {
        self.counts.ingest.reject(reason, 1);
    }

    /// Counts lines of other programs.
    pub fn ignore(&mut self, lines: u64) {
        self.counts.ingest.ignored += lines;
    }

    /// The counts.
    #[must_use]
    pub fn into_counts(self) -> Registry {
        self.counts
    }

    /// The moment at which the lines arrived, in nanoseconds since the epoch.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.now
    }

    /// The counts so far.
    #[must_use]
    pub fn counts(&self) -> &Registry {
        &self.counts
    }

    /// Events counted so far.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }
}
