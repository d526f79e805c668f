//! Rows as objects, as lists and as columns, in each coding.

use portent_model::{Encoding, Feature, MissingPolicy, Model};
use serde_json::{Map, Value, json};

use crate::openapi::answers::{class, share};
use crate::openapi::operation::{object, schema_reference};
use crate::openapi::rows::{ENCODING, codings, strict_row};
use crate::openapi::values::{Domain, Taken, or_null};

pub(crate) fn schemas(model: &Model<'_>) -> Map<String, Value> {
    let mut schemas = Map::new();
    schemas.insert("RowObject".into(), in_each_coding(model, strict_row));
    schemas.insert("RowList".into(), in_each_coding(model, list));
    schemas.insert("RowColumns".into(), in_each_coding(model, columns));
    schemas.insert("Instances".into(), asked(model, "parameters", rows("instances")));
    schemas.insert("DataFrame".into(), data_frame(model));
    schemas.insert("Predictions".into(), predictions(model));
    schemas
}

fn in_each_coding<'m>(model: &Model<'m>, form: impl Fn(&Model<'m>, Option<&Encoding<'m>>) -> Value) -> Value {
    let forms = codings(model).iter().map(|coding| form(model, coding.as_ref())).collect::<Vec<_>>();
    json!({ "anyOf": forms })
}

/// A row as values in model order.
fn list<'m>(model: &Model<'m>, coding: Option<&Encoding<'m>>) -> Value {
    let values: Vec<_> = domains(model, coding).map(|(feature, domain)| value(&feature, &domain)).collect();
    json!({ "type": "array", "prefixItems": values, "items": false, "minItems": values.len() })
}

/// One row as columns.
fn columns<'m>(model: &Model<'m>, coding: Option<&Encoding<'m>>) -> Value {
    let column = |(feature, domain): (Feature<'_>, Domain<'_>)| {
        let value = value(&feature, &domain);
        let list = json!({ "type": "array", "items": value, "minItems": 1, "maxItems": 1 });
        (feature.name().to_owned(), list)
    };
    let columns: Map<_, _> = domains(model, coding).map(column).collect();
    let missing =
        |name: &str| model.features().any(|f| f.name() == name && f.missing() != MissingPolicy::Reject);
    let required: Vec<_> = columns.keys().filter(|name| !missing(name)).cloned().collect();
    json!({ "type": "object", "required": required, "properties": columns })
}

fn domains<'m>(
    model: &Model<'m>,
    coding: Option<&Encoding<'m>>,
) -> impl Iterator<Item = (Feature<'m>, Domain<'m>)> {
    model.features().enumerate().map(move |(index, feature)| match coding {
        None => (feature, Domain::own(&feature)),
        Some(coding) => (feature, Domain::of(coding, index, &feature)),
    })
}

fn value(feature: &Feature<'_>, domain: &Domain<'_>) -> Value {
    let mut schema = domain.schema(Taken::Strictly);
    if feature.missing() != MissingPolicy::Reject {
        schema = or_null(schema);
    }
    schema["title"] = feature.name().into();
    schema
}

/// Rows of one form under this name.
fn rows(name: &str) -> Vec<Value> {
    let list = |rows: &str| {
        object(json!({ name: { "type": "array", "items": schema_reference(rows), "minItems": 1 } }))
    };
    vec![list("RowObject"), list("RowList")]
}

fn data_frame(model: &Model<'_>) -> Value {
    let names: Vec<_> = model.features().map(|feature| feature.name()).collect();
    let split = object(json!({
        "columns": { "const": names },
        "data": { "type": "array", "items": schema_reference("RowList"), "minItems": 1 },
    }));
    let mut forms = vec![object(json!({ "dataframe_split": split }))];
    forms.extend(rows("dataframe_records").into_iter().take(1));
    forms.extend(rows("instances"));
    forms.extend(rows("inputs"));
    forms.push(object(json!({ "inputs": schema_reference("RowColumns") })));
    asked(model, "params", forms)
}

/// One of these forms, beside which an object of parameters may stand.
fn asked(model: &Model<'_>, name: &str, forms: Vec<Value>) -> Value {
    let flag = json!({ "type": "boolean" });
    let mut flags = json!({ "probabilities": flag });
    if model.explanation_scale().is_some() {
        flags["explain"] = flag;
    }
    let parameters = json!({ "type": ["object", "null"], "properties": flags });
    let form = |mut form: Value| {
        form["properties"][name] = parameters.clone();
        form
    };
    json!({ "anyOf": forms.into_iter().map(form).collect::<Vec<_>>() })
}

fn predictions(model: &Model<'_>) -> Value {
    let classes = model.classes().len();
    let shares = json!({ "type": "array", "items": share(), "minItems": classes, "maxItems": classes });
    let names: Vec<_> = model.encodings().map(|encoding| encoding.name()).collect();
    let mut answer = object(json!({
        "predictions": { "type": "array", "items": { "anyOf": [class(model), shares] } },
    }));
    if !names.is_empty() {
        answer["properties"][format!("{ENCODING}s")] =
            json!({ "type": "array", "items": { "enum": names }, "description": "coding of each row" });
    }
    if model.explanation_scale().is_some() {
        answer["properties"]["explanations"] =
            json!({ "type": "array", "items": schema_reference("Explanation") });
    }
    answer
}
