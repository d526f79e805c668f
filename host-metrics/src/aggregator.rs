//! The one owner of the counts: every way in ends here, and every scrape starts here.

mod in_flight;

pub use in_flight::{InFlight, InFlightGuard};

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portent_event::{DropReason, DropReport, ErrorType, Event, Line, Route};

use crate::clock;
use crate::exposition::Snapshot;
use crate::ingest::deliveries::{Deliveries, Delivery, Verdict};
use crate::models::{ModelLibrary, Models};
use crate::process::Process;
use crate::registry::{OTHER_APP, Registry, Rejection, Way};

/// Counts events. A clone is another handle on the same counts.
#[derive(Clone, Debug)]
pub struct Aggregator {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    library: ModelLibrary,
    state: Mutex<State>,
    in_flight: Mutex<BTreeMap<String, InFlight>>,
    tail_files: AtomicU64,
}

/// Counts and the identities of what was counted change together, or a repeat could slip between them.
#[derive(Debug, Default)]
struct State {
    registry: Registry,
    deliveries: Deliveries,
}

/// Lines read but not yet counted: decoding needs no lock, and counting many at once needs one.
#[derive(Debug, Default)]
struct Batch<'a> {
    lines: Vec<Line<'a>>,
    ignored: u64,
    rejected: BTreeMap<Rejection, u64>,
}

impl Aggregator {
    /// An aggregator in which the series of these applications, and of those that the models are made for,
    /// exist at zero.
    #[must_use]
    pub fn new(library: ModelLibrary, apps: &[String]) -> Self {
        let mut state = State::default();
        let models = library.models();
        for app in apps.iter().chain(models.iter().map(|card| &card.app)) {
            state.registry.expect_app(app, &models, clock::now());
        }
        let (state, in_flight) = (Mutex::new(state), Mutex::default());
        Self { shared: Arc::new(Shared { library, state, in_flight, tail_files: AtomicU64::new(0) }) }
    }

    /// Counts a line, given without its newline. A line that is not ours is counted as such.
    pub fn apply_line(&self, way: Way, line: &[u8]) {
        self.apply_lines(way, [line]);
    }

    /// Counts lines as [`Self::apply_line`] does, cheaper for many.
    pub fn apply_lines<'a>(&self, way: Way, lines: impl IntoIterator<Item = &'a [u8]>) {
        let mut batch = Batch::default();
        lines.into_iter().for_each(|line| batch.read(line));
        let models = self.models_for(&batch.lines);
        let mut state = self.state();
        apply_all(&mut state.registry, way, &batch.lines, &models);
        let intake = &mut state.registry.intake;
        intake.ignored += batch.ignored;
        batch.rejected.iter().for_each(|(reason, count)| intake.reject(*reason, *count));
    }

    /// Counts an event that never was a line.
    pub fn apply_event(&self, way: Way, event: &Event<'_>) {
        let models = self.shared.library.models_for(event.predictions.iter().map(|made| &made.model));
        let mut state = self.state();
        state.registry.intake.receive(way, 1);
        state.registry.apply(event, &models, clock::now());
    }

    /// Counts an error of a request whose event has been counted already.
    pub fn apply_error(&self, app: &str, route: Route, error: ErrorType) {
        self.state().registry.apply_error(app, route, error, clock::now());
    }

    /// Counts events that a sender gave up on.
    pub fn apply_drops(&self, report: &DropReport<'_>) {
        self.state().registry.apply_drops(report, clock::now());
    }

    /// Counts the lines of an identified delivery, all of them or, where it came before, none.
    ///
    /// `lost_before` are events that the sender gave up on before this delivery.
    pub fn apply_delivery(&self, delivery: &Delivery<'_>, lines: &[Line<'_>], lost_before: u32) -> Verdict {
        let models = self.models_for(lines);
        let mut state = self.state();
        let verdict = state.deliveries.admit(delivery);
        let registry = &mut state.registry;
        match verdict {
            Verdict::New => {
                apply_all(registry, Way::Http, lines, &models);
                if lost_before > 0 {
                    let app = lines.first().map_or(OTHER_APP, app_of);
                    let report =
                        DropReport { app: app.into(), count: lost_before, reason: DropReason::Other };
                    registry.apply_drops(&report, clock::now());
                }
            }
            Verdict::Repeated => registry.intake.duplicates += events(lines),
            Verdict::OutsideWindow => registry.intake.reject(Rejection::OutsideWindow, 1),
        }
        verdict
    }

    /// Counts something that was refused before it was a line.
    pub fn reject(&self, reason: Rejection) {
        self.state().registry.intake.reject(reason, 1);
    }

    /// Counts lines of other programs that were passed over without being read.
    pub fn ignore(&self, lines: u64) {
        self.state().registry.intake.ignored += lines;
    }

    /// The true number of requests in flight of an application, to be kept by the host that runs it.
    /// From the first call on it is what `active_requests` shows.
    #[must_use]
    pub fn in_flight(&self, app: &str) -> InFlight {
        let mut known = self.shared.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(app.to_owned()).or_default().clone()
    }

    /// Notes how many files are followed.
    pub fn set_tail_files(&self, files: u64) {
        self.shared.tail_files.store(files, Ordering::Relaxed);
    }

    /// Everything that a scrape shows. The counts are copied, so that writing them out stalls nobody.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let known = self.shared.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        let in_flight = known.iter().map(|(app, number)| (app.clone(), number.get())).collect();
        drop(known);
        Snapshot {
            registry: self.state().registry.clone(),
            in_flight,
            tail_files: self.shared.tail_files.load(Ordering::Relaxed),
            process: Process::read(),
            now: clock::now(),
            ..Snapshot::default()
        }
    }

    fn models_for(&self, lines: &[Line<'_>]) -> Arc<Models> {
        let made = lines.iter().filter_map(event_of).flat_map(|event| &event.predictions);
        self.shared.library.models_for(made.map(|predictions| &predictions.model))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while counting would leave one event half counted, which is better than an end to counting.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Batch<'a> {
    fn read(&mut self, line: &'a [u8]) {
        if !Line::is_ours(line) {
            self.ignored += 1;
            return;
        }
        match Line::decode(line) {
            Ok(line) => self.lines.push(line),
            Err(error) => {
                tracing::debug!(%error, "line refused");
                *self.rejected.entry(Rejection::from(&error)).or_default() += 1;
            }
        }
    }
}

fn apply_all(registry: &mut Registry, way: Way, lines: &[Line<'_>], models: &Models) {
    let now = clock::now();
    registry.intake.receive(way, events(lines));
    for line in lines {
        match line {
            Line::Event(event) => registry.apply(event, models, now),
            Line::Dropped(report) => registry.apply_drops(report, now),
        }
    }
}

fn events(lines: &[Line<'_>]) -> u64 {
    lines.iter().filter_map(event_of).count() as u64
}

fn event_of<'a, 'b>(line: &'a Line<'b>) -> Option<&'a Event<'b>> {
    match line {
        Line::Event(event) => Some(event),
        Line::Dropped(_) => None,
    }
}

fn app_of<'a>(line: &'a Line<'_>) -> &'a str {
    match line {
        Line::Event(event) => &event.app,
        Line::Dropped(report) => &report.app,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{NOW, event, invalid_event, line};

    fn aggregator() -> Aggregator {
        Aggregator::new(ModelLibrary::open(Vec::new()).unwrap(), &["demo".to_owned()])
    }

    /// The exposition without what differs between two moments.
    fn exposed(aggregator: &Aggregator) -> String {
        Snapshot { process: Process::default(), now: NOW, ..aggregator.snapshot() }.to_text()
    }

    /// A line of ours, valid or not, or of another program.
    fn any_line() -> impl Strategy<Value = Vec<u8>> {
        let mut dropped = Vec::new();
        DropReport { app: "demo".into(), count: 2, reason: DropReason::Timeout }.encode(&mut dropped);
        let lines = [
            line(&event()),
            line(&invalid_event()),
            dropped,
            b"hello\n".to_vec(),
            b"{\"portent\":0}\n".to_vec(),
        ];
        prop::sample::select(lines.map(|line| line.trim_ascii_end().to_vec()).to_vec())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn how_lines_are_split_does_not_matter(
            lines in prop::collection::vec(any_line(), 0..30),
            size in 1_usize..10,
        ) {
            let (one_by_one, in_chunks) = (aggregator(), aggregator());
            lines.iter().for_each(|line| one_by_one.apply_line(Way::Tail, line));
            lines.rchunks(size).for_each(|chunk| in_chunks.apply_lines(Way::Tail, chunk.iter().map(Vec::as_slice)));
            prop_assert_eq!(exposed(&one_by_one), exposed(&in_chunks));
        }

        /// Deliveries in any order and any number of times count once each.
        #[test]
        fn repeats_do_not_matter(sent in prop::collection::vec(0_u64..10, 0..60)) {
            let (aggregator, expected) = (aggregator(), self::aggregator());
            let line = Line::Event(event());
            for sequence in &sent {
                let delivery = Delivery { source: "a", sequence: *sequence, oldest_event: NOW, arrived: NOW };
                aggregator.apply_delivery(&delivery, std::slice::from_ref(&line), 1);
            }
            let distinct: std::collections::BTreeSet<_> = sent.iter().collect();
            for _ in &distinct {
                expected.apply_event(Way::Http, &event());
                expected.apply_drops(&DropReport { app: "demo".into(), count: 1, reason: DropReason::Other });
            }
            expected.state().registry.intake.duplicates = (sent.len() - distinct.len()) as u64;
            prop_assert_eq!(exposed(&aggregator), exposed(&expected));
        }
    }

    #[test]
    fn a_request_in_flight_is_counted_until_its_guard_is_gone() {
        let aggregator = aggregator();
        let in_flight = aggregator.in_flight("demo");
        let guards = [in_flight.enter(), aggregator.in_flight("demo").enter()];
        assert!(exposed(&aggregator).contains("active_requests{app=\"demo\"} 2\n"));
        drop(guards);
        assert!(exposed(&aggregator).contains("active_requests{app=\"demo\"} 0\n"));
    }
}
