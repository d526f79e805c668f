//! Routes that describe the service, its model and its health.

use portent_event::Route;
use portent_model::Model;
use serde_json::{Value, json};

use crate::operation::{DETAIL, DOCUMENTS, HEALTH, MODEL, Operation};
use crate::schema::{boolean, feature_names, list, object, only, schema_reference, share, text};

pub(crate) fn operations(model: &Model<'_>) -> Vec<Operation> {
    let name = only(model.name());
    let root = json!({
        "message": text(),
        "version": text(),
        "model_loaded": boolean(),
        "model_name": name,
        "endpoints": { "type": "object", "additionalProperties": text() },
    });
    let health = json!({ "status": text(), "model_loaded": boolean(), "model_name": name });
    let ready = json!({ "status": only("ready"), "model_name": name });
    let openapi = json!({ "type": "object", "required": ["openapi", "info", "paths"] });
    let page = json!({ "text/html; charset=utf-8": { "schema": text() } });
    vec![
        Operation::new(Route::Root, "describeService", MODEL, "What is served, and where").answering(
            200,
            "Name, version and routes",
            object(root),
        ),
        Operation::new(Route::ModelInfo, "describeModel", MODEL, "The model, its quality and its limits")
            .answering(200, "Description of the model", schema_reference("ModelInfo"))
            .refusing(&[503], DETAIL),
        Operation::new(Route::ModelProfile, "profileModel", MODEL, "Distributions of the training data")
            .answering(200, "Reference profile of features and score", schema_reference("ModelProfile"))
            .refusing(&[503], DETAIL),
        Operation::new(Route::Health, "health", HEALTH, "Health, in one answer")
            .with("description", "Always 200, for probes that know no other route.")
            .answering(200, "Whether a model is loaded", object(health)),
        Operation::new(Route::HealthLive, "live", HEALTH, "Liveness").answering(
            200,
            "The component runs",
            object(json!({ "status": only("alive") })),
        ),
        Operation::new(Route::HealthReady, "ready", HEALTH, "Readiness")
            .answering(200, "The model is loaded", object(ready))
            .answering(503, "The model is not loaded", object(json!({ "status": text(), "detail": text() }))),
        Operation::new(Route::OpenApi, "describeApi", DOCUMENTS, "This document")
            .answering(200, "OpenAPI 3.1", openapi)
            .refusing(&[503], DETAIL),
        Operation::new(Route::Docs, "showApi", DOCUMENTS, "A page to read and try this API")
            .answering_as(200, "The page", page),
    ]
}

/// Schemas of a model's description and profile.
pub(crate) fn schemas(model: &Model<'_>) -> Value {
    let count = model.feature_count();
    let classes: Vec<_> = model.classes().map(|class| class.name).collect();
    json!({
        "ModelInfo": object(json!({
            "model_name": only(model.name()),
            "model_type": only(model.model_type()),
            "features": list(json!({ "enum": feature_names(model) })),
            "version": only(model.version()),
            "sha256": { "type": "string", "pattern": "^[0-9a-f]{64}$" },
            "description": text(),
            "classes": list(json!({ "enum": classes })),
            "threshold": share(),
            "encodings": list(text()),
            "metadata": { "type": ["object", "null"], "description": "data, training, quality and limits, as in the model card" },
        })),
        "ModelProfile": object(json!({
            "sha256": text(),
            "app": text(),
            "model_name": only(model.name()),
            "model_type": only(model.model_type()),
            "version": only(model.version()),
            "classes": list(object(json!({ "name": text(), "share": share() }))),
            "score": object(distribution()),
            "features": {
                "type": "array",
                "minItems": count,
                "maxItems": count,
                "items": { "allOf": [object(json!({ "name": text() })), object(distribution())] },
            },
        })),
    })
}

fn distribution() -> Value {
    json!({
        "edges": { "type": "array", "items": { "type": "number" }, "description": "bounds between the bins, ascending" },
        "shares": { "type": "array", "items": share(), "description": "share of each bin" },
    })
}
