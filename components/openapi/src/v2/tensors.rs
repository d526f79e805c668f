//! Tensors: requests, answers and metadata.

use portent_model::{Feature, MissingPolicy, Model};
use serde_json::{Map, Value, json};

use crate::openapi::examples::{examples, named};
use crate::openapi::operation::object;
use crate::openapi::rows::{own_encoding, row_values, value};
use crate::openapi::values::Taken;

/// Rows that the schema of a request shows.
const ROWS: usize = 2;

/// The outputs that every model has.
const OUTPUTS: [&str; 3] = ["predict", "predict_proba", "label"];

/// The outputs of a model that explains.
const EXPLANATIONS: [&str; 2] = ["contributions", "contributions_base"];

pub(crate) fn schemas(model: &Model<'_>) -> Map<String, Value> {
    let mut schemas = Map::new();
    schemas.insert("InferenceRequest".into(), request(model));
    schemas.insert("Inference".into(), answer(model));
    schemas.insert("Metadata".into(), metadata(model));
    schemas.insert("MatrixFP64".into(), matrix(model, "FP64", Taken::Strictly));
    schemas.insert("MatrixINT64".into(), matrix(model, "INT64", Taken::AsInteger));
    schemas
}

/// The examples of rows, each as one tensor.
pub(crate) fn request_examples(model: &Model<'_>) -> Value {
    let width = model.feature_count();
    named(&examples(model), |example| {
        let tensor =
            json!({ "name": "input", "shape": [1, width], "datatype": "FP64", "data": example.values() });
        json!({ "inputs": [tensor] })
    })
}

fn request(model: &Model<'_>) -> Value {
    let mut inputs: Vec<_> = ["MatrixFP64", "MatrixINT64"]
        .into_iter()
        .map(|name| {
            let tensor = json!({ "$ref": format!("#/components/schemas/{name}") });
            json!({ "type": "array", "items": tensor, "minItems": 1, "maxItems": 1 })
        })
        .collect();
    if model.features().all(|feature| feature.missing() == MissingPolicy::Reject) {
        inputs.push(tensors_by_feature(model));
    }
    let mut parameters = json!({
        "explain": { "type": "boolean", "description": "adds the outputs `contributions` and `contributions_base`" },
        "binary_data_output": { "type": "boolean", "description": "asks for outputs in binary form" },
    });
    if let Some(name) = own_encoding(model) {
        parameters["encoding"] = json!({
            "enum": [name],
            "description": "the coding of the values; another name of `model/info` has them read as its codes",
        });
    }
    json!({
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "id": { "type": ["string", "null"], "description": "echoed in the answer" },
            "parameters": { "type": ["object", "null"], "properties": parameters },
            "inputs": { "anyOf": inputs },
            "outputs": outputs(model),
        },
    })
}

/// One tensor of all features: one row or two, flat or nested.
fn matrix(model: &Model<'_>, datatype: &str, taken: Taken) -> Value {
    let row = row_values(model, taken);
    let values = row["prefixItems"].as_array().cloned().unwrap_or_default();
    let names: Vec<_> = model.features().map(|feature| feature.name()).collect();
    let of_rows = |rows: usize| {
        let flat: Vec<_> = values.iter().cycle().take(rows * values.len()).collect();
        tensor(json!({
            "name": { "type": "string", "not": { "enum": names } },
            "shape": { "const": [rows, values.len()] },
            "datatype": { "const": datatype },
            "data": { "anyOf": [
                { "type": "array", "prefixItems": flat, "items": false, "minItems": flat.len() },
                { "type": "array", "items": row, "minItems": rows, "maxItems": rows },
            ] },
        }))
    };
    json!({ "anyOf": (1..=ROWS).map(of_rows).collect::<Vec<_>>() })
}

/// One tensor a feature, of one row.
fn tensors_by_feature(model: &Model<'_>) -> Value {
    let column = |feature: Feature<'_>| {
        tensor(json!({
            "name": { "const": feature.name() },
            "shape": { "enum": [[1], [1, 1]] },
            "datatype": { "const": "FP64" },
            "data": { "type": "array", "prefixItems": [value(&feature, Taken::Strictly)], "items": false, "minItems": 1 },
        }))
    };
    let columns: Vec<_> = model.features().map(column).collect();
    json!({ "type": "array", "prefixItems": columns, "items": false, "minItems": columns.len() })
}

fn tensor(properties: Value) -> Value {
    object(properties)
}

/// Any outputs, each once; or the classes by probability.
fn outputs(model: &Model<'_>) -> Value {
    let names = output_names(model);
    let output = object(json!({ "name": { "enum": names } }));
    let once = |name| {
        let named = json!({ "properties": { "name": { "const": name } } });
        json!({ "contains": named, "minContains": 0, "maxContains": 1 })
    };
    let once: Vec<_> = names.iter().map(once).collect();
    let classification = object(json!({
        "name": { "const": "predict_proba" },
        "parameters": {
            "type": ["object", "null"],
            "properties": {
                "classification": {
                    "type": "integer",
                    "minimum": 0,
                    "maximum": u32::MAX,
                    "description": "this many classes as texts `probability:index:name`, the most probable first",
                },
                "binary_data": { "type": "boolean" },
            },
        },
    }));
    json!({ "anyOf": [
        { "type": "array", "items": output, "maxItems": names.len(), "allOf": once },
        { "type": "array", "items": classification, "minItems": 1, "maxItems": 1 },
        { "type": "null" },
    ] })
}

fn answer(model: &Model<'_>) -> Value {
    let output = object(json!({
        "name": { "enum": output_names(model) },
        "shape": shape(),
        "datatype": { "enum": ["BYTES", "FP64", "INT64"] },
        "data": { "type": "array", "items": { "type": ["number", "string"] } },
    }));
    let mut answer = object(json!({
        "model_name": { "enum": [model.name()] },
        "model_version": { "enum": [model.version()] },
        "outputs": { "type": "array", "items": output },
    }));
    answer["properties"]["id"] = json!({ "type": "string", "description": "that of the request" });
    answer
}

fn metadata(model: &Model<'_>) -> Value {
    let text = json!({ "type": "string" });
    let tensors = || {
        let tensor = object(json!({ "name": text, "datatype": text, "shape": shape() }));
        json!({ "type": "array", "items": tensor })
    };
    object(json!({
        "name": { "enum": [model.name()] },
        "versions": { "type": "array", "items": { "enum": [model.version()] } },
        "platform": text,
        "inputs": tensors(),
        "outputs": tensors(),
    }))
}

fn shape() -> Value {
    json!({ "type": "array", "items": { "type": "integer", "minimum": -1 } })
}

fn output_names(model: &Model<'_>) -> Vec<&'static str> {
    let explanations = if model.explanation_scale().is_some() { &EXPLANATIONS[..] } else { &[] };
    OUTPUTS.iter().chain(explanations).copied().collect()
}
