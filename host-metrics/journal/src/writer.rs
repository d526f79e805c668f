//! The journal behind its lock: waking and waiting, and the writer's work.

use std::fs::File;
use std::pin::pin;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::progress::{Job, Progress, Wake, Written};
use super::store::Store;
use super::{Mark, StateError};

/// What the journal, its rotations and its writer share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) store: Store,
    progress: Mutex<Progress>,
    work: Condvar,
    change: Condvar,
    change_async: Notify,
    /// Held, so that no other process opens the directory while anything here may still write to it.
    _lock: Option<File>,
}

impl Shared {
    pub(super) fn new(store: Store, progress: Progress, lock: Option<File>) -> Self {
        Self {
            store,
            progress: Mutex::new(progress),
            work: Condvar::new(),
            change: Condvar::new(),
            change_async: Notify::new(),
            _lock: lock,
        }
    }

    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        // Nothing that holds the lock calls out, so a panic cannot leave the value between two states.
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn append(&self, record: &[u8]) -> Mark {
        let mut progress = self.progress();
        let (mark, wake) = progress.append(record, Instant::now());
        drop(progress);
        match wake {
            Wake::Nobody => {}
            Wake::Writer => self.work.notify_one(),
            Wake::All => self.wake_all(),
        }
        mark
    }

    /// Changes the state and wakes who waits for a change.
    pub(super) fn update<T>(&self, change: impl FnOnce(&mut Progress) -> T) -> T {
        let changed = change(&mut self.progress());
        self.wake_all();
        changed
    }

    /// Waits for an answer.
    pub(super) async fn wait<T>(&self, mut answer: impl FnMut(&Progress) -> Option<T>) -> T {
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
    pub(super) fn wait_blocking<T>(&self, mut answer: impl FnMut(&Progress) -> Option<T>) -> T {
        let mut progress = self.progress();
        loop {
            match answer(&progress) {
                Some(answer) => return answer,
                None => progress = self.change.wait(progress).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Waits until a snapshot is wanted.
    pub(super) async fn wait_wants_snapshot(&self) {
        loop {
            let from = self.wait(|progress| progress.snapshot_wanted(Instant::now())).await;
            let pause = from.saturating_duration_since(Instant::now());
            if pause.is_zero() {
                return;
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// What the writer's thread does until the journal is closed.
    pub(super) fn write_until_closed(&self) {
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
            self.perform(job);
        }
    }

    /// Does one job, outside the lock.
    pub(super) fn perform(&self, mut job: Job) {
        let outcome = self.write(&mut job).map_err(|error| error.to_string());
        self.update(|progress| progress.settle(job, outcome, Instant::now()));
    }

    fn write(&self, job: &mut Job) -> Result<Written, StateError> {
        let mut written = Written::default();
        if !job.batch.is_empty() {
            let (bytes, sync): (u64, Duration) = job.log.commit(&mut job.batch)?;
            written = Written { bytes, sync: Some(sync) };
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
