//! What is appended, written and durable: the journal as a plain value that does no I/O.
//!
//! It is healthy, or it has failed. After a failure it keeps no records, since the checkpoint that ends the
//! failure contains their changes. Only records behind that checkpoint's boundary wait for its log.

use std::time::{Duration, Instant};

use crate::error::StorageFailed;
use crate::files::{Batch, LOG_HEADER_BYTES};
use crate::store::LogWriter;

/// Pause after a failed attempt at a checkpoint, before the next.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Pending bytes above which [`Progress::room`] says no.
const PENDING_BYTES: usize = 8 << 20;

/// Log sequence number: the place of a record in the order of appending, within one run of the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lsn(pub(crate) u64);

/// The state of a journal, for those who watch it.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// Why nothing becomes durable at present: the path and the reason, in words.
    pub failed: Option<String>,
    /// Bytes of the logs that a start would replay.
    pub log_bytes: u64,
    /// Bytes of the newest checkpoint, 0 if there is none.
    pub checkpoint_bytes: u64,
    /// Number of the log that is written.
    pub generation: u64,
    /// Checkpoints written since the start.
    pub checkpoints: u64,
    /// Failed writes, syncs and attempts at a checkpoint since the start.
    pub errors: u64,
    /// Bytes of an incomplete frame that the start cut off.
    pub torn_bytes_cut: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub(crate) status: Status,
    /// The log, unless a job has it or it has failed.
    log: Option<LogWriter>,
    /// Records of the next frame.
    pending: Batch,
    /// Records in front of the boundary of a checkpoint, and the last of them. They belong to the old log.
    sealed: Option<(Batch, Lsn)>,
    /// An empty batch, kept for its memory.
    spare: Batch,
    appended: Lsn,
    durable: Lsn,
    /// A job is being done.
    busy: bool,
    /// A checkpoint began and the next log is not yet written.
    switching: bool,
    closing: bool,
    attempt: Option<Attempt>,
    /// No checkpoint is due before.
    retry_at: Option<Instant>,
    log_threshold: u64,
}

/// A checkpoint that was begun and is neither written nor given up.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    boundary: Lsn,
    /// Storage had failed: the checkpoint comes first, then the log. Otherwise the next log takes records while
    /// the checkpoint is written.
    is_recovery: bool,
    /// Bytes of the logs that the checkpoint replaces, once the next log exists.
    old_bytes: Option<u64>,
    /// Storage failed since it began, so that records behind the boundary are lost.
    spoilt: bool,
}

/// Work for the writer: a frame, and perhaps the next log after it.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) log: LogWriter,
    pub(crate) batch: Batch,
    /// The last record of the batch.
    pub(crate) lsn: Lsn,
    /// The log to continue in.
    pub(crate) next_generation: Option<u64>,
}

/// Who has something to do after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    Nobody,
    Writer,
    All,
}

impl Progress {
    pub(crate) fn new(log: LogWriter, log_threshold: u64, status: Status) -> Self {
        Self { log: Some(log), log_threshold, status, ..Self::default() }
    }

    /// Takes a record, and says who has to be woken.
    pub(crate) fn append(&mut self, record: &[u8], now: Instant) -> (Lsn, Wake) {
        self.appended.0 += 1;
        let recovering = self.attempt.is_some_and(|attempt| attempt.is_recovery && !attempt.spoilt);
        if self.closing || (self.status.failed.is_some() && !recovering) {
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
    pub(crate) fn next_job(&mut self) -> Option<Job> {
        if !self.has_work() {
            return None;
        }
        let log = self.log.take()?;
        self.busy = true;
        let next_generation = self.sealed.is_some().then_some(self.status.generation + 1);
        let (batch, lsn) = self.sealed.take().unwrap_or_else(|| {
            (std::mem::replace(&mut self.pending, std::mem::take(&mut self.spare)), self.appended)
        });
        Some(Job { log, batch, lsn, next_generation })
    }

    /// Takes the outcome of a job: the bytes written. The log is trusted again only if nothing failed meanwhile.
    pub(crate) fn settle(&mut self, job: Job, outcome: Result<u64, String>, now: Instant) {
        self.busy = false;
        self.switching &= job.next_generation.is_none();
        self.spare = job.batch;
        self.spare.clear();
        let written = match outcome {
            Ok(written) => written,
            Err(reason) => return self.fail(reason, now),
        };
        self.durable = self.durable.max(job.lsn);
        self.status.log_bytes += written;
        if self.status.failed.is_some() {
            return;
        }
        self.log = Some(job.log);
        if let Some(generation) = job.next_generation {
            self.status.generation = generation;
            let old_bytes = self.status.log_bytes;
            self.attempt.iter_mut().for_each(|attempt| attempt.old_bytes = Some(old_bytes));
            self.status.log_bytes += LOG_HEADER_BYTES as u64;
        }
    }

    /// Ends writing: the log is no longer trusted, and the records that wait for it are dropped.
    pub(crate) fn fail(&mut self, reason: String, now: Instant) {
        if self.status.failed.is_none() {
            tracing::error!(reason, "storage has failed");
        }
        self.status.errors += 1;
        self.status.failed = Some(reason);
        self.retry_at = Some(now + RETRY_PAUSE);
        self.log = None;
        self.sealed = None;
        self.switching = false;
        self.pending.clear();
        self.attempt.iter_mut().for_each(|attempt| attempt.spoilt = true);
    }

    /// Begins a checkpoint, unless another is under way: later records are behind its boundary. Returns its
    /// generation, and whether it is a recovery.
    pub(crate) fn begin_checkpoint(&mut self) -> Option<(u64, bool)> {
        if !self.can_begin_checkpoint() {
            return None;
        }
        let (boundary, is_recovery) = (self.appended, self.status.failed.is_some());
        if !is_recovery {
            self.sealed = Some((std::mem::take(&mut self.pending), boundary));
            self.switching = true;
        }
        self.attempt = Some(Attempt { boundary, is_recovery, old_bytes: None, spoilt: false });
        Some((self.status.generation + 1, is_recovery))
    }

    /// Whether the log in front of the boundary is complete and the next one exists: `None` while that is open.
    pub(crate) fn next_log(&self) -> Option<Result<(), StorageFailed>> {
        let exists = self.attempt.is_none_or(|attempt| attempt.old_bytes.is_some());
        self.failure().map(Err).or(exists.then_some(Ok(())))
    }

    /// Ends a checkpoint that is durable, with the log that ends a failure, and with the number of old files
    /// that could not be removed.
    pub(crate) fn complete(
        &mut self,
        checkpoint_bytes: u64,
        log: Option<LogWriter>,
        left_over: u64,
    ) -> Result<(), StorageFailed> {
        self.status.checkpoints += 1;
        self.status.checkpoint_bytes = checkpoint_bytes;
        self.status.errors += left_over;
        let Some(attempt) = self.attempt.take() else { return Ok(()) };
        self.durable = self.durable.max(attempt.boundary);
        if !attempt.is_recovery {
            self.status.log_bytes -= attempt.old_bytes.unwrap_or_default();
        } else {
            self.status.log_bytes = LOG_HEADER_BYTES as u64;
            if !attempt.spoilt && !self.closing {
                self.status.failed = None;
                self.status.generation += 1;
                self.log = log;
                tracing::info!("storage has recovered");
            }
        }
        self.failure().map_or(Ok(()), Err)
    }

    /// Ends a checkpoint that could not be written.
    pub(crate) fn fail_checkpoint(&mut self, reason: String, now: Instant) {
        self.fail(reason, now);
        self.attempt = None;
    }

    /// Ends a checkpoint that was given up. A healthy log stays healthy, and the next attempt waits.
    pub(crate) fn abandon(&mut self, now: Instant) {
        self.status.errors += 1;
        self.retry_at = Some(now + RETRY_PAUSE);
        if self.attempt.take().is_some_and(|attempt| attempt.is_recovery) {
            self.pending.clear();
        }
    }

    /// From when on a checkpoint is due, if one is.
    pub(crate) fn checkpoint_due(&self, now: Instant) -> Option<Instant> {
        let due = self.status.failed.is_some() || self.status.log_bytes > self.log_threshold;
        (due && self.can_begin_checkpoint()).then(|| self.retry_at.unwrap_or(now))
    }

    /// Whether everything up to a record is durable: `None` while that is open.
    pub(crate) fn is_durable(&self, lsn: Lsn) -> Option<Result<(), StorageFailed>> {
        if self.durable >= lsn { Some(Ok(())) } else { self.failure().map(Err) }
    }

    /// Whether there is room for more: `None` until the writer or a checkpoint makes some.
    pub(crate) fn room(&self) -> Option<Result<(), StorageFailed>> {
        let sealed = self.sealed.as_ref().map_or(0, |(batch, _)| batch.payload_bytes());
        let full = self.pending.payload_bytes() + sealed > PENDING_BYTES
            || self.status.log_bytes / 2 > self.log_threshold;
        self.failure().map(Err).or((!full).then_some(Ok(())))
    }

    /// Takes no more records. Pending ones are still written.
    pub(crate) fn close(&mut self) {
        self.closing = true;
    }

    /// Whether the writer has nothing more to do, ever.
    pub(crate) fn is_over(&self) -> bool {
        self.closing && !self.has_work()
    }

    /// Notes that the writer has ended. Returns whether everything appended is durable.
    pub(crate) fn end(&mut self) -> Result<(), StorageFailed> {
        let outcome = self.is_durable(self.appended).unwrap_or(Ok(()));
        self.status.failed.get_or_insert("the journal is closed".to_owned());
        outcome
    }

    pub(crate) fn failure(&self) -> Option<StorageFailed> {
        self.status.failed.clone().map(|reason| StorageFailed { reason })
    }

    fn has_work(&self) -> bool {
        self.status.failed.is_none() && (self.sealed.is_some() || !self.pending.is_empty())
    }

    fn can_begin_checkpoint(&self) -> bool {
        // A recovery writes files that a job which is not yet back could still be at.
        let writer_interferes = self.switching || (self.busy && self.status.failed.is_some());
        self.attempt.is_none() && !writer_interferes && !self.closing
    }
}
