//! Any bytes are read as a log and as a snapshot, with and without right checksums, or refused without a panic.
#![no_main]

use host_metrics::state::exercise::{read_log, read_snapshot, reseal};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    read_log(bytes);
    read_snapshot(bytes);
    read_log(&reseal(bytes));
});
