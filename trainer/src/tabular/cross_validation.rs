//! Repeated stratified cross-validation.

use serde::Serialize;
use smartcore::error::Failed;

use super::folds;
use crate::dataset::Dataset;
use crate::logistic::LogisticModel;
use crate::metrics::{Metrics, Summary};

/// How a model is validated.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Protocol {
    /// Folds of each repeat.
    pub(crate) folds: usize,
    /// Repeats, each with other folds.
    pub(crate) repeats: u64,
    /// Seed of the first repeat; each further one adds 1.
    pub(crate) seed: u64,
}

/// Every row is scored by a model, preprocessing included, that was fitted to the other folds; the metrics of a
/// repeat are those of all its scores together.
pub(crate) fn cross_validate(
    data: &Dataset,
    protocol: Protocol,
    threshold: f64,
    fit: impl Fn(&Dataset) -> Result<LogisticModel, Failed>,
) -> Result<Metrics<Summary>, Failed> {
    let mut repeats = Vec::new();
    for repeat in 0..protocol.repeats {
        let seed = protocol.seed.wrapping_add(repeat);
        let folds = folds::stratified(data.positive(), protocol.folds, seed);
        let scores = out_of_fold_scores(data, &folds, protocol.folds, &fit)?;
        repeats.push(Metrics::of(data.positive(), &scores, threshold));
    }
    Ok(Metrics::summary(&repeats))
}

fn out_of_fold_scores(
    data: &Dataset,
    fold_of: &[usize],
    folds: usize,
    fit: impl Fn(&Dataset) -> Result<LogisticModel, Failed>,
) -> Result<Vec<f64>, Failed> {
    let mut scores = vec![f64::NAN; data.len()];
    for fold in 0..folds {
        let model = fit(&data.filtered(|row| fold_of[row] != fold))?;
        for (row, score) in scores.iter_mut().enumerate().filter(|(row, _)| fold_of[*row] == fold) {
            *score = model.score(&data.rows()[row]);
        }
    }
    Ok(scores)
}
