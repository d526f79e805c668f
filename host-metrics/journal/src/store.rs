//! The files of a journal's directory, by generation.

use std::collections::BTreeSet;
use std::hash::BuildHasher as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::disk::{Disk, ReadFile, WriteFile};
use crate::error::JournalError;
use crate::files::{self, Batch, LogReader};

const LOG_PREFIX: &str = "log-";
const CHECKPOINT_PREFIX: &str = "checkpoint-";

/// One name for every attempt, so that failed ones cannot pile up.
const TEMPORARY_NAME: &str = "checkpoint.tmp";

/// The directory.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    directory: PathBuf,
    disk: Arc<dyn Disk>,
}

/// Generations of which there are files.
#[derive(Debug, Default)]
pub(crate) struct Generations {
    pub(crate) logs: BTreeSet<u64>,
    pub(crate) checkpoints: BTreeSet<u64>,
}

/// The log that is written.
#[derive(Debug)]
pub(crate) struct LogWriter {
    path: PathBuf,
    file: Box<dyn WriteFile>,
    id: u64,
    sequence: u64,
}

impl Store {
    pub(crate) fn new(directory: &Path, disk: Arc<dyn Disk>) -> Self {
        Self { directory: directory.to_owned(), disk }
    }

    pub(crate) fn log_path(&self, generation: u64) -> PathBuf {
        self.directory.join(format!("{LOG_PREFIX}{generation:016x}"))
    }

    pub(crate) fn checkpoint_path(&self, generation: u64) -> PathBuf {
        self.directory.join(format!("{CHECKPOINT_PREFIX}{generation:016x}"))
    }

    /// Lists the directory. Files with other names are passed over.
    pub(crate) fn generations(&self) -> Result<Generations, JournalError> {
        let names = self.disk.names(&self.directory);
        let names = names.map_err(JournalError::io(&self.directory, "list the directory"))?;
        let mut found = Generations::default();
        for name in names.iter().filter_map(|name| name.to_str()) {
            found.logs.extend(generation_of(name, LOG_PREFIX));
            found.checkpoints.extend(generation_of(name, CHECKPOINT_PREFIX));
        }
        Ok(found)
    }

    /// Opens a log to read it: `None` if its creation was cut short.
    pub(crate) fn open_log(&self, generation: u64) -> Result<Option<LogReader>, JournalError> {
        let path = self.log_path(generation);
        LogReader::open(self.open(&path)?, &path, generation)
    }

    pub(crate) fn read_checkpoint(&self, generation: u64) -> Result<Vec<u8>, JournalError> {
        let path = self.checkpoint_path(generation);
        files::read_checkpoint(self.open(&path)?, &path, generation)
    }

    /// Creates a log with its header, durably. One that exists holds no frame, and is replaced.
    pub(crate) fn create_log(&self, generation: u64) -> Result<LogWriter, JournalError> {
        let path = self.log_path(generation);
        let id = random_id(generation);
        let mut file = self.disk.create(&path).map_err(JournalError::io(&path, "create"))?;
        let written = file.write_all(&files::encode_log_header(generation, id));
        written.map_err(JournalError::io(&path, "write"))?;
        file.sync().map_err(JournalError::io(&path, "sync"))?;
        self.sync()?;
        Ok(LogWriter { path, file, id, sequence: 0 })
    }

    /// Continues a log that has been read to its end. It is cut to its intact part, which is made durable: a
    /// process that was killed may have left it unsynced.
    pub(crate) fn extend_log(&self, log: LogReader) -> Result<LogWriter, JournalError> {
        let extended = self.disk.extend(&log.path, log.last_write, log.intact);
        let file = extended.map_err(JournalError::io(&log.path, "cut and sync"))?;
        Ok(LogWriter { path: log.path, file, id: log.id, sequence: log.sequence })
    }

    /// Writes a checkpoint durably and returns the bytes of its file.
    pub(crate) fn write_checkpoint(&self, generation: u64, payload: &[u8]) -> Result<u64, JournalError> {
        let temporary = self.directory.join(TEMPORARY_NAME);
        let path = self.checkpoint_path(generation);
        let mut file = self.disk.create(&temporary).map_err(JournalError::io(&temporary, "create"))?;
        let written = files::write_checkpoint(file.as_mut(), generation, payload);
        written.map_err(JournalError::io(&temporary, "write"))?;
        file.sync().map_err(JournalError::io(&temporary, "sync"))?;
        let renamed = self.disk.rename(&temporary, &path);
        renamed.map_err(JournalError::io(&path, "rename a file to this"))?;
        self.sync()?;
        Ok(files::checkpoint_bytes(payload.len()))
    }

    /// Removes logs and checkpoints from before a generation, and an unfinished checkpoint. Returns the number
    /// of files that could not be removed; the next call tries them again.
    pub(crate) fn remove_before(&self, generation: u64) -> u64 {
        let left_over = self.remove(&self.directory.join(TEMPORARY_NAME));
        let found = self.generations().inspect_err(|error| tracing::warn!(%error, "old files not removed"));
        let Ok(found) = found else { return left_over + 1 };
        let logs = found.logs.range(..generation).map(|old| self.log_path(*old));
        let checkpoints = found.checkpoints.range(..generation).map(|old| self.checkpoint_path(*old));
        left_over + logs.chain(checkpoints).map(|path| self.remove(&path)).sum::<u64>()
    }

    /// Makes the names in the directory durable.
    pub(crate) fn sync(&self) -> Result<(), JournalError> {
        let synced = self.disk.sync_directory(&self.directory);
        synced.map_err(JournalError::io(&self.directory, "sync the directory"))
    }

    fn open(&self, path: &Path) -> Result<Box<dyn ReadFile>, JournalError> {
        self.disk.read(path).map_err(JournalError::io(path, "open"))
    }

    fn remove(&self, path: &Path) -> u64 {
        match self.disk.remove(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(path = %path.display(), %error, "old file not removed");
                1
            }
            Ok(()) | Err(_) => 0,
        }
    }
}

impl LogWriter {
    /// Writes the records of a batch as one frame and makes it durable. Returns the bytes written and how
    /// long the sync took.
    pub(crate) fn commit(&mut self, batch: &mut Batch) -> Result<(u64, Duration), JournalError> {
        let frame = batch.seal(self.id, self.sequence);
        self.sequence += 1;
        self.file.write_all(frame).map_err(JournalError::io(&self.path, "write"))?;
        let before = Instant::now();
        self.file.sync().map_err(JournalError::io(&self.path, "sync"))?;
        Ok((frame.len() as u64, before.elapsed()))
    }
}

fn generation_of(name: &str, prefix: &str) -> Option<u64> {
    let digits = name.strip_prefix(prefix).filter(|digits| digits.len() == 16)?;
    let canonical = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let generation = u64::from_str_radix(digits, 16).ok().filter(|_| canonical);
    // No journal reaches this; counting on from there must not overflow.
    generation.filter(|generation| *generation < u64::MAX / 2)
}

/// A number that no other file has: the keys of a `RandomState` come from the operating system.
fn random_id(generation: u64) -> u64 {
    std::hash::RandomState::new().hash_one((generation, std::process::id(), std::time::SystemTime::now()))
}
