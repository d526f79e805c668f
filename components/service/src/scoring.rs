//! Checked rows to scores.

use portent_event::{ErrorType, Predictions};
use portent_model::{Model, RowError};

use crate::explanation::Explanations;
use crate::json::push_float;
use crate::observe::observe;
use crate::outcome::Outcome;
use crate::refusal::Refusal;
use crate::rows::Rows;
use crate::violation::{Place, Rule, Violations};

/// What a model made of rows.
#[derive(Debug)]
pub(crate) struct Scored {
    /// Probability of the positive class, one a row.
    pub(crate) scores: Vec<f64>,
    /// Where they were asked for.
    pub(crate) explanations: Option<Explanations>,
}

/// Class and confidence of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prediction {
    pub(crate) class: usize,
    /// Probability of that class.
    pub(crate) confidence: f64,
}

/// Scores all rows or none, and explains them if asked; `place` is that of a row in the request.
pub(crate) fn score<'a>(
    model: &Model<'_>,
    rows: &Rows,
    explain: bool,
    place: impl Fn(usize) -> Place<'a>,
) -> Result<Scored, Refusal<'a>> {
    let mut scores = Vec::with_capacity(rows.values.len() / model.feature_count());
    model.score_batch(&rows.values, &mut scores).map_err(|(row, error)| not_scored(error, place(row)))?;
    let explanations = explain.then(|| Explanations::of(model, rows)).transpose()?;
    Ok(Scored { scores, explanations })
}

impl Scored {
    /// The class that a row is predicted as.
    pub(crate) fn prediction(&self, model: &Model<'_>, row: usize) -> Prediction {
        let score = self.scores.get(row).copied().unwrap_or_default();
        let class = model.predict(score);
        let confidence = if class == model.positive_class() { score } else { 1.0 - score };
        Prediction { class, confidence }
    }

    /// Appends the probabilities of all classes, as a list.
    pub(crate) fn push_probabilities(&self, out: &mut Vec<u8>, model: &Model<'_>, row: usize) {
        let score = self.scores.get(row).copied().unwrap_or_default();
        for class in 0..model.classes().len() {
            out.push(if class > 0 { b',' } else { b'[' });
            push_float(out, if class == model.positive_class() { score } else { 1.0 - score });
        }
        out.push(b']');
    }

    /// Appends the explanation of a row as a field of its answer, where one was asked for.
    pub(crate) fn push_explanation(&self, out: &mut Vec<u8>, model: &Model<'_>, rows: &Rows, row: usize) {
        if let Some(explanations) = &self.explanations {
            out.extend_from_slice(b",\"explanation\":");
            explanations.push(out, model, rows, row);
        }
    }

    /// What the rows add to the counts.
    pub(crate) fn observed(&self, model: &Model<'_>, rows: &Rows) -> Predictions<'static> {
        observe(model, rows, &self.scores)
    }
}

impl Outcome {
    /// 200 with the predictions that it tells.
    pub(crate) fn predicted(body: Vec<u8>, predictions: Predictions<'static>) -> Self {
        Self { predictions: Some(Box::new(predictions)), ..Self::json(200, body) }
    }
}

/// Rows were validated, so only sums beyond the range of numbers are the client's doing.
fn not_scored(error: RowError, place: Place<'_>) -> Refusal<'_> {
    match error {
        RowError::Overflow => Violations::one(Rule::overflow(), place, None).into(),
        RowError::Width { .. } | RowError::Missing(_) | RowError::NotFinite(_) => {
            Refusal::new(500, ErrorType::Internal, "Prediction error: the row does not fit the model")
        }
    }
}
