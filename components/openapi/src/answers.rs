//! Schemas of answers that several operations share.

use portent_model::{ExplanationScale, Model};
use serde_json::{Value, json};

use super::operation::{object, schema_reference};

/// Name of the responses of an application that takes records: FastAPI's form.
pub(crate) const DETAIL: &str = "Detail";

/// Name of the responses of an application that takes readings.
pub(crate) const DETAILS: &str = "Details";

/// Name of the responses of V1 and V2.
pub(crate) const MESSAGE: &str = "Message";

/// Name of the responses of MLflow.
pub(crate) const CODE: &str = "Code";

/// Statuses of a refused request to predict, in the dialects where a broken rule is 400.
pub(crate) const REFUSED: &[u16] = &[400, 413, 415, 503];

/// What stands for a status in words.
const STATUSES: [(u16, &str); 7] = [
    (400, "The body cannot be read, or breaks a rule"),
    (404, "There is no such model, or no such version of it"),
    (409, "The model is built in and stays"),
    (413, "The body, or the list in it, is longer than the limit"),
    (415, "The content type or the content encoding is not one that is read"),
    (422, "Every field that breaks a rule, with its place"),
    (503, "The model is not loaded"),
];

/// Refusals by dialect and status, to be referred to.
pub(crate) fn responses() -> Value {
    let mut responses = json!({});
    for (dialect, schema) in
        [(DETAIL, "Detail"), (DETAILS, "RefusedReadings"), (MESSAGE, "Message"), (CODE, "Code")]
    {
        for (status, description) in STATUSES {
            let schema = match (dialect, status) {
                (DETAIL, 422) => "RefusedRows",
                _ => schema,
            };
            responses[format!("{dialect}{status}")] = json!({
                "description": description,
                "headers": { "x-request-id": { "$ref": "#/components/headers/RequestId" } },
                "content": { "application/json": { "schema": schema_reference(schema) } },
            });
        }
    }
    responses
}

/// The schemas of refusals and explanations.
pub(crate) fn schemas(model: &Model<'_>) -> Value {
    let violation = violation();
    json!({
        "Detail": object(json!({ "detail": { "type": "string" } })),
        "RefusedRows": object(json!({ "detail": { "type": "array", "minItems": 1, "items": violation } })),
        "RefusedReadings": {
            "type": "object",
            "required": ["error"],
            "properties": {
                "error": { "type": "string" },
                "details": { "type": "array", "minItems": 1, "items": violation },
            },
        },
        "Code": object(json!({ "error_code": { "type": "string" }, "message": { "type": "string" } })),
        "Message": object(json!({ "error": { "type": "string" } })),
        "Explanation": explanation(model),
        "Warnings": warnings(model),
    })
}

/// Probability of a class.
pub(crate) fn share() -> Value {
    json!({ "type": "number", "minimum": 0, "maximum": 1 })
}

/// Index of a class.
pub(crate) fn class(model: &Model<'_>) -> Value {
    let names: Vec<_> =
        model.classes().enumerate().map(|(index, class)| format!("{index} {}", class.name)).collect();
    json!({ "description": names.join(", "), "enum": (0..model.classes().len()).collect::<Vec<_>>() })
}

/// Why the score is what it is.
fn explanation(model: &Model<'_>) -> Value {
    let scale = match model.explanation_scale() {
        Some(ExplanationScale::Probability) => "probability",
        Some(ExplanationScale::LogOdds) | None => "log-odds",
    };
    let names: Vec<_> = model.features().map(|feature| feature.name()).collect();
    let contribution = object(json!({
        "feature": { "enum": names },
        "value": { "type": ["number", "null"], "description": "as the model sees it" },
        "unit": { "type": "string" },
        "contribution": { "type": "number" },
    }));
    let mut schema = object(json!({
        "base": { "type": "number", "description": "what the model says of a row of which it knows nothing" },
        "scale": { "enum": [scale] },
        "sum": { "type": "number", "description": "`base` and all contributions: the score on this scale" },
        "contributions": { "type": "array", "items": contribution, "maxItems": names.len() },
    }));
    schema["description"] = "one contribution a feature, the largest first".into();
    schema
}

/// Values that are accepted, but not plausible.
fn warnings(model: &Model<'_>) -> Value {
    let names: Vec<_> = model.features().map(|feature| feature.name()).collect();
    json!({
        "type": "array",
        "minItems": 1,
        "maxItems": names.len(),
        "items": object(json!({ "field": { "enum": names }, "msg": { "type": "string" } })),
        "description": "values that are accepted, but that the training data make implausible",
    })
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
            "msg": { "type": "string" },
            "input": { "description": "what was sent there" },
            "ctx": { "type": "object", "description": "what the rule compares with" },
            "url": { "type": "string", "format": "uri" },
        },
    })
}
