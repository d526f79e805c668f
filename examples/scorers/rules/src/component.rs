//! The component: the rules by the contract of `wit/`.

use bindings::exports::portent::serve::scorer::{
    Batch, Description, Feature, FeatureKind, Guest, MissingPolicy, ScoreError, Scores,
};

use crate::rules::FEATURES;
use crate::{CLASSES, THRESHOLD};

struct Rules;

impl Guest for Rules {
    fn describe() -> Description {
        let feature = |feature: &crate::rules::Feature| Feature {
            name: feature.name.to_owned(),
            unit: feature.unit.to_owned(),
            kind: FeatureKind::Number,
            lower: Some(feature.least),
            upper: Some(feature.greatest),
            categories: Vec::new(),
            missing: feature.otherwise.map_or(MissingPolicy::Reject, MissingPolicy::Impute),
        };
        Description {
            name: "hvs_rules".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            model_type: "RuleList".to_owned(),
            features: FEATURES.iter().map(feature).collect(),
            classes: CLASSES.map(str::to_owned).to_vec(),
            positive_class: 1,
            threshold: Some(THRESHOLD),
            explains: true,
        }
    }

    fn score(rows: Batch) -> Result<Scores, ScoreError> {
        let refused = |(row, reason): (usize, &str)| {
            ScoreError::Row((u32::try_from(row).unwrap_or(u32::MAX), reason.to_owned()))
        };
        let scored = crate::score(&rows.values, rows.explain).map_err(refused)?;
        Ok(Scores { values: scored.values, contributions: scored.contributions })
    }
}

/// Bindings of `wit/portent.wit`.
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
    use super::Rules;

    wit_bindgen::generate!({ path: "../../../wit", world: "scoring" });

    export!(Rules);
}
