//! The counts of one delivery, or of one look at a file.

use std::sync::Arc;

use portent_event::{DropReport, Event, Line, is_event_line};

use crate::clock;
use crate::models::{ModelStore, Models};
use crate::registry::{Registry, Rejection, Way};

/// Counts in the making, apart from those that are exposed: decoding and counting need no lock, and a delivery that turns
/// out to be wrong is thrown away as a whole.
#[derive(Debug)]
pub struct Delta<'a> {
    /// The counts so far.
    pub counts: Registry,
    /// The moment at which the lines arrived, in nanoseconds since the epoch.
    pub now: u64,
    store: &'a ModelStore,
    models: Arc<Models>,
    way: Way,
}

impl<'a> Delta<'a> {
    /// Begins counts of lines that came this way.
    #[must_use]
    pub fn new(store: &'a ModelStore, way: Way) -> Self {
        let (counts, models) = (Registry::default(), store.models());
        Self { counts, now: clock::now(), store, models, way }
    }

    /// Counts a line, given without its newline. A line of another program, or an invalid one, is counted as such.
    pub fn read(&mut self, line: &[u8]) {
        if !is_event_line(line) {
            self.counts.ingest.ignored += 1;
            return;
        }
        match Line::decode(line) {
            Ok(Line::Event(event)) => self.apply_event(&event),
            Ok(Line::Dropped(report)) => self.apply_drops(&report),
            Err(error) => {
                tracing::debug!(%error, "line refused");
                self.counts.ingest.reject(Rejection::from(&error), 1);
            }
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
        self.counts.ingest.receive(self.way, 1);
        self.counts.apply_of(event, time, &self.models, self.now);
    }

    /// Counts events that a sender gave up on.
    pub fn apply_drops(&mut self, report: &DropReport<'_>) {
        self.counts.apply_drops(report, self.now);
    }

    /// Number of events counted so far.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.counts.ingest.received(self.way)
    }
}
