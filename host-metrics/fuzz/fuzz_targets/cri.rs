//! Lines as container runtimes frame them: no bytes make reassembly panic or hold more than its bound, and a
//! restart between any two lines changes nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use portent_counts::cri::check;

fuzz_target!(|bytes: &[u8]| check(bytes));
