//! Reads or refuses without a panic: any bytes, with and without a correct checksum, and sound artefacts with some
//! bytes changed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portent_model::fuzz_support::{damage_samples_and_use, open_and_use, reseal};

fuzz_target!(|bytes: &[u8]| {
    open_and_use(bytes);
    let mut resealed = bytes.to_vec();
    reseal(&mut resealed);
    open_and_use(&resealed);
    damage_samples_and_use(bytes);
});
