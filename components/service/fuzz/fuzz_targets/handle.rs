//! Any request to the prediction API, in any protocol, gets an answer that keeps the rules of every answer.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use portent_model::Model;
use portent_service::fuzz_support::FuzzTarget;

/// Services over the shipped models; the first byte of an input chooses one.
static TARGETS: LazyLock<Vec<FuzzTarget<'static>>> = LazyLock::new(|| {
    let artefacts: [&[u8]; 2] = [
        include_bytes!("../../../../models/heart-disease.portent"),
        include_bytes!("../../../../models/hvs.portent"),
    ];
    artefacts.into_iter().filter_map(|artefact| Model::open(artefact).ok()).map(FuzzTarget::new).collect()
});

fuzz_target!(|bytes: &[u8]| {
    let Some((first, script)) = bytes.split_first() else { return };
    TARGETS[usize::from(*first) % TARGETS.len()].run(script);
});
