//! Both readers read any bytes alike, and an accepted line survives being written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portent_event::fuzz_support::read_and_rewrite;

fuzz_target!(|bytes: &[u8]| {
    read_and_rewrite(bytes);
});
