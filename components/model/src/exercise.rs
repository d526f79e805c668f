//! Uses everything that an opened artefact offers: what tests and the fuzzer run on damaged files.

use crate::format::{CHECKSUM_AT, HEADER_BYTES, LENGTH_AT};
use crate::sections::checksum;
use crate::{Model, Recoded};

/// Makes length and checksum of a damaged file right, so that the checks behind them are reached.
pub fn reseal(file: &mut [u8]) {
    if file.len() >= HEADER_BYTES {
        let length = file.len() as u64;
        file[LENGTH_AT..LENGTH_AT + 8].copy_from_slice(&length.to_le_bytes());
        let checksum = checksum(file);
        file[CHECKSUM_AT..CHECKSUM_AT + 8].copy_from_slice(&checksum.to_le_bytes());
    }
}

/// Opens a file and, if that works, calls every accessor and scores some rows. Returns whether it opened.
pub fn open_and_use(file: &[u8]) -> bool {
    let Ok(model) = Model::open(file) else { return false };
    let texts = [model.name(), model.app(), model.version(), model.model_type(), model.description()];
    let mut length: usize = texts.iter().map(|text| text.len()).sum();
    for (index, feature) in model.features().enumerate() {
        length += feature.name().len() + feature.unit().len() + feature.description().len();
        length += feature.categories().map(|category| category.label.len()).sum::<usize>();
        let profile = model.feature_profile(index);
        length += profile.edges().count() + profile.shares().count();
        assert!(usize::from(profile.bin(f64::NAN)) <= profile.bin_count());
        assert!(usize::from(profile.bin(f64::MAX)) <= profile.bin_count());
        length += usize::from(feature.is_plausible(feature.lower()));
    }
    for encoding in model.encodings() {
        length += encoding.name().len() + encoding.mappings().count();
        length += usize::from(encoding.recode(0, 1.0) == Recoded::Missing);
    }
    length += model.classes().map(|class| class.name.len()).sum::<usize>();
    length += model.metadata().len() + model.score_profile().bin_count();
    for value in [0.0, -1.5, 1e308, f64::NAN, f64::INFINITY] {
        let row = vec![value; model.feature_count()];
        if let Ok(score) = model.score(&row) {
            assert!((0.0..=1.0).contains(&score), "score {score}");
            assert!(model.class(model.predict(score)).is_some());
        }
    }
    // A damaged file may well fail its own self-check, but it must say so.
    length += usize::from(model.self_check().is_ok());
    std::hint::black_box(length);
    true
}
