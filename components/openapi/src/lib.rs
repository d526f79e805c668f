//! The API, described as OpenAPI 3.1: real names, units, bounds, codes and examples of the served model.
//!
//! Made on request, from the model alone. [`document`] joins the operations of the groups below it; each group
//! holds its requests, its answers and their schemas.

mod about;
mod answers;
mod application;
mod examples;
mod operation;
mod pattern;
mod rows;
mod tags;
mod v1;
mod v2;
mod values;

use portent_model::{Model, Style};
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::limits;
use crate::outcome::Outcome;
use operation::Operation;

/// Answers with the document.
pub(crate) fn describe(call: &Call<'_>) -> Outcome {
    Outcome::ok(&document(call.model, call.base))
}

/// The document for a model that is served under `base` (empty, or `/hvs`).
fn document(model: &Model<'_>, base: &str) -> Value {
    let mut paths = Map::new();
    for operation in operations(model) {
        let item = paths.entry(operation.path.clone()).or_insert_with(|| json!({}));
        let method = operation.method();
        item[method] = operation.into_value();
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": model.app(),
            "version": model.version(),
            "summary": model.description(),
            "description": description(model),
        },
        "servers": [{ "url": if base.is_empty() { "/" } else { base } }],
        "tags": tags::tags(),
        "x-interface": interface(model),
        "paths": paths,
        "components": {
            "schemas": schemas(model),
            "responses": answers::responses(),
            "parameters": parameters(model),
            "headers": {
                "RequestId": {
                    "description": "identity of the request: taken from `x-request-id` or `traceparent`, or made",
                    "required": true,
                    "schema": { "type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$" },
                },
            },
        },
    });
    remove_unused(&mut document);
    document
}

/// Removes components that nothing refers to, such as refusals of a dialect that the application does not speak.
fn remove_unused(document: &mut Value) {
    for kind in ["parameters", "responses", "schemas"] {
        let mut before = usize::MAX;
        while let Some(components) = document["components"][kind].as_object()
            && components.len() < before
        {
            before = components.len();
            let text = document.to_string();
            let is_used = |name: &str| text.contains(&format!("\"#/components/{kind}/{name}\""));
            if let Some(components) = document["components"][kind].as_object_mut() {
                components.retain(|name, _| is_used(name));
            }
        }
    }
}

fn operations(model: &Model<'_>) -> Vec<Operation> {
    let mut operations = application::operations(model);
    operations.extend(about::operations(model));
    operations.extend(v2::operations(model));
    operations.extend(v1::operations(model));
    operations
}

fn schemas(model: &Model<'_>) -> Map<String, Value> {
    let mut schemas = application::schemas(model);
    schemas.extend(v2::schemas(model));
    schemas.extend(v1::schemas(model));
    for group in [about::schemas(model), answers::schemas(model)] {
        schemas.extend(group.as_object().cloned().unwrap_or_default());
    }
    schemas
}

/// How requests and answers of the application look, for pages that build forms.
fn interface(model: &Model<'_>) -> Value {
    let interface = model.interface();
    json!({
        "style": match interface.style {
            Style::Records => "records",
            Style::Readings => "readings",
        },
        "list": interface.list,
        "group": interface.group,
        "prediction": interface.prediction,
        "score": interface.score,
        "positive_class": model.positive_class(),
    })
}

fn parameters(model: &Model<'_>) -> Value {
    let in_path = |name: &str, value: &str| {
        json!({
            "name": name,
            "in": "path",
            "required": true,
            "description": format!("the served {name}"),
            "schema": { "type": "string", "enum": [value] },
            "example": value,
        })
    };
    let in_query = |name: &str, description: &str| {
        json!({
            "name": name,
            "in": "query",
            "required": false,
            "description": description,
            "schema": { "type": "boolean", "default": false },
        })
    };
    json!({
        "model": in_path("model", model.name()),
        "version": in_path("version", model.version()),
        "explain": in_query("explain", "whether to add one contribution a feature to each prediction"),
        "probabilities": in_query("probabilities", "whether to answer the probabilities of all classes"),
    })
}

fn description(model: &Model<'_>) -> String {
    format!(
        "Model `{}`, version {}, SHA-256 `{}`.\n\nBodies have at most {} MiB and may be compressed \
        (`Content-Encoding: gzip` or `deflate`). Whatever is sent, the answer is JSON: an error names every broken \
        field, its place and the rule. `HEAD` follows `GET`, and `OPTIONS` names the methods of a route.",
        model.name(),
        model.version(),
        model.digest(),
        limits::BODY_BYTES / (1024 * 1024),
    )
}
