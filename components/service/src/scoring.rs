//! Checked rows to scores: by an artefact, or by a component that was imported.

use portent_event::ErrorType;
use portent_model::{Model, RowError};

use crate::explanation::Explanations;
use crate::json::push_float;
use crate::refusal::Refusal;
use crate::rows::Rows;
use crate::violation::{InputRule, Place, Violations};

/// Rows to scores.
pub(crate) trait Scorer {
    /// Scores all rows or none, and explains them if asked. It is asked only if the model has explanations.
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
    /// The rows do not fit the model, although they were checked.
    Unfit,
    /// An imported scorer refuses the row with this index, for this reason.
    Refused(usize, String),
    /// An imported scorer failed.
    Failed,
    /// What an imported scorer returned breaks this rule of its contract.
    Invalid(&'static str),
}

/// The scores of rows.
#[derive(Debug)]
pub(crate) struct Scored {
    /// Probability of the positive class, one per row.
    pub(crate) scores: Vec<f64>,
    /// Probability of each class, row after row, if there are more than two; else empty.
    pub(crate) classes: Vec<f64>,
    /// If they were asked for.
    pub(crate) explanations: Option<Explanations>,
}

/// Class and confidence of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prediction {
    pub(crate) class: usize,
    /// Probability of that class.
    pub(crate) confidence: f64,
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
    /// The answer to the client; `place` is that of a row in the request.
    pub(crate) fn refusal<'a>(self, place: impl Fn(usize) -> Place<'a>) -> Refusal<'a> {
        match self {
            Self::Overflow(row) => Violations::one(InputRule::overflow(), place(row), None).into(),
            Self::Refused(row, reason) => {
                Violations::one(InputRule::own("scorer_row", reason), place(row), None).into()
            }
            Self::Unfit | Self::Failed | Self::Invalid(_) => {
                Refusal::new(500, self.error_type(), self.message())
            }
        }
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

impl Scored {
    /// The class that a row is predicted as.
    pub(crate) fn prediction(&self, model: &Model<'_>, row: usize) -> Prediction {
        if let Some(scores) = self.of_classes(model, row) {
            let class = model.decide(scores);
            return Prediction { class, confidence: scores.get(class).copied().unwrap_or_default() };
        }
        let score = self.scores.get(row).copied().unwrap_or_default();
        let class = model.predict(score);
        let confidence = if class == model.positive_class() { score } else { 1.0 - score };
        Prediction { class, confidence }
    }

    /// Probability of a class.
    pub(crate) fn probability(&self, model: &Model<'_>, row: usize, class: usize) -> f64 {
        if let Some(scores) = self.of_classes(model, row) {
            return scores.get(class).copied().unwrap_or_default();
        }
        let score = self.scores.get(row).copied().unwrap_or_default();
        if class == model.positive_class() { score } else { 1.0 - score }
    }

    /// Appends the probabilities of all classes, as a list.
    pub(crate) fn push_probabilities(&self, out: &mut Vec<u8>, model: &Model<'_>, row: usize) {
        for class in 0..model.classes().len() {
            out.push(if class > 0 { b',' } else { b'[' });
            push_float(out, self.probability(model, row, class));
        }
        out.push(b']');
    }

    /// The scores of a row, if there are more than two classes.
    fn of_classes(&self, model: &Model<'_>, row: usize) -> Option<&[f64]> {
        let count = model.classes().len();
        let scores = self.classes.get(row * count..(row + 1) * count);
        scores.filter(|_| !self.classes.is_empty())
    }

    /// Appends the explanation of a row as a field of its answer, if one was asked for.
    pub(crate) fn push_explanation(&self, out: &mut Vec<u8>, model: &Model<'_>, rows: &Rows, row: usize) {
        if let Some(explanations) = &self.explanations {
            out.extend_from_slice(b",\"explanation\":");
            explanations.push(out, model, rows, row);
        }
    }
}
