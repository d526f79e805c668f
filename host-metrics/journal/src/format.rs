//! Bytes of a log: its header, its frames and the records in them. Integers are little-endian.
//!
//! Checksums are XXH64 with a seed of the file's own, so that bytes of another log, which a file system may
//! leave behind, never pass for frames of this one.

use twox_hash::XxHash64;

/// Version of both formats.
pub(super) const FORMAT_VERSION: u32 = 1;

/// Magic, version u32, generation u64, file id u64, XXH64 with seed 0 of what stands before it. Every
/// version keeps this header.
pub(super) const LOG_HEADER_BYTES: usize = 36;

/// Magic u32, payload length u32, sequence u64, XXH64 of what stands before it, with the file id as seed.
pub(super) const FRAME_HEADER_BYTES: usize = 24;

/// XXH64 of the payload, seeded with file id xor sequence.
pub(super) const FRAME_TRAILER_BYTES: usize = 8;

/// Length of a record, before it.
pub(super) const RECORD_PREFIX_BYTES: usize = 4;

/// Longest payload of a frame, in bytes.
pub(super) const PAYLOAD_BYTES: usize = 64 << 20;

/// First bytes of a frame.
pub(super) const FRAME_MAGIC: [u8; 4] = *b"\xf7Frm";

const LOG_MAGIC: [u8; 8] = *b"\x89PTLOG\r\n";

/// Header of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LogHeader {
    pub(super) version: u32,
    pub(super) generation: u64,
    /// Random: no two files have the same.
    pub(super) id: u64,
}

impl LogHeader {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = LOG_MAGIC.to_vec();
        bytes.extend(self.version.to_le_bytes());
        bytes.extend(self.generation.to_le_bytes());
        bytes.extend(self.id.to_le_bytes());
        let checksum = XxHash64::oneshot(0, &bytes);
        bytes.extend(checksum.to_le_bytes());
        bytes
    }

    /// The header, if it is intact.
    pub(super) fn decode(bytes: &[u8; LOG_HEADER_BYTES]) -> Option<Self> {
        let (content, checksum) = bytes.split_at(LOG_HEADER_BYTES - 8);
        let intact = content.starts_with(&LOG_MAGIC) && u64_at(checksum, 0) == XxHash64::oneshot(0, content);
        intact.then(|| Self {
            version: u32_at(bytes, 8),
            generation: u64_at(bytes, 12),
            id: u64_at(bytes, 20),
        })
    }
}

/// Header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    pub(super) length: u32,
    pub(super) sequence: u64,
}

impl FrameHeader {
    pub(super) fn encode(&self, id: u64) -> [u8; FRAME_HEADER_BYTES] {
        let mut bytes = [0; FRAME_HEADER_BYTES];
        bytes[..4].copy_from_slice(&FRAME_MAGIC);
        bytes[4..8].copy_from_slice(&self.length.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.sequence.to_le_bytes());
        let checksum = XxHash64::oneshot(id, &bytes[..16]);
        bytes[16..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// The header, if it is an intact one of the file with this id.
    pub(super) fn decode(bytes: &[u8; FRAME_HEADER_BYTES], id: u64) -> Option<Self> {
        let intact =
            bytes.starts_with(&FRAME_MAGIC) && u64_at(bytes, 16) == XxHash64::oneshot(id, &bytes[..16]);
        intact.then(|| Self { length: u32_at(bytes, 4), sequence: u64_at(bytes, 8) })
    }

    pub(super) fn payload_checksum(&self, id: u64, payload: &[u8]) -> u64 {
        XxHash64::oneshot(id ^ self.sequence, payload)
    }
}

/// The records of a payload, with their places in it. An `Err` holds the place where a record does not fit.
pub(super) fn records(payload: &[u8]) -> impl Iterator<Item = Result<(usize, &[u8]), usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at;
        let rest = payload.get(start..).filter(|rest| !rest.is_empty())?;
        let record = rest
            .split_first_chunk::<RECORD_PREFIX_BYTES>()
            .and_then(|(length, rest)| rest.get(..u32::from_le_bytes(*length) as usize));
        at = record.map_or(payload.len(), |record| start + RECORD_PREFIX_BYTES + record.len());
        Some(record.map(|record| (start, record)).ok_or(start))
    })
}

/// Number at a place; zero beyond the end.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

/// Number at a place; zero beyond the end.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}
