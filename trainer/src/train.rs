//! What every way of training shares: its options, its result, and how an artefact is put together.

use portent_event::time::Date;
use portent_model::{ArtefactError, ClassSpec, InvalidSpec, Model, ModelSpec, NoValue, Parameters, RowError};
use serde::Serialize;
use smartcore::error::Failed;

use crate::card::{self, Sections};
use crate::dataset::Dataset;
use crate::forest::ForestError;
use crate::metadata::Metadata;
use crate::table::DataError;
use crate::{Task, profile};

/// What a training run may choose.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Seed of everything that is random.
    pub seed: u64,
    /// Date that the artefact states.
    pub date: Date,
}

/// What a training run makes. The same input, seed and date give the same bytes.
#[derive(Clone, Debug)]
pub struct Trained<Q> {
    /// Bytes of the artefact.
    pub artefact: Vec<u8>,
    /// What the artefact holds.
    pub spec: ModelSpec,
    /// The model card, in Markdown.
    pub card: String,
    /// What is known of its quality.
    pub quality: Q,
}

/// Why nothing was trained.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The data are not fit for it.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Fewer scenarios than every part needs.
    #[error("{actual} scenarios: at least {required} are needed, for training, validation and test")]
    FewScenarios {
        /// Scenarios asked for.
        actual: u64,
        /// Fewest.
        required: u64,
    },
    /// A sensor shows nothing in a whole recording.
    #[error(transparent)]
    NoValue(#[from] NoValue),
    /// A row cannot be scored.
    #[error(transparent)]
    Row(#[from] RowError),
    /// smartcore could not fit a model.
    #[error(transparent)]
    Fit(#[from] Failed),
    /// smartcore's forest could not be taken over.
    #[error(transparent)]
    Forest(#[from] ForestError),
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

/// Rows as they occur, with their scores, for the reference profile, and rows for the self-check.
pub(crate) struct Evidence<'a> {
    pub(crate) reference: &'a Dataset,
    pub(crate) scores: &'a [f64],
    pub(crate) self_check: Vec<Vec<f64>>,
}

/// What can be said of a model without its data: enough to score, with even classes, the threshold 0.5, and
/// nothing to compare with.
#[must_use]
pub fn bare(task: &Task, parameters: Parameters) -> ModelSpec {
    ModelSpec {
        name: task.name.to_owned(),
        app: task.app.to_owned(),
        version: task.version.to_owned(),
        model_type: task.model_type.to_owned(),
        description: task.description.to_owned(),
        threshold: 0.5,
        positive_class: 1,
        encodings: task.encodings.clone(),
        classes: task.classes.map(|name| ClassSpec { name: name.to_owned(), share: 0.5 }).into(),
        parameters,
        profiles: Vec::new(),
        self_check: Vec::new(),
        metadata: String::new(),
        interface: task.interface,
        derivations: task.derivations.clone(),
        features: task.features.clone(),
    }
}

/// The specification of a model, but for its metadata.
pub(crate) fn spec(task: &Task, parameters: Parameters, threshold: f64, evidence: Evidence<'_>) -> ModelSpec {
    let Evidence { reference, scores, self_check } = evidence;
    let mut spec = ModelSpec { threshold, self_check, ..bare(task, parameters) };
    for (index, feature) in spec.features.iter_mut().enumerate() {
        let values = reference.column(index);
        feature.imputed = profile::median(&values);
        spec.profiles.push(profile::of_feature(feature, &values));
    }
    spec.profiles.push(profile::of_score(scores));
    let positive = reference.positive_share();
    spec.classes.iter_mut().zip([1.0 - positive, positive]).for_each(|(class, share)| class.share = share);
    spec
}

/// Writes the artefact and its card.
pub(crate) fn finish<P: Serialize, T: Serialize, Q: Serialize, R>(
    task: &Task,
    date: Date,
    mut spec: ModelSpec,
    metadata: &Metadata<P, T, Q>,
    sections: &Sections,
    quality: R,
) -> Result<Trained<R>, TrainError> {
    spec.metadata = serde_json::to_string(metadata)?;
    let artefact = spec.to_bytes()?;
    let card = card::render(&spec, task, date, Model::open(&artefact)?.digest(), sections);
    Ok(Trained { artefact, spec, card, quality })
}
