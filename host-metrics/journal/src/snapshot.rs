//! Bytes of a snapshot: magic, version u32, generation u64, length u64, the payload, and the XXH64 (seed 0)
//! of all that. Every version keeps the magic, the version and the checksum where they are.

use std::hash::Hasher as _;
use std::io;

use twox_hash::XxHash64;

use super::disk::{Sink, Source};
use super::format::{FORMAT_VERSION, u32_at, u64_at};
use super::log::ReadError;

const MAGIC: [u8; 8] = *b"\x89PTSNP\r\n";
const HEADER_BYTES: usize = 28;
const CHECKSUM_BYTES: usize = 8;

/// Where the payload begins, in bytes.
pub(super) const PAYLOAD_AT: u64 = HEADER_BYTES as u64;

/// Bytes of a snapshot file with a payload of this length.
pub(super) fn file_bytes(payload: &[u8]) -> u64 {
    (HEADER_BYTES + payload.len() + CHECKSUM_BYTES) as u64
}

/// Writes a snapshot.
///
/// # Errors
/// As the file does.
pub(super) fn write(file: &mut dyn Sink, generation: u64, payload: &[u8]) -> io::Result<()> {
    let mut header = MAGIC.to_vec();
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

/// Reads a snapshot file whole; its payload starts at [`PAYLOAD_AT`] and ends where the checksum begins.
///
/// # Errors
/// If it is not the intact snapshot of this generation.
pub(super) fn read(mut source: Box<dyn Source>, generation: u64) -> Result<Vec<u8>, ReadError> {
    let mut file = Vec::new();
    source.read_to_end(&mut file).map_err(ReadError::Io)?;
    let corrupt = |offset: usize, reason| Err(ReadError::Corrupt { offset: offset as u64, reason });
    let Some(content) = file.len().checked_sub(CHECKSUM_BYTES).filter(|length| *length >= HEADER_BYTES)
    else {
        return corrupt(file.len(), "the snapshot ends early");
    };
    if !file.starts_with(&MAGIC) {
        return corrupt(0, "this is not a snapshot");
    }
    if u64_at(&file, content) != XxHash64::oneshot(0, &file[..content]) {
        return corrupt(content, "the checksum of the snapshot is wrong");
    }
    match u32_at(&file, 8) {
        FORMAT_VERSION if u64_at(&file, 12) != generation => {
            corrupt(12, "the snapshot names another generation than the file")
        }
        FORMAT_VERSION if u64_at(&file, 20) != (content - HEADER_BYTES) as u64 => {
            corrupt(20, "the snapshot states another length")
        }
        FORMAT_VERSION => {
            file.truncate(content);
            Ok(file)
        }
        version => Err(ReadError::Version(version)),
    }
}
