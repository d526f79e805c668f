//! Rows to scores.

use crate::codes::{Algorithm, MissingPolicy};
use crate::score::imported::Imported;
use crate::score::linear::Linear;
use crate::score::trees::Trees;
use crate::sections::{Checking, Sections};
use crate::{ArtefactError, Model, RowError};

pub(crate) mod imported;
pub(crate) mod linear;
pub(crate) mod trees;
mod walk;

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

/// What makes a score of a row: the parameters of the one algorithm that the artefact is of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scorer<'a> {
    Linear(Linear<'a>),
    Trees(Trees<'a>),
    Imported(Imported),
}

impl<'a> Scorer<'a> {
    pub(crate) fn open(algorithm: Algorithm, sections: &Sections<'a>) -> Result<Self, ArtefactError> {
        Ok(match algorithm {
            Algorithm::LogisticRegression => Self::Linear(Linear::open(sections)?),
            Algorithm::TreeEnsemble => Self::Trees(Trees::open(sections)?),
            Algorithm::Imported => Self::Imported(Imported::open(sections)?),
        })
    }

    pub(crate) fn check(&self, model: &Model<'_>, checking: Checking) -> Result<(), ArtefactError> {
        match (self, checking) {
            (Self::Linear(linear), _) => linear.check(model),
            (Self::Trees(trees), Checking::Whole) => trees.check(model),
            (Self::Trees(_), Checking::Frame) | (Self::Imported(_), _) => Ok(()),
        }
    }

    fn score(&self, row: &[f64]) -> Result<f64, RowError> {
        let score = match self {
            Self::Linear(linear) => logistic(linear.sum(row)),
            Self::Trees(trees) => trees.score(row),
            Self::Imported(_) => return Err(RowError::Imported),
        };
        if score.is_nan() { Err(RowError::Overflow) } else { Ok(score) }
    }
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
        self.scorer.score(row)
    }

    /// Scores rows (row-major) and appends the scores: all of them, or none where one cannot be scored.
    ///
    /// # Errors
    /// As [`Model::score`], with the index of the row. A last row that is not complete has a wrong width.
    pub fn score_batch(&self, rows: &[f64], scores: &mut Vec<f64>) -> Result<(), (usize, RowError)> {
        let (before, width) = (scores.len(), self.feature_count());
        for (index, row) in rows.chunks(width).enumerate() {
            self.check_row(row).map_err(|error| (index, error))?;
        }
        scores.reserve(rows.len() / width);
        match &self.scorer {
            Scorer::Linear(linear) if rows.len() == width => scores.push(logistic(linear.sum(rows))),
            Scorer::Linear(linear) => {
                linear.sums(width, rows, scores);
                scores.iter_mut().skip(before).for_each(|score| *score = logistic(*score));
            }
            Scorer::Trees(trees) => trees.score_rows(width, rows, scores),
            Scorer::Imported(_) if rows.is_empty() => {}
            Scorer::Imported(_) => return Err((0, RowError::Imported)),
        }
        match scores.iter().skip(before).position(|score| score.is_nan()) {
            None => Ok(()),
            Some(row) => {
                scores.truncate(before);
                Err((row, RowError::Overflow))
            }
        }
    }

    /// The class that a score is predicted as, of two classes.
    #[must_use]
    pub fn predict(&self, score: f64) -> usize {
        let (positive, other) = (self.positive_class(), usize::from(self.positive_class() == 0));
        let is_positive = match self.threshold() {
            threshold if threshold.is_nan() => score > 0.5 || score == 0.5 && positive < other,
            threshold => score >= threshold,
        };
        if is_positive { positive } else { other }
    }

    /// The class that a row is predicted as, by one score a class: the positive one from the threshold on, else the
    /// greatest of the others, or without a threshold the greatest of all. Of equal scores it is the first.
    #[must_use]
    pub fn decide(&self, scores: &[f64]) -> usize {
        let (positive, threshold) = (self.positive_class(), self.threshold());
        if scores.get(positive).is_some_and(|score| *score >= threshold) {
            return positive;
        }
        let takes_part = |class: usize| threshold.is_nan() || class != positive;
        let candidates = scores.iter().enumerate().filter(|(class, _)| takes_part(*class));
        candidates
            .rev()
            .max_by(|(_, one), (_, other)| one.total_cmp(other))
            .map_or(positive, |(class, _)| class)
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
}

pub(crate) fn logistic(sum: f64) -> f64 {
    1.0 / (1.0 + (-sum).exp())
}
