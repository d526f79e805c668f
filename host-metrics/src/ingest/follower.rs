//! One file that is being followed.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use portent_journal::StorageFailed;

use crate::aggregator::Aggregator;
use portent_counts::Delta;
use portent_counts::file_position::{FileIdentity, FilePosition};
use portent_counts::lines::Found;
use portent_counts::registry::{Rejection, Way};

/// Bytes read at once, and counted in one change.
const CHUNK_BYTES: usize = 256 * 1024;

/// An open file, and how far it was read.
#[derive(Debug)]
pub(super) struct Follower {
    file: File,
    identity: FileIdentity,
    position: FilePosition,
    /// Length at the last look, in bytes.
    length: u64,
    is_present: bool,
    is_failing: bool,
    grew_at: Instant,
}

impl Follower {
    /// Opens a file, if it is still the one with this identity, to read on at a position.
    pub(super) fn open(path: &Path, identity: FileIdentity, position: FilePosition) -> io::Result<Self> {
        let file = File::open(path)?;
        if FileIdentity::of(&file.metadata()?) != identity {
            return Err(io::Error::new(io::ErrorKind::NotFound, "replaced in between"));
        }
        let grew_at = Instant::now();
        Ok(Self { file, identity, position, length: 0, is_present: true, is_failing: false, grew_at })
    }

    /// Whether a file still has the bytes that were read up to a position.
    pub(super) fn is_of(path: &Path, identity: FileIdentity, position: &FilePosition) -> bool {
        let follower = Self::open(path, identity, position.clone());
        follower.is_ok_and(|follower| follower.is_tail_intact().is_ok_and(|is_intact| is_intact))
    }

    /// Notes whether a path still leads to the file.
    pub(super) fn set_present(&mut self, is_present: bool) {
        if self.is_present && !is_present {
            let path = self.position.path().display();
            tracing::info!(%path, "renamed away or removed, reading to its end");
            self.grew_at = Instant::now();
        }
        self.is_present = is_present;
    }

    /// When the file last grew, if no path leads to it any more.
    pub(super) fn absent_since(&self) -> Option<Instant> {
        (!self.is_present).then_some(self.grew_at)
    }

    /// Whether the file is absent and has been silent for so long that it is given up. Its writer may hold
    /// it open long after it was renamed.
    pub(super) fn is_over(&self, linger: Duration) -> bool {
        self.absent_since().is_some_and(|since| since.elapsed() >= linger)
    }

    /// Bytes that are not read yet.
    pub(super) fn lag(&self) -> u64 {
        self.length.saturating_sub(self.position.offset())
    }

    /// Accounts for a line that will never end, and forgets the position.
    pub(super) fn close(&self, aggregator: &Aggregator) {
        tracing::info!(path = %self.position.path().display(), "no longer following");
        aggregator.forget_file(self.identity, self.position.is_torn());
    }

    /// Reads to the end and counts the lines.
    pub(super) fn read(&mut self, aggregator: &Aggregator) {
        let read = self.try_read(aggregator);
        // Logged once per fault, however many looks it lasts.
        let was_failing = std::mem::replace(&mut self.is_failing, read.is_err());
        match read {
            Err(error) if !was_failing => {
                tracing::warn!(path = %self.position.path().display(), %error, "cannot read on");
            }
            Ok(()) if was_failing => tracing::info!(path = %self.position.path().display(), "reading on"),
            _ => {}
        }
    }

    /// After an error the same bytes are read again: at the next look the file may be readable, or the state writable.
    fn try_read(&mut self, aggregator: &Aggregator) -> anyhow::Result<()> {
        // The length now bounds the work, however fast the file grows.
        self.length = self.file.metadata()?.len();
        if self.length < self.position.offset() || !self.is_tail_intact()? {
            self.begin_again(aggregator)?;
        }
        let mut chunk = vec![0; CHUNK_BYTES.min(usize::try_from(self.lag()).unwrap_or(CHUNK_BYTES))];
        while self.lag() > 0 {
            let wanted = usize::try_from(self.lag()).unwrap_or(CHUNK_BYTES).min(chunk.len());
            match self.file.read_at(&mut chunk[..wanted], self.position.offset()) {
                Ok(0) => break,
                Ok(read) => self.take(&chunk[..read], aggregator)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn is_tail_intact(&self) -> io::Result<bool> {
        let tail = self.position.tail();
        let mut bytes = vec![0; tail.len()];
        match self.file.read_exact_at(&mut bytes, self.position.offset().saturating_sub(tail.len() as u64)) {
            Ok(()) => Ok(bytes == tail),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Starts over a file that no longer has the bytes that were read.
    fn begin_again(&mut self, aggregator: &Aggregator) -> Result<(), StorageFailed> {
        tracing::info!(path = %self.position.path().display(), "truncated, reading from its start");
        let mut delta = aggregator.delta(Way::Tail);
        if self.position.is_torn() {
            delta.counts.ingest.reject(Rejection::Torn, 1);
        }
        self.keep(delta, FilePosition::start(self.position.path()), aggregator)
    }

    fn take(&mut self, bytes: &[u8], aggregator: &Aggregator) -> Result<(), StorageFailed> {
        let (mut delta, mut position) = (aggregator.delta(Way::Tail), self.position.clone());
        position.take(bytes, |found| count(found, &mut delta));
        self.keep(delta, position, aggregator)?;
        self.grew_at = Instant::now();
        Ok(())
    }

    /// Counts and position are one change: a crash finds both or neither.
    fn keep(
        &mut self,
        delta: Delta<'_>,
        position: FilePosition,
        aggregator: &Aggregator,
    ) -> Result<(), StorageFailed> {
        aggregator.apply_from_file(delta, self.identity, &position)?;
        self.position = position;
        Ok(())
    }
}

fn count(found: Found<'_>, delta: &mut Delta<'_>) {
    match found {
        Found::Whole(line) => delta.read(line),
        Found::TooLong { ours: true } => delta.counts.ingest.reject(Rejection::TooLong, 1),
        Found::TooLong { ours: false } => delta.counts.ingest.ignored += 1,
    }
}
