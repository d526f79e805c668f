//! What the service says of itself, its model and its health.

use portent_event::Route;
use portent_model::Model;
use serde_json::{Value, json};

use super::answers::{DETAIL, share};
use super::operation::{Operation, object, schema_reference};
use super::tags::{DOCUMENTS, HEALTH, MODEL};

pub(crate) fn operations(model: &Model<'_>) -> Vec<Operation> {
    let name = json!({ "enum": [model.name()] });
    let text = json!({ "type": "string" });
    let healthy = json!({ "status": text, "model_loaded": { "type": "boolean" }, "model_name": name });
    let ready = object(json!({ "status": { "enum": ["ready"] }, "model_name": name }));
    vec![
        Operation::new(Route::Root, "describeService", MODEL, "What is served, and where").answering(
            200,
            "Name, version and routes",
            object(json!({
                "message": text,
                "version": text,
                "model_loaded": { "type": "boolean" },
                "model_name": name,
                "endpoints": { "type": "object", "additionalProperties": text },
            })),
        ),
        Operation::new(Route::ModelInfo, "describeModel", MODEL, "The model, its quality and its limits")
            .answering(200, "Description of the model", schema_reference("ModelInfo"))
            .answering_also(&[503], DETAIL),
        Operation::new(Route::ModelProfile, "profileModel", MODEL, "Distributions of the training data")
            .answering(200, "Reference profile of features and score", schema_reference("ModelProfile"))
            .answering_also(&[503], DETAIL),
        Operation::new(Route::Health, "health", HEALTH, "Health, in one answer")
            .described("Always 200, for probes that know no other route.")
            .answering(200, "Whether a model is loaded", object(healthy)),
        Operation::new(Route::HealthLive, "live", HEALTH, "Liveness").answering(
            200,
            "The component runs",
            object(json!({ "status": { "enum": ["alive"] } })),
        ),
        Operation::new(Route::HealthReady, "ready", HEALTH, "Readiness")
            .answering(200, "The model is loaded", ready)
            .answering(503, "The model is not loaded", object(json!({ "status": text, "detail": text }))),
        Operation::new(Route::OpenApi, "describeApi", DOCUMENTS, "This document")
            .answering(
                200,
                "OpenAPI 3.1",
                json!({ "type": "object", "required": ["openapi", "info", "paths"] }),
            )
            .answering_also(&[503], DETAIL),
        Operation::new(Route::Docs, "showApi", DOCUMENTS, "A page to read and try this API").answering_as(
            "text/html; charset=utf-8",
            200,
            "The page",
            json!({ "type": "string" }),
        ),
    ]
}

/// Schemas of a model's description and profile.
pub(crate) fn schemas(model: &Model<'_>) -> Value {
    let text = json!({ "type": "string" });
    let list = |items: Value| json!({ "type": "array", "items": items });
    let names = |names: Vec<&str>| list(json!({ "enum": names }));
    let count = model.feature_count();
    json!({
        "ModelInfo": object(json!({
            "model_name": { "enum": [model.name()] },
            "model_type": { "enum": [model.model_type()] },
            "features": names(model.features().map(|feature| feature.name()).collect()),
            "version": { "enum": [model.version()] },
            "sha256": { "type": "string", "pattern": "^[0-9a-f]{64}$" },
            "description": text,
            "classes": names(model.classes().map(|class| class.name).collect()),
            "threshold": share(),
            "encodings": list(text.clone()),
            "metadata": { "type": ["object", "null"], "description": "data, training, quality and limits, as in the model card" },
        })),
        "ModelProfile": object(json!({
            "sha256": text,
            "app": text,
            "model_name": { "enum": [model.name()] },
            "model_type": { "enum": [model.model_type()] },
            "version": { "enum": [model.version()] },
            "classes": list(object(json!({ "name": text, "share": share() }))),
            "score": object(distribution()),
            "features": {
                "type": "array",
                "minItems": count,
                "maxItems": count,
                "items": { "allOf": [object(json!({ "name": text })), object(distribution())] },
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
