//! The OpenAPI 3.1 document of a model's prediction API, and the page that shows it.
//!
//! [`document`] describes requests and answers with the names, units, bounds, codes and examples of one model. It is
//! made from the model alone. `application`, `v1`, `v2` and `about` each describe a group of routes: their operations
//! and the schemas of these. They share `operation`, `schema`, `rows`, `values`, `pattern` and `examples`.
//! [`contract`] holds the limits and names that the service keeps. [`docs`] is the page.

pub mod contract;
pub mod docs;

mod about;
mod application;
mod examples;
mod operation;
mod pattern;
mod rows;
mod schema;
mod v1;
mod v2;
mod values;

use portent_model::{Model, Style};
use serde_json::{Value, json};

use contract::{BODY_BYTES, EXPLAIN, FALSE_WORDS, PROBABILITIES, TRUE_WORDS};

#[cfg(test)]
mod tests;

/// The document for a model that is served under the path `base`, which is empty or such as `/hvs`.
#[must_use]
pub fn document(model: &Model<'_>, base: &str) -> Value {
    let operations = [application::operations(model), about::operations(model), v2::operations(model)];
    let mut paths = json!({});
    for operation in operations.into_iter().flatten().chain(v1::operations(model)) {
        let method = operation.method();
        paths[operation.path][method] = operation.value;
    }
    let mut schemas = schema::shared(model);
    for group in [application::schemas(model), about::schemas(model), v2::schemas(model), v1::schemas(model)]
    {
        if let (Value::Object(all), Value::Object(group)) = (&mut schemas, group) {
            all.extend(group);
        }
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
        "tags": operation::tags(),
        "x-interface": interface(model),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": operation::refusals(),
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

/// Removes components that nothing refers to, such as refusals of a protocol that the application does not have.
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
    let flag = pattern::any_case(&[&TRUE_WORDS[..], &FALSE_WORDS].concat());
    let in_query = |name: &str, description: &str| {
        json!({
            "name": name,
            "in": "query",
            "required": false,
            "description": description,
            "schema": { "type": ["boolean", "string"], "pattern": flag, "default": false },
        })
    };
    json!({
        "model": in_path("model", model.name()),
        "version": in_path("version", model.version()),
        EXPLAIN: in_query(EXPLAIN, "whether to add one contribution a feature to each prediction"),
        PROBABILITIES: in_query(PROBABILITIES, "whether to answer the probabilities of all classes"),
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
        BODY_BYTES / (1024 * 1024),
    )
}
