//! One file that is being followed.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::Identity;
use crate::Aggregator;
use crate::ingest::lines::{Found, LineBuffer};
use crate::registry::{Rejection, Way};

/// Bytes read at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// Bytes before the offset that are compared before reading on. A file that was truncated and has grown
/// past the offset since looks, by its length alone, as if it had only grown.
const MARK_BYTES: usize = 256;

/// An open file, and how far it was read.
#[derive(Debug)]
pub(super) struct Follower {
    path: PathBuf,
    file: File,
    offset: u64,
    /// The last bytes before the offset.
    mark: Vec<u8>,
    lines: LineBuffer,
    present: bool,
    grew_at: Instant,
}

impl Follower {
    /// Opens a file, if it is still the one with this identity.
    pub(super) fn open(path: &Path, identity: Identity) -> io::Result<Self> {
        let file = File::open(path)?;
        if Identity::of(&file.metadata()?) != identity {
            return Err(io::Error::new(io::ErrorKind::NotFound, "replaced in between"));
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            offset: 0,
            mark: Vec::new(),
            lines: LineBuffer::default(),
            present: true,
            grew_at: Instant::now(),
        })
    }

    /// Notes whether a path still leads to the file.
    pub(super) fn set_present(&mut self, present: bool) {
        if self.present && !present {
            tracing::info!(path = %self.path.display(), "renamed away or removed, reading to its end");
            self.grew_at = Instant::now();
        }
        self.present = present;
    }

    /// When the file last grew, if no path leads to it any more.
    pub(super) fn absent_since(&self) -> Option<Instant> {
        (!self.present).then_some(self.grew_at)
    }

    /// Whether the file is absent and has been silent for so long that it is given up. Its writer may hold
    /// it open long after it was renamed.
    pub(super) fn give_up(&self, linger: Duration, aggregator: &Aggregator) -> bool {
        let over = self.absent_since().is_some_and(|since| since.elapsed() >= linger);
        if over {
            self.close(aggregator);
        }
        over
    }

    /// Accounts for a line that will never end.
    pub(super) fn close(&self, aggregator: &Aggregator) {
        tracing::info!(path = %self.path.display(), "no longer following");
        if self.lines.is_torn() {
            aggregator.reject(Rejection::Torn);
        }
    }

    /// Reads to the end and counts the lines.
    pub(super) fn read(&mut self, aggregator: &Aggregator) {
        if let Err(error) = self.try_read(aggregator) {
            tracing::warn!(path = %self.path.display(), %error, "cannot read");
        }
    }

    fn try_read(&mut self, aggregator: &Aggregator) -> io::Result<()> {
        // The length now bounds the work, however fast the file grows.
        let length = self.file.metadata()?.len();
        if length == self.offset {
            return Ok(());
        }
        if length < self.offset || !self.mark_is_intact()? {
            tracing::info!(path = %self.path.display(), "truncated, reading from its start");
            if self.lines.is_torn() {
                aggregator.reject(Rejection::Torn);
            }
            self.lines.reset();
            self.mark.clear();
            self.offset = 0;
        }
        let mut chunk = vec![0; CHUNK_BYTES];
        while self.offset < length {
            let wanted = usize::try_from(length - self.offset).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
            let read = match self.file.read_at(&mut chunk[..wanted], self.offset) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.take(&chunk[..read], aggregator);
        }
        Ok(())
    }

    fn mark_is_intact(&self) -> io::Result<bool> {
        let mut bytes = vec![0; self.mark.len()];
        match self.file.read_exact_at(&mut bytes, self.offset - self.mark.len() as u64) {
            Ok(()) => Ok(bytes == self.mark),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn take(&mut self, bytes: &[u8], aggregator: &Aggregator) {
        self.offset += bytes.len() as u64;
        self.grew_at = Instant::now();
        let kept = MARK_BYTES.saturating_sub(bytes.len()).min(self.mark.len());
        self.mark.drain(..self.mark.len() - kept);
        self.mark.extend_from_slice(&bytes[bytes.len().saturating_sub(MARK_BYTES)..]);
        self.lines.feed(bytes, |found| count(found, aggregator));
    }
}

fn count(found: Found<'_>, aggregator: &Aggregator) {
    match found {
        Found::Whole(line) => aggregator.apply_line(Way::Tail, line),
        Found::TooLong { ours: true } => aggregator.reject(Rejection::TooLong),
        Found::TooLong { ours: false } => aggregator.ignore(1),
    }
}
