//! Pieces of JSON Schema, and the schemas that several groups of routes share.

use portent_model::{ExplanationScale, Model};
use serde_json::{Map, Value, json};

use crate::contract::WHOLE_NUMBER;

/// A reference to a schema of the document.
pub(crate) fn schema_reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// An object whose listed properties are always there.
pub(crate) fn object(properties: Value) -> Value {
    let names: Vec<_> = properties.as_object().into_iter().flat_map(Map::keys).collect();
    let mut schema = json!({ "type": "object", "required": names });
    schema["properties"] = properties;
    schema
}

/// A list of these items.
pub(crate) fn list(items: impl Into<Value>) -> Value {
    json!({ "type": "array", "items": items.into() })
}

/// A list of exactly these values.
pub(crate) fn tuple(values: &[Value]) -> Value {
    json!({ "type": "array", "prefixItems": values, "items": false, "minItems": values.len() })
}

/// This text and no other.
pub(crate) fn only(text: &str) -> Value {
    json!({ "enum": [text] })
}

pub(crate) fn text() -> Value {
    json!({ "type": "string" })
}

pub(crate) fn boolean() -> Value {
    json!({ "type": "boolean" })
}

/// Probability of a class.
pub(crate) fn share() -> Value {
    json!({ "type": "number", "minimum": 0, "maximum": 1 })
}

/// Index of a class.
pub(crate) fn class(model: &Model<'_>) -> Value {
    let names: Vec<_> =
        model.classes().enumerate().map(|(index, class)| format!("{index} {}", class.name)).collect();
    json!({ "description": names.join(", "), "enum": (0..names.len()).collect::<Vec<_>>() })
}

/// A number as JSON: without a fraction if it has none, `null` if it is not finite.
pub(crate) fn number(value: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "used only if it is whole and below 2^53")]
    let whole = value as i64;
    if value.fract() == 0.0 && value.abs() <= WHOLE_NUMBER { whole.into() } else { value.into() }
}

/// Names of the features in model order.
pub(crate) fn feature_names<'m>(model: &Model<'m>) -> Vec<&'m str> {
    model.features().map(|feature| feature.name()).collect()
}

/// The schemas of refusals, explanations and warnings.
pub(crate) fn shared(model: &Model<'_>) -> Value {
    let violations = json!({ "type": "array", "minItems": 1, "items": violation() });
    let names = feature_names(model);
    json!({
        "Detail": object(json!({ "detail": text() })),
        "RefusedRows": object(json!({ "detail": violations })),
        "RefusedReadings": {
            "type": "object",
            "required": ["error"],
            "properties": { "error": text(), "details": violations },
        },
        "Code": object(json!({ "error_code": text(), "message": text() })),
        "Message": object(json!({ "error": text() })),
        "Explanation": explanation(model),
        "Warnings": {
            "type": "array",
            "minItems": 1,
            "maxItems": names.len(),
            "items": object(json!({ "field": { "enum": names }, "msg": text() })),
            "description": "values that are accepted, but that the training data make implausible",
        },
    })
}

/// The explanation of a score.
fn explanation(model: &Model<'_>) -> Value {
    let scale = match model.explanation_scale() {
        Some(ExplanationScale::Probability) => "probability",
        Some(ExplanationScale::LogOdds) | None => "log-odds",
    };
    let names = feature_names(model);
    let contribution = object(json!({
        "feature": { "enum": names },
        "value": { "type": ["number", "null"], "description": "as the model sees it" },
        "unit": text(),
        "contribution": { "type": "number" },
    }));
    let mut schema = object(json!({
        "base": { "type": "number", "description": "what the model says of a row of which it knows nothing" },
        "scale": only(scale),
        "sum": { "type": "number", "description": "`base` and all contributions: the score on this scale" },
        "contributions": { "type": "array", "items": contribution, "maxItems": names.len() },
    }));
    schema["description"] = "one contribution a feature, the largest first".into();
    schema
}

/// One broken rule, in pydantic's form.
fn violation() -> Value {
    json!({
        "type": "object",
        "required": ["type", "loc", "msg"],
        "properties": {
            "type": { "type": "string", "description": "name of the rule", "examples": ["greater_than_equal"] },
            "loc": {
                "type": "array",
                "items": { "type": ["string", "integer"] },
                "description": "place: names of fields and numbers of rows",
            },
            "msg": text(),
            "input": { "description": "what was sent there" },
            "ctx": { "type": "object", "description": "what the rule compares with" },
            "url": { "type": "string", "format": "uri" },
        },
    })
}
