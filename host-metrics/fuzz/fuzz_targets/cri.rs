//! Lines as container runtimes frame them: no bytes make reassembly panic or hold more than its bound, and a
//! restart between any two lines changes nothing.

#![no_main]

use host_metrics::ingest::cri::exercise;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| exercise(bytes));
