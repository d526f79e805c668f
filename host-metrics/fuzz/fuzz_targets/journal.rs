//! Any bytes are read as a log and as a checkpoint, with and without right checksums, or refused without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portent_journal::fuzz_support::{is_checkpoint, read_log, reseal};

fuzz_target!(|bytes: &[u8]| {
    read_log(bytes);
    is_checkpoint(bytes);
    read_log(&reseal(bytes));
});
