//! What a request's rows add to the counts: never a value, only where it fell.

use std::borrow::Cow;

use portent_event::{ClassCounts, Pairs, Predictions, to_nano};
use portent_model::{Feature, Model};

use crate::rows::Rows;

/// Counts rows and their scores.
pub(crate) fn observe(model: &Model<'_>, rows: &Rows, scores: &[f64]) -> Predictions<'static> {
    let mut predictions = Predictions {
        model: model.digest(),
        version: Cow::Owned(model.version().to_owned()),
        rows: u32::try_from(scores.len()).unwrap_or(u32::MAX),
        classes: vec![ClassCounts::default(); model.classes().len()],
        score_sum_nano: 0,
        score_bins: Pairs::default(),
        bins: Vec::new(),
        missing: Pairs::default(),
        out_of_range: Pairs::default(),
    };
    for score in scores {
        observe_score(model, *score, &mut predictions);
    }
    for (index, feature) in model.features().enumerate() {
        let column = rows.values.iter().skip(index).step_by(model.feature_count());
        let filled = rows.filled.get(index).copied().unwrap_or_default();
        observe_feature(model, (index, &feature), column, filled, &mut predictions);
    }
    predictions
}

fn observe_score(model: &Model<'_>, score: f64, predictions: &mut Predictions<'_>) {
    let class = model.predict(score);
    let confidence = if class == model.positive_class() { score } else { 1.0 - score };
    if let Some(counts) = predictions.classes.get_mut(class) {
        counts.observe(confidence);
    }
    predictions.score_sum_nano += to_nano(score);
    let profile = model.score_profile();
    if profile.bin_count() > 0 {
        predictions.score_bins.add(profile.bin(score), 1);
    }
}

fn observe_feature<'v>(
    model: &Model<'_>,
    (index, feature): (usize, &Feature<'_>),
    column: impl Iterator<Item = &'v f64>,
    filled: u32,
    predictions: &mut Predictions<'_>,
) {
    let profile = model.feature_profile(index);
    let (mut bins, mut missing, mut out_of_range) = (Pairs::default(), filled, 0);
    for value in column {
        if value.is_nan() {
            missing += 1;
            continue;
        }
        out_of_range += u32::from(!feature.is_plausible(*value));
        if profile.bin_count() > 0 {
            bins.add(profile.bin(*value), 1);
        }
    }
    let number = u16::try_from(index).unwrap_or(u16::MAX);
    for (pairs, count) in [(&mut predictions.missing, missing), (&mut predictions.out_of_range, out_of_range)]
    {
        if count > 0 {
            pairs.add(number, count);
        }
    }
    if profile.bin_count() > 0 {
        predictions.bins.push(bins);
    }
}
