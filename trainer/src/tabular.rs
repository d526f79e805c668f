//! Models of a data file: a logistic regression on its complete rows, measured by cross-validation.

mod cross_validation;
mod folds;
mod notes;

use std::path::Path;

use portent_model::Parameters;

use self::cross_validation::{Protocol, cross_validate};
use self::notes::{Provenance, Quality, Training};
use crate::dataset::{Dataset, Loaded};
use crate::logistic::LogisticModel;
use crate::metadata::Metadata;
use crate::metrics::{Metrics, Summary};
use crate::table::{DataError, Table};
use crate::train::{Evidence, Options, TrainError, Trained, finish, spec};
use crate::{TableTask, VERSION, self_check};

const FOLDS: usize = 10;
const REPEATS: u64 = 10;
const THRESHOLD: f64 = 0.5;

/// Inverse strength of the L2 penalty, as in scikit-learn.
const C: f64 = 1.0;

/// What was learnt from, and how well.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// Rows learnt from.
    pub rows_used: usize,
    /// Rows left out because a value is missing.
    pub rows_dropped: usize,
    /// Quality by cross-validation.
    pub metrics: Metrics<Summary>,
}

/// Trains on the file at `path`. The seed is that of the cross-validation's folds.
///
/// # Errors
/// [`TrainError`]; bad data are named by line and column.
pub fn train(table: &TableTask, path: &Path, options: Options) -> Result<Trained<Outcome>, TrainError> {
    let loaded = Loaded::from_table(&Table::read(path, &table.columns())?, table)?;
    let data = &loaded.data;
    require_rows_of_each_class(data, table)?;

    let fit = |data: &Dataset| LogisticModel::fit(data, C);
    let model = fit(data)?;
    let protocol = Protocol { folds: FOLDS, repeats: REPEATS, seed: options.seed };
    let metrics = cross_validate(data, protocol, THRESHOLD, fit)?;

    let scores: Vec<f64> = data.rows().iter().map(|row| model.score(row)).collect();
    let (columns, linear) = (model.columns(), model.linear());
    let parameters = Parameters::Linear { columns: columns.clone(), linear: linear.clone() };
    let self_check = self_check::rows(&table.task.features, data, &scores);
    let spec =
        spec(&table.task, parameters, THRESHOLD, Evidence { reference: data, scores: &scores, self_check });

    let provenance = provenance(table, &loaded, path, options);
    let training = Training { algorithm: "logistic regression, L2 penalty, on standardised columns", c: C };
    let metadata = Metadata::new(&table.task, provenance, training, Quality::new(protocol, metrics));
    let sections =
        notes::sections(&table.task, &spec, (&columns, &linear), &metadata.provenance, &metadata.quality);
    let rows_used = data.len();
    let outcome = Outcome { rows_used, rows_dropped: loaded.rows_read - rows_used, metrics };
    finish(&table.task, options.date, spec, &metadata, &sections, outcome)
}

/// Every fold needs a row of each class.
fn require_rows_of_each_class(data: &Dataset, table: &TableTask) -> Result<(), DataError> {
    for class in [false, true] {
        let actual = data.count(class);
        if actual < FOLDS {
            return Err(DataError::FewRows {
                column: table.target.column.to_owned(),
                class: table.task.classes[usize::from(class)].to_owned(),
                actual,
                required: FOLDS,
            });
        }
    }
    Ok(())
}

fn provenance(table: &TableTask, loaded: &Loaded, path: &Path, options: Options) -> Provenance {
    Provenance {
        source: table.source,
        file: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        sha256: loaded.sha256.clone(),
        rows_read: loaded.rows_read,
        rows_used: loaded.data.len(),
        rows_dropped: loaded.rows_read - loaded.data.len(),
        date: options.date.to_string(),
        trainer: VERSION,
        seed: options.seed,
    }
}
