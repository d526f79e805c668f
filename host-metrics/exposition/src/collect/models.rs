//! Families about models and predictions.
//!
//! Counts are by artefact. Versions of a model share its name, so their series are added up here.

use std::collections::BTreeMap;

use portent_counts::registry::{CONFIDENCE, ConfidenceHistogram, ModelCounts};

use crate::sample::{HistogramSample, Sample, Sink, Value};
use crate::snapshot::Snapshot;

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
        let mut loaded: BTreeMap<&str, bool> = BTreeMap::new();
        for model in app.models() {
            *loaded.entry(&model.metadata.name).or_default() |= app.is_loaded(model);
        }
        loaded.iter().for_each(|(model, is_loaded)| sink.number(&[name, model], Sample::gauge(*is_loaded)));
    }
}

pub(super) fn model_info(snapshot: &Snapshot, sink: &mut dyn Sink) {
    for (name, app) in snapshot.current_apps() {
        if let Some(model) = app.current_model() {
            let digest = model.digest.to_string();
            sink.number(&[name, &model.name, &model.model_type, &model.version, &digest], Sample::INFO);
        }
    }
}

pub(super) fn app_info(snapshot: &Snapshot, sink: &mut dyn Sink) {
    for (name, app) in snapshot.current_apps() {
        if let Some(model) = app.current_model() {
            sink.number(&[name, &model.version], Sample::INFO);
        }
    }
}

pub(super) fn feature_bins(snapshot: &Snapshot, sink: &mut dyn Sink) {
    counters(snapshot, sink, |model| {
        model.feature_bins().flat_map(move |(feature, bins, counts)| {
            let bins = bins.iter().zip(counts);
            bins.map(move |(bin, count)| ([&model.metadata.name, feature, bin], Value::Whole(*count)))
        })
    });
}

pub(super) fn score_sums(snapshot: &Snapshot, sink: &mut dyn Sink) {
    counters(snapshot, sink, |model| {
        std::iter::once(([model.metadata.name.as_str()], Value::Nano(model.score_sum_nano)))
    });
}

/// Gives a family whose last label names the counted thing, behind the application and the model.
pub(super) fn counts<'a, I: Iterator<Item = (&'a String, &'a u64)>>(
    snapshot: &'a Snapshot,
    sink: &mut dyn Sink,
    counts: impl Fn(&'a ModelCounts) -> I,
) {
    counters(snapshot, sink, |model| {
        counts(model).map(|(thing, count)| ([model.metadata.name.as_str(), thing], Value::Whole(*count)))
    });
}

/// Gives counters of models by the labels behind that of the application. Counters of equal labels are added up.
fn counters<'a, const LABELS: usize, I: Iterator<Item = ([&'a str; LABELS], Value)>>(
    snapshot: &'a Snapshot,
    sink: &mut dyn Sink,
    counters: impl Fn(&'a ModelCounts) -> I,
) {
    for (name, app) in snapshot.registry.apps() {
        let mut sums: BTreeMap<[&str; LABELS], Sample> = BTreeMap::new();
        for model in app.models() {
            for (labels, value) in counters(model) {
                let sample = Sample::counter(value, model.created);
                sums.entry(labels).and_modify(|sum| sum.merge(sample)).or_insert(sample);
            }
        }
        for (labels, sample) in sums {
            let mut all = [name; 4];
            all.iter_mut().skip(1).zip(labels).for_each(|(label, value)| *label = value);
            sink.number(&all[..=LABELS], sample);
        }
    }
}
