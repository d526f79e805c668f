//! The model of the scorer that this component is composed with.

use portent_model::FeatureKind;
use portent_service::{
    ClassScores, DescribedFeature, Description, Imported, Missing, ModelState, ScoreError,
};

use bindings::portent::serve::scorer;

/// The scorer, by its description: asked once an instance.
pub(crate) fn model(complain: fn(&str)) -> ModelState<'static> {
    let described = description(scorer::describe()).to_artefact();
    // The artefact stays for the life of the instance, and the model is a view into it.
    let imported = described.and_then(|artefact| {
        Imported::new(artefact.leak(), score, complain).map_err(|error| error.to_string())
    });
    match imported {
        Ok(imported) => ModelState::Imported(imported),
        Err(rule) => {
            let reason = format!("the scorer's description: {rule}");
            complain(&reason);
            ModelState::Contradictory(reason)
        }
    }
}

fn score(values: &[f64], explain: bool) -> Result<ClassScores, ScoreError> {
    match scorer::score(scorer::BatchParam { values, explain }) {
        Ok(scorer::Scores { values, contributions }) => Ok(ClassScores { values, contributions }),
        Err(scorer::ScoreError::Row((row, reason))) => Err(ScoreError::Row(row, reason)),
        Err(scorer::ScoreError::Internal(text)) => Err(ScoreError::Internal(text)),
    }
}

fn description(described: scorer::Description) -> Description {
    let scorer::Description {
        name,
        version,
        model_type,
        features,
        classes,
        positive_class,
        threshold,
        explains,
    } = described;
    let features = features.into_iter().map(feature).collect();
    Description { name, version, model_type, features, classes, positive_class, threshold, explains }
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
#[allow(
    clippy::all,
    unsafe_code,
    missing_docs,
    unreachable_pub,
    missing_debug_implementations,
    reason = "generated"
)]
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "scored",
        ownership: Borrowing { duplicate_if_necessary: true },
    });
}
