//! Rows to scores, and scores to contributions.

use crate::error::{ArtefactError, ExplainError, RowError, check};
use crate::format::{Aggregate, Algorithm, Link, Section, size};
use crate::profile::Profiles;
use crate::schema::Schema;
use crate::score::linear::{Linear, logistic};
use crate::score::trees::Trees;
use crate::sections::{Checking, Sections, u32_at};

mod linear;
mod trees;

/// The parameters of the algorithm of the artefact.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scorer<'a> {
    Linear(Linear<'a>),
    Trees(Trees<'a>),
    /// Another component scores.
    Imported {
        /// Whether it can return contributions.
        explains: bool,
    },
}

/// The unit that the base and the contributions of an explanation add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExplanationScale {
    /// The natural logarithm of the odds: the score is its logistic.
    LogOdds,
    /// The score itself.
    Probability,
}

impl<'a> Scorer<'a> {
    pub(crate) fn open(
        algorithm: Algorithm,
        sections: &Sections<'a>,
        schema: &Schema<'a>,
        checking: Checking,
    ) -> Result<Self, ArtefactError> {
        Ok(match algorithm {
            Algorithm::LogisticRegression => Self::Linear(Linear::open(sections, schema)?),
            Algorithm::TreeEnsemble => Self::Trees(Trees::open(sections, schema, checking)?),
            Algorithm::Imported => {
                let record = sections.require(Section::Imported)?;
                let explains = u32_at(record, 0);
                let valid = record.len() == size::IMPORTED && explains <= 1 && u32_at(record, 4) == 0;
                check(valid, Section::Imported, 0, "not 0 or 1 and a zero")?;
                Self::Imported { explains: explains == 1 }
            }
        })
    }

    /// Score of a checked row.
    pub(crate) fn score(&self, row: &[f64]) -> Result<f64, RowError> {
        let score = match self {
            Self::Linear(linear) => logistic(linear.sum(row)),
            Self::Trees(trees) => trees.score(row),
            Self::Imported { .. } => return Err(RowError::Imported),
        };
        if score.is_nan() { Err(RowError::Overflow) } else { Ok(score) }
    }

    /// Appends the scores of checked rows of this width: all of them, or none if one cannot be scored.
    pub(crate) fn score_rows(
        &self,
        width: usize,
        rows: &[f64],
        scores: &mut Vec<f64>,
    ) -> Result<(), (usize, RowError)> {
        let before = scores.len();
        scores.reserve(rows.len() / width);
        match self {
            Self::Linear(linear) if rows.len() == width => scores.push(logistic(linear.sum(rows))),
            Self::Linear(linear) => {
                linear.sums(width, rows, scores);
                scores.iter_mut().skip(before).for_each(|score| *score = logistic(*score));
            }
            Self::Trees(trees) => trees.score_rows(width, rows, scores),
            Self::Imported { .. } if rows.is_empty() => {}
            Self::Imported { .. } => return Err((0, RowError::Imported)),
        }
        match scores.iter().skip(before).position(|score| score.is_nan()) {
            None => Ok(()),
            Some(row) => {
                scores.truncate(before);
                Err((row, RowError::Overflow))
            }
        }
    }

    pub(crate) fn explanation_scale(&self) -> Option<ExplanationScale> {
        match self {
            Self::Linear(_) => Some(ExplanationScale::LogOdds),
            Self::Trees(trees) if trees.means.is_empty() => None,
            Self::Trees(trees) if trees.aggregate == Aggregate::Sum && trees.link == Link::Logistic => {
                Some(ExplanationScale::LogOdds)
            }
            Self::Imported { explains: false } => None,
            Self::Trees(_) | Self::Imported { .. } => Some(ExplanationScale::Probability),
        }
    }

    /// Adds the contribution of each feature to the score of a checked row, and returns the base.
    pub(crate) fn explain(
        &self,
        schema: &Schema<'_>,
        profiles: &Profiles<'_>,
        row: &[f64],
        contributions: &mut [f64],
    ) -> Result<f64, ExplainError> {
        match self {
            Self::Linear(linear) => Ok(linear.explain(schema, profiles, row, contributions)),
            Self::Trees(trees) if !trees.means.is_empty() => Ok(trees.explain(row, contributions)),
            Self::Trees(_) | Self::Imported { .. } => Err(ExplainError::Unsupported),
        }
    }
}
