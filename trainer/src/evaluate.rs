//! Measuring an artefact on labelled data.

use std::path::Path;

use portent_model::{Model, RowError};
use serde::Serialize;

use crate::TableTask;
use crate::dataset::Loaded;
use crate::metrics::Metrics;
use crate::table::{DataError, Table};

/// How an artefact does on a file.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// SHA-256 of the file.
    pub sha256: String,
    /// Rows of the file.
    pub rows_read: usize,
    /// Rows scored: those without a missing value.
    pub rows_used: usize,
    /// The others.
    pub rows_dropped: usize,
    /// Share of the positive class.
    pub positive_share: f64,
    /// The figures.
    pub metrics: Metrics,
}

/// Why an artefact cannot be measured on a file.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The data are not fit for it.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The model has other features than the task.
    #[error("the model's features are not those of {0}")]
    Features(&'static str),
    /// A row cannot be scored.
    #[error(transparent)]
    Row(#[from] RowError),
}

/// Measures `model` on a file that has the columns of `task`.
///
/// # Errors
/// [`EvaluateError`]; bad data are named by line and column.
pub fn evaluate(model: &Model<'_>, task: &TableTask, path: &Path) -> Result<Evaluation, EvaluateError> {
    if !model.features().map(|feature| feature.name()).eq(task
        .task
        .features
        .iter()
        .map(|feature| &feature.name))
    {
        return Err(EvaluateError::Features(task.task.app));
    }
    let Loaded { data, rows_read, sha256 } = Loaded::from_table(&Table::read(path, &task.columns())?, task)?;
    let scores = data.rows().iter().map(|row| model.score(row)).collect::<Result<Vec<_>, _>>()?;
    Ok(Evaluation {
        sha256,
        rows_read,
        rows_used: data.len(),
        rows_dropped: rows_read - data.len(),
        positive_share: data.positive_share(),
        metrics: Metrics::of(data.positive(), &scores, model.threshold()),
    })
}
