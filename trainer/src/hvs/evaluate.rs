//! Measuring an artefact on a file of recordings.

use std::path::Path;

use portent_model::Model;
use serde::Serialize;

use super::candidate::Candidate;
use super::quality::{EventFigures, RowFigures, observe};
use super::{csv, features};
use crate::train::TrainError;

/// How an artefact does on a file of recordings, with its own threshold.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// Scenarios of the file.
    pub scenarios: usize,
    /// Labelled rows.
    pub rows: usize,
    /// By event.
    pub events: EventFigures,
    /// By labelled row; `None` if all are of one class.
    pub row_figures: Option<RowFigures>,
}

/// Why an artefact cannot be measured on a file.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The model has other features than the task.
    #[error("the model's features are not those of hvs")]
    Features,
    /// The data are not fit for it.
    #[error(transparent)]
    Data(#[from] TrainError),
}

/// Measures `model` on a file as `trainer simulate hvs` writes it.
///
/// # Errors
/// [`EvaluateError`]; bad data are named by line and column.
pub fn evaluate(model: &Model<'_>, path: &Path) -> Result<Evaluation, EvaluateError> {
    if !model.features().map(|feature| feature.name().to_owned()).eq(features::names()) {
        return Err(EvaluateError::Features);
    }
    let recordings = csv::read(path).map_err(TrainError::from)?;
    let candidates = [Candidate::Artefact(model)];
    let scenarios = recordings.len();
    let (observed, positive) = observe(&candidates, recordings.into_iter(), true)?;
    let [observed] = &observed[..] else { return Err(EvaluateError::Features) };
    let both = positive.contains(&true) && positive.contains(&false);
    Ok(Evaluation {
        scenarios,
        rows: positive.len(),
        events: EventFigures::of(&observed.alarms, model.threshold()),
        row_figures: both.then(|| observed.rows(&candidates[0], &positive)),
    })
}
