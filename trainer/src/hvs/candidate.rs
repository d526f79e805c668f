//! What may raise an alarm: the forest, and what it must be better than.

use portent_model::Model;

use super::features::{WIDTH, looking_back, names};
use super::recording::Reading;
use crate::logistic::{LogisticModel, logistic};
use crate::train::TrainError;

/// A way to give every row a score.
#[derive(Clone, Debug)]
pub(super) enum Candidate<'a> {
    /// The artefact itself, as it will be served.
    Artefact(&'a Model<'a>),
    /// The artefact where a request holds only so many readings of a module.
    Cut(&'a Model<'a>, usize),
    /// Log-odds, to which the logarithm of the ratio between the odds in the recordings and in the sample is
    /// added (King and Zeng, "Logistic Regression in Rare Events Data", *Political Analysis* 9, 2001).
    Logistic(&'a LogisticModel, f64),
    /// A feature, or its negative where low values are suspicious.
    Rule { feature: usize, low: bool },
}

impl Candidate<'_> {
    /// Every rule of one feature and one threshold.
    pub(super) fn rules() -> impl Iterator<Item = Self> {
        (0..WIDTH).flat_map(|feature| [false, true].map(|low| Self::Rule { feature, low }))
    }

    pub(super) fn name(&self) -> String {
        match self {
            Self::Artefact(_) => "random forest".to_owned(),
            Self::Cut(_, 1) => "random forest, 1 reading a request".to_owned(),
            Self::Cut(_, history) => format!("random forest, {history} readings a request"),
            Self::Logistic(..) => "logistic regression (log-odds)".to_owned(),
            Self::Rule { feature, low } => {
                let name = names().into_iter().nth(*feature).unwrap_or_default();
                format!("rule: {}{name}", if *low { "−" } else { "" })
            }
        }
    }

    /// One score a row.
    pub(super) fn scores(&self, rows: &[f64]) -> Result<Vec<f64>, TrainError> {
        match self {
            Self::Artefact(model) => scores(model, rows),
            Self::Cut(model, history) => {
                let readings: Vec<Reading> =
                    rows.chunks_exact(WIDTH).filter_map(|row| row.first_chunk().copied()).collect();
                scores(model, &looking_back(&readings, *history)?)
            }
            Self::Logistic(model, prior) => {
                Ok(rows.chunks_exact(WIDTH).map(|row| model.log_odds(row) + prior).collect())
            }
            Self::Rule { feature, low } => {
                let sign = if *low { -1.0 } else { 1.0 };
                Ok(rows.iter().skip(*feature).step_by(WIDTH).map(|value| sign * value).collect())
            }
        }
    }

    /// The probability that a score states, if it does.
    pub(super) fn probability(&self, score: f64) -> Option<f64> {
        match self {
            Self::Artefact(_) | Self::Cut(..) => Some(score),
            Self::Logistic(..) => Some(logistic(score)),
            Self::Rule { .. } => None,
        }
    }
}

fn scores(model: &Model<'_>, rows: &[f64]) -> Result<Vec<f64>, TrainError> {
    let mut scores = Vec::with_capacity(rows.len() / WIDTH);
    model.score_batch(rows, &mut scores).map_err(|(_, error)| error)?;
    Ok(scores)
}
