//! Routes that describe the service, its model and its health.

use portent_event::{ROUTES, Route};
use portent_model::{Model, Profile};
use serde_json::{Value, json};

use crate::exchange::Response;
use crate::model_state::{ModelState, NotReady};
use crate::outcome::Outcome;

pub(crate) fn root(model: &ModelState<'_>, base: &str) -> Outcome {
    let endpoints: serde_json::Map<String, Value> = ROUTES
        .iter()
        .filter_map(|info| {
            let purpose = purpose(info.route, model.takes_readings())?;
            Some((format!("{base}{}", info.route), format!("{} - {purpose}", info.method).into()))
        })
        .collect();
    Outcome::ok(&json!({
        // For KServe's client, which asks here in its first protocol.
        "status": "alive",
        "message": model.model().map_or("Prediction API", Model::description),
        "version": model.model().map(Model::version),
        "model_loaded": model.model().is_some(),
        "model_name": name(model),
        "endpoints": endpoints,
    }))
}

/// Always 200, as in the service that this replaces; liveness and readiness have routes of their own.
pub(crate) fn health(model: &ModelState<'_>) -> Outcome {
    Outcome::ok(
        &json!({ "status": "healthy", "model_loaded": model.model().is_some(), "model_name": name(model) }),
    )
}

pub(crate) fn live() -> Outcome {
    Outcome::ok(&json!({ "status": "alive" }))
}

pub(crate) fn ready(model: &ModelState<'_>) -> Outcome {
    match model.ready() {
        Ok(model) => Outcome::ok(&json!({ "status": "ready", "model_name": model.name() })),
        Err(NotReady { detail, error }) => {
            let body = json!({ "status": "not ready", "detail": detail }).to_string().into_bytes();
            Outcome { error: Some(error), ..Outcome::json(503, body) }
        }
    }
}

/// The page at `/docs`.
pub(crate) fn docs() -> Outcome {
    let headers = portent_openapi::docs::HEADERS.map(|(name, value)| (name, value.into())).into();
    Outcome::new(Response { status: 200, headers, body: portent_openapi::docs::page().into_bytes() })
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

/// The distributions that the aggregator needs of a model without its artefact file.
pub(crate) fn profile(model: &Model<'_>, app: &str) -> Outcome {
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
        "app": app,
        "model_name": model.name(),
        "model_type": model.model_type(),
        "version": model.version(),
        "classes": model.classes().map(|class| json!({ "name": class.name, "share": class.share })).collect::<Vec<_>>(),
        "score": distribution(model.score_profile()),
        "features": model.features().enumerate().map(feature).collect::<Vec<_>>(),
    }))
}

/// Purpose of a route; `None` for the description itself, and for routes that the application does not have.
fn purpose(route: Route, takes_readings: bool) -> Option<&'static str> {
    Some(match route {
        Route::Root | Route::Unmatched => return None,
        Route::PredictBatch if takes_readings => return None,
        Route::Predict if takes_readings => "Predictions for readings",
        Route::Predict => "Single prediction",
        Route::PredictBatch => "Batch predictions",
        Route::Health => "Health check",
        Route::HealthLive => "Liveness",
        Route::HealthReady => "Readiness: 503 without a model",
        Route::ModelInfo => "Model information",
        Route::ModelProfile => "Reference profile",
        Route::OpenApi => "Description of the API, OpenAPI 3.1",
        Route::Docs => "The API as a page to try it",
        Route::Ping => "MLflow: liveness",
        Route::Version => "MLflow: version",
        Route::Invocations => "MLflow: predictions",
        Route::V1Models => "V1: list of models",
        Route::V1Model => "V1: whether a model is ready",
        Route::V1Predict => "V1: predictions",
        Route::V2Server => "Open Inference Protocol: server",
        Route::V2Live => "Open Inference Protocol: liveness",
        Route::V2Ready => "Open Inference Protocol: readiness",
        Route::V2Models => "Open Inference Protocol: list of models",
        Route::V2Model => "Open Inference Protocol: model",
        Route::V2ModelReady => "Open Inference Protocol: readiness of a model",
        Route::V2Config => "Triton: configuration of a model",
        Route::V2Stats => "Triton: statistics of a model",
        Route::V2AllStats => "Triton: statistics of all models",
        Route::V2Infer => "Open Inference Protocol: predictions",
        Route::V2Index => "Triton: index of the model repository",
        Route::V2Load => "Triton: load a model",
        Route::V2Unload => "Triton: unload a model, which is refused",
    })
}

fn name<'m>(model: &ModelState<'m>) -> Option<&'m str> {
    model.model().map(Model::name)
}
