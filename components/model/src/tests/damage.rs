//! Files damaged at random, with their checksums made right again, and the files that nobody wrote.

use proptest::prelude::*;

use crate::ModelSpec;
use crate::format::HEADER_BYTES;
use crate::fuzz_support::{open_and_use, reseal};
use crate::samples;

/// A sound artefact of either algorithm.
fn spec() -> impl Strategy<Value = fn() -> ModelSpec> {
    let specs: [fn() -> ModelSpec; 3] = [samples::linear, samples::trees, samples::imported];
    prop::sample::select(specs.to_vec())
}

#[test]
fn the_samples_open() {
    assert!(open_and_use(&samples::linear().to_bytes().unwrap()));
    assert!(open_and_use(&samples::trees().to_bytes().unwrap()));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3_000) })]

    #[test]
    fn damaged_files_never_panic(
        spec in spec(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut file = spec().to_bytes().unwrap();
        for (index, byte) in damage {
            let at = index.index(file.len());
            file[at] = byte;
        }
        reseal(&mut file);
        open_and_use(&file);
    }

    #[test]
    fn words_of_damaged_files_never_panic(
        spec in spec(),
        at in any::<prop::sample::Index>(),
        word in prop_oneof![0_u32..9, Just(u32::MAX), Just(0x7ff0_0000), Just(0x8000_0000), any::<u32>()],
        cut in any::<prop::sample::Index>(),
    ) {
        let mut file = spec().to_bytes().unwrap();
        let at = HEADER_BYTES + at.index((file.len() - HEADER_BYTES) / 4) * 4;
        if let Some(slot) = file.get_mut(at..at + 4) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        reseal(&mut file);
        open_and_use(&file);
        file.truncate(cut.index(file.len()));
        reseal(&mut file);
        open_and_use(&file);
    }

    #[test]
    fn any_bytes_never_panic(
        spec in spec(),
        mut bytes in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        open_and_use(&bytes);
        let header = spec().to_bytes().unwrap();
        let kept = bytes.len().min(24);
        bytes[..kept].copy_from_slice(&header[..kept]);
        reseal(&mut bytes);
        open_and_use(&bytes);
    }
}
