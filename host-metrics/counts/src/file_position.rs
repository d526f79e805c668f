//! How far a file is read. It has to survive together with the counts.

use std::ffi::OsString;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::cri::Messages;
use crate::lines::{Found, LineBuffer};

/// Bytes before the offset that are compared before reading on. A file that was truncated and has grown
/// past the offset since looks, by its length alone, as if it had only grown; so does another file that was
/// given the inode of one that is gone.
const TAIL_BYTES: usize = 256;

/// Device and inode: a file keeps them when it is renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileIdentity {
    device: u64,
    inode: u64,
}

/// A place in a file, with the line that has begun before it and not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePosition {
    path: OsString,
    offset: u64,
    /// The last bytes before the offset.
    tail: Vec<u8>,
    lines: LineBuffer,
    messages: Messages,
}

impl FileIdentity {
    /// The identity of a file.
    #[must_use]
    pub fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

impl FilePosition {
    /// The start of a file.
    pub fn start(path: &Path) -> Self {
        let (lines, messages) = (LineBuffer::default(), Messages::default());
        Self { path: path.into(), offset: 0, tail: Vec::new(), lines, messages }
    }

    /// The path at which the file was found first.
    #[must_use]
    pub fn path(&self) -> &Path {
        Path::new(&self.path)
    }

    /// Bytes read.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The last bytes that were read, at most as many as were read.
    #[must_use]
    pub fn tail(&self) -> &[u8] {
        &self.tail
    }

    /// Whether a line of ours has begun and not ended.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        self.lines.is_torn() || self.messages.is_torn()
    }

    /// Takes the next bytes and hands over every line that ends in them.
    pub fn take(&mut self, bytes: &[u8], mut each: impl FnMut(Found<'_>)) {
        self.offset += bytes.len() as u64;
        let kept = TAIL_BYTES.saturating_sub(bytes.len()).min(self.tail.len());
        self.tail.drain(..self.tail.len() - kept);
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(TAIL_BYTES)..]);
        let messages = &mut self.messages;
        self.lines.feed(bytes, |found| match found {
            Found::Whole(line) => messages.take(line, &mut each),
            Found::TooLong { .. } => each(found),
        });
    }
}
