//! Reads any bytes as the files of a journal: what tests and the fuzzer run on damaged files.

use std::io::Cursor;

use super::format::{
    FORMAT_VERSION, FRAME_HEADER_BYTES, FRAME_TRAILER_BYTES, FrameHeader, LOG_HEADER_BYTES, LogHeader,
};
use super::log::{LogReader, Opened};
use super::{Replay, snapshot, start};

/// Id of the logs that [`reseal`] makes.
const ID: u64 = 7;

/// Reads bytes as the log of generation 0 and returns the number of records in front of what is broken.
pub fn read_log(bytes: &[u8]) -> u64 {
    let source = Box::new(Cursor::new(bytes.to_vec()));
    let Ok(Opened::Log(mut log)) = LogReader::open(source, 0) else { return 0 };
    let mut records = 0;
    let counted = start::replay_frames(&mut log, &mut |replay| {
        assert!(matches!(replay, Replay::Record(_)));
        records += 1;
        Ok(())
    });
    if let Ok(end) = counted {
        assert_eq!(end.length + end.torn, bytes.len() as u64);
    }
    records
}

/// Reads bytes as the snapshot of generation 0 and says whether it is intact.
pub fn read_snapshot(bytes: &[u8]) -> bool {
    snapshot::read(Box::new(Cursor::new(bytes.to_vec())), 0).is_ok()
}

/// A log with a right header and one frame with right checksums around these bytes, and the bytes again
/// behind it, so that the checks behind the checksums are reached.
pub fn reseal(payload: &[u8]) -> Vec<u8> {
    let mut log = LogHeader { version: FORMAT_VERSION, generation: 0, id: ID }.encode();
    let header = FrameHeader { length: payload.len() as u32, sequence: 0 };
    log.reserve(LOG_HEADER_BYTES + FRAME_HEADER_BYTES + payload.len() + FRAME_TRAILER_BYTES);
    log.extend(header.encode(ID));
    log.extend(payload);
    log.extend(header.payload_checksum(ID, payload).to_le_bytes());
    log.extend(payload);
    log
}
