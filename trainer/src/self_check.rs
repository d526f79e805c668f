//! The rows that an artefact carries to prove itself.

use portent_model::FeatureSpec;

use crate::dataset::Dataset;

/// Rows of the training data, spread evenly over the ranks of their scores.
const TRAINING_ROWS: usize = 24;

/// Stands in for "no bound" in a row of extreme values.
const HUGE: f64 = 1e9;

/// 32 rows: 24 of the training data from the least to the greatest score, and 8 at the ends of what is plausible
/// and of what is accepted.
pub(crate) fn rows(features: &[FeatureSpec], data: &Dataset, scores: &[f64]) -> Vec<Vec<f64>> {
    let mut by_score: Vec<usize> = (0..data.len()).collect();
    by_score.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]).then(a.cmp(b)));
    let rank = |step: usize| step * (by_score.len() - 1) / (TRAINING_ROWS - 1);
    let spread = (0..TRAINING_ROWS).map(|step| data.rows()[by_score[rank(step)]].clone());
    let plausible = features.iter().map(|feature| feature.plausible).collect::<Vec<_>>();
    let accepted = features.iter().map(|feature| (feature.lower.max(-HUGE), feature.upper.min(HUGE)));
    spread.chain(extremes(&plausible)).chain(extremes(&accepted.collect::<Vec<_>>())).collect()
}

/// All least values, all greatest, and both ways of alternating between them.
fn extremes(ranges: &[(f64, f64)]) -> Vec<Vec<f64>> {
    let picks: [fn(usize) -> bool; 4] = [|_| false, |_| true, |index| index % 2 == 0, |index| index % 2 == 1];
    let row = |greatest: fn(usize) -> bool| {
        ranges
            .iter()
            .enumerate()
            .map(|(index, range)| if greatest(index) { range.1 } else { range.0 })
            .collect()
    };
    picks.map(row).into()
}
