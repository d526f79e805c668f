//! Provenance, quality and notes: the JSON that an artefact carries for people.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cross_validation::Protocol;
use crate::metrics::{Metrics, Summary};
use crate::{Source, Task};

/// The metadata section.
#[derive(Debug, Serialize)]
pub(crate) struct Metadata {
    pub(crate) provenance: Provenance,
    pub(crate) training: Training,
    pub(crate) quality: Quality,
    pub(crate) target: &'static str,
    pub(crate) units: BTreeMap<String, String>,
    pub(crate) intended_use: &'static [&'static str],
    pub(crate) limits: &'static [&'static str],
}

/// Where the model comes from.
#[derive(Debug, Serialize)]
pub(crate) struct Provenance {
    pub(crate) source: Source,
    pub(crate) file: String,
    pub(crate) sha256: String,
    pub(crate) rows_read: usize,
    pub(crate) rows_used: usize,
    pub(crate) rows_dropped: usize,
    pub(crate) date: String,
    pub(crate) trainer: &'static str,
    pub(crate) seed: u64,
}

/// How it was fitted.
#[derive(Debug, Serialize)]
pub(crate) struct Training {
    pub(crate) algorithm: &'static str,
    pub(crate) c: f64,
}

/// How good it is, and how that was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Quality {
    pub(crate) protocol: String,
    #[serde(flatten)]
    pub(crate) numbers: Protocol,
    pub(crate) metrics: Metrics<Summary>,
}

impl Quality {
    pub(crate) fn new(numbers: Protocol, metrics: Metrics<Summary>) -> Self {
        let Protocol { folds, repeats, seed } = numbers;
        let protocol = format!(
            "stratified {folds}-fold cross-validation, {repeats} repeats (SplitMix64 seeds from {seed}), standardisation \
             fitted inside each fold; metrics of all out-of-fold scores of a repeat, then mean and sd over repeats"
        );
        Self { protocol, numbers, metrics }
    }
}

/// Units of the features that have one.
pub(crate) fn units(task: &Task) -> BTreeMap<String, String> {
    let measured = task.features.iter().filter(|feature| !feature.unit.is_empty());
    measured.map(|feature| (feature.name.clone(), feature.unit.clone())).collect()
}
