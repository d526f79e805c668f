//! The journal behind its lock: waking and waiting, the writer's thread, and checkpoints.

use std::fs::File;
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::error::{JournalError, StorageFailed};
use crate::progress::{Job, Lsn, Progress, Wake};
use crate::replay::{ReplayFn, replay};
use crate::store::Store;

/// What the journal, its checkpoints and its writer share.
#[derive(Debug)]
pub(crate) struct Shared {
    store: Store,
    progress: Mutex<Progress>,
    work: Condvar,
    change: Condvar,
    change_async: Notify,
    /// Held, so that no other process opens the directory while anything here may still write to it.
    _lock: Option<File>,
}

/// A boundary in the journal, waiting for the bytes of a checkpoint: the state of everything before it.
///
/// Dropping it unwritten counts as a failed attempt: the next is due a second later.
#[must_use = "a checkpoint that is dropped is a failed attempt"]
#[derive(Debug)]
pub struct Checkpoint {
    shared: Arc<Shared>,
    generation: u64,
    is_recovery: bool,
    is_ended: bool,
}

impl Shared {
    /// Replays a directory. Later writes happen in [`Self::perform`] and in [`Checkpoint::write`] only.
    pub(crate) fn open(
        store: Store,
        log_threshold: u64,
        lock: Option<File>,
        replay_fn: ReplayFn<'_>,
    ) -> Result<Self, JournalError> {
        let (log, status) = replay(&store, replay_fn)?;
        Ok(Self {
            store,
            progress: Mutex::new(Progress::new(log, log_threshold, status)),
            work: Condvar::new(),
            change: Condvar::new(),
            change_async: Notify::new(),
            _lock: lock,
        })
    }

    pub(crate) fn progress(&self) -> MutexGuard<'_, Progress> {
        // Nothing that holds the lock calls out, so a panic cannot leave the value between two states.
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn append(&self, record: &[u8]) -> Lsn {
        let (lsn, wake) = self.progress().append(record, Instant::now());
        match wake {
            Wake::Nobody => {}
            Wake::Writer => self.work.notify_one(),
            Wake::All => self.wake_all(),
        }
        lsn
    }

    /// Changes the state and wakes everybody who waits for a change.
    pub(crate) fn update<T>(&self, change: impl FnOnce(&mut Progress) -> T) -> T {
        let changed = change(&mut self.progress());
        self.wake_all();
        changed
    }

    /// Waits for an answer.
    pub(crate) async fn wait<T>(&self, mut answer: impl FnMut(&Progress) -> Option<T>) -> T {
        loop {
            let mut changed = pin!(self.change_async.notified());
            // From here on a change is noticed, so none can fall between the look and the wait.
            changed.as_mut().enable();
            let answered = answer(&self.progress());
            match answered {
                Some(answer) => return answer,
                None => changed.await,
            }
        }
    }

    /// Blocks until there is an answer.
    pub(crate) fn wait_blocking<T>(&self, mut answer: impl FnMut(&Progress) -> Option<T>) -> T {
        let mut progress = self.progress();
        loop {
            match answer(&progress) {
                Some(answer) => return answer,
                None => progress = self.change.wait(progress).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// The writer's thread, until the journal is closed.
    pub(crate) fn write_until_closed(&self, mut on_sync: impl FnMut(Duration)) {
        loop {
            let mut progress = self.progress();
            let job = loop {
                match progress.next_job() {
                    Some(job) => break job,
                    None if progress.is_over() => return,
                    None => progress = self.work.wait(progress).unwrap_or_else(PoisonError::into_inner),
                }
            };
            drop(progress);
            self.perform(job, &mut on_sync);
        }
    }

    /// Does one job, outside the lock.
    pub(crate) fn perform(&self, mut job: Job, on_sync: &mut dyn FnMut(Duration)) {
        let outcome = self.write(&mut job, on_sync).map_err(|error| error.to_string());
        self.update(|progress| progress.settle(job, outcome, Instant::now()));
    }

    /// Returns the bytes of the frame.
    fn write(&self, job: &mut Job, on_sync: &mut dyn FnMut(Duration)) -> Result<u64, JournalError> {
        let mut written = 0;
        if !job.batch.is_empty() {
            let (bytes, sync) = job.log.commit(&mut job.batch)?;
            on_sync(sync);
            written = bytes;
        }
        if let Some(generation) = job.next_generation {
            job.log = self.store.create_log(generation)?;
        }
        Ok(written)
    }

    fn wake_all(&self) {
        self.work.notify_one();
        self.change.notify_all();
        self.change_async.notify_waiters();
    }
}

impl Checkpoint {
    pub(crate) fn begin(shared: &Arc<Shared>) -> Option<Self> {
        let (generation, is_recovery) = shared.update(Progress::begin_checkpoint)?;
        Some(Self { shared: Arc::clone(shared), generation, is_recovery, is_ended: false })
    }

    /// Writes the checkpoint durably, then removes the logs and checkpoints that it replaces. Blocks.
    ///
    /// # Errors
    /// If storage fails, or had failed again since the boundary.
    pub fn write(mut self, state: &[u8]) -> Result<(), StorageFailed> {
        if !self.is_recovery {
            // Old files may be removed only when the next log exists: their absence would read as a loss.
            self.shared.wait_blocking(Progress::next_log)?;
        }
        self.is_ended = true;
        self.write_files(state).unwrap_or_else(|error| {
            let reason = error.to_string();
            self.shared.update(|progress| progress.fail_checkpoint(reason.clone(), Instant::now()));
            Err(StorageFailed { reason })
        })
    }

    fn write_files(&self, state: &[u8]) -> Result<Result<(), StorageFailed>, JournalError> {
        let store = &self.shared.store;
        let bytes = store.write_checkpoint(self.generation, state)?;
        let log = self.is_recovery.then(|| store.create_log(self.generation)).transpose()?;
        let left_over = store.remove_before(self.generation);
        Ok(self.shared.update(|progress| progress.complete(bytes, log, left_over)))
    }
}

impl Drop for Checkpoint {
    fn drop(&mut self) {
        if !self.is_ended {
            self.shared.update(|progress| progress.abandon(Instant::now()));
        }
    }
}
