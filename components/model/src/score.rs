//! Rows to scores.

use crate::bytes::{f64_at, index_at, u32_at};
use crate::format::{Algorithm, ColumnKind, MissingPolicy, Section};
use crate::model::content;
use crate::{ArtefactError, Model, RowError};

/// How far a self-check score may lie from the expected one. Scores are computed by the same operations in
/// the same order everywhere; only the platform's `exp` may differ in its last digits.
pub const MAX_SELF_CHECK_DIFFERENCE: f64 = 1e-12;

/// A self-check row does not score as the trainer said.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SelfCheckError {
    /// The row cannot be scored.
    #[error("self-check row {row}: {error}")]
    Row {
        /// Index of the row.
        row: usize,
        /// Why.
        error: RowError,
    },
    /// The score differs.
    #[error("self-check row {row}: score {actual}, expected {expected}")]
    Score {
        /// Index of the row.
        row: usize,
        /// Score computed now.
        actual: f64,
        /// Score stated in the artefact.
        expected: f64,
    },
}

impl Model<'_> {
    /// Score of one row: the probability of the positive class, 0 to 1.
    ///
    /// `row` has one value a feature in model order; NaN means missing.
    ///
    /// # Errors
    /// [`RowError`] for a wrong width, an infinite value, a missing one where the model refuses that, or a
    /// sum that overflows.
    pub fn score(&self, row: &[f64]) -> Result<f64, RowError> {
        self.check_row(row)?;
        let score = match self.algorithm {
            Algorithm::LogisticRegression => logistic(self.linear_sum(row)),
        };
        if score.is_nan() { Err(RowError::Overflow) } else { Ok(score) }
    }

    /// The class that a score is predicted as.
    #[must_use]
    pub fn predict(&self, score: f64) -> usize {
        let positive = self.positive_class();
        if score >= self.threshold() { positive } else { usize::from(positive == 0) }
    }

    /// Scores the self-check rows and compares with what the trainer computed.
    ///
    /// # Errors
    /// [`SelfCheckError`] for the first row that differs by more than [`MAX_SELF_CHECK_DIFFERENCE`].
    pub fn self_check(&self) -> Result<usize, SelfCheckError> {
        let mut rows = 0;
        for (row, check) in self.self_check_rows().enumerate() {
            let actual = self.score(&check.row).map_err(|error| SelfCheckError::Row { row, error })?;
            if (actual - check.score).abs() > MAX_SELF_CHECK_DIFFERENCE {
                return Err(SelfCheckError::Score { row, actual, expected: check.score });
            }
            rows += 1;
        }
        Ok(rows)
    }

    fn check_row(&self, row: &[f64]) -> Result<(), RowError> {
        if row.len() != self.features.len() {
            return Err(RowError::Width { actual: row.len(), expected: self.features.len() });
        }
        match row.iter().position(|value| !value.is_finite()) {
            None => Ok(()),
            Some(_) => self.check_unusual_row(row),
        }
    }

    #[cold]
    fn check_unusual_row(&self, row: &[f64]) -> Result<(), RowError> {
        for (index, (value, feature)) in row.iter().zip(self.features()).enumerate() {
            if value.is_infinite() {
                return Err(RowError::NotFinite(index));
            }
            if value.is_nan() && feature.missing() == MissingPolicy::Reject {
                return Err(RowError::Missing(index));
            }
        }
        Ok(())
    }

    fn linear_sum(&self, row: &[f64]) -> f64 {
        let mut weights = self.linear.iter().map(|value| f64_at(value, 0));
        let intercept = weights.next().unwrap_or_default();
        let columns = self.columns.iter().zip(weights);
        columns.fold(intercept, |sum, (column, weight)| sum + weight * self.column(column, row))
    }

    fn column(&self, column: &[u8], row: &[f64]) -> f64 {
        let feature = index_at(column, 0);
        let mut value = row.get(feature).copied().unwrap_or(f64::NAN);
        if value.is_nan() {
            value = f64_at(self.features.get(feature), 64);
        }
        let (a, b) = (f64_at(column, 8), f64_at(column, 16));
        if u32_at(column, 4) == ColumnKind::Standardise as u32 {
            (value - a) / b
        } else {
            f64::from(u8::from(value == a))
        }
    }
}

pub(crate) fn check(model: &Model<'_>) -> Result<(), ArtefactError> {
    for (column, number) in model.columns.iter().zip(0..) {
        let (a, b) = (f64_at(column, 8), f64_at(column, 16));
        let valid = index_at(column, 0) < model.features.len()
            && match ColumnKind::from_code(u32_at(column, 4)) {
                Some(ColumnKind::Standardise) => a.is_finite() && b.is_finite() && b > 0.0,
                Some(ColumnKind::Indicator) => a.is_finite(),
                None => false,
            };
        if !valid {
            return Err(content(Section::Columns, number, "feature, kind or parameters are invalid"));
        }
    }
    match model.algorithm {
        Algorithm::LogisticRegression => check_linear(model),
    }
}

fn check_linear(model: &Model<'_>) -> Result<(), ArtefactError> {
    let rule = |rule| Err(content(Section::Linear, 0, rule));
    if model.classes().len() != 2 {
        return rule("a logistic regression has two classes");
    }
    if model.linear.len() != model.columns.len() + 1 {
        return rule("not one intercept and one weight a column");
    }
    if model.linear.iter().any(|value| !f64_at(value, 0).is_finite()) {
        return rule("a weight is not finite");
    }
    Ok(())
}

fn logistic(sum: f64) -> f64 {
    1.0 / (1.0 + (-sum).exp())
}
