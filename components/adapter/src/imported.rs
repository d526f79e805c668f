//! The model of the scorer that this component is composed with.

use portent_model::FeatureKind;
use portent_service::{
    ClassScores, DescribedFeature, Description, Imported, Missing, ModelState, ScoreError,
};

use bindings::portent::serve::scorer;

/// The scorer, by its description.
pub(crate) fn model(log_error: fn(&str)) -> ModelState<'static> {
    let described = scorer::describe();
    let description = Description {
        name: described.name,
        version: described.version,
        model_type: described.model_type,
        features: described.features.into_iter().map(feature).collect(),
        classes: described.classes,
        positive_class: described.positive_class,
        threshold: described.threshold,
        explains: described.explains,
    };
    // The model is a view into the artefact, which stays for the life of the instance.
    let imported = description.to_artefact().and_then(|artefact| {
        Imported::new(artefact.leak(), score, log_error).map_err(|error| error.to_string())
    });
    imported.map_or_else(
        |rule| ModelState::Contradictory(format!("the scorer's description: {rule}")),
        ModelState::Imported,
    )
}

fn score(values: &[f64], explain: bool) -> Result<ClassScores, ScoreError> {
    match scorer::score(scorer::BatchParam { values, explain }) {
        Ok(scorer::Scores { values, contributions }) => Ok(ClassScores { values, contributions }),
        Err(scorer::ScoreError::Row((row, reason))) => Err(ScoreError::Row(row, reason)),
        Err(scorer::ScoreError::Internal(text)) => Err(ScoreError::Internal(text)),
    }
}

fn feature(described: scorer::Feature) -> DescribedFeature {
    let scorer::Feature { name, unit, kind, lower, upper, categories, missing } = described;
    DescribedFeature {
        name,
        unit,
        kind: match kind {
            scorer::FeatureKind::Number => FeatureKind::Number,
            scorer::FeatureKind::Integer => FeatureKind::Integer,
            scorer::FeatureKind::Category => FeatureKind::Category,
        },
        lower,
        upper,
        categories: categories.into_iter().map(|category| (category.value, category.label)).collect(),
        missing: match missing {
            scorer::MissingPolicy::Reject => Missing::Reject,
            scorer::MissingPolicy::Impute(value) => Missing::Impute(value),
            scorer::MissingPolicy::Pass => Missing::Pass,
        },
    }
}

/// What `wit/portent.wit` states, as the component imports it.
#[allow(clippy::all, unsafe_code, unreachable_pub, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "scored",
        ownership: Borrowing { duplicate_if_necessary: true },
    });
}
