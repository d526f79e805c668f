//! The one owner of the counts: every way in ends here, and every scrape starts here.

mod change;
mod counted;
mod delta;
mod gathered;
mod kept;
mod shown;

pub use delta::Delta;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portent_event::{DropReason, DropReport, ErrorType, Event, Route};

use self::change::{Change, Origin};
use self::counted::Counted;
use self::gathered::Gathered;
use crate::clock;
use crate::config::Config;
use crate::ingest::deliveries::{Delivery, Verdict};
use crate::ingest::tail::{FileIdentity, FilePosition};
use crate::models::{LibraryError, ModelCard, ModelLibrary, Models};
use crate::registry::{Limit, Limits, OTHER_APP, Registry, Rejection, Way};
use crate::reload::Reloaded;
use crate::state::{self, Journal, StateError, StorageFailed};

/// Counts events. A clone is another handle on the same counts.
#[derive(Clone, Debug)]
pub struct Aggregator {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    library: ModelLibrary,
    counted: Mutex<Counted>,
    gathered: Gathered,
    config: Mutex<Arc<Config>>,
    reloaded: Mutex<Option<Reloaded>>,
    journal: Option<Journal>,
    in_flight: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    tail_files: AtomicU64,
    tail_lag: AtomicU64,
}

impl Aggregator {
    /// An aggregator that counts in memory, in which the series of these applications, and of those that the
    /// models are made for, exist at zero.
    #[must_use]
    pub fn new(library: ModelLibrary, apps: &[String], config: Config) -> Self {
        Self::start(library, apps, config, Counted::default(), None)
    }

    /// As [`Self::new`], going on with the counts of a directory and keeping them there. Blocks while what is
    /// there is read.
    ///
    /// # Errors
    /// [`StateError`] if the directory is in use, damaged or cannot be written.
    pub fn open(
        library: ModelLibrary,
        apps: &[String],
        config: Config,
        directory: &std::path::Path,
        options: state::Options,
    ) -> Result<Self, StateError> {
        let mut counted = Counted::default();
        let mut replay =
            |replay: state::Replay<'_>| counted.replay(replay).map_err(|error| error.to_string());
        let journal = Journal::open(directory, options, &mut replay)?;
        Ok(Self::start(library, apps, config, counted, Some(journal)))
    }

    fn start(
        library: ModelLibrary,
        apps: &[String],
        config: Config,
        mut counted: Counted,
        journal: Option<Journal>,
    ) -> Self {
        let now = clock::now();
        let models = library.models();
        let expected = expected(apps.iter().chain(models.iter().map(|card| &card.app)), &models, now);
        // What the operator expects goes before every limit, and begins now once and for all.
        let mut change =
            Change { counts: counted.registry.missing_from(&expected), origin: Origin::Anonymous };
        if counted.registry.intake.created == 0 {
            change.counts.intake.created = now;
        }
        if !change.counts.is_empty() {
            counted.set_limits(Limits::NONE);
            counted.commit(change, now, journal.as_ref());
        }
        counted.set_limits(config.limits);
        let config = Mutex::new(Arc::new(config));
        let (counted, gathered, in_flight) = (Mutex::new(counted), Gathered::default(), Mutex::default());
        let (tail_files, tail_lag) = (AtomicU64::new(0), AtomicU64::new(0));
        let reloaded = Mutex::default();
        let shared =
            Shared { library, counted, gathered, config, reloaded, journal, in_flight, tail_files, tail_lag };
        Self { shared: Arc::new(shared) }
    }

    /// Counts what a service predicts by the names that it has told, from now on and beginning at zero.
    ///
    /// # Errors
    /// [`LibraryError`] where no more models are remembered.
    pub fn learn(&self, card: ModelCard) -> Result<(), LibraryError> {
        let (app, now) = (card.app.clone(), clock::now());
        self.shared.library.learn(card)?;
        let expected = expected([&app].into_iter(), &self.shared.library.models(), now);
        let mut counted = self.counted();
        let counts = counted.registry.missing_from(&expected);
        if !counts.is_empty() {
            counted.commit(Change { counts, origin: Origin::Anonymous }, now, self.shared.journal.as_ref());
        }
        Ok(())
    }

    /// Begins counts of lines that came this way. They count once they are given back.
    #[must_use]
    pub fn delta(&self, way: Way) -> Delta<'_> {
        Delta::new(&self.shared.library, way)
    }

    /// Counts a line, given without its newline. A line that is not ours is counted as such.
    pub fn apply_line(&self, way: Way, line: &[u8]) {
        let mut delta = self.delta(way);
        delta.read(line);
        self.apply(delta);
    }

    /// Counts an event that never was a line.
    pub fn apply_event(&self, way: Way, event: &Event<'_>) {
        let mut delta = self.delta(way);
        delta.apply_event(event);
        self.apply(delta);
    }

    /// Counts an error of a request whose event has been counted already.
    pub fn apply_error(&self, app: &str, route: Route, error: ErrorType) {
        let mut counts = Registry::default();
        counts.apply_error(app, route, error, clock::now());
        self.commit(&mut self.counted(), counts, Origin::Anonymous);
    }

    /// Counts something that was refused before it was a line.
    pub fn reject(&self, reason: Rejection) {
        let mut counts = Registry::default();
        counts.intake.reject(reason, 1);
        self.commit(&mut self.counted(), counts, Origin::Anonymous);
    }

    /// Counts that something was beyond a limit.
    pub fn hit(&self, limit: Limit) {
        let mut counts = Registry::default();
        counts.intake.hit(limit, 1);
        self.commit(&mut self.counted(), counts, Origin::Anonymous);
    }

    /// Counts what came without an identity.
    pub fn apply(&self, delta: Delta<'_>) {
        self.commit(&mut self.counted(), delta.counts, Origin::Anonymous);
    }

    /// Counts an identified delivery, all of it or, where it came before, nothing. With a state directory it
    /// is durable when this returns.
    ///
    /// `lost_before` are events of the application that the sender gave up on before this delivery.
    ///
    /// # Errors
    /// [`StorageFailed`] if the delivery is not durable; its repeat will tell whether it is then.
    pub async fn apply_delivery(
        &self,
        delivery: &Delivery<'_>,
        mut delta: Delta<'_>,
        lost_before: u32,
    ) -> Result<Verdict, StorageFailed> {
        if let Some(journal) = &self.shared.journal {
            journal.room().await?;
        }
        let (verdict, mark) = {
            let mut counted = self.counted();
            let verdict = counted.deliveries.verdict(delivery);
            let (mut counts, mut origin) = (Registry::default(), Origin::Anonymous);
            match verdict {
                Verdict::New => {
                    if lost_before > 0 {
                        let app = delta.counts.apps().next().map_or(OTHER_APP, |(name, _)| name).to_owned();
                        let reason = DropReason::Other;
                        delta.apply_drops(&DropReport { app: app.into(), count: lost_before, reason });
                    }
                    (counts, origin) = (delta.counts, Origin::Delivery(delivery.into()));
                }
                Verdict::Repeated => counts.intake.duplicates = delta.events(),
                Verdict::OutsideWindow => counts.intake.reject(Rejection::OutsideWindow, 1),
            }
            self.commit(&mut counted, counts, origin);
            (verdict, counted.mark)
        };
        if let (Some(journal), Some(mark)) = (&self.shared.journal, mark) {
            journal.durable(mark).await?;
        }
        Ok(verdict)
    }

    /// Counts what a file gained, together with how far it is read now. Blocks while too much waits to be
    /// written.
    ///
    /// # Errors
    /// [`StorageFailed`] if nothing can be kept; then nothing was counted.
    pub fn apply_from_file(
        &self,
        delta: Delta<'_>,
        identity: FileIdentity,
        position: &FilePosition,
    ) -> Result<(), StorageFailed> {
        if let Some(journal) = &self.shared.journal {
            journal.room_blocking()?;
        }
        self.commit(&mut self.counted(), delta.counts, Origin::File(identity, position.clone()));
        Ok(())
    }

    /// Forgets a file that is not followed any more; a line in it that never ended is counted as torn.
    pub fn forget_file(&self, identity: FileIdentity, is_torn: bool) {
        let mut counts = Registry::default();
        if is_torn {
            counts.intake.reject(Rejection::Torn, 1);
        }
        self.commit(&mut self.counted(), counts, Origin::Forgotten(identity));
    }

    /// The files that were followed, and how far each was read.
    #[must_use]
    pub fn file_positions(&self) -> BTreeMap<FileIdentity, FilePosition> {
        self.counted().files.clone()
    }

    /// The true number of requests in flight of an application, which the host that runs it keeps.
    /// From the first call on, `active_requests` exposes this number.
    #[must_use]
    pub fn in_flight(&self, app: &str) -> Arc<AtomicU64> {
        let mut known = lock(&self.shared.in_flight);
        Arc::clone(known.entry(app.to_owned()).or_default())
    }

    /// Notes how many files are followed, and how many bytes of them are not read yet.
    pub fn set_tail(&self, files: u64, lag: u64) {
        self.shared.tail_files.store(files, Ordering::Relaxed);
        self.shared.tail_lag.store(lag, Ordering::Relaxed);
    }

    /// Changes the configuration. What is counted already keeps its series, whatever the limits.
    pub fn configure(&self, config: Config) {
        self.counted().set_limits(config.limits);
        *lock(&self.shared.config) = Arc::new(config);
    }

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&lock(&self.shared.config))
    }

    /// Notes how the last reading of the configuration ended.
    pub fn set_reloaded(&self, reloaded: Reloaded) {
        *lock(&self.shared.reloaded) = Some(reloaded);
    }

    /// How the last reading of the configuration ended; `None` before the first.
    #[must_use]
    pub fn reloaded(&self) -> Option<Reloaded> {
        *lock(&self.shared.reloaded)
    }

    /// Senders whose deliveries would be recognised if they came again.
    #[must_use]
    pub fn sources(&self) -> usize {
        self.counted().deliveries.sources()
    }

    /// How the state directory is; `None` without one.
    #[must_use]
    pub fn storage(&self) -> Option<state::Status> {
        self.shared.journal.as_ref().map(Journal::status)
    }

    fn commit(&self, counted: &mut Counted, counts: Registry, origin: Origin) {
        counted.commit(Change { counts, origin }, clock::now(), self.shared.journal.as_ref());
    }

    /// The counts, with everything in them that was handed over before.
    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.count_gathered();
        lock(&self.shared.counted)
    }
}

/// A panic while counting would leave one event half counted, which is better than an end to counting.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The series of these applications and their models, at zero.
fn expected<'a>(apps: impl Iterator<Item = &'a String>, models: &Models, now: u64) -> Registry {
    let mut expected = Registry::default();
    apps.for_each(|app| expected.expect_app(app, models, now));
    expected
}

#[cfg(test)]
mod tests;
