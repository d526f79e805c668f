//! Groups of operations.

use serde_json::{Value, json};

pub(crate) const PREDICT: &str = "Predictions";
pub(crate) const MODEL: &str = "Model";
pub(crate) const HEALTH: &str = "Health";
pub(crate) const DOCUMENTS: &str = "Documents";
pub(crate) const V1: &str = "V1";
pub(crate) const MLFLOW: &str = "MLflow";
pub(crate) const V2: &str = "Open Inference Protocol";

/// The groups in the order of reading.
pub(crate) fn tags() -> Value {
    let tag = |(name, description): (&str, &str)| json!({ "name": name, "description": description });
    [
        (PREDICT, "The application's own routes"),
        (MODEL, "What is served"),
        (HEALTH, "Whether it is served"),
        (DOCUMENTS, "This document, and a page to try it"),
        (V2, "Tensors in, tensors out: the V2 protocol of KServe, Triton and others"),
        (V1, "The V1 protocol of KServe and TensorFlow Serving"),
        (MLFLOW, "The scoring protocol of MLflow"),
    ]
    .into_iter()
    .map(tag)
    .collect()
}
