//! Checked rows to scores.

use portent_event::Predictions;
use portent_model::Model;

use crate::call::Call;
use crate::explanation::{self, Explanations};
use crate::json::push_float;
use crate::observe::observe;
use crate::outcome::Outcome;
use crate::refusal::Refusal;
use crate::rows::Rows;
use crate::violation::Place;

/// What a model made of rows.
#[derive(Debug)]
pub(crate) struct Scored {
    /// Probability of the positive class, one a row.
    pub(crate) scores: Vec<f64>,
    /// Probability of each class, row after row, where there are more than two; empty otherwise.
    pub(crate) classes: Vec<f64>,
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
    call: &Call<'_>,
    rows: &Rows,
    explain: bool,
    place: impl Fn(usize) -> Place<'a>,
) -> Result<Scored, Refusal<'a>> {
    if explain {
        explanation::check(call.model, rows)?;
    }
    call.scorer.score(rows, explain).map_err(|problem| problem.refusal(place))
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

    /// The scores of a row, where there are more than two classes.
    fn of_classes(&self, model: &Model<'_>, row: usize) -> Option<&[f64]> {
        let count = model.classes().len();
        let scores = self.classes.get(row * count..(row + 1) * count);
        scores.filter(|_| !self.classes.is_empty())
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
        observe(model, rows, self)
    }
}

impl Outcome {
    /// 200 with the predictions that it tells.
    pub(crate) fn predicted(body: Vec<u8>, predictions: Predictions<'static>) -> Self {
        Self { predictions: Some(Box::new(predictions)), ..Self::json(200, body) }
    }
}
