//! Counts of one model within an application.

use std::sync::Arc;

use portent_event::{Pairs, Predictions};
use serde::{Deserialize, Serialize};

use super::histogram::ConfidenceHistogram;
use crate::models::ModelMetadata;
use crate::sparse;

/// Predictions of one model, by index of class, feature and bin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ModelCounts {
    /// The names behind the indexes. Bytes name a model by its digest, outside of this.
    #[serde(skip, default = "ModelMetadata::unknown")]
    pub metadata: Arc<ModelMetadata>,
    /// Since when it is counted, in nanoseconds since the epoch.
    pub created: u64,
    /// Time of the newest prediction; `None` before the first.
    pub last_used: Option<u64>,
    /// Rows per class.
    #[serde(with = "sparse")]
    pub rows: Vec<u64>,
    /// Confidence per class.
    pub confidence: Vec<ConfidenceHistogram>,
    /// Sum of the scores, in billionths.
    pub score_sum_nano: u128,
    /// Rows per bin of the score.
    #[serde(with = "sparse")]
    pub score_bins: Vec<u64>,
    /// Rows per bin of each feature, one feature after the other.
    #[serde(with = "sparse")]
    pub(crate) feature_bins: Vec<u64>,
    /// Rows per feature in which it was missing.
    #[serde(with = "sparse")]
    pub missing: Vec<u64>,
    /// Rows per feature in which it was out of range.
    #[serde(with = "sparse")]
    pub out_of_range: Vec<u64>,
}

impl ModelCounts {
    pub(super) fn new(metadata: Arc<ModelMetadata>, created: u64) -> Self {
        Self {
            created,
            last_used: None,
            rows: vec![0; metadata.classes.len()],
            confidence: vec![ConfidenceHistogram::default(); metadata.classes.len()],
            score_sum_nano: 0,
            score_bins: vec![0; metadata.score_bins.len()],
            feature_bins: vec![0; metadata.feature_bins.iter().map(Vec::len).sum()],
            missing: vec![0; metadata.features.len()],
            out_of_range: vec![0; metadata.features.len()],
            metadata,
        }
    }

    /// Gives counts that were read from bytes their names.
    ///
    /// # Errors
    /// If the counts are not those of such a model.
    pub(super) fn set_metadata(&mut self, metadata: Arc<ModelMetadata>) -> Result<(), &'static str> {
        let expected = Self::new(Arc::clone(&metadata), 0);
        let lengths = |counts: &Self| {
            let Self { rows, score_bins, feature_bins, missing, out_of_range, .. } = counts;
            [rows, score_bins, feature_bins, missing, out_of_range].map(Vec::len)
        };
        self.metadata = metadata;
        let fits = lengths(self) == lengths(&expected) && self.confidence.len() == expected.confidence.len();
        if fits { Ok(()) } else { Err("counts that do not fit their model") }
    }

    /// Features with the names of their bins and the rows in each.
    pub fn feature_bins(&self) -> impl Iterator<Item = (&str, &[String], &[u64])> {
        let mut rest = &self.feature_bins[..];
        self.metadata.features.iter().zip(&self.metadata.feature_bins).map(move |(feature, bins)| {
            let (counts, others) = rest.split_at_checked(bins.len()).unwrap_or_default();
            rest = others;
            (feature.as_str(), &bins[..], counts)
        })
    }

    pub(super) fn apply(&mut self, predictions: &Predictions<'_>, time: u64) {
        self.last_used = self.last_used.max(Some(time));
        self.score_sum_nano += u128::from(predictions.score_sum_nano);
        // The metadata of unknown models has one class and one feature: whatever does not fit is the last one.
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
        let mut rest = &mut self.feature_bins[..];
        for (bins, pairs) in self.metadata.feature_bins.iter().zip(&predictions.bins) {
            let Some((counts, others)) = rest.split_at_mut_checked(bins.len()) else { return };
            add(counts, pairs, usize::MAX);
            rest = others;
        }
    }

    /// Adds the counts of the same model.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.created = self.created.min(other.created);
        self.last_used = self.last_used.max(other.last_used);
        self.score_sum_nano += other.score_sum_nano;
        sum(&mut self.rows, &other.rows);
        for (histogram, more) in self.confidence.iter_mut().zip(&other.confidence) {
            histogram.merge(more);
        }
        sum(&mut self.score_bins, &other.score_bins);
        sum(&mut self.feature_bins, &other.feature_bins);
        sum(&mut self.missing, &other.missing);
        sum(&mut self.out_of_range, &other.out_of_range);
    }

    /// The same rows as if nobody had described the model: under one class and one feature, without bins.
    pub(crate) fn without_names(&self) -> Self {
        let mut counts = Self::new(ModelMetadata::unknown(), self.created);
        counts.last_used = self.last_used;
        counts.score_sum_nano = self.score_sum_nano;
        counts.rows.iter_mut().for_each(|rows| *rows = self.rows.iter().sum());
        counts.missing.iter_mut().for_each(|rows| *rows = self.missing.iter().sum());
        counts.out_of_range.iter_mut().for_each(|rows| *rows = self.out_of_range.iter().sum());
        for histogram in &mut counts.confidence {
            self.confidence.iter().for_each(|more| histogram.merge(more));
        }
        counts
    }
}

fn add(counts: &mut [u64], pairs: &Pairs, last: usize) {
    for (index, count) in pairs.iter() {
        if let Some(slot) = counts.get_mut(usize::from(index).min(last)) {
            *slot += u64::from(count);
        }
    }
}

fn sum(counts: &mut [u64], more: &[u64]) {
    for (count, more) in counts.iter_mut().zip(more) {
        *count += more;
    }
}
