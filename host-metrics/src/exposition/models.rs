//! Families about models and what they predict.
//!
//! Counts are kept by artefact; versions of a model share its name, so their series are added up here.

use std::collections::BTreeMap;

use super::text::Text;
use super::{Snapshot, requests, sums};
use crate::families::{self, Family};
use crate::registry::{App, CONFIDENCE, ConfidenceHistogram, ModelCounts};

pub(super) fn write(snapshot: &Snapshot, text: &mut Text) {
    write_counts(snapshot, text, &families::PREDICTIONS, |model| zip(&model.card.classes, &model.rows));
    requests::write_scoring(snapshot, text);
    write_confidence(snapshot, text);
    write_state(snapshot, text);
    requests::write_stages(snapshot, text);
    write_counts(snapshot, text, &families::FEATURE_MISSING, |model| {
        zip(&model.card.features, &model.missing)
    });
    write_counts(snapshot, text, &families::FEATURE_OUT_OF_RANGE, |model| {
        zip(&model.card.features, &model.out_of_range)
    });
    write_feature_bins(snapshot, text);
    write_counts(snapshot, text, &families::SCORE_BIN, |model| {
        zip(&model.card.score_bins.0, &model.score_bins)
    });
    let mut series = text.family(&families::SCORE_SUM);
    for (name, app) in snapshot.registry.apps() {
        let by_name = app.models().map(|model| (model.card.name.as_str(), model.score_sum_nano));
        for (model, sum) in sums(by_name) {
            series.nano(&[name, model], sum);
        }
    }
}

/// Writes a family whose last label names the counted thing, behind the application and the model.
fn write_counts(
    snapshot: &Snapshot,
    text: &mut Text,
    family: &'static Family,
    counts: impl for<'a> Fn(&'a ModelCounts) -> Vec<(&'a str, u64)>,
) {
    let mut series = text.family(family);
    for (name, app) in snapshot.registry.apps() {
        let by_name = app.models().flat_map(|model| {
            counts(model).into_iter().map(|(thing, count)| ((model.card.name.as_str(), thing), count))
        });
        for ((model, thing), count) in sums(by_name) {
            series.integer(&[name, model, thing], count);
        }
    }
}

fn zip<'a>(names: &'a [String], counts: &'a [u64]) -> Vec<(&'a str, u64)> {
    names.iter().map(String::as_str).zip(counts.iter().copied()).collect()
}

fn write_confidence(snapshot: &Snapshot, text: &mut Text) {
    let mut series = text.family(&families::PREDICTION_CONFIDENCE);
    for (name, app) in snapshot.registry.apps() {
        let mut by_result: BTreeMap<&str, ConfidenceHistogram> = BTreeMap::new();
        for model in app.models() {
            for (class, histogram) in model.card.classes.iter().zip(&model.confidence) {
                by_result.entry(class).or_default().merge(histogram);
            }
        }
        for (result, histogram) in &by_result {
            series.histogram(&[name, result], &CONFIDENCE, histogram);
        }
    }
}

fn write_state(snapshot: &Snapshot, text: &mut Text) {
    let mut series = text.family(&families::MODEL_LOADED);
    for (name, app) in snapshot.registry.apps() {
        for (model, loaded) in loaded_models(app) {
            series.integer(&[name, model], u64::from(loaded));
        }
    }
    let mut series = text.family(&families::MODEL_INFO);
    for (name, app) in snapshot.registry.apps() {
        if let Some(card) = app.current_model() {
            let digest = card.digest.to_string();
            series.integer(&[name, &card.name, &card.model_type, &card.version, &digest], 1);
        }
    }
    let mut series = text.family(&families::APP_INFO);
    for (name, app) in snapshot.registry.apps() {
        if let Some(card) = app.current_model() {
            series.integer(&[name, &card.version], 1);
        }
    }
}

fn loaded_models(app: &App) -> BTreeMap<&str, bool> {
    let mut loaded = BTreeMap::new();
    for model in app.models() {
        *loaded.entry(model.card.name.as_str()).or_default() |= app.is_loaded(model);
    }
    loaded
}

fn write_feature_bins(snapshot: &Snapshot, text: &mut Text) {
    let mut series = text.family(&families::FEATURE_BIN);
    for (name, app) in snapshot.registry.apps() {
        for ((model, feature, bin), count) in sums(app.models().flat_map(feature_bins)) {
            series.integer(&[name, model, feature, bin], count);
        }
    }
}

fn feature_bins(model: &ModelCounts) -> impl Iterator<Item = ((&str, &str, &str), u64)> {
    let name = model.card.name.as_str();
    model.feature_bins().flat_map(move |(feature, bins, counts)| {
        bins.iter().zip(counts).map(move |(bin, count)| ((name, feature, bin.as_str()), *count))
    })
}
