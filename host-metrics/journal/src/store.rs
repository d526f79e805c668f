//! The files of the state directory, by generation.

use std::collections::BTreeSet;
use std::hash::BuildHasher as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::StateError;
use super::batch::Batch;
use super::disk::{Disk, Sink};
use super::format::{FORMAT_VERSION, LOG_HEADER_BYTES, LogHeader};
use super::log::{LogEnd, LogReader, Opened, ReadError};
use super::snapshot;

const LOG_PREFIX: &str = "log-";
const SNAPSHOT_PREFIX: &str = "snapshot-";

/// One name for every attempt, so that failed ones cannot pile up.
const TEMPORARY_NAME: &str = "snapshot.tmp";

/// The state directory.
#[derive(Clone, Debug)]
pub(super) struct Store {
    directory: PathBuf,
    disk: Arc<dyn Disk>,
}

/// Generations of which there are files.
#[derive(Debug, Default)]
pub(super) struct Generations {
    pub(super) logs: BTreeSet<u64>,
    pub(super) snapshots: BTreeSet<u64>,
}

/// The log that is written.
#[derive(Debug)]
pub(super) struct LogWriter {
    path: PathBuf,
    file: Box<dyn Sink>,
    id: u64,
    sequence: u64,
}

impl Store {
    pub(super) fn new(directory: &Path, disk: Arc<dyn Disk>) -> Self {
        Self { directory: directory.to_owned(), disk }
    }

    pub(super) fn log_path(&self, generation: u64) -> PathBuf {
        self.directory.join(format!("{LOG_PREFIX}{generation:016x}"))
    }

    pub(super) fn snapshot_path(&self, generation: u64) -> PathBuf {
        self.directory.join(format!("{SNAPSHOT_PREFIX}{generation:016x}"))
    }

    /// Lists the directory; what has no name of ours is passed over.
    pub(super) fn generations(&self) -> Result<Generations, StateError> {
        let names =
            self.disk.names(&self.directory).map_err(failed(&self.directory, "list the directory"))?;
        let mut found = Generations::default();
        for name in names.iter().filter_map(|name| name.to_str()) {
            found.logs.extend(generation_of(name, LOG_PREFIX));
            found.snapshots.extend(generation_of(name, SNAPSHOT_PREFIX));
        }
        Ok(found)
    }

    pub(super) fn open_log(&self, generation: u64) -> Result<Opened, StateError> {
        let path = self.log_path(generation);
        let source = self.disk.read(&path).map_err(failed(&path, "open"))?;
        LogReader::open(source, generation).map_err(|error| error.at(&path))
    }

    /// Reads a snapshot file without its checksum; the payload starts at [`snapshot::PAYLOAD_AT`].
    pub(super) fn read_snapshot(&self, generation: u64) -> Result<Vec<u8>, StateError> {
        let path = self.snapshot_path(generation);
        let source = self.disk.read(&path).map_err(failed(&path, "open"))?;
        snapshot::read(source, generation).map_err(|error| error.at(&path))
    }

    /// Creates a log with its header, durably. One that is there holds no frame, and is replaced.
    pub(super) fn create_log(&self, generation: u64) -> Result<LogWriter, StateError> {
        let path = self.log_path(generation);
        let id = random_id(generation);
        let header = LogHeader { version: FORMAT_VERSION, generation, id }.encode();
        let mut file = self.disk.create(&path).map_err(failed(&path, "create"))?;
        file.write_all(&header).map_err(failed(&path, "write"))?;
        file.sync().map_err(failed(&path, "sync"))?;
        self.sync()?;
        Ok(LogWriter { path, file, id, sequence: 0 })
    }

    /// Goes on with a log, cut to what is intact, and durable: what a process left that was killed may not
    /// have been.
    pub(super) fn extend_log(&self, generation: u64, end: LogEnd) -> Result<LogWriter, StateError> {
        let path = self.log_path(generation);
        let extended = self.disk.extend(&path, end.last_write, end.length);
        let file = extended.map_err(failed(&path, "cut and sync"))?;
        Ok(LogWriter { path, file, id: end.id, sequence: end.sequence })
    }

    /// Writes a snapshot durably and returns the bytes of its file.
    pub(super) fn write_snapshot(&self, generation: u64, payload: &[u8]) -> Result<u64, StateError> {
        let temporary = self.directory.join(TEMPORARY_NAME);
        let path = self.snapshot_path(generation);
        let mut file = self.disk.create(&temporary).map_err(failed(&temporary, "create"))?;
        snapshot::write(file.as_mut(), generation, payload).map_err(failed(&temporary, "write"))?;
        file.sync().map_err(failed(&temporary, "sync"))?;
        self.disk.rename(&temporary, &path).map_err(failed(&path, "rename a file to this"))?;
        self.sync()?;
        Ok(snapshot::file_bytes(payload))
    }

    /// Removes logs and snapshots from before a generation, and what is left of an unfinished snapshot.
    /// Returns the number of files that would not go; the next call tries them again.
    pub(super) fn remove_before(&self, generation: u64) -> u64 {
        let found = self.generations().inspect_err(|error| tracing::warn!(%error, "old state not removed"));
        let Ok(found) = found else { return 1 };
        let logs = found.logs.range(..generation).map(|old| self.log_path(*old));
        let snapshots = found.snapshots.range(..generation).map(|old| self.snapshot_path(*old));
        logs.chain(snapshots).map(|path| self.remove(&path)).sum()
    }

    /// Removes what is left of an unfinished snapshot.
    pub(super) fn remove_temporary(&self) {
        self.remove(&self.directory.join(TEMPORARY_NAME));
    }

    /// Makes the names in the directory durable.
    pub(super) fn sync(&self) -> Result<(), StateError> {
        self.disk.sync_directory(&self.directory).map_err(failed(&self.directory, "sync the directory"))
    }

    /// Creates the directory if it is absent.
    pub(super) fn create_directory(&self) -> Result<(), StateError> {
        self.disk.create_directory(&self.directory).map_err(failed(&self.directory, "create the directory"))
    }

    fn remove(&self, path: &Path) -> u64 {
        match self.disk.remove(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(path = %path.display(), %error, "old state not removed");
                1
            }
            Ok(()) | Err(_) => 0,
        }
    }
}

impl LogWriter {
    /// Writes the records of a batch as one frame and makes it durable. Returns the bytes written and how
    /// long the sync took.
    pub(super) fn commit(&mut self, batch: &mut Batch) -> Result<(u64, Duration), StateError> {
        let frame = batch.seal(self.id, self.sequence);
        self.sequence += 1;
        self.file.write_all(frame).map_err(failed(&self.path, "write"))?;
        let before = Instant::now();
        self.file.sync().map_err(failed(&self.path, "sync"))?;
        Ok((frame.len() as u64, before.elapsed()))
    }
}

impl ReadError {
    /// The error with the file's path.
    pub(super) fn at(self, path: &Path) -> StateError {
        let path = path.to_owned();
        match self {
            Self::Io(error) => StateError::Io { path, action: "read", error },
            Self::Corrupt { offset, reason } => {
                StateError::Corrupt { path, offset, reason: reason.to_owned() }
            }
            Self::Version(found) => StateError::Version { path, found, supported: FORMAT_VERSION },
        }
    }
}

/// Bytes of a log without a frame.
pub(super) const EMPTY_LOG_BYTES: u64 = LOG_HEADER_BYTES as u64;

/// Turns an error of the operating system into one that names the file.
pub(super) fn failed(path: &Path, action: &'static str) -> impl Fn(io::Error) -> StateError {
    move |error| StateError::Io { path: path.to_owned(), action, error }
}

fn generation_of(name: &str, prefix: &str) -> Option<u64> {
    let digits = name.strip_prefix(prefix).filter(|digits| digits.len() == 16)?;
    let canonical = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let generation = u64::from_str_radix(digits, 16).ok().filter(|_| canonical);
    // No journal comes this far; counting on from there must not overflow.
    generation.filter(|generation| *generation < u64::MAX / 2)
}

/// A number that no other file has: the keys of a `RandomState` come from the operating system.
fn random_id(generation: u64) -> u64 {
    std::hash::RandomState::new().hash_one((generation, std::process::id(), std::time::SystemTime::now()))
}
