//! Reads any bytes as the files of a journal. Property tests and the fuzzer call this with damaged files.

use std::io::Cursor;
use std::path::Path;

use crate::files::{Batch, FRAME_HEADER_BYTES, LogReader, encode_log_header, read_checkpoint};
use crate::replay::{Replay, replay_frames};

/// Reads bytes as the log of generation 0 and returns the number of records in front of the first error.
pub fn read_log(bytes: &[u8]) -> u64 {
    let file = Box::new(Cursor::new(bytes.to_vec()));
    let Ok(Some(mut log)) = LogReader::open(file, Path::new(""), 0) else { return 0 };
    let mut records = 0;
    let replayed = replay_frames(&mut log, &mut |replay| {
        assert!(matches!(replay, Replay::Record(_)));
        records += 1;
        Ok(())
    });
    if replayed.is_ok() {
        assert_eq!(log.intact + log.torn_bytes(), bytes.len() as u64);
    }
    records
}

/// Reads bytes as the checkpoint of generation 0 and returns whether it is intact.
pub fn is_checkpoint(bytes: &[u8]) -> bool {
    read_checkpoint(Box::new(Cursor::new(bytes.to_vec())), Path::new(""), 0).is_ok()
}

/// A log with a right header and one frame with right checksums around these bytes, and the bytes again
/// behind it. With it, bytes reach the checks behind the checksums.
pub fn reseal(payload: &[u8]) -> Vec<u8> {
    let id = 7;
    let mut frame = Batch { bytes: [&[0; FRAME_HEADER_BYTES], payload].concat() };
    [&encode_log_header(0, id), frame.seal(id, 0), payload].concat()
}
