//! Applications that take lists of readings.

use portent_event::Route;
use portent_model::{Interface, Model};
use serde_json::{Map, Value, json};

use super::{list_schema, prediction};
use crate::limits;
use crate::openapi::answers::{DETAIL, DETAILS};
use crate::openapi::examples::{Example, examples, named};
use crate::openapi::operation::{Operation, object, schema_reference};
use crate::openapi::rows::{Field, fields};
use crate::openapi::tags::PREDICT;
use crate::openapi::values::{Domain, Taken};

/// Seconds from 1970 to the end of the year 9999.
const GREATEST_SECONDS: i64 = 253_402_300_799;

pub(crate) fn operation(model: &Model<'_>) -> Operation {
    let interface = model.interface();
    let chosen = examples(model);
    let list = |rows: Vec<Value>| json!({ interface.list: rows });
    let complete = |example: &Example| grouped(interface, example.fields(model, |_| true));
    let mut shown = named(&chosen, |example| list(vec![complete(example)]));
    let form = |name: &str| {
        let mut form = list_schema(interface.list, &schema_reference(name));
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
        .described(text)
        .explaining(model)
        .accepting("application/json", json!({ "anyOf": forms }), shown)
        .answering(200, "The predicted classes, in the order of the readings", schema_reference("Prediction"))
        .answering_also(&[400, 413, 415], DETAILS)
        .answering_also(&[503], DETAIL)
}

pub(crate) fn schemas(model: &Model<'_>) -> Map<String, Value> {
    let interface = model.interface();
    let features = || model.features().enumerate();
    let complete = features().map(|(_, feature)| (feature, Domain::own(&feature)));
    let raw = features().filter(|(index, _)| !model.is_derived(*index));
    let raw = raw.map(|(_, feature)| (feature, Domain::own(&feature).within(limits::RAW_VALUE)));
    let mut schemas = Map::new();
    schemas.insert("Reading".into(), reading(interface, "a reading with all features", complete));
    if model.derivations().next().is_some() {
        schemas.insert("RawReading".into(), timed(interface, reading(interface, "a raw reading", raw)));
    }
    schemas.insert("Prediction".into(), answer(model));
    schemas
}

/// The fields of a reading, none of which may be missing.
fn reading<'m>(
    interface: Interface<'_>,
    title: &str,
    features: impl Iterator<Item = (portent_model::Feature<'m>, Domain<'m>)>,
) -> Value {
    let field = |(feature, domain)| Field { feature, domain, is_required: true };
    let mut schema = fields(features.map(field), Taken::Leniently);
    schema["title"] = title.into();
    if !interface.group.is_empty() {
        schema["properties"][interface.group] =
            json!({ "type": ["string", "null"], "description": "what the reading is of" });
    }
    schema
}

/// A reading that says when it was taken.
fn timed(interface: Interface<'_>, mut reading: Value) -> Value {
    reading["properties"][interface.time] = json!({
        "description": "when it was taken: a time, in UTC where it has no offset, or seconds since 1970",
        "anyOf": [
            { "type": "string", "format": "date-time" },
            { "type": "number", "minimum": -GREATEST_SECONDS, "maximum": GREATEST_SECONDS },
        ],
    });
    if let Some(required) = reading["required"].as_array_mut() {
        required.push(interface.time.into());
    }
    reading
}

fn answer(model: &Model<'_>) -> Value {
    let group = model.interface().group;
    let mut prediction = prediction(model, "probability of the positive class");
    if !group.is_empty() {
        prediction["properties"][group] =
            json!({ "type": ["string", "null"], "description": "as in the reading" });
    }
    object(json!({
        "error": { "type": "null" },
        "model_version": { "enum": [model.version()] },
        "predictions": { "type": "array", "items": prediction },
    }))
}

/// Adds the group to an example.
fn grouped(interface: Interface<'_>, mut row: Value) -> Value {
    if !interface.group.is_empty() {
        row[interface.group] = "A1".into();
    }
    row
}
