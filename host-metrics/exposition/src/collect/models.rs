//! Families about models and what they predict.
//!
//! Counts are kept by artefact; versions of a model share its name, so their series are added up here.

use std::collections::BTreeMap;

use crate::sample::Value;
use crate::sample::{HistogramSample, Sample, Sink};
use crate::snapshot::Snapshot;
use portent_counts::registry::{App, CONFIDENCE, ConfidenceHistogram, ModelCounts};

pub(super) fn predictions(snapshot: &Snapshot, sink: &mut dyn Sink) {
    write_counts(snapshot, sink, |model| model.metadata.classes.iter().zip(&model.rows));
}

pub(super) fn confidence(snapshot: &Snapshot, sink: &mut dyn Sink) {
    for (name, app) in snapshot.registry.apps() {
        let mut by_result: BTreeMap<&str, (ConfidenceHistogram, u64)> = BTreeMap::new();
        for model in app.models() {
            for (class, histogram) in model.metadata.classes.iter().zip(&model.confidence) {
                let (sum, created) = by_result.entry(class).or_insert_with(|| (Default::default(), u64::MAX));
                sum.merge(histogram);
                *created = model.created.min(*created);
            }
        }
        for (result, (histogram, created)) in &by_result {
            let sample = HistogramSample::classic(&CONFIDENCE, histogram, *created);
            sink.histogram(&[name, result], sample);
        }
    }
}

pub(super) fn loaded(snapshot: &Snapshot, sink: &mut dyn Sink) {
    for (name, app) in snapshot.current_apps() {
        for (model, is_loaded) in loaded_models(app) {
            sink.number(&[name, model], Sample::gauge(is_loaded));
        }
    }
}

pub(super) fn model_info(snapshot: &Snapshot, sink: &mut dyn Sink) {
    for (name, app) in snapshot.current_apps() {
        if let Some(card) = app.current_model() {
            let digest = card.digest.to_string();
            sink.number(&[name, &card.name, &card.model_type, &card.version, &digest], Sample::INFO);
        }
    }
}

pub(super) fn app_info(snapshot: &Snapshot, sink: &mut dyn Sink) {
    for (name, app) in snapshot.current_apps() {
        if let Some(card) = app.current_model() {
            sink.number(&[name, &card.version], Sample::INFO);
        }
    }
}

pub(super) fn missing(snapshot: &Snapshot, sink: &mut dyn Sink) {
    write_counts(snapshot, sink, |model| model.metadata.features.iter().zip(&model.missing));
}

pub(super) fn out_of_range(snapshot: &Snapshot, sink: &mut dyn Sink) {
    write_counts(snapshot, sink, |model| model.metadata.features.iter().zip(&model.out_of_range));
}

pub(super) fn feature_bins(snapshot: &Snapshot, sink: &mut dyn Sink) {
    for (name, app) in snapshot.registry.apps() {
        let bins = app.models().flat_map(|model| {
            let bins = model.feature_bins().flat_map(|(feature, bins, counts)| {
                bins.iter().zip(counts).map(move |(bin, count)| ((feature, bin.as_str()), *count))
            });
            bins.map(move |((feature, bin), count)| {
                ((model.metadata.name.as_str(), feature, bin), Sample::counter(count, model.created))
            })
        });
        for ((model, feature, bin), sample) in sums(bins) {
            sink.number(&[name, model, feature, bin], sample);
        }
    }
}

pub(super) fn score_bins(snapshot: &Snapshot, sink: &mut dyn Sink) {
    write_counts(snapshot, sink, |model| model.metadata.score_bins.0.iter().zip(&model.score_bins));
}

pub(super) fn score_sums(snapshot: &Snapshot, sink: &mut dyn Sink) {
    for (name, app) in snapshot.registry.apps() {
        let scores = app.models().map(|model| {
            let sum = Sample::counter(Value::Nano(model.score_sum_nano), model.created);
            (model.metadata.name.as_str(), sum)
        });
        for (model, sample) in sums(scores) {
            sink.number(&[name, model], sample);
        }
    }
}

/// Gives a family whose last label names the counted thing, behind the application and the model.
fn write_counts<'a, I: Iterator<Item = (&'a String, &'a u64)>>(
    snapshot: &'a Snapshot,
    sink: &mut dyn Sink,
    counts: impl Fn(&'a ModelCounts) -> I,
) {
    for (name, app) in snapshot.registry.apps() {
        let by_name = app.models().flat_map(|model| {
            counts(model).map(|(thing, count)| {
                ((model.metadata.name.as_str(), thing.as_str()), Sample::counter(*count, model.created))
            })
        });
        for ((model, thing), sample) in sums(by_name) {
            sink.number(&[name, model, thing], sample);
        }
    }
}

/// Adds up the counters of equal keys, in order of the keys.
fn sums<K: Ord>(counters: impl Iterator<Item = (K, Sample)>) -> BTreeMap<K, Sample> {
    let mut sums: BTreeMap<K, Sample> = BTreeMap::new();
    for (key, sample) in counters {
        sums.entry(key).and_modify(|sum| sum.merge(sample)).or_insert(sample);
    }
    sums
}

fn loaded_models(app: &App) -> BTreeMap<&str, bool> {
    let mut loaded = BTreeMap::new();
    for model in app.models() {
        *loaded.entry(model.metadata.name.as_str()).or_default() |= app.is_loaded(model);
    }
    loaded
}
