//! The application's own routes: `/predict`, and `/predict/batch` where it takes records.

mod readings;
mod records;

use portent_model::{Model, Style};
use serde_json::{Map, Value, json};

use super::answers::{class, share};
use super::operation::{Operation, object, schema_reference};
use crate::limits;

pub(crate) fn operations(model: &Model<'_>) -> Vec<Operation> {
    match model.interface().style {
        Style::Records => records::operations(model),
        Style::Readings => vec![readings::operation(model)],
    }
}

/// Schemas of rows, requests and answers.
pub(crate) fn schemas(model: &Model<'_>) -> Map<String, Value> {
    match model.interface().style {
        Style::Records => records::schemas(model),
        Style::Readings => readings::schemas(model),
    }
}

fn list_schema(name: &str, items: &Value) -> Value {
    object(json!({ name: { "type": "array", "items": items, "maxItems": limits::BATCH_ROWS } }))
}

/// What is said of one row.
fn prediction(model: &Model<'_>, score: &str) -> Value {
    let interface = model.interface();
    let mut prediction = object(json!({ interface.prediction: class(model), interface.score: share() }));
    let properties = &mut prediction["properties"];
    properties[interface.score]["description"] = score.into();
    properties["warnings"] = schema_reference("Warnings");
    if model.explanation_scale().is_some() {
        properties["explanation"] = schema_reference("Explanation");
    }
    prediction
}
