//! The heart model as a scorer of its own: what the benchmark measures the way to a scorer by, since the prediction component
//! has the same model built in.
#![cfg(target_family = "wasm")]

use std::sync::LazyLock;

use portent_model::{FeatureKind as Kind, MissingPolicy as Missing, Model};

use bindings::exports::portent::serve::scorer::{
    Batch, Category, Description, Feature, FeatureKind, Guest, MissingPolicy, ScoreError, Scores,
};

static ARTEFACT: &[u8] = include_bytes!("../../../models/heart-disease.portent");

/// Opened once an instance; none if the artefact is not what the build saw.
static MODEL: LazyLock<Option<Model<'static>>> = LazyLock::new(|| Model::open_verified(ARTEFACT).ok());

struct Linear;

impl Guest for Linear {
    fn describe() -> Description {
        let features = MODEL.iter().flat_map(Model::features).map(|feature| described(&feature)).collect();
        let threshold = MODEL.as_ref().map(Model::threshold);
        Description {
            name: "heart_linear".to_owned(),
            version: "1.0.0".to_owned(),
            model_type: "LogisticRegression".to_owned(),
            features,
            classes: ["no_disease", "disease"].map(str::to_owned).to_vec(),
            positive_class: 1,
            threshold,
            explains: false,
        }
    }

    fn score(rows: Batch) -> Result<Scores, ScoreError> {
        let mut scores = Vec::new();
        let model = MODEL.as_ref().ok_or_else(|| ScoreError::Internal("no model".to_owned()))?;
        model
            .score_batch(&rows.values, &mut scores)
            .map_err(|(row, error)| ScoreError::Internal(format!("row {row}: {error}")))?;
        let values = scores.iter().flat_map(|score| [1.0 - score, *score]).collect();
        Ok(Scores { values, contributions: Vec::new() })
    }
}

fn described(feature: &portent_model::Feature<'_>) -> Feature {
    let category = |category: portent_model::Category<'_>| Category {
        value: category.value,
        label: category.label.to_owned(),
    };
    Feature {
        name: feature.name().to_owned(),
        unit: feature.unit().to_owned(),
        kind: match feature.kind() {
            Kind::Number => FeatureKind::Number,
            Kind::Integer => FeatureKind::Integer,
            Kind::Category => FeatureKind::Category,
        },
        lower: Some(feature.lower()).filter(|bound| bound.is_finite()),
        upper: Some(feature.upper()).filter(|bound| bound.is_finite()),
        categories: feature.categories().map(category).collect(),
        missing: match feature.missing() {
            Missing::Reject => MissingPolicy::Reject,
            Missing::Impute => MissingPolicy::Impute(feature.imputed()),
            Missing::Pass => MissingPolicy::Pass,
        },
    }
}

/// What `wit/portent.wit` states, as a component exports it.
#[expect(unsafe_code, reason = "generated")]
#[allow(
    clippy::all,
    clippy::mem_forget,
    missing_docs,
    unreachable_pub,
    missing_debug_implementations,
    reason = "generated"
)]
mod bindings {
    use super::Linear;

    wit_bindgen::generate!({ path: "../../wit", world: "scoring" });

    export!(Linear);
}
