//! Bytes of the two kinds of files: logs, with records in frames, and checkpoints. Integers are little-endian.
//!
//! Frames have XXH64 checksums with a seed of their file's own. A file system may leave bytes of another log
//! behind a log; they never pass for frames of it.
//!
//! A crash leaves at most one frame half written, the last. So bytes that are not a frame are a torn tail if
//! nothing follows them, and damage if a later frame does.

use std::hash::Hasher as _;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use twox_hash::XxHash64;

use crate::disk::{ReadFile, WriteFile};
use crate::error::JournalError;

/// Version of both formats.
pub(crate) const FORMAT_VERSION: u32 = 1;

/// Magic, version u32, generation u64, file id u64, XXH64 with seed 0 of all that. Every version keeps this
/// header.
pub(crate) const LOG_HEADER_BYTES: usize = 36;

/// Magic u32, payload length u32, sequence u64, XXH64 of all that with the file id as seed.
pub(crate) const FRAME_HEADER_BYTES: usize = 24;

/// Longest payload of a frame, in bytes.
pub(crate) const PAYLOAD_BYTES: usize = 64 << 20;

/// Magic, version u32, generation u64, payload length u64. The payload follows, then the XXH64 with seed 0 of
/// everything before. Every version keeps the places of magic, version and checksum.
pub(crate) const CHECKPOINT_HEADER_BYTES: usize = 28;

const CHECKSUM_BYTES: usize = 8;

/// Length of a record, before it.
const RECORD_PREFIX_BYTES: usize = 4;

/// Bytes searched at once for a later frame.
const SEARCH_BYTES: usize = 64 << 10;

/// Most memory that an idle batch keeps, in bytes.
const IDLE_BATCH_BYTES: usize = 8 << 20;

const LOG_MAGIC: &[u8] = b"\x89PTLOG\r\n";
const FRAME_MAGIC: &[u8] = b"\xf7Frm";
const CHECKPOINT_MAGIC: &[u8] = b"\x89PTCKP\r\n";

/// Records that wait to be written, as a frame that lacks its header and its checksum. Space for the header is
/// reserved in front of them, so that a frame is one write without a copy.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct FrameHeader {
    length: u32,
    sequence: u64,
}

/// A log being read.
pub(crate) struct LogReader {
    pub(crate) path: PathBuf,
    /// Random: no two files have the same.
    pub(crate) id: u64,
    /// Number of the next frame.
    pub(crate) sequence: u64,
    /// Length of the intact part that has been read, in bytes. The next frame begins there.
    pub(crate) intact: u64,
    /// Where the last write of the intact part begins: a frame, or the header.
    pub(crate) last_write: u64,
    /// Length of the file.
    length: u64,
    file: Box<dyn ReadFile>,
    payload: Vec<u8>,
}

impl Batch {
    /// Adds a record; `false` if the frame has no room for it.
    #[must_use]
    pub(crate) fn push(&mut self, record: &[u8]) -> bool {
        if self.payload_bytes() + RECORD_PREFIX_BYTES + record.len() > PAYLOAD_BYTES {
            return false;
        }
        if self.bytes.is_empty() {
            self.bytes.resize(FRAME_HEADER_BYTES, 0);
        }
        // The limit of the payload is far below 32 bits.
        self.bytes.extend((record.len() as u32).to_le_bytes());
        self.bytes.extend(record);
        true
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn payload_bytes(&self) -> usize {
        self.bytes.len().saturating_sub(FRAME_HEADER_BYTES)
    }

    /// The frame, complete with header and checksums. The batch must not be empty, and is used up.
    pub(crate) fn seal(&mut self, id: u64, sequence: u64) -> &[u8] {
        let header = FrameHeader { length: self.payload_bytes() as u32, sequence }.encode(id);
        if let Some((head, payload)) = self.bytes.split_at_mut_checked(FRAME_HEADER_BYTES) {
            head.copy_from_slice(&header);
            let checksum = XxHash64::oneshot(id ^ sequence, payload);
            self.bytes.extend(checksum.to_le_bytes());
        }
        &self.bytes
    }

    /// Empties it, and gives memory back that only a burst needed.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(IDLE_BATCH_BYTES);
    }
}

impl FrameHeader {
    fn encode(self, id: u64) -> Vec<u8> {
        let mut bytes = FRAME_MAGIC.to_vec();
        bytes.extend(self.length.to_le_bytes());
        bytes.extend(self.sequence.to_le_bytes());
        push_checksum(&mut bytes, id);
        bytes
    }

    /// The header, if it is an intact one of the file with this id.
    fn decode(bytes: &[u8], id: u64) -> Option<Self> {
        let content = checked(bytes, id).filter(|content| content.starts_with(FRAME_MAGIC))?;
        Some(Self { length: u32_at(content, 4), sequence: u64_at(content, 8) })
    }
}

/// The header of a log.
pub(crate) fn encode_log_header(generation: u64, id: u64) -> Vec<u8> {
    let mut bytes = LOG_MAGIC.to_vec();
    bytes.extend(FORMAT_VERSION.to_le_bytes());
    bytes.extend(generation.to_le_bytes());
    bytes.extend(id.to_le_bytes());
    push_checksum(&mut bytes, 0);
    bytes
}

impl LogReader {
    /// Reads the header of a log. `None` if it holds at most an incomplete header: then a crash interrupted its
    /// creation.
    pub(crate) fn open(
        mut file: Box<dyn ReadFile>,
        path: &Path,
        generation: u64,
    ) -> Result<Option<Self>, JournalError> {
        let failed = JournalError::io(path, "read");
        let length = file.seek(SeekFrom::End(0)).map_err(&failed)?;
        file.rewind().map_err(&failed)?;
        let mut bytes = Vec::new();
        file.by_ref().take(LOG_HEADER_BYTES as u64).read_to_end(&mut bytes).map_err(&failed)?;
        let corrupt = |reason| Err(JournalError::corrupt(path, 0, reason));
        let path = path.to_owned();
        match checked(&bytes, 0).filter(|content| content.starts_with(LOG_MAGIC)) {
            None if length <= LOG_HEADER_BYTES as u64 => Ok(None),
            None => corrupt("the header of the log is not intact"),
            Some(content) if u32_at(content, 8) != FORMAT_VERSION => {
                Err(JournalError::Version { path, found: u32_at(content, 8), supported: FORMAT_VERSION })
            }
            Some(content) if u64_at(content, 12) != generation => {
                corrupt("the header names another generation than the file")
            }
            Some(content) => Ok(Some(Self {
                path,
                id: u64_at(content, 20),
                sequence: 0,
                intact: LOG_HEADER_BYTES as u64,
                last_write: 0,
                length,
                file,
                payload: Vec::new(),
            })),
        }
    }

    /// The payload of the next frame and the offset of its first byte in the file. `None` at the end of the
    /// intact part.
    pub(crate) fn next(&mut self) -> Result<Option<(&[u8], u64)>, JournalError> {
        let (start, rest) = (self.intact, self.torn_bytes());
        if rest == 0 {
            return Ok(None);
        }
        if rest < FRAME_HEADER_BYTES as u64 {
            return self.end_torn();
        }
        let mut header = [0; FRAME_HEADER_BYTES];
        self.file.read_exact(&mut header).map_err(JournalError::io(&self.path, "read"))?;
        let Some(header) = FrameHeader::decode(&header, self.id) else { return self.end_torn() };
        if header.sequence != self.sequence {
            return Err(self.corrupt("frames are missing or repeated"));
        }
        let length = header.length as usize;
        if length > PAYLOAD_BYTES {
            return Err(self.corrupt("the frame is longer than any that is written"));
        }
        let whole = (FRAME_HEADER_BYTES + length + CHECKSUM_BYTES) as u64;
        if rest < whole {
            return self.end_torn();
        }
        self.payload.resize(length + CHECKSUM_BYTES, 0);
        self.file.read_exact(&mut self.payload).map_err(JournalError::io(&self.path, "read"))?;
        if checked(&self.payload, self.id ^ header.sequence).is_none() {
            return self.end_torn();
        }
        self.last_write = start;
        self.intact += whole;
        self.sequence += 1;
        Ok(Some((&self.payload[..length], start + FRAME_HEADER_BYTES as u64)))
    }

    /// Bytes behind the intact part. Once [`Self::next`] has returned `None`, they are a torn tail.
    pub(crate) fn torn_bytes(&self) -> u64 {
        self.length - self.intact
    }

    /// Ends the log in front of bytes that are not a frame, unless a later frame says that they are damage.
    fn end_torn(&mut self) -> Result<Option<(&[u8], u64)>, JournalError> {
        if self.has_frame_behind().map_err(JournalError::io(&self.path, "read"))? {
            return Err(self.corrupt("the frame is not intact, but a later one is"));
        }
        Ok(None)
    }

    /// Whether an intact header of this frame or a later one stands anywhere behind the start of this frame.
    fn has_frame_behind(&mut self) -> io::Result<bool> {
        self.file.seek(SeekFrom::Start(self.intact + 1))?;
        let mut window: Vec<u8> = Vec::with_capacity(SEARCH_BYTES + FRAME_HEADER_BYTES);
        loop {
            if self.file.by_ref().take(SEARCH_BYTES as u64).read_to_end(&mut window)? == 0 {
                return Ok(false);
            }
            let found = window.windows(FRAME_HEADER_BYTES).filter(|bytes| bytes.starts_with(FRAME_MAGIC));
            let mut headers = found.filter_map(|bytes| FrameHeader::decode(bytes, self.id));
            if headers.any(|header| header.sequence >= self.sequence) {
                return Ok(true);
            }
            // A header may extend over two parts.
            window.drain(..window.len().saturating_sub(FRAME_HEADER_BYTES - 1));
        }
    }

    fn corrupt(&self, reason: &str) -> JournalError {
        JournalError::corrupt(&self.path, self.intact, reason)
    }
}

/// Takes the first record off the payload of a frame. `None` if it is longer than the rest.
pub(crate) fn split_record(payload: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = payload.split_first_chunk::<RECORD_PREFIX_BYTES>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

/// Bytes of a checkpoint's file with a payload of this length.
pub(crate) fn checkpoint_bytes(payload: usize) -> u64 {
    (CHECKPOINT_HEADER_BYTES + payload + CHECKSUM_BYTES) as u64
}

/// Writes a checkpoint.
pub(crate) fn write_checkpoint(file: &mut dyn WriteFile, generation: u64, payload: &[u8]) -> io::Result<()> {
    let mut header = CHECKPOINT_MAGIC.to_vec();
    header.extend(FORMAT_VERSION.to_le_bytes());
    header.extend(generation.to_le_bytes());
    header.extend((payload.len() as u64).to_le_bytes());
    let mut hasher = XxHash64::with_seed(0);
    hasher.write(&header);
    hasher.write(payload);
    file.write_all(&header)?;
    file.write_all(payload)?;
    file.write_all(&hasher.finish().to_le_bytes())
}

/// Reads the payload of a checkpoint.
pub(crate) fn read_checkpoint(
    mut file: Box<dyn ReadFile>,
    path: &Path,
    generation: u64,
) -> Result<Vec<u8>, JournalError> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(JournalError::io(path, "read"))?;
    let corrupt = |offset: usize, reason| Err(JournalError::corrupt(path, offset as u64, reason));
    let Some(payload) = bytes.len().checked_sub(CHECKPOINT_HEADER_BYTES + CHECKSUM_BYTES) else {
        return corrupt(bytes.len(), "the checkpoint ends early");
    };
    if !bytes.starts_with(CHECKPOINT_MAGIC) {
        return corrupt(0, "this is not a checkpoint");
    }
    if checked(&bytes, 0).is_none() {
        return corrupt(bytes.len() - CHECKSUM_BYTES, "the checksum of the checkpoint is wrong");
    }
    match u32_at(&bytes, 8) {
        FORMAT_VERSION if u64_at(&bytes, 12) != generation => {
            corrupt(12, "the checkpoint names another generation than the file")
        }
        FORMAT_VERSION if u64_at(&bytes, 20) != payload as u64 => {
            corrupt(20, "the checkpoint states another length")
        }
        FORMAT_VERSION => {
            bytes.drain(..CHECKPOINT_HEADER_BYTES);
            bytes.truncate(payload);
            Ok(bytes)
        }
        found => Err(JournalError::Version { path: path.to_owned(), found, supported: FORMAT_VERSION }),
    }
}

fn push_checksum(bytes: &mut Vec<u8>, seed: u64) {
    let checksum = XxHash64::oneshot(seed, bytes);
    bytes.extend(checksum.to_le_bytes());
}

/// The bytes in front of the checksum at their end, if it is theirs.
fn checked(bytes: &[u8], seed: u64) -> Option<&[u8]> {
    let (content, checksum) = bytes.split_last_chunk::<CHECKSUM_BYTES>()?;
    (u64::from_le_bytes(*checksum) == XxHash64::oneshot(seed, content)).then_some(content)
}

/// Number at a place; zero beyond the end.
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

/// Number at a place; zero beyond the end.
fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}
