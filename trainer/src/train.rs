//! From a data file to an artefact and its card.

use std::path::Path;

use portent_model::{ArtefactError, ClassSpec, FeatureSpec, InvalidSpec, Model, ModelSpec, Parameters};
use smartcore::error::Failed;

use crate::cross_validation::{Protocol, cross_validate};
use crate::dataset::{Dataset, Loaded};
use crate::date::Date;
use crate::logistic::LogisticModel;
use crate::metadata::{self, Metadata, Provenance, Quality, Training};
use crate::metrics::{Metrics, Summary};
use crate::table::{DataError, Table};
use crate::{Task, VERSION, card, profile, self_check};

const FOLDS: usize = 10;
const REPEATS: u64 = 10;
const THRESHOLD: f64 = 0.5;

/// Inverse strength of the L2 penalty, as in scikit-learn.
const C: f64 = 1.0;

/// What a training run may choose.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Seed of the cross-validation's folds.
    pub seed: u64,
    /// Date that the artefact states.
    pub date: Date,
}

/// What a training run makes. The same data, seed and date give the same bytes.
#[derive(Clone, Debug)]
pub struct Trained {
    /// Bytes of the artefact.
    pub artefact: Vec<u8>,
    /// What the artefact holds.
    pub spec: ModelSpec,
    /// The model card, in Markdown.
    pub card: String,
    /// Rows learnt from.
    pub rows_used: usize,
    /// Rows left out because a value is missing.
    pub rows_dropped: usize,
    /// Quality by cross-validation.
    pub quality: Metrics<Summary>,
}

/// Why nothing was trained.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The data are not fit for it.
    #[error(transparent)]
    Data(#[from] DataError),
    /// smartcore could not fit a model.
    #[error(transparent)]
    Fit(#[from] Failed),
    /// The result is not an artefact that could be read.
    #[error(transparent)]
    Spec(#[from] InvalidSpec),
    /// The artefact just written cannot be read.
    #[error(transparent)]
    Artefact(#[from] ArtefactError),
    /// The metadata cannot be written.
    #[error(transparent)]
    Metadata(#[from] serde_json::Error),
}

/// Trains on the file at `path`.
///
/// # Errors
/// [`TrainError`]; bad data are named by line and column.
pub fn train(task: &Task, path: &Path, options: Options) -> Result<Trained, TrainError> {
    let table = Table::read(path, &task.columns())?;
    let loaded = Loaded::from_table(&table, task)?;
    require_rows_of_each_class(&loaded.data, task)?;

    let fit = |data: &Dataset| LogisticModel::fit(data, C);
    let model = fit(&loaded.data)?;
    let protocol = Protocol { folds: FOLDS, repeats: REPEATS, seed: options.seed };
    let quality = cross_validate(&loaded.data, protocol, THRESHOLD, fit)?;

    let metadata = Metadata {
        provenance: provenance(task, &loaded, path, options),
        training: Training { algorithm: "logistic regression, L2 penalty, on standardised columns", c: C },
        quality: Quality::new(protocol, quality),
        target: task.target.meaning,
        units: metadata::units(task),
        intended_use: task.intended_use,
        limits: task.limits,
    };
    let spec = spec(task, &loaded.data, &model, serde_json::to_string(&metadata)?);
    let artefact = spec.to_bytes()?;
    let card = card::render(&spec, &metadata, Model::open(&artefact)?.digest());
    let rows_used = loaded.data.len();
    Ok(Trained { artefact, spec, card, rows_used, rows_dropped: loaded.rows_read - rows_used, quality })
}

/// Every fold needs a row of each class.
fn require_rows_of_each_class(data: &Dataset, task: &Task) -> Result<(), DataError> {
    for class in [false, true] {
        let actual = data.count(class);
        if actual < FOLDS {
            return Err(DataError::FewRows {
                column: task.target.column.to_owned(),
                class: task.classes[usize::from(class)].to_owned(),
                actual,
                required: FOLDS,
            });
        }
    }
    Ok(())
}

fn provenance(task: &Task, loaded: &Loaded, path: &Path, options: Options) -> Provenance {
    Provenance {
        source: task.source,
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

fn spec(task: &Task, data: &Dataset, model: &LogisticModel, metadata: String) -> ModelSpec {
    let scores: Vec<f64> = data.rows().iter().map(|row| model.score(row)).collect();
    let features = (0..).zip(&task.features);
    let features: Vec<FeatureSpec> = features
        .map(|(index, feature)| FeatureSpec {
            imputed: profile::median(&data.column(index)),
            ..feature.clone()
        })
        .collect();
    let profiles =
        (0..).zip(&features).map(|(index, feature)| profile::of_feature(feature, &data.column(index)));
    let positive = data.positive_share();
    let classes = task.classes.iter().zip([1.0 - positive, positive]);
    ModelSpec {
        name: task.name.to_owned(),
        app: task.app.to_owned(),
        version: task.version.to_owned(),
        model_type: task.model_type.to_owned(),
        description: task.description.to_owned(),
        threshold: THRESHOLD,
        positive_class: 1,
        encodings: task.encodings.clone(),
        classes: classes.map(|(name, share)| ClassSpec { name: (*name).to_owned(), share }).collect(),
        parameters: Parameters::Linear { columns: model.columns(), linear: model.linear() },
        profiles: profiles.chain([profile::of_score(&scores)]).collect(),
        self_check: self_check::rows(&features, data, &scores),
        metadata,
        interface: task.interface.clone(),
        derivations: Vec::new(),
        features,
    }
}
