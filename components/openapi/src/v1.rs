//! V1 and MLflow: rows as objects, lists, columns or lines in, classes out.

use portent_event::Route;
use portent_model::{Encoding, Feature, Model};
use serde_json::{Map, Value, json};

use crate::contract::{
    DATAFRAME_RECORDS, DATAFRAME_SPLIT, ENCODING, EXPLAIN, INPUTS, INSTANCES, PARAMETERS, PARAMS,
    PROBABILITIES,
};
use crate::examples::{Example, examples};
use crate::operation::{CODE, MESSAGE, MLFLOW, Operation, REFUSED, V1};
use crate::rows::{self, domains, in_each_coding, may_be_missing};
use crate::schema::{
    boolean, class, feature_names, list, object, only, schema_reference, share, text, tuple,
};
use crate::values::{Accepted, Domain, or_null};

/// The description that both protocols have of a prediction.
const PREDICTION: &str = "A prediction is the number of the class, or the list of the classes' probabilities. The coding \
    of all rows may be stated as `encoding` beside `explain` in the body.";

pub(crate) fn operations(model: &Model<'_>) -> Vec<Operation> {
    let names = json!({ "models": list(only(model.name())) });
    let ready = json!({ "name": only(model.name()), "ready": boolean() });
    let version = json!({ "text/plain; charset=utf-8": { "schema": text() } });
    vec![
        Operation::new(Route::V1Models, "v1ListModels", V1, "Names of the models")
            .answering(200, "One name", object(names))
            .refusing(&[503], MESSAGE),
        Operation::new(Route::V1Model, "v1Model", V1, "Whether a model is ready")
            .answering(200, "Its state", object(ready))
            .refusing(&[404, 503], MESSAGE),
        predict(model),
        invocations(model),
        Operation::new(Route::Ping, "ping", MLFLOW, "Whether the model can be used")
            .answering_as(200, "It can", Value::Null)
            .refusing(&[503], CODE),
        Operation::new(Route::Version, "version", MLFLOW, "Version of the server").answering_as(
            200,
            "The version",
            version,
        ),
    ]
}

fn predict(model: &Model<'_>) -> Operation {
    Operation::new(Route::V1Predict, "v1Predict", V1, "Predict instances")
        .with("description", format!("{PREDICTION} The content type is not looked at."))
        .asking(model, &[PROBABILITIES, EXPLAIN])
        .accepting(schema_reference("Instances"), shown(model, &[INSTANCES, "lists"]))
        .answering(200, "The predictions, in the order of the rows", schema_reference("Predictions"))
        .refusing(REFUSED, MESSAGE)
        .refusing(&[404], MESSAGE)
}

fn invocations(model: &Model<'_>) -> Operation {
    let text = format!(
        "{PREDICTION} The body has exactly one of the members. Columns of `dataframe_split` come in any order, and \
        columns of `inputs` hold as many values as there are rows, where the schema shows one. `text/csv` is taken \
        as well: a line of names, then a line for each row."
    );
    let forms = [DATAFRAME_SPLIT, DATAFRAME_RECORDS, INSTANCES, "lists", INPUTS];
    Operation::new(Route::Invocations, "invocations", MLFLOW, "Predict a data frame, tensors or CSV")
        .with("description", text)
        .asking(model, &[PROBABILITIES, EXPLAIN])
        .accepting(schema_reference("DataFrame"), shown(model, &forms))
        .answering(200, "The predictions, in the order of the rows", schema_reference("Predictions"))
        .refusing(REFUSED, CODE)
}

/// The examples of rows in these forms.
fn shown(model: &Model<'_>, forms: &[&str]) -> Value {
    let chosen = examples(model);
    if chosen.is_empty() {
        return json!({});
    }
    let names = feature_names(model);
    let objects: Vec<_> = chosen.iter().map(|example| example.fields(model, |_| true)).collect();
    let lists: Vec<_> = chosen.iter().map(Example::values).collect();
    let column = |(index, name): (usize, &&str)| ((*name).to_owned(), json!([lists[0][index]]));
    let mut shown = json!({});
    for form in forms {
        shown[*form]["value"] = match *form {
            DATAFRAME_SPLIT => json!({ DATAFRAME_SPLIT: { "columns": names, "data": lists } }),
            "lists" => json!({ INSTANCES: lists }),
            INPUTS => json!({ INPUTS: names.iter().enumerate().map(column).collect::<Value>() }),
            member => json!({ member: objects }),
        };
    }
    shown
}

pub(crate) fn schemas(model: &Model<'_>) -> Value {
    let object =
        |model: &Model<'_>, coding: Option<&Encoding<'_>>| rows::row(model, coding, Accepted::Strict);
    json!({
        "RowObject": in_each_coding(model, object),
        "RowList": in_each_coding(model, row_list),
        "RowColumns": in_each_coding(model, row_columns),
        "Instances": with_parameters(model, PARAMETERS, vec![members(INSTANCES, "RowObject"), members(INSTANCES, "RowList")]),
        "DataFrame": data_frame(model),
        "Predictions": predictions(model),
    })
}

/// A row as values in model order.
fn row_list<'m>(model: &Model<'m>, coding: Option<&Encoding<'m>>) -> Value {
    tuple(&domains(model, coding).map(|(feature, domain)| value(&feature, &domain)).collect::<Vec<_>>())
}

/// One row as columns.
fn row_columns<'m>(model: &Model<'m>, coding: Option<&Encoding<'m>>) -> Value {
    let column = |(feature, domain): (Feature<'_>, Domain<'_>)| {
        let value = value(&feature, &domain);
        let list = json!({ "type": "array", "items": value, "minItems": 1, "maxItems": 1 });
        (feature.name().to_owned(), list)
    };
    let columns: Map<_, _> = domains(model, coding).map(column).collect();
    let missing =
        |name: &str| model.features().any(|feature| feature.name() == name && may_be_missing(&feature));
    let required: Vec<_> = columns.keys().filter(|name| !missing(name)).collect();
    json!({ "type": "object", "required": required, "properties": columns })
}

/// A value of a row, which may be `null` if the model accepts a missing one.
fn value(feature: &Feature<'_>, domain: &Domain<'_>) -> Value {
    let mut schema = domain.schema(Accepted::Strict);
    if may_be_missing(feature) {
        schema = or_null(schema);
    }
    schema["title"] = feature.name().into();
    schema
}

/// A body that holds rows of this form under this name.
fn members(name: &str, form: &str) -> Value {
    object(json!({ name: { "type": "array", "items": schema_reference(form), "minItems": 1 } }))
}

fn data_frame(model: &Model<'_>) -> Value {
    let split = json!({
        "columns": { "const": feature_names(model) },
        "data": { "type": "array", "items": schema_reference("RowList"), "minItems": 1 },
    });
    let forms = vec![
        object(json!({ DATAFRAME_SPLIT: object(split) })),
        members(DATAFRAME_RECORDS, "RowObject"),
        members(INSTANCES, "RowObject"),
        members(INSTANCES, "RowList"),
        members(INPUTS, "RowObject"),
        members(INPUTS, "RowList"),
        object(json!({ INPUTS: schema_reference("RowColumns") })),
    ];
    with_parameters(model, PARAMS, forms)
}

/// One of these forms, each of which may also hold an object of parameters.
fn with_parameters(model: &Model<'_>, name: &str, mut forms: Vec<Value>) -> Value {
    let mut flags = json!({ PROBABILITIES: boolean() });
    if model.explanation_scale().is_some() {
        flags[EXPLAIN] = boolean();
    }
    for form in &mut forms {
        form["properties"][name] = json!({ "type": ["object", "null"], "properties": flags });
    }
    json!({ "anyOf": forms })
}

fn predictions(model: &Model<'_>) -> Value {
    let classes = model.classes().len();
    let shares = json!({ "type": "array", "items": share(), "minItems": classes, "maxItems": classes });
    let names: Vec<_> = model.encodings().map(|encoding| encoding.name()).collect();
    let mut answer = object(json!({ "predictions": list(json!({ "anyOf": [class(model), shares] })) }));
    if !names.is_empty() {
        answer["properties"][format!("{ENCODING}s")] =
            json!({ "type": "array", "items": { "enum": names }, "description": "coding of each row" });
    }
    if model.explanation_scale().is_some() {
        answer["properties"]["explanations"] = list(schema_reference("Explanation"));
    }
    answer
}
