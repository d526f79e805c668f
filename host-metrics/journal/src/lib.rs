//! The journal: keeps what its owner counts over a restart, a crash and a full disk.
//!
//! The owner holds its whole state in memory, appends a record for each change, and can encode the state as
//! a snapshot. The journal knows neither. `docs/state.md` has the bytes, the guarantees and the ways out of
//! each error.
//!
//! Everything is written by one thread of the journal's own. It takes all records that wait and makes them
//! durable with one sync: while a sync runs, the next batch gathers.

mod batch;
mod disk;
mod error;
#[cfg(any(test, fuzzing))]
pub mod exercise;
mod format;
mod log;
mod progress;
mod rotation;
mod shared;
mod snapshot;
mod start;
mod store;

pub use error::{StateError, StorageFailed};
pub use rotation::Rotation;

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use self::disk::{Disk, RealDisk};
use self::progress::Progress;
use self::shared::Shared;
use self::store::{Store, failed};
use crate::registry::DurationHistogram;

/// An open state directory. All methods may be called from any thread; dropping it closes it.
#[derive(Debug)]
pub struct Journal {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// How a journal is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bytes of log after which a snapshot is wanted. At twice that [`Journal::room`] waits for it.
    pub log_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { log_bytes: 64 << 20 }
    }
}

/// What the start hands to the owner: at most one snapshot, first, then the records behind it in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay<'a> {
    /// The bytes given to [`Rotation::finish`].
    Snapshot(&'a [u8]),
    /// The bytes given to [`Journal::append`].
    Record(&'a [u8]),
}

/// What takes a [`Replay`]; an error is the rule that the bytes break.
type ReplayFn<'a> = &'a mut dyn FnMut(Replay<'_>) -> Result<(), String>;

/// The place of a record in the order of appending, within one run of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(u64);

/// What is to be known about a journal.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// Why nothing becomes durable at present: the path and the reason, in words.
    pub failed: Option<String>,
    /// Bytes of the logs that a start would replay.
    pub log_bytes: u64,
    /// Bytes of the newest snapshot, 0 if there is none.
    pub snapshot_bytes: u64,
    /// Number of the log that is written.
    pub generation: u64,
    /// Snapshots written since the start.
    pub snapshots: u64,
    /// Failed writes, syncs and attempts at a snapshot since the start.
    pub errors: u64,
    /// How long each sync of the log took: what an acknowledgement waits for.
    pub syncs: DurationHistogram,
    /// Bytes of an incomplete frame that the start cut off.
    pub torn_bytes_cut: u64,
}

impl Journal {
    /// Opens a directory, which is created if it is absent, and replays what it holds. Blocks.
    ///
    /// Everything that was replayed is durable when this returns. Memory: a snapshot, then a frame at a time.
    ///
    /// # Errors
    /// If another process has the directory open, if a file is damaged, missing or of an unknown version, if
    /// `replay` refuses what it is given, or if the operating system refuses.
    pub fn open(directory: &Path, options: Options, replay: ReplayFn<'_>) -> Result<Self, StateError> {
        let disk = Arc::new(RealDisk);
        Store::new(directory, disk.clone()).create_directory()?;
        let lock = lock(directory)?;
        let shared = Arc::new(open_on(disk, directory, options, Some(lock), replay)?);
        let writing = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("journal".to_owned());
        let writer = thread
            .spawn(move || writing.write_until_closed())
            .map_err(failed(directory, "start a thread for the directory"))?;
        Ok(Self { shared, writer: Mutex::new(Some(writer)) })
    }

    /// Appends a record. Never blocks: call it under the lock that orders the changes, then wait for
    /// [`Self::durable`] outside of it, and for [`Self::room`] before the next.
    ///
    /// While storage has failed the record is dropped, since the snapshot that ends the failure holds it. A
    /// record of more than 64 MiB, or so many in waiting, are such a failure.
    pub fn append(&self, record: &[u8]) -> Mark {
        self.shared.append(record)
    }

    /// Waits until everything up to a mark is durable.
    ///
    /// # Errors
    /// If it is not, because storage has failed or the journal was closed.
    pub async fn durable(&self, mark: Mark) -> Result<(), StorageFailed> {
        self.shared.wait(|progress| progress.is_durable(mark)).await
    }

    /// As [`Self::durable`], for a thread.
    ///
    /// # Errors
    /// As [`Self::durable`].
    pub fn durable_blocking(&self, mark: Mark) -> Result<(), StorageFailed> {
        self.shared.wait_blocking(|progress| progress.is_durable(mark))
    }

    /// Waits while 8 MiB of records wait to be written or the logs have twice the size at which a snapshot is
    /// wanted.
    ///
    /// # Errors
    /// At once if storage has failed or the journal was closed.
    pub async fn room(&self) -> Result<(), StorageFailed> {
        self.shared.wait(|progress| progress.room()).await
    }

    /// As [`Self::room`], for a thread.
    ///
    /// # Errors
    /// As [`Self::room`].
    pub fn room_blocking(&self) -> Result<(), StorageFailed> {
        self.shared.wait_blocking(|progress| progress.room())
    }

    /// Whether the owner should begin a rotation: the logs have grown enough, or storage has failed and the
    /// pause of a second since the last attempt is over.
    #[must_use]
    pub fn wants_snapshot(&self) -> bool {
        let now = Instant::now();
        self.shared.progress().snapshot_wanted(now).is_some_and(|from| from <= now)
    }

    /// Waits until [`Self::wants_snapshot`].
    pub async fn wait_wants_snapshot(&self) {
        self.shared.wait_wants_snapshot().await;
    }

    /// Sets a boundary, or returns `None` while another rotation is under way or after the end.
    ///
    /// Call it under the lock that orders the changes and copy the state under the same lock: the snapshot is
    /// of everything appended before. It may be called whether a snapshot is wanted or not.
    pub fn rotate(&self) -> Option<Rotation> {
        Rotation::begin(&self.shared)
    }

    /// How the journal is.
    #[must_use]
    pub fn status(&self) -> Status {
        let progress = self.shared.progress();
        let counts = progress.counts;
        Status {
            failed: progress.failure().map(|failure| failure.reason.clone()),
            log_bytes: counts.log_bytes,
            snapshot_bytes: counts.snapshot_bytes,
            generation: counts.generation,
            snapshots: counts.snapshots,
            errors: counts.errors,
            syncs: counts.syncs,
            torn_bytes_cut: counts.torn_bytes_cut,
        }
    }

    /// Makes everything appended durable and ends the writer. Blocks. The directory is free for another
    /// process once this journal and its rotations are dropped.
    ///
    /// # Errors
    /// If something that was appended is not durable.
    pub fn close(&self) -> Result<(), StorageFailed> {
        self.shared.update(Progress::close);
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A writer that panicked has done what it could.
        writer
            .map(JoinHandle::join)
            .and_then(Result::err)
            .inspect(|_| tracing::error!("the writer panicked"));
        self.shared.update(Progress::end)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if let Err(failed) = self.close() {
            tracing::error!(%failed, "the last changes are not kept");
        }
    }
}

/// Replays a directory on any disk. Nothing is written until something calls [`Shared::perform`].
fn open_on(
    disk: Arc<dyn Disk>,
    directory: &Path,
    options: Options,
    lock: Option<File>,
    replay: ReplayFn<'_>,
) -> Result<Shared, StateError> {
    let started = start::start(directory, disk, replay)?;
    let progress = Progress::new(started.log, options.log_bytes, started.counts);
    Ok(Shared::new(started.store, progress, lock))
}

/// Takes the lock of a directory. The operating system gives it back when the process ends, however it ends.
fn lock(directory: &Path) -> Result<File, StateError> {
    let path = directory.join("lock");
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(&path).map_err(failed(&path, "open"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StateError::Locked { path }),
        Err(TryLockError::Error(error)) => Err(StateError::Io { path, action: "lock", error }),
    }
}

#[cfg(test)]
mod tests;
