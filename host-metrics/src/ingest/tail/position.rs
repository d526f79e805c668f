//! How far a file is read: what has to survive together with the counts.

use std::fs::Metadata;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::codec::{DecodeError, Decoder, Encoder};
use crate::ingest::cri::Messages;
use crate::ingest::lines::{Found, LineBuffer};

/// Bytes before the offset that are compared before reading on. A file that was truncated and has grown
/// past the offset since looks, by its length alone, as if it had only grown; so does another file that was
/// given the inode of one that is gone.
const MARK_BYTES: usize = 256;

/// Device and inode: a file keeps them when it is renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileIdentity {
    device: u64,
    inode: u64,
}

/// A place in a file, with what was read before it and belongs to a line that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePosition {
    path: PathBuf,
    offset: u64,
    /// The last bytes before the offset.
    mark: Vec<u8>,
    lines: LineBuffer,
    messages: Messages,
}

impl FileIdentity {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }

    pub(crate) fn encode(self, out: &mut Encoder) {
        out.number(self.device);
        out.number(self.inode);
    }

    pub(crate) fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self { device: from.number()?, inode: from.number()? })
    }
}

impl FilePosition {
    /// The start of a file.
    pub(crate) fn start(path: &Path) -> Self {
        let (lines, messages) = (LineBuffer::default(), Messages::default());
        Self { path: path.to_owned(), offset: 0, mark: Vec::new(), lines, messages }
    }

    /// Where the file was found first.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes read.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The last bytes that were read.
    pub(super) fn mark(&self) -> &[u8] {
        &self.mark
    }

    /// Whether a line of ours has begun and not ended.
    pub(super) fn is_torn(&self) -> bool {
        self.lines.is_torn() || self.messages.is_torn()
    }

    /// Takes the next bytes and hands over every line that ends in them.
    pub(crate) fn take(&mut self, bytes: &[u8], mut each: impl FnMut(Found<'_>)) {
        self.offset += bytes.len() as u64;
        let kept = MARK_BYTES.saturating_sub(bytes.len()).min(self.mark.len());
        self.mark.drain(..self.mark.len() - kept);
        self.mark.extend_from_slice(&bytes[bytes.len().saturating_sub(MARK_BYTES)..]);
        let messages = &mut self.messages;
        self.lines.feed(bytes, |found| match found {
            Found::Whole(line) => messages.take(line, &mut each),
            Found::TooLong { .. } => each(found),
        });
    }

    pub(crate) fn encode(&self, out: &mut Encoder) {
        out.bytes(self.path.as_os_str().as_bytes());
        out.number(self.offset);
        out.bytes(&self.mark);
        self.lines.encode(out);
        self.messages.encode(out);
    }

    pub(crate) fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let path = PathBuf::from(std::ffi::OsString::from_vec(from.bytes()?.to_owned()));
        let (offset, mark) = (from.number()?, from.bytes()?.to_owned());
        let (lines, messages) = (LineBuffer::decode(from)?, Messages::decode(from)?);
        if mark.len() as u64 > offset {
            return Err(from.error("a mark longer than what was read"));
        }
        Ok(Self { path, offset, mark, lines, messages })
    }
}
