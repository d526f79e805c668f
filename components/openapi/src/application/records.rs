//! Applications that take records: one object, or a batch of them.

use portent_event::Route;
use portent_model::Model;
use serde_json::{Map, Value, json};

use super::{list_schema, prediction};
use crate::limits;
use crate::openapi::answers::DETAIL;
use crate::openapi::examples::{examples, named};
use crate::openapi::operation::{Operation, object, schema_reference};
use crate::openapi::rows::{self, ENCODING, any_row, other_encodings, own_encoding, row_in};
use crate::openapi::tags::PREDICT;

pub(crate) fn operations(model: &Model<'_>) -> Vec<Operation> {
    vec![single(model), batch(model)]
}

pub(crate) fn schemas(model: &Model<'_>) -> Map<String, Value> {
    let mut schemas = rows::schemas(model);
    schemas.insert("Batch".into(), batch_schema(model));
    schemas.insert("Prediction".into(), answer(model));
    schemas
}

fn single(model: &Model<'_>) -> Operation {
    let chosen = examples(model);
    let mut shown = named(&chosen, |example| example.fields(model, |_| true));
    for encoding in other_encodings(model) {
        if let Some(row) = chosen.iter().find_map(|example| example.recoded(model, &encoding)) {
            let summary = format!("the same in {} coding", encoding.name());
            shown[encoding.name()] = json!({ "summary": summary, "value": row });
        }
    }
    Operation::new(Route::Predict, "predict", PREDICT, "Predict one row")
        .described(
            "A whole number may also come as `63.0` or `\"63\"`, and 0 or 1 as `false` or `true`. \
            Fields that the model does not have are ignored.",
        )
        .explaining(model)
        .accepting("application/json", any_row(model), shown)
        .answering(200, "The predicted class", schema_reference("Prediction"))
        .answering_also(&[400, 413, 415, 422, 503], DETAIL)
}

fn batch(model: &Model<'_>) -> Operation {
    let rows: Vec<_> = examples(model).iter().map(|example| example.fields(model, |_| true)).collect();
    let example = json!({ model.interface().list: rows });
    let answer = object(json!({
        "predictions": { "type": "array", "items": schema_reference("Prediction") },
        "count": { "type": "integer", "minimum": 0, "maximum": limits::BATCH_ROWS },
    }));
    Operation::new(Route::PredictBatch, "predictBatch", PREDICT, "Predict many rows")
        .described(format!(
            "All rows are predicted or none: one broken row refuses the batch, and every broken field is named. \
            At most {} rows, {} with explanations.",
            limits::BATCH_ROWS,
            limits::EXPLAINED_ROWS,
        ))
        .explaining(model)
        .accepting("application/json", schema_reference("Batch"), json!({ "batch": { "value": example } }))
        .answering(200, "The predicted classes, in the order of the rows", answer)
        .answering_also(&[400, 413, 415, 422, 503], DETAIL)
}

/// A batch that leaves the coding to its rows, or states it for all.
fn batch_schema(model: &Model<'_>) -> Value {
    let list = model.interface().list;
    let mut forms = vec![list_schema(list, &any_row(model))];
    if own_encoding(model).is_some() {
        for encoding in model.encodings() {
            let mut form = list_schema(list, &row_in(&encoding));
            form["required"] = json!([list, ENCODING]);
            form["properties"][ENCODING] =
                json!({ "enum": [encoding.name()], "description": "coding of the rows that state none" });
            forms.push(form);
        }
    }
    json!({ "anyOf": forms })
}

fn answer(model: &Model<'_>) -> Value {
    let interface = model.interface();
    let mut answer = prediction(model, "probability of the predicted class");
    answer["properties"]["model_name"] = json!({ "enum": [model.name()] });
    answer["required"] = json!([interface.prediction, interface.score, "model_name"]);
    let encodings: Vec<_> = other_encodings(model).map(|encoding| encoding.name()).collect();
    if !encodings.is_empty() {
        answer["properties"][ENCODING] =
            json!({ "enum": encodings, "description": "coding of the row, where it is not the model's own" });
    }
    answer
}
