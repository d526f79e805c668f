//! How good scores are.

use serde::Serialize;
use smartcore::metrics::Metrics as _;
use smartcore::metrics::auc::AUC;

/// Bins of the calibration error.
pub const CALIBRATION_BINS: usize = 10;

/// One figure a metric.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Metrics<T = f64> {
    /// Area under the ROC curve; ties count half.
    pub auc: T,
    /// Share of rows whose class is predicted.
    pub accuracy: T,
    /// Brier score: mean squared difference of score and class (Brier, 1950).
    pub brier: T,
    /// Mean negative logarithm of the score given to the class that holds.
    pub log_loss: T,
    /// Expected calibration error over 10 equal bins of the score (Naeini et al., AAAI 2015).
    pub ece: T,
    /// Share of positive rows predicted as such.
    pub sensitivity: T,
    /// Share of negative rows predicted as such.
    pub specificity: T,
}

/// Mean and sample standard deviation of repeated measurements.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Mean.
    pub mean: f64,
    /// Standard deviation, with n − 1.
    pub sd: f64,
}

impl Metrics {
    /// Measures scores of rows whose class is known; both classes occur.
    #[must_use]
    pub fn of(positive: &[bool], scores: &[f64], threshold: f64) -> Self {
        let rows = || positive.iter().copied().zip(scores.iter().copied());
        let right = |(class, score): &(bool, f64)| (*score >= threshold) == *class;
        let share_of = |class: bool| share(rows().filter(|row| row.0 == class).map(|row| right(&row)));
        Self {
            auc: area_under_roc(positive, scores),
            accuracy: share(rows().map(|row| right(&row))),
            brier: mean(rows().map(|(class, score)| (score - number(class)).powi(2))),
            log_loss: mean(
                rows().map(|(class, score)| -(if class { score } else { 1.0 - score }).max(1e-15).ln()),
            ),
            ece: calibration_error(positive, scores),
            sensitivity: share_of(true),
            specificity: share_of(false),
        }
    }
}

impl<T> Metrics<T> {
    /// The figures with their names, in the order of the fields.
    #[must_use]
    pub fn named(&self) -> [(&'static str, &T); 7] {
        [
            ("AUC", &self.auc),
            ("accuracy", &self.accuracy),
            ("Brier score", &self.brier),
            ("log-loss", &self.log_loss),
            ("ECE, 10 bins", &self.ece),
            ("sensitivity", &self.sensitivity),
            ("specificity", &self.specificity),
        ]
    }
}

impl Metrics<Summary> {
    /// Sums up repeated measurements, rounded to 6 decimals.
    #[must_use]
    pub fn summary(repeats: &[Metrics]) -> Self {
        let over = |metric: fn(&Metrics) -> f64| Summary::of(&repeats.iter().map(metric).collect::<Vec<_>>());
        Self {
            auc: over(|m| m.auc),
            accuracy: over(|m| m.accuracy),
            brier: over(|m| m.brier),
            log_loss: over(|m| m.log_loss),
            ece: over(|m| m.ece),
            sensitivity: over(|m| m.sensitivity),
            specificity: over(|m| m.specificity),
        }
    }
}

impl Summary {
    fn of(values: &[f64]) -> Self {
        let centre = mean(values.iter().copied());
        let squares: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
        let sd = (squares / (values.len().saturating_sub(1).max(1)) as f64).sqrt();
        Self { mean: round(centre, 6), sd: round(sd, 6) }
    }
}

/// Area under the ROC curve; ties count half.
pub(crate) fn area_under_roc(positive: &[bool], scores: &[f64]) -> f64 {
    let labels: Vec<f64> = positive.iter().map(|class| number(*class)).collect();
    AUC::<f64>::new().get_score(&labels, &scores.to_vec())
}

/// Average precision: the mean over the positive rows of the share of positive ones among the rows that are
/// scored at least as high; the area under the precision-recall curve, without interpolation, as scikit-learn
/// has it.
pub(crate) fn average_precision(positive: &[bool], scores: &[f64]) -> f64 {
    let mut rows: Vec<(f64, bool)> = scores.iter().copied().zip(positive.iter().copied()).collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut seen, mut found, mut sum) = (0.0, 0.0, 0.0);
    for tied in rows.chunk_by(|a, b| a.0 == b.0) {
        let hits = tied.iter().filter(|(_, class)| *class).count() as f64;
        seen += tied.len() as f64;
        found += hits;
        sum += hits * found / seen;
    }
    sum / found
}

/// Rounds to a number of decimals, so that what is written does not depend on a platform's `exp`.
pub(crate) fn round(value: f64, decimals: i32) -> f64 {
    let unit = 10_f64.powi(decimals);
    (value * unit).round() / unit
}

/// Mean absolute difference of score and observed share, over equal bins of the score, weighted by their
/// rows.
fn calibration_error(positive: &[bool], scores: &[f64]) -> f64 {
    let mut excess = [0.0; CALIBRATION_BINS];
    for (class, score) in positive.iter().zip(scores) {
        let bin = (score * CALIBRATION_BINS as f64) as usize;
        excess[bin.min(CALIBRATION_BINS - 1)] += score - number(*class);
    }
    excess.iter().map(|excess| excess.abs()).sum::<f64>() / scores.len() as f64
}

fn share(right: impl Iterator<Item = bool>) -> f64 {
    mean(right.map(number))
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

fn number(class: bool) -> f64 {
    f64::from(u8::from(class))
}

#[cfg(test)]
mod tests;
