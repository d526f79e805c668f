//! What makes scores of rows: one trait, for an artefact and for a component that was imported.

use portent_event::ErrorType;
use portent_model::{Model, RowError};

use crate::explanation::Explanations;
use crate::refusal::Refusal;
use crate::rows::Rows;
use crate::scoring::Scored;
use crate::violation::{Place, Rule, Violations};

/// Rows to scores.
pub(crate) trait Scorer {
    /// Scores all rows or none, and explains them if asked, which the model has been asked whether it can.
    fn score(&self, rows: &Rows, explain: bool) -> Result<Scored, NotScored>;

    /// Whether predictions can be expected of it.
    fn check(&self) -> Result<(), NotScored> {
        Ok(())
    }
}

/// Why rows have no scores.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotScored {
    /// The values of the row with this index are finite, but their weighted sum is not a number.
    Overflow(usize),
    /// The rows are not those of the model, although they were checked.
    Unfit,
    /// An imported scorer refuses the row with this index, for this reason.
    Refused(usize, String),
    /// An imported scorer said that it failed.
    Failed,
    /// What an imported scorer returned breaks this rule of its contract.
    Invalid(&'static str),
}

impl Scorer for Model<'_> {
    fn score(&self, rows: &Rows, explain: bool) -> Result<Scored, NotScored> {
        let mut scores = Vec::with_capacity(rows.values.len() / self.feature_count());
        self.score_batch(&rows.values, &mut scores).map_err(|(row, error)| match error {
            RowError::Overflow => NotScored::Overflow(row),
            _ => NotScored::Unfit,
        })?;
        let explanations = explain.then(|| Explanations::of(self, rows)).transpose();
        let explanations = explanations.map_err(|_| NotScored::Unfit)?;
        Ok(Scored { scores, classes: Vec::new(), explanations })
    }
}

impl NotScored {
    /// What the client is told; `place` is that of a row in the request.
    pub(crate) fn refusal<'a>(self, place: impl Fn(usize) -> Place<'a>) -> Refusal<'a> {
        match self {
            Self::Overflow(row) => Violations::one(Rule::overflow(), place(row), None).into(),
            Self::Refused(row, reason) => {
                Violations::one(Rule::own("scorer_row", reason), place(row), None).into()
            }
            Self::Unfit | Self::Failed | Self::Invalid(_) => {
                Refusal::new(500, self.error_type(), self.message())
            }
        }
    }

    /// What a readiness check is told.
    pub(crate) fn not_ready(&self) -> Refusal<'static> {
        Refusal::new(503, self.error_type(), self.message())
    }

    pub(crate) fn error_type(&self) -> ErrorType {
        match self {
            Self::Overflow(_) | Self::Refused(..) => ErrorType::Validation,
            Self::Unfit => ErrorType::Internal,
            Self::Failed => ErrorType::ScorerError,
            Self::Invalid(_) => ErrorType::ScorerInvalidOutput,
        }
    }

    pub(crate) fn message(&self) -> String {
        match self {
            Self::Overflow(_) | Self::Refused(..) => "Prediction error: the row cannot be scored".to_owned(),
            Self::Unfit => "Prediction error: the row does not fit the model".to_owned(),
            Self::Failed => "Scorer error: the scorer failed".to_owned(),
            Self::Invalid(rule) => format!("Scorer error: {rule}"),
        }
    }
}
