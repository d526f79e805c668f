//! What is appended, written and durable: the journal as a plain value that does no I/O.
//!
//! It is healthy, or it has failed. While it has failed it keeps no records, since the snapshot that recovers
//! it will hold what they say; only what is appended behind that snapshot's boundary waits for its log.

use std::time::{Duration, Instant};

use super::batch::Batch;
use super::store::{EMPTY_LOG_BYTES, LogWriter};
use super::{Mark, StorageFailed};
use crate::registry::DurationHistogram;

/// Pause after a failed attempt at a snapshot, before the next.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Pending bytes above which [`Progress::room`] says no.
const PENDING_BYTES: usize = 8 << 20;

/// The state of a journal.
#[derive(Debug)]
pub(super) struct Progress {
    /// The log, unless a job has it or it has failed.
    log: Option<LogWriter>,
    /// Records of the next frame.
    pending: Batch,
    /// Records that still belong to the log before the boundary of a rotation.
    sealed: Option<Sealed>,
    /// An empty batch, kept for its memory.
    spare: Batch,
    appended: Mark,
    durable: Mark,
    /// A job is being done.
    busy: bool,
    /// A rotation began and the next log is not yet written.
    moving: bool,
    closing: bool,
    failure: Option<StorageFailed>,
    attempt: Option<Attempt>,
    /// No snapshot is asked for before.
    retry_at: Option<Instant>,
    log_threshold: u64,
    pub(super) counts: Counts,
}

/// Figures for [`super::Status`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) generation: u64,
    pub(super) log_bytes: u64,
    pub(super) snapshot_bytes: u64,
    pub(super) snapshots: u64,
    pub(super) errors: u64,
    pub(super) syncs: DurationHistogram,
    pub(super) torn_bytes_cut: u64,
}

#[derive(Debug)]
struct Sealed {
    batch: Batch,
    boundary: Mark,
}

/// A rotation that was begun and is neither finished nor given up.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    boundary: Mark,
    kind: Kind,
    /// Bytes of the logs that the snapshot makes dispensable, once the next log is there.
    old_bytes: Option<u64>,
    /// Storage failed since it began, so that records behind the boundary are lost.
    spoilt: bool,
}

/// What a rotation starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The log goes on in the next generation while the snapshot is written.
    Healthy,
    /// Storage had failed: the snapshot comes first, then the log.
    Recovery,
}

/// Work for the writer: a frame, and perhaps the next log after it.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) log: LogWriter,
    pub(super) batch: Batch,
    pub(super) mark: Mark,
    /// The log to go on in.
    pub(super) next_generation: Option<u64>,
}

/// Who has something to do after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wake {
    Nobody,
    Writer,
    All,
}

/// What a job did.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) bytes: u64,
    pub(super) sync: Option<Duration>,
}

impl Progress {
    pub(super) fn new(log: LogWriter, log_threshold: u64, counts: Counts) -> Self {
        Self {
            log: Some(log),
            pending: Batch::default(),
            sealed: None,
            spare: Batch::default(),
            appended: Mark(0),
            durable: Mark(0),
            busy: false,
            moving: false,
            closing: false,
            failure: None,
            attempt: None,
            retry_at: None,
            log_threshold,
            counts,
        }
    }

    /// Takes a record, and says who has to be woken.
    pub(super) fn append(&mut self, record: &[u8], now: Instant) -> (Mark, Wake) {
        self.appended.0 += 1;
        if !self.keeps_records() {
            return (self.appended, Wake::Nobody);
        }
        let first = self.pending.is_empty();
        if !self.pending.push(record) {
            self.fail("a record is too long, or too many are waiting to be written".to_owned(), now);
            return (self.appended, Wake::All);
        }
        (self.appended, if first { Wake::Writer } else { Wake::Nobody })
    }

    /// The next piece of work, if there is any.
    pub(super) fn next_job(&mut self) -> Option<Job> {
        if self.failure.is_some() || (self.sealed.is_none() && self.pending.is_empty()) {
            return None;
        }
        let log = self.log.take()?;
        self.busy = true;
        let next_generation = self.sealed.is_some().then_some(self.counts.generation + 1);
        let (batch, mark) = match self.sealed.take() {
            Some(sealed) => (sealed.batch, sealed.boundary),
            None => (std::mem::replace(&mut self.pending, std::mem::take(&mut self.spare)), self.appended),
        };
        Some(Job { log, batch, mark, next_generation })
    }

    /// Takes a job's outcome. The log is trusted again only if nothing failed meanwhile.
    pub(super) fn settle(&mut self, job: Job, outcome: Result<Written, String>, now: Instant) {
        self.busy = false;
        self.moving &= job.next_generation.is_none();
        self.spare = job.batch;
        self.spare.clear();
        let written = match outcome {
            Ok(written) => written,
            Err(reason) => return self.fail(reason, now),
        };
        self.durable = self.durable.max(job.mark);
        self.counts.log_bytes += written.bytes;
        if let Some(sync) = written.sync {
            self.counts.syncs.observe(u64::try_from(sync.as_nanos()).unwrap_or(u64::MAX));
        }
        if self.failure.is_some() {
            return;
        }
        self.log = Some(job.log);
        if let Some(generation) = job.next_generation {
            self.counts.generation = generation;
            let old_bytes = self.counts.log_bytes;
            self.attempt.iter_mut().for_each(|attempt| attempt.old_bytes = Some(old_bytes));
            self.counts.log_bytes += EMPTY_LOG_BYTES;
        }
    }

    /// Ends writing: the log is no longer trusted, and what waits for it is dropped.
    pub(super) fn fail(&mut self, reason: String, now: Instant) {
        if self.failure.is_none() {
            tracing::error!(reason, "storage has failed");
        }
        self.counts.errors += 1;
        self.retry_at = Some(now + RETRY_PAUSE);
        self.failure = Some(StorageFailed { reason });
        self.log = None;
        self.sealed = None;
        self.moving = false;
        self.pending.clear();
        self.attempt.iter_mut().for_each(|attempt| attempt.spoilt = true);
    }

    /// Begins a rotation, unless another is under way: what is appended from now on is behind its boundary.
    /// The snapshot will be of the returned generation.
    pub(super) fn rotate(&mut self) -> Option<(u64, Kind)> {
        if !self.can_rotate() {
            return None;
        }
        let (boundary, failed) = (self.appended, self.failure.is_some());
        let kind = if failed { Kind::Recovery } else { Kind::Healthy };
        if kind == Kind::Healthy {
            self.sealed = Some(Sealed { batch: std::mem::take(&mut self.pending), boundary });
            self.moving = true;
        }
        self.attempt = Some(Attempt { boundary, kind, old_bytes: None, spoilt: false });
        Some((self.counts.generation + 1, kind))
    }

    /// Whether the log before the boundary is complete and the next one there: `None` until it is known.
    pub(super) fn moved(&self) -> Option<Result<(), StorageFailed>> {
        match (&self.failure, &self.attempt) {
            (Some(failure), _) => Some(Err(failure.clone())),
            (None, Some(Attempt { old_bytes: None, .. })) => None,
            (None, _) => Some(Ok(())),
        }
    }

    /// Ends a rotation whose snapshot is durable, with the log that recovers the journal, and with the
    /// number of old files that could not be removed.
    pub(super) fn complete(
        &mut self,
        snapshot_bytes: u64,
        log: Option<LogWriter>,
        left_over: u64,
    ) -> Result<(), StorageFailed> {
        self.counts.snapshots += 1;
        self.counts.snapshot_bytes = snapshot_bytes;
        self.counts.errors += left_over;
        let Some(attempt) = self.attempt.take() else { return Ok(()) };
        self.durable = self.durable.max(attempt.boundary);
        match attempt.kind {
            Kind::Healthy => self.counts.log_bytes -= attempt.old_bytes.unwrap_or_default(),
            Kind::Recovery => self.counts.log_bytes = EMPTY_LOG_BYTES,
        }
        if attempt.kind == Kind::Recovery && !attempt.spoilt && !self.closing {
            self.failure = None;
            self.counts.generation += 1;
            self.log = log;
            tracing::info!("storage has recovered");
        }
        self.failure.clone().map_or(Ok(()), Err)
    }

    /// Ends a rotation whose snapshot could not be written.
    pub(super) fn fail_attempt(&mut self, reason: String, now: Instant) {
        self.fail(reason, now);
        self.attempt = None;
    }

    /// Ends a rotation that came to nothing. A log that is healthy stays so, and the next attempt waits.
    pub(super) fn abandon(&mut self, now: Instant) {
        self.counts.errors += 1;
        self.retry_at = Some(now + RETRY_PAUSE);
        if self.attempt.take().is_some_and(|attempt| attempt.kind == Kind::Recovery) {
            self.pending.clear();
        }
    }

    /// From when on a snapshot is wanted, if it is.
    pub(super) fn snapshot_wanted(&self, now: Instant) -> Option<Instant> {
        let wanted = self.failure.is_some() || self.counts.log_bytes > self.log_threshold;
        (wanted && self.can_rotate()).then(|| self.retry_at.unwrap_or(now))
    }

    /// Whether everything up to a mark is durable: `None` while that is open.
    pub(super) fn is_durable(&self, mark: Mark) -> Option<Result<(), StorageFailed>> {
        if self.durable >= mark {
            return Some(Ok(()));
        }
        self.failure.clone().map(Err)
    }

    /// Whether there is room for more: `None` until the writer or a snapshot makes some.
    pub(super) fn room(&self) -> Option<Result<(), StorageFailed>> {
        if let Some(failure) = &self.failure {
            return Some(Err(failure.clone()));
        }
        let sealed = self.sealed.as_ref().map_or(0, |sealed| sealed.batch.payload_bytes());
        let full = self.pending.payload_bytes() + sealed > PENDING_BYTES
            || self.counts.log_bytes / 2 > self.log_threshold;
        (!full).then_some(Ok(()))
    }

    /// Takes no more records; what is pending is still written.
    pub(super) fn close(&mut self) {
        self.closing = true;
    }

    /// Whether the writer has nothing more to do, ever.
    pub(super) fn is_over(&self) -> bool {
        self.closing && (self.failure.is_some() || (self.sealed.is_none() && self.pending.is_empty()))
    }

    /// Notes that there is no writer any more. Returns whether all that was appended is durable.
    pub(super) fn end(&mut self) -> Result<(), StorageFailed> {
        let outcome = self.is_durable(self.appended).unwrap_or(Ok(()));
        self.failure.get_or_insert(StorageFailed { reason: "the journal is closed".to_owned() });
        outcome
    }

    pub(super) fn failure(&self) -> Option<&StorageFailed> {
        self.failure.as_ref()
    }

    fn can_rotate(&self) -> bool {
        // A recovery writes files that a job which is not yet back could still be at.
        let writer_interferes = self.moving || (self.busy && self.failure.is_some());
        self.attempt.is_none() && !writer_interferes && !self.closing
    }

    fn keeps_records(&self) -> bool {
        let recovering =
            self.attempt.is_some_and(|attempt| attempt.kind == Kind::Recovery && !attempt.spoilt);
        !self.closing && (self.failure.is_none() || recovering)
    }
}
