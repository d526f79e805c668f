//! The owner of the counts: every event ends here, and every scrape starts here.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use portent_counts::dedup::{Delivery, Verdict};
use portent_counts::file_position::{FileIdentity, FilePosition};
use portent_counts::models::{ModelMetadata, ModelStore, ModelStoreError, Models};
use portent_counts::registry::{DurationHistogram, Limit, OTHER_APP, Registry, Rejection, Way};
use portent_counts::series_limits::Limits;
use portent_counts::{Delta, Ledger, Origin, clock};
use portent_event::{DropReason, DropReport, ErrorType, Event, Route};
use portent_exposition::Config;
use portent_exposition::process::Process;
use portent_exposition::snapshot::{Reloaded, Snapshot, Storage};
use portent_journal::{Journal, JournalError, Lsn, Replay, StorageFailed};
use tokio::sync::Notify;

use crate::line_batch::{LineBatch, Pushed, lock};

/// Longest time that a line of the embedded host waits to be counted; a kill takes those with it that wait.
const LONGEST_WAIT: Duration = Duration::from_millis(20);

/// How long a scrape waits until its counts are durable. Without that, a crash would make counters fall.
const SCRAPE_PATIENCE: Duration = Duration::from_secs(2);

/// Time between two attempts at a checkpoint that could not begin.
const CHECKPOINT_PAUSE: Duration = Duration::from_millis(100);

/// Counts events. A clone is another handle on the same counts.
#[derive(Clone, Debug)]
pub struct Aggregator {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    store: ModelStore,
    counted: Mutex<Counted>,
    batch: LineBatch,
    /// Told when a line begins to wait in the batch.
    batch_begun: Notify,
    config: Mutex<Arc<Config>>,
    reloaded: Mutex<Option<Reloaded>>,
    journal: Option<Journal>,
    /// Durations of the journal's syncs.
    syncs: Arc<Mutex<DurationHistogram>>,
    in_flight: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    tail_files: AtomicU64,
    tail_lag: AtomicU64,
}

#[derive(Debug, Default)]
struct Counted {
    ledger: Ledger,
    /// The last change that was handed to the journal.
    last: Option<Lsn>,
}

impl Aggregator {
    /// An aggregator that counts in memory, in which the series of these applications, and of those that the
    /// models are made for, exist at zero.
    #[must_use]
    pub fn new(store: ModelStore, apps: &[String], config: Config) -> Self {
        Self::start(store, apps, config, Ledger::default(), None, Arc::default())
    }

    /// As [`Self::new`], going on with the counts of a directory and keeping them there. Blocks while the directory is
    /// read.
    ///
    /// # Errors
    /// [`JournalError`] if the directory is in use, damaged or cannot be written.
    pub fn open(
        store: ModelStore,
        apps: &[String],
        config: Config,
        directory: &Path,
        options: portent_journal::Options,
    ) -> Result<Self, JournalError> {
        let mut ledger = Ledger::default();
        let mut replay = |replay: Replay<'_>| {
            let replayed = match replay {
                Replay::Checkpoint(bytes) => Ledger::restore(bytes).map(|restored| ledger = restored),
                Replay::Record(bytes) => ledger.replay(bytes),
            };
            replayed.map_err(|error| error.to_string())
        };
        let syncs = Arc::<Mutex<DurationHistogram>>::default();
        let observed = Arc::clone(&syncs);
        let on_sync = move |duration: Duration| {
            lock(&observed).observe(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
        };
        let journal = Journal::open(directory, options, on_sync, &mut replay)?;
        Ok(Self::start(store, apps, config, ledger, Some(journal), syncs))
    }

    fn start(
        store: ModelStore,
        apps: &[String],
        config: Config,
        ledger: Ledger,
        journal: Option<Journal>,
        syncs: Arc<Mutex<DurationHistogram>>,
    ) -> Self {
        let now = clock::now();
        let models = store.models();
        let expected = expected(apps.iter().chain(models.values().map(|model| &model.app)), &models, now);
        let shared = Shared {
            store,
            counted: Mutex::new(Counted { ledger, last: None }),
            batch: LineBatch::default(),
            batch_begun: Notify::new(),
            config: Mutex::default(),
            reloaded: Mutex::default(),
            journal,
            syncs,
            in_flight: Mutex::default(),
            tail_files: AtomicU64::new(0),
            tail_lag: AtomicU64::new(0),
        };
        let aggregator = Self { shared: Arc::new(shared) };
        let mut counted = aggregator.counted();
        // Expected series go before every limit, and the counts begin once and for all.
        let mut counts = counted.ledger.registry.missing_from(&expected);
        if counted.ledger.registry.ingest.created == 0 {
            counts.ingest.created = now;
        }
        if !counts.is_empty() {
            counted.ledger.set_limits(Limits::NONE);
            aggregator.commit(&mut counted, counts, Origin::Anonymous);
        }
        drop(counted);
        aggregator.configure(config);
        aggregator
    }

    /// Counts the predictions of a model under the names that its service has described, from now on and from zero.
    ///
    /// # Errors
    /// [`ModelStoreError`] if no more models are remembered.
    pub fn learn(&self, model: ModelMetadata) -> Result<(), ModelStoreError> {
        let app = model.app.clone();
        self.shared.store.learn(model)?;
        let expected = expected([&app].into_iter(), &self.shared.store.models(), clock::now());
        let mut counted = self.counted();
        let counts = counted.ledger.registry.missing_from(&expected);
        if !counts.is_empty() {
            self.commit(&mut counted, counts, Origin::Anonymous);
        }
        Ok(())
    }

    /// Begins counts of lines that came this way. They count once they are given back.
    #[must_use]
    pub fn delta(&self, way: Way) -> Delta<'_> {
        Delta::new(&self.shared.store, way)
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
        counts.ingest.reject(reason, 1);
        self.commit(&mut self.counted(), counts, Origin::Anonymous);
    }

    /// Counts that a limit was reached.
    pub fn hit(&self, limit: Limit) {
        let mut counts = Registry::default();
        counts.ingest.hit(limit, 1);
        self.commit(&mut self.counted(), counts, Origin::Anonymous);
    }

    /// Counts events without an identity.
    pub fn apply(&self, delta: Delta<'_>) {
        self.commit(&mut self.counted(), delta.counts, Origin::Anonymous);
    }

    /// Counts an identified delivery, all of it or, if it is a repeat, nothing. With a state directory it
    /// is durable when this returns.
    ///
    /// `lost_before` are events of the application that the sender gave up on before this delivery.
    ///
    /// # Errors
    /// [`StorageFailed`] if the delivery is not durable. The answer to its repeat shows whether it is durable then.
    pub async fn apply_delivery(
        &self,
        delivery: Delivery,
        mut delta: Delta<'_>,
        lost_before: u32,
    ) -> Result<Verdict, StorageFailed> {
        if let Some(journal) = &self.shared.journal {
            journal.room().await?;
        }
        let (verdict, lsn) = {
            let mut counted = self.counted();
            let verdict = counted.ledger.dedup.verdict(&delivery);
            let (mut counts, mut origin) = (Registry::default(), Origin::Anonymous);
            match verdict {
                Verdict::New => {
                    if lost_before > 0 {
                        let app = delta.counts.apps().next().map_or(OTHER_APP, |(name, _)| name).to_owned();
                        let reason = DropReason::Other;
                        delta.apply_drops(&DropReport { app: app.into(), count: lost_before, reason });
                    }
                    (counts, origin) = (delta.counts, Origin::Delivery(delivery));
                }
                Verdict::Repeated => counts.ingest.duplicates = delta.events(),
                Verdict::OutsideWindow => counts.ingest.reject(Rejection::OutsideWindow, 1),
            }
            self.commit(&mut counted, counts, origin);
            (verdict, counted.last)
        };
        if let (Some(journal), Some(lsn)) = (&self.shared.journal, lsn) {
            journal.durable(lsn).await?;
        }
        Ok(verdict)
    }

    /// Counts new lines of a file, together with how far it is read now. Blocks while too much waits to be
    /// written.
    ///
    /// # Errors
    /// [`StorageFailed`] if nothing can be made durable; then nothing was counted.
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
            counts.ingest.reject(Rejection::Torn, 1);
        }
        self.commit(&mut self.counted(), counts, Origin::Forgotten(identity));
    }

    /// The files that were followed, and how far each was read.
    #[must_use]
    pub fn file_positions(&self) -> BTreeMap<FileIdentity, FilePosition> {
        self.counted().ledger.files.clone()
    }

    /// The exact number of requests in flight of an application. The host that runs it updates it; from the first call
    /// on, `active_requests` has this number.
    #[must_use]
    pub fn in_flight(&self, app: &str) -> Arc<AtomicU64> {
        Arc::clone(lock(&self.shared.in_flight).entry(app.to_owned()).or_default())
    }

    /// Notes how many files are followed, and how many bytes of them are not read yet.
    pub fn set_tail(&self, files: u64, lag: u64) {
        self.shared.tail_files.store(files, Ordering::Relaxed);
        self.shared.tail_lag.store(lag, Ordering::Relaxed);
    }

    /// Changes the configuration. Series that exist stay, whatever the limits.
    pub fn configure(&self, config: Config) {
        self.counted().ledger.set_limits(config.limits);
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
        self.counted().ledger.dedup.sources()
    }

    /// How the state directory is; `None` without one.
    #[must_use]
    pub fn storage(&self) -> Option<portent_journal::Status> {
        self.shared.journal.as_ref().map(Journal::status)
    }

    /// Counts a line of the embedded host, given without its newline, soon or when somebody looks.
    pub fn batch_line(&self, line: &[u8]) {
        match self.shared.batch.push(line) {
            Pushed::First => self.shared.batch_begun.notify_one(),
            Pushed::Waits => {}
            Pushed::Full => self.count_batch(),
        }
    }

    /// Counts batched lines when they have waited for long enough. Never returns.
    pub async fn keep_counting(&self) {
        loop {
            self.shared.batch_begun.notified().await;
            tokio::time::sleep(LONGEST_WAIT).await;
            self.count_batch();
        }
    }

    /// Everything that a scrape shows. The copy shares all that does not change meanwhile, so that neither this
    /// nor writing it out stalls anybody.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot_of(self.counted().ledger.registry.clone())
    }

    /// As [`Self::snapshot`], once all of it is durable, or storage fails.
    pub async fn durable_snapshot(&self) -> Snapshot {
        let (registry, last) = {
            let counted = self.counted();
            (counted.ledger.registry.clone(), counted.last)
        };
        if let (Some(journal), Some(last)) = (&self.shared.journal, last) {
            // While storage fails, the counts are exposed together with the failure.
            tokio::time::timeout(SCRAPE_PATIENCE, journal.durable(last)).await.ok();
        }
        self.snapshot_of(registry)
    }

    /// Writes a checkpoint of the state whenever the journal wants one. Never returns with a state directory.
    pub async fn keep_checkpoints(&self) {
        let Some(journal) = &self.shared.journal else { return };
        loop {
            journal.checkpoint_due().await;
            let writing = self.clone();
            let is_begun = tokio::task::spawn_blocking(move || writing.write_checkpoint()).await;
            match is_begun {
                Ok(true) => continue,
                // The journal cannot begin a checkpoint yet, though it wants one.
                Ok(false) => {}
                Err(error) => tracing::error!(%error, "writing a checkpoint panicked"),
            }
            tokio::time::sleep(CHECKPOINT_PAUSE).await;
        }
    }

    /// Makes everything durable. Blocks; nothing can be made durable afterwards.
    ///
    /// # Errors
    /// [`StorageFailed`] if something is not durable.
    pub fn close(&self) -> Result<(), StorageFailed> {
        self.count_batch();
        self.shared.journal.as_ref().map_or(Ok(()), Journal::close)
    }

    /// Writes a checkpoint, and says whether that was tried.
    fn write_checkpoint(&self) -> bool {
        let Some(journal) = &self.shared.journal else { return false };
        let (checkpoint, ledger) = {
            let counted = self.counted();
            let Some(checkpoint) = journal.begin_checkpoint() else { return false };
            (checkpoint, counted.ledger.clone())
        };
        if let Err(error) = checkpoint.write(&ledger.checkpoint()) {
            tracing::error!(%error, "no checkpoint was written");
        }
        true
    }

    fn snapshot_of(&self, registry: Registry) -> Snapshot {
        let in_flight = lock(&self.shared.in_flight);
        let in_flight = in_flight.iter().map(|(app, number)| (app.clone(), number.load(Ordering::Relaxed)));
        Snapshot {
            registry,
            in_flight: in_flight.collect(),
            config: self.config(),
            refused_requests: Vec::new(),
            tail_files: self.shared.tail_files.load(Ordering::Relaxed),
            tail_lag_bytes: self.shared.tail_lag.load(Ordering::Relaxed),
            storage: self.storage().map(|status| Storage {
                is_failed: status.failed.is_some(),
                log_bytes: status.log_bytes,
                checkpoint_bytes: status.checkpoint_bytes,
                checkpoints: status.checkpoints,
                errors: status.errors,
                torn_bytes_cut: status.torn_bytes_cut,
                syncs: *lock(&self.shared.syncs),
            }),
            reload: self.reloaded(),
            process: Process::read(),
            now: clock::now(),
        }
    }

    /// Counts the batched lines.
    fn count_batch(&self) {
        self.shared.batch.drain(|lines| {
            let mut delta = self.delta(Way::Host);
            lines.for_each(|line| delta.read(line));
            self.commit(&mut lock(&self.shared.counted), delta.counts, Origin::Anonymous);
        });
    }

    fn commit(&self, counted: &mut Counted, counts: Registry, origin: Origin) {
        let journal = self.shared.journal.as_ref();
        let record = counted.ledger.commit(counts, origin, clock::now(), journal.is_some());
        if let Some((journal, record)) = journal.zip(record) {
            counted.last = Some(journal.append(&record));
        }
    }

    /// The counts, with every batched line in them.
    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.count_batch();
        lock(&self.shared.counted)
    }
}

/// The series of these applications and their models, at zero.
fn expected<'a>(apps: impl Iterator<Item = &'a String>, models: &Models, now: u64) -> Registry {
    let mut expected = Registry::default();
    apps.for_each(|app| expected.expect_app(app, models, now));
    expected
}

#[cfg(test)]
mod tests;
