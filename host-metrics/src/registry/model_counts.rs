//! Counts of one model within an application.

use std::sync::Arc;

use portent_event::{Pairs, Predictions};

use super::histogram::ConfidenceHistogram;
use crate::models::ModelCard;

/// What was predicted with one model, by index of class, feature and bin.
#[derive(Clone, Debug)]
pub struct ModelCounts {
    /// The names behind the indexes.
    pub card: Arc<ModelCard>,
    /// Time of the newest prediction; `None` before the first.
    pub last_used: Option<u64>,
    /// Rows per class.
    pub rows: Vec<u64>,
    /// Confidence per class.
    pub confidence: Vec<ConfidenceHistogram>,
    /// Sum of the scores, in billionths.
    pub score_sum_nano: u128,
    /// Rows per bin of the score.
    pub score_bins: Vec<u64>,
    /// Rows per bin of each feature.
    pub feature_bins: Vec<Vec<u64>>,
    /// Rows per feature in which it was missing.
    pub missing: Vec<u64>,
    /// Rows per feature in which it was out of range.
    pub out_of_range: Vec<u64>,
}

impl ModelCounts {
    pub(super) fn new(card: Arc<ModelCard>) -> Self {
        Self {
            last_used: None,
            rows: vec![0; card.classes.len()],
            confidence: vec![ConfidenceHistogram::default(); card.classes.len()],
            score_sum_nano: 0,
            score_bins: vec![0; card.score_bins.0.len()],
            feature_bins: card.feature_bins.iter().map(|bins| vec![0; bins.0.len()]).collect(),
            missing: vec![0; card.features.len()],
            out_of_range: vec![0; card.features.len()],
            card,
        }
    }

    pub(super) fn apply(&mut self, predictions: &Predictions<'_>, time: u64) {
        self.last_used = self.last_used.max(Some(time));
        self.score_sum_nano += u128::from(predictions.score_sum_nano);
        // The card of unknown models has one class and one feature: whatever does not fit is the last one.
        let (last_class, last_feature) =
            (self.rows.len().saturating_sub(1), self.missing.len().saturating_sub(1));
        for (index, class) in predictions.classes.iter().enumerate() {
            let index = index.min(last_class);
            self.rows[index] += u64::from(class.count);
            self.confidence[index].add(&class.confidence, class.confidence_sum_nano);
        }
        add(&mut self.missing, &predictions.missing, last_feature);
        add(&mut self.out_of_range, &predictions.out_of_range, last_feature);
        // Bins have no such last one: without a profile they mean nothing.
        add(&mut self.score_bins, &predictions.score_bins, usize::MAX);
        for (counts, bins) in self.feature_bins.iter_mut().zip(&predictions.bins) {
            add(counts, bins, usize::MAX);
        }
    }
}

fn add(counts: &mut [u64], pairs: &Pairs, last: usize) {
    for (index, count) in pairs.iter() {
        if let Some(slot) = counts.get_mut(usize::from(index).min(last)) {
            *slot += u64::from(count);
        }
    }
}
