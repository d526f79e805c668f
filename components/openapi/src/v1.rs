//! V1 and MLflow: rows as objects, lists, columns or lines in, classes out.

mod tables;

use portent_event::Route;
use portent_model::Model;
use serde_json::{Value, json};

use super::answers::{CODE, MESSAGE, REFUSED};
use super::examples::{Example, examples};
use super::operation::{Operation, object, schema_reference};
use super::tags::{MLFLOW, V1};

pub(crate) use tables::schemas;

/// What both protocols say of a prediction.
const PREDICTION: &str = "A prediction is the number of the class, or the list of the classes' probabilities. The coding \
    of all rows may be stated as `encoding` beside `explain` in the body.";

pub(crate) fn operations(model: &Model<'_>) -> Vec<Operation> {
    let names = json!({ "type": "array", "items": { "enum": [model.name()] } });
    let ready = object(json!({ "name": { "enum": [model.name()] }, "ready": { "type": "boolean" } }));
    vec![
        Operation::new(Route::V1Models, "v1ListModels", V1, "Names of the models")
            .answering(200, "One name", object(json!({ "models": names })))
            .answering_also(&[503], MESSAGE),
        Operation::new(Route::V1Model, "v1Model", V1, "Whether a model is ready")
            .answering(200, "Its state", ready)
            .answering_also(&[404, 503], MESSAGE),
        predict(model),
        invocations(model),
        Operation::new(Route::Ping, "ping", MLFLOW, "Whether the model can be used")
            .answering_empty(200, "It can")
            .answering_also(&[503], CODE),
        Operation::new(Route::Version, "version", MLFLOW, "Version of the server").answering_as(
            "text/plain; charset=utf-8",
            200,
            "The version",
            json!({ "type": "string" }),
        ),
    ]
}

fn predict(model: &Model<'_>) -> Operation {
    Operation::new(Route::V1Predict, "v1Predict", V1, "Predict instances")
        .described(format!("{PREDICTION} The content type is not looked at."))
        .asking(model)
        .accepting("application/json", schema_reference("Instances"), shown(model, &["instances", "lists"]))
        .answering(200, "The predictions, in the order of the rows", schema_reference("Predictions"))
        .answering_also(REFUSED, MESSAGE)
        .answering_also(&[404], MESSAGE)
}

fn invocations(model: &Model<'_>) -> Operation {
    let members = ["dataframe_split", "dataframe_records", "instances", "lists", "inputs"];
    Operation::new(Route::Invocations, "invocations", MLFLOW, "Predict a data frame, tensors or CSV")
        .described(format!(
            "{PREDICTION} The body has exactly one of the members. Columns of `dataframe_split` come in any order, and \
            columns of `inputs` hold as many values as there are rows, where the schema shows one. `text/csv` is taken \
            as well: a line of names, then a line for each row."
        ))
        .asking(model)
        .accepting("application/json", schema_reference("DataFrame"), shown(model, &members))
        .answering(200, "The predictions, in the order of the rows", schema_reference("Predictions"))
        .answering_also(REFUSED, CODE)
}

/// The examples of rows in these forms.
fn shown(model: &Model<'_>, forms: &[&str]) -> Value {
    let chosen = examples(model);
    if chosen.is_empty() {
        return json!({});
    }
    let names: Vec<_> = model.features().map(|feature| feature.name().to_owned()).collect();
    let objects: Vec<_> = chosen.iter().map(|example| example.fields(model, |_| true)).collect();
    let lists: Vec<_> = chosen.iter().map(Example::values).collect();
    let column = |(index, name): (usize, &String)| (name.clone(), json!([lists[0][index]]));
    let mut shown = json!({});
    for form in forms {
        shown[*form]["value"] = match *form {
            "dataframe_split" => json!({ "dataframe_split": { "columns": names, "data": lists } }),
            "lists" => json!({ "instances": lists }),
            "inputs" => json!({ "inputs": names.iter().enumerate().map(column).collect::<Value>() }),
            member => json!({ member: objects }),
        };
    }
    shown
}
