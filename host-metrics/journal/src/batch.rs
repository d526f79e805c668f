//! Records that wait to be written: a frame in the making.

use super::format::{
    FRAME_HEADER_BYTES, FRAME_TRAILER_BYTES, FrameHeader, PAYLOAD_BYTES, RECORD_PREFIX_BYTES,
};

/// Most memory that an idle batch keeps, in bytes.
const KEPT_BYTES: usize = 8 << 20;

/// Records that become one frame. Space for the header of the frame stands before them, so that a frame is
/// one write without a copy.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
}

impl Batch {
    /// Adds a record; `false` if the frame has no room for it.
    #[must_use]
    pub(super) fn push(&mut self, record: &[u8]) -> bool {
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

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn payload_bytes(&self) -> usize {
        self.bytes.len().saturating_sub(FRAME_HEADER_BYTES)
    }

    /// The frame, complete with header and checksums. The batch must not be empty, and is used up.
    pub(super) fn seal(&mut self, id: u64, sequence: u64) -> &[u8] {
        let header = FrameHeader { length: self.payload_bytes() as u32, sequence };
        if let Some((head, payload)) = self.bytes.split_first_chunk_mut::<FRAME_HEADER_BYTES>() {
            *head = header.encode(id);
            let checksum: [u8; FRAME_TRAILER_BYTES] = header.payload_checksum(id, payload).to_le_bytes();
            self.bytes.extend(checksum);
        }
        &self.bytes
    }

    /// Empties it, and gives memory back that only a burst needed.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES);
    }
}
