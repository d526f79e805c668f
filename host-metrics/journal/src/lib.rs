//! A journal of byte records: it keeps the state of its owner over a restart, a crash and a full disk.
//!
//! The owner holds its whole state in memory, appends a record for each change, and can encode the state as
//! a checkpoint. The journal does not interpret either. `docs/state.md` describes the bytes, the guarantees and
//! how to recover from each error.
//!
//! One thread writes. It takes all records that wait and makes them durable with one sync. While a sync runs,
//! the next batch gathers.

mod disk;
mod error;
mod files;
#[cfg(any(test, fuzzing))]
pub mod fuzz_support;
mod progress;
mod replay;
mod store;
mod writer;

pub use error::{JournalError, StorageFailed};
pub use progress::{Lsn, Status};
pub use replay::Replay;
pub use writer::Checkpoint;

use std::fs::{File, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use disk::{RealDisk, create_directory};
use progress::Progress;
use store::Store;
use writer::Shared;

/// An open directory. All methods may be called from any thread. Dropping it closes it.
#[derive(Debug)]
pub struct Journal {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// Settings of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bytes of log after which a checkpoint is due. At twice that [`Journal::room`] waits for it.
    pub log_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { log_bytes: 64 << 20 }
    }
}

impl Journal {
    /// Opens a directory, which is created if it is absent, and replays its contents. Blocks.
    ///
    /// Everything that was replayed is durable when this returns. The memory used is that of a checkpoint, then
    /// of one frame at a time. `on_sync` is told how long each sync of the log took, before the records of that
    /// sync are acknowledged.
    ///
    /// # Errors
    /// If another process has the directory open, if a file is damaged, missing or of an unknown version, if
    /// `replay` refuses a checkpoint or a record, or if the operating system refuses.
    pub fn open(
        directory: &Path,
        options: Options,
        on_sync: impl FnMut(Duration) + Send + 'static,
        replay: &mut dyn FnMut(Replay<'_>) -> Result<(), String>,
    ) -> Result<Self, JournalError> {
        create_directory(directory).map_err(JournalError::io(directory, "create the directory"))?;
        let lock = lock(directory)?;
        let store = Store::new(directory, Arc::new(RealDisk));
        let shared = Arc::new(Shared::open(store, options.log_bytes, Some(lock), replay)?);
        let writing = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("journal".to_owned());
        let writer = thread
            .spawn(move || writing.write_until_closed(on_sync))
            .map_err(JournalError::io(directory, "start a thread for the directory"))?;
        Ok(Self { shared, writer: Mutex::new(Some(writer)) })
    }

    /// Appends a record. Never blocks: call it under the lock that orders the changes, then wait for
    /// [`Self::durable`] outside of it, and for [`Self::room`] before the next.
    ///
    /// While storage has failed the record is dropped, since the checkpoint that ends the failure contains its
    /// change. A record of more than 64 MiB, or so many in waiting, are such a failure.
    pub fn append(&self, record: &[u8]) -> Lsn {
        self.shared.append(record)
    }

    /// Waits until everything up to a record is durable.
    ///
    /// # Errors
    /// If it is not, because storage has failed or the journal was closed.
    pub async fn durable(&self, lsn: Lsn) -> Result<(), StorageFailed> {
        self.shared.wait(|progress| progress.is_durable(lsn)).await
    }

    /// Waits while 8 MiB of records wait to be written or the logs have twice the size at which a checkpoint is
    /// due.
    ///
    /// # Errors
    /// At once if storage has failed or the journal was closed.
    pub async fn room(&self) -> Result<(), StorageFailed> {
        self.shared.wait(Progress::room).await
    }

    /// As [`Self::room`], for a thread.
    ///
    /// # Errors
    /// As [`Self::room`].
    pub fn room_blocking(&self) -> Result<(), StorageFailed> {
        self.shared.wait_blocking(Progress::room)
    }

    /// Waits until the owner should begin a checkpoint: the logs have grown enough, or storage has failed and a
    /// second has passed since the last attempt.
    pub async fn checkpoint_due(&self) {
        loop {
            let from = self.shared.wait(|progress| progress.checkpoint_due(Instant::now())).await;
            let pause = from.saturating_duration_since(Instant::now());
            if pause.is_zero() {
                return;
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Sets the boundary of a checkpoint, or returns `None` while another is under way or after the end.
    ///
    /// Call it under the lock that orders the changes and copy the state under the same lock: the checkpoint is
    /// the state after everything appended before. It need not be due.
    pub fn begin_checkpoint(&self) -> Option<Checkpoint> {
        Checkpoint::begin(&self.shared)
    }

    /// The state of the journal.
    #[must_use]
    pub fn status(&self) -> Status {
        self.shared.progress().status.clone()
    }

    /// Makes everything appended durable and ends the writer. Blocks. The directory is free for another
    /// process once this journal and its checkpoints are dropped.
    ///
    /// # Errors
    /// If something that was appended is not durable.
    pub fn close(&self) -> Result<(), StorageFailed> {
        self.shared.update(Progress::close);
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A writer that panicked has done what it could.
        if let Some(Err(_)) = writer.map(JoinHandle::join) {
            tracing::error!("the writer panicked");
        }
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

/// Takes the lock of a directory. The operating system gives it back when the process ends, however it ends.
fn lock(directory: &Path) -> Result<File, JournalError> {
    let path = directory.join("lock");
    let opened = File::options().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = opened.map_err(JournalError::io(&path, "open"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::Locked { path }),
        Err(TryLockError::Error(error)) => Err(JournalError::Io { path, action: "lock", error }),
    }
}

#[cfg(test)]
mod tests;
