//! What the service says of itself and its model.

use portent_event::{ErrorType, ROUTES};
use portent_model::{Model, Profile};
use serde_json::{Value, json};

use crate::outcome::Outcome;
use crate::service::ModelState;

pub(crate) fn root(model: &ModelState<'_>) -> Outcome {
    let endpoints: serde_json::Map<String, Value> = ROUTES
        .iter()
        .filter_map(|info| {
            Some((info.route.to_string(), format!("{} - {}", info.method, purpose(info)?).into()))
        })
        .collect();
    Outcome::ok(&json!({
        // What KServe's client asks here, in its first protocol.
        "status": "alive",
        "message": match model {
            ModelState::Loaded(model) => model.description(),
            ModelState::Unavailable(_) => "Prediction API",
        },
        "version": match model {
            ModelState::Loaded(model) => Some(model.version()),
            ModelState::Unavailable(_) => None,
        },
        "model_loaded": is_loaded(model),
        "model_name": name(model),
        "endpoints": endpoints,
    }))
}

/// Always 200, as in the service that this replaces; liveness and readiness have routes of their own.
pub(crate) fn health(model: &ModelState<'_>) -> Outcome {
    Outcome::ok(&json!({ "status": "healthy", "model_loaded": is_loaded(model), "model_name": name(model) }))
}

pub(crate) fn live() -> Outcome {
    Outcome::ok(&json!({ "status": "alive" }))
}

pub(crate) fn ready(model: &ModelState<'_>) -> Outcome {
    match model {
        ModelState::Loaded(model) => Outcome::ok(&json!({ "status": "ready", "model_name": model.name() })),
        ModelState::Unavailable(reason) => {
            let body = json!({ "status": "not ready", "detail": format!("Model not loaded: {reason}") });
            Outcome {
                error: Some(ErrorType::ModelNotLoaded),
                ..Outcome::json(503, body.to_string().into_bytes())
            }
        }
    }
}

pub(crate) fn info(model: &Model<'_>) -> Outcome {
    Outcome::ok(&json!({
        "model_name": model.name(),
        "model_type": model.model_type(),
        "features": model.features().map(|feature| feature.name()).collect::<Vec<_>>(),
        "version": model.version(),
        "sha256": model.digest(),
        "description": model.description(),
        "classes": model.classes().map(|class| class.name).collect::<Vec<_>>(),
        "threshold": model.threshold(),
        "encodings": model.encodings().map(|encoding| encoding.name()).collect::<Vec<_>>(),
        "metadata": serde_json::from_str::<Value>(model.metadata()).unwrap_or(Value::Null),
    }))
}

/// What the aggregator needs to know of a model whose file it does not have.
pub(crate) fn profile(model: &Model<'_>) -> Outcome {
    let distribution = |profile: Profile<'_>| {
        json!({
            "edges": profile.edges().collect::<Vec<_>>(),
            "shares": profile.shares().collect::<Vec<_>>(),
        })
    };
    let feature = |(index, feature): (usize, portent_model::Feature<'_>)| {
        let mut object = distribution(model.feature_profile(index));
        object["name"] = feature.name().into();
        object
    };
    Outcome::ok(&json!({
        "sha256": model.digest(),
        "app": model.app(),
        "model_name": model.name(),
        "model_type": model.model_type(),
        "version": model.version(),
        "classes": model.classes().map(|class| json!({ "name": class.name, "share": class.share })).collect::<Vec<_>>(),
        "score": distribution(model.score_profile()),
        "features": model.features().enumerate().map(feature).collect::<Vec<_>>(),
    }))
}

fn purpose(info: &portent_event::RouteInfo) -> Option<&'static str> {
    use portent_event::Route::{
        Health, HealthLive, HealthReady, ModelInfo, ModelProfile, Predict, PredictBatch,
    };
    match info.route {
        Predict => Some("Single prediction"),
        PredictBatch => Some("Batch predictions"),
        Health => Some("Health check"),
        HealthLive => Some("Liveness"),
        HealthReady => Some("Readiness: 503 without a model"),
        ModelInfo => Some("Model information"),
        ModelProfile => Some("Reference profile"),
        _ => None,
    }
}

fn is_loaded(model: &ModelState<'_>) -> bool {
    matches!(model, ModelState::Loaded(_))
}

fn name<'m>(model: &ModelState<'m>) -> Option<&'m str> {
    match model {
        ModelState::Loaded(model) => Some(model.name()),
        ModelState::Unavailable(_) => None,
    }
}
