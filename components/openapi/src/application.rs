//! The application's own routes: `/predict`, and `/predict/batch` if it takes records.

use portent_event::Route;
use portent_model::{Feature, Interface, Model, Style};
use serde_json::{Value, json};

use crate::contract::{BATCH_ROWS, ENCODING, EXPLAIN, EXPLAINED_ROWS, GREATEST_SECONDS, RAW_VALUE};
use crate::examples::{Example, examples, named};
use crate::operation::{DETAIL, DETAILS, Operation, PREDICT};
use crate::rows::{self, any_row, domains, other_encodings, own_encoding, row_in};
use crate::schema::{class, list, number, object, only, schema_reference, share};
use crate::values::{Accepted, Domain};

pub(crate) fn operations(model: &Model<'_>) -> Vec<Operation> {
    match model.interface().style {
        Style::Records => vec![single(model), batch(model)],
        Style::Readings => vec![readings(model)],
    }
}

/// Schemas of rows, requests and answers.
pub(crate) fn schemas(model: &Model<'_>) -> Value {
    match model.interface().style {
        Style::Records => record_schemas(model),
        Style::Readings => reading_schemas(model),
    }
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
    let text = "A whole number may also come as `63.0` or `\"63\"`, and 0 or 1 as `false` or `true`. \
        Fields that the model does not have are ignored.";
    Operation::new(Route::Predict, "predict", PREDICT, "Predict one row")
        .with("description", text)
        .asking(model, &[EXPLAIN])
        .accepting(any_row(model), shown)
        .answering(200, "The predicted class", schema_reference("Prediction"))
        .refusing(&[400, 413, 415, 422, 503], DETAIL)
}

fn batch(model: &Model<'_>) -> Operation {
    let rows: Vec<_> = examples(model).iter().map(|example| example.fields(model, |_| true)).collect();
    let example = json!({ model.interface().list: rows });
    let answer = object(json!({
        "predictions": list(schema_reference("Prediction")),
        "count": { "type": "integer", "minimum": 0, "maximum": BATCH_ROWS },
    }));
    let text = format!(
        "All rows are predicted or none: one broken row refuses the batch, and every broken field is named. \
        At most {BATCH_ROWS} rows, {EXPLAINED_ROWS} with explanations.",
    );
    Operation::new(Route::PredictBatch, "predictBatch", PREDICT, "Predict many rows")
        .with("description", text)
        .asking(model, &[EXPLAIN])
        .accepting(schema_reference("Batch"), json!({ "batch": { "value": example } }))
        .answering(200, "The predicted classes, in the order of the rows", answer)
        .refusing(&[400, 413, 415, 422, 503], DETAIL)
}

/// A batch leaves the coding to its rows, or states it for all of them.
fn record_schemas(model: &Model<'_>) -> Value {
    let interface = model.interface();
    let mut batches = vec![rows_of(interface, &any_row(model))];
    if own_encoding(model).is_some() {
        for encoding in model.encodings() {
            let mut form = rows_of(interface, &row_in(&encoding));
            form["required"] = json!([interface.list, ENCODING]);
            form["properties"][ENCODING] =
                json!({ "enum": [encoding.name()], "description": "coding of the rows that state none" });
            batches.push(form);
        }
    }
    let mut answer = prediction(model, "probability of the predicted class");
    answer["properties"]["model_name"] = only(model.name());
    answer["required"] = json!([interface.prediction, interface.score, "model_name"]);
    let encodings: Vec<_> = other_encodings(model).map(|encoding| encoding.name()).collect();
    if !encodings.is_empty() {
        answer["properties"][ENCODING] =
            json!({ "enum": encodings, "description": "coding of the row, where it is not the model's own" });
    }
    let mut schemas = rows::schemas(model);
    schemas["Batch"] = json!({ "anyOf": batches });
    schemas["Prediction"] = answer;
    schemas
}

fn readings(model: &Model<'_>) -> Operation {
    let interface = model.interface();
    let chosen = examples(model);
    let list = |rows: Vec<Value>| json!({ interface.list: rows });
    let mut shown = named(&chosen, |example| list(vec![grouped(interface, example.fields(model, |_| true))]));
    let form = |name: &str| {
        let mut form = rows_of(interface, &schema_reference(name));
        form["properties"][interface.list]["minItems"] = 1.into();
        form
    };
    let mut forms = vec![form("Reading")];
    let mut text = format!("A list under `{}`, which may hold one reading or many.", interface.list);
    if model.derivations().next().is_some() {
        forms.push(form("RawReading"));
        let raw = |(number, example): (usize, &Example)| {
            let mut row = grouped(interface, example.fields(model, |feature| !model.is_derived(feature)));
            row[interface.time] = format!("2026-01-01T00:00:{:02}Z", 10 * number).into();
            row
        };
        let rows: Vec<_> = chosen.iter().enumerate().map(raw).collect();
        if !rows.is_empty() {
            shown["raw"] = json!({ "summary": "two raw readings of one group", "value": list(rows) });
        }
        text += &format!(
            " A reading holds all features, or the raw ones only with its `{0}`; then changes and moving averages \
            are computed from the readings of its group in this request, in the order of time. Readings of a group \
            have different times. A raw value that is `null` or absent takes that of the reading before.",
            interface.time,
        );
    }
    Operation::new(Route::Predict, "predict", PREDICT, "Predict readings")
        .with("description", text)
        .asking(model, &[EXPLAIN])
        .accepting(json!({ "anyOf": forms }), shown)
        .answering(200, "The predicted classes, in the order of the readings", schema_reference("Prediction"))
        .refusing(&[400, 413, 415], DETAILS)
        .refusing(&[503], DETAIL)
}

fn reading_schemas(model: &Model<'_>) -> Value {
    let interface = model.interface();
    let mut prediction = prediction(model, "probability of the positive class");
    if !interface.group.is_empty() {
        prediction["properties"][interface.group] =
            json!({ "type": ["string", "null"], "description": "as in the reading" });
    }
    let answer = object(json!({
        "error": { "type": "null" },
        "model_version": only(model.version()),
        "predictions": list(prediction),
    }));
    let complete = reading(interface, "a reading with all features", domains(model, None));
    let mut schemas = json!({ "Reading": complete, "Prediction": answer });
    if model.derivations().next().is_some() {
        let raw = domains(model, None).enumerate().filter(|(index, _)| !model.is_derived(*index));
        let raw = raw.map(|(_, (feature, domain))| (feature, domain.within(RAW_VALUE)));
        let mut raw = reading(interface, "a raw reading", raw);
        raw["properties"][interface.time] = json!({
            "description": "when it was taken: a time, in UTC where it has no offset, or seconds since 1970",
            "anyOf": [
                { "type": "string", "format": "date-time" },
                { "type": "number", "minimum": number(-GREATEST_SECONDS), "maximum": number(GREATEST_SECONDS) },
            ],
        });
        if let Some(required) = raw["required"].as_array_mut() {
            required.push(interface.time.into());
        }
        schemas["RawReading"] = raw;
    }
    schemas
}

/// The fields of a reading, none of which may be missing.
fn reading<'m>(
    interface: Interface<'_>,
    title: &str,
    features: impl Iterator<Item = (Feature<'m>, Domain<'m>)>,
) -> Value {
    let mut schema = rows::fields(features, |_| true, Accepted::Lenient);
    schema["title"] = title.into();
    if !interface.group.is_empty() {
        schema["properties"][interface.group] =
            json!({ "type": ["string", "null"], "description": "what the reading is of" });
    }
    schema
}

/// Adds the group to an example.
fn grouped(interface: Interface<'_>, mut row: Value) -> Value {
    if !interface.group.is_empty() {
        row[interface.group] = "A1".into();
    }
    row
}

fn rows_of(interface: Interface<'_>, items: &Value) -> Value {
    object(json!({ interface.list: { "type": "array", "items": items, "maxItems": BATCH_ROWS } }))
}

/// The answer for one row.
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
