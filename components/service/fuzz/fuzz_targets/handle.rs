//! Whatever is asked of the prediction API, in whatever dialect, the answer is one that can be given.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use portent_model::Model;
use portent_service::exercise::Exercise;

/// Services over the shipped models; the first byte of an input chooses one.
static EXERCISES: LazyLock<Vec<Exercise<'static>>> = LazyLock::new(|| {
    let artefacts: [&[u8]; 2] = [
        include_bytes!("../../../../models/heart-disease.portent"),
        include_bytes!("../../../../models/hvs.portent"),
    ];
    artefacts.into_iter().filter_map(|artefact| Model::open(artefact).ok()).map(Exercise::new).collect()
});

fuzz_target!(|bytes: &[u8]| {
    let Some((first, script)) = bytes.split_first() else { return };
    EXERCISES[usize::from(*first) % EXERCISES.len()].run(script);
});
