//! Uses everything that an opened artefact offers. Tests and the fuzzer run this on damaged files.

use crate::derive::derive;
use crate::format::{CHECKSUM_AT, HEADER_BYTES, LENGTH_AT};
use crate::model::Model;
#[cfg(feature = "write")]
use crate::samples;
use crate::schema::Recoded;
use crate::sections::checksum;

/// Corrects length and checksum of a damaged file, so that the checks behind them are reached.
pub fn reseal(file: &mut [u8]) {
    if file.len() >= HEADER_BYTES {
        let length = file.len() as u64;
        file[LENGTH_AT..LENGTH_AT + 8].copy_from_slice(&length.to_le_bytes());
        let checksum = checksum(file);
        file[CHECKSUM_AT..CHECKSUM_AT + 8].copy_from_slice(&checksum.to_le_bytes());
    }
}

/// Opens a file both ways and, if that works, uses the model. Returns whether [`Model::open`] accepted it.
pub fn open_and_use(file: &[u8]) -> bool {
    if let Ok(model) = Model::open_verified(file) {
        use_model(&model);
        use_rows(&model);
    }
    let Ok(model) = Model::open(file) else { return false };
    use_model(&model);
    let (scores, batch) = use_rows(&model);
    assert!(scores.iter().map(|score| score.to_bits()).eq(batch.iter().map(|score| score.to_bits())));
    assert!(
        Model::open_verified(file).is_ok(),
        "the shorter check refuses a file that the longer one accepts"
    );
    true
}

/// Changes single bytes of the samples and uses the results. Three bytes of `damage` state one change: two the place,
/// one the new byte.
#[cfg(feature = "write")]
pub fn damage_samples_and_use(damage: &[u8]) {
    for spec in [samples::linear(), samples::trees(), samples::imported()] {
        let Ok(mut file) = spec.to_bytes() else { continue };
        for [low, high, byte] in damage.as_chunks().0 {
            let at = usize::from(u16::from_le_bytes([*low, *high])) % file.len();
            file[at] = *byte;
        }
        reseal(&mut file);
        open_and_use(&file);
    }
}

/// Calls every accessor and scores some rows.
fn use_model(model: &Model<'_>) {
    let interface = model.interface();
    let texts = [model.name(), model.app(), model.version(), model.model_type(), model.description()];
    let names = [interface.list, interface.group, interface.time, interface.prediction, interface.score];
    let mut length: usize = texts.iter().chain(&names).map(|text| text.len()).sum();
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
    // A damaged file may well fail its own self-check, but it must say so.
    length += usize::from(model.self_check().is_ok());
    std::hint::black_box(length);
}

/// Scores rows one by one and together, explains them, and derives features of them. Returns the scores of both ways,
/// which are the same unless the nodes were never checked.
fn use_rows(model: &Model<'_>) -> (Vec<f64>, Vec<f64>) {
    let width = model.feature_count();
    let (mut rows, mut scores, mut batch) = (Vec::new(), Vec::new(), Vec::new());
    for value in [0.0, -1.5, 1e308, f64::NAN, f64::INFINITY] {
        let row = vec![value; width];
        let Ok(score) = model.score(&row) else { continue };
        assert!((0.0..=1.0).contains(&score), "score {score}");
        assert!(model.class(model.predict(score)).is_some());
        let explained = model.explain(&row, &mut vec![0.0; width]).is_ok();
        assert_eq!(explained, model.explanation_scale().is_some());
        rows.extend(row);
        scores.push(score);
    }
    assert_eq!(model.score_batch(&rows, &mut batch).is_ok(), batch.len() == scores.len());
    let derivations: Vec<_> = model.derivations().collect();
    let derived = derive(width, &derivations, &mut rows);
    assert!(derived.is_ok() || rows.iter().any(|value| value.is_nan()));
    (scores, batch)
}
