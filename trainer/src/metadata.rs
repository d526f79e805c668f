//! Provenance, quality and notes: the JSON that an artefact carries for people.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::Task;

/// The metadata section: where the model comes from, how it was trained and how good it is are of types of
/// their own for each way of training.
#[derive(Debug, Serialize)]
pub(crate) struct Metadata<P, T, Q> {
    pub(crate) provenance: P,
    pub(crate) training: T,
    pub(crate) quality: Q,
    pub(crate) target: &'static str,
    pub(crate) units: BTreeMap<String, String>,
    pub(crate) intended_use: &'static [&'static str],
    pub(crate) limits: &'static [&'static str],
}

impl<P, T, Q> Metadata<P, T, Q> {
    pub(crate) fn new(task: &Task, provenance: P, training: T, quality: Q) -> Self {
        let measured = task.features.iter().filter(|feature| !feature.unit.is_empty());
        Self {
            provenance,
            training,
            quality,
            target: task.target,
            units: measured.map(|feature| (feature.name.clone(), feature.unit.clone())).collect(),
            intended_use: task.intended_use,
            limits: task.limits,
        }
    }
}
