//! Health, metadata, and Triton's extensions of them, which clients ask for before they infer.

use portent_event::ErrorType;
use portent_model::Model;
use serde_json::{Value, json};

use crate::body;
use crate::call::Call;
use crate::json::Reader;
use crate::limits;
use crate::model_state::{ModelState, NotReady};
use crate::outcome::Outcome;
use crate::refusal::{ErrorForm, Refusal};

use super::members::{bad, fields, optional};
use super::output::Output;

/// Name of the server in its metadata.
const SERVER: &str = "portent";

/// The extensions of the protocol that are offered, by Triton's names.
const EXTENSIONS: [&str; 6] = [
    "binary_tensor_data",
    "classification",
    "model_configuration",
    "model_repository",
    "parameters",
    "statistics",
];

pub(crate) fn server() -> Outcome {
    Outcome::ok(&json!({ "name": SERVER, "version": env!("CARGO_PKG_VERSION"), "extensions": EXTENSIONS }))
}

pub(crate) fn live() -> Outcome {
    Outcome::ok(&json!({ "live": true }))
}

pub(crate) fn ready(model: &ModelState<'_>) -> Outcome {
    match model.ready() {
        Ok(_) => Outcome::ok(&json!({ "ready": true })),
        Err(NotReady { error, .. }) => {
            let body = json!({ "ready": false, "error": "Model not loaded" }).to_string().into_bytes();
            Outcome { error: Some(error), ..Outcome::json(503, body) }
        }
    }
}

/// Names of the models.
pub(crate) fn models(model: &ModelState<'_>) -> Outcome {
    Outcome::ok(&json!({ "models": model.model().into_iter().map(Model::name).collect::<Vec<_>>() }))
}

/// The models of the repository: the one that is built in.
pub(crate) fn index(model: &ModelState<'_>) -> Outcome {
    let entry = |model: &Model<'_>| {
        let (name, version) = (model.name(), model.version());
        json!({ "name": name, "version": version, "state": "READY", "reason": "" })
    };
    Outcome::ok(&model.model().into_iter().map(entry).collect())
}

pub(crate) fn model(call: &Call<'_>) -> Outcome {
    of_model(call, |model| {
        let names: Vec<_> = model.features().map(|feature| feature.name()).collect();
        let outputs = Output::ALL.iter().filter(|output| !output.is_explanation());
        json!({
            "name": model.name(),
            "versions": [model.version()],
            "platform": platform(model),
            "inputs": [{
                "name": "input",
                "datatype": "FP64",
                "shape": [-1, names.len()],
                "parameters": { "features": names.join(",") },
            }],
            "outputs": outputs.map(|output| json!({
                "name": output.name(),
                "datatype": output.datatype().name(),
                "shape": shape(output.columns(model)),
            })).collect::<Vec<_>>(),
        })
    })
}

pub(crate) fn model_ready(call: &Call<'_>) -> Outcome {
    answer(call.check_ready().map(|()| json!({ "name": call.model.name(), "ready": true })))
}

/// The configuration, in the form of Triton's `ModelConfig`.
pub(crate) fn config(call: &Call<'_>) -> Outcome {
    of_model(call, |model| {
        let tensor = |name: &str, datatype: &str, columns: Option<usize>| {
            let datatype = if datatype == "BYTES" { "STRING" } else { datatype };
            json!({ "name": name, "data_type": format!("TYPE_{datatype}"), "dims": shape(columns) })
        };
        let outputs = Output::ALL.iter().filter(|output| !output.is_explanation());
        let output = |output: &Output| tensor(output.name(), output.datatype().name(), output.columns(model));
        json!({
            "name": model.name(),
            "platform": platform(model),
            "backend": SERVER,
            "version_policy": { "latest": { "num_versions": 1 } },
            // Rows are a dimension of the tensors, so none is added for batches.
            "max_batch_size": 0,
            "input": [tensor("input", "FP64", Some(model.feature_count()))],
            "output": outputs.map(output).collect::<Vec<_>>(),
            "parameters": { "max_rows": { "string_value": limits::BATCH_ROWS.to_string() } },
        })
    })
}

/// The models that have statistics. The counts are with the aggregator: an instance has none.
pub(crate) fn statistics(call: &Call<'_>) -> Outcome {
    of_model(call, |model| json!({ "model_stats": [{ "name": model.name(), "version": model.version() }] }))
}

/// A model that is built in is loaded; there is no other configuration of it.
pub(crate) fn load(call: &Call<'_>) -> Outcome {
    let loaded = call.check_model().and_then(|()| check_load(call));
    answer(loaded.map(|()| json!({ "name": call.model.name(), "load": true })))
}

pub(crate) fn unload(call: &Call<'_>) -> Outcome {
    let text = "The model is built into the component and cannot be unloaded";
    let refusal = || Refusal::new(409, ErrorType::Validation, text);
    answer(call.check_model().and_then(|()| Err(refusal())))
}

fn check_load(call: &Call<'_>) -> Result<(), Refusal<'static>> {
    let text = body::text(call.request).map_err(|_| bad(format_args!("the body"), "is JSON, or empty"))?;
    if text.trim().is_empty() {
        return Ok(());
    }
    let mut reader = Reader::new(&text);
    let place = format_args!("the body");
    let read = fields(&mut reader, place, &["parameters"], |_, reader| {
        let parameters = optional(reader, |reader| Ok(reader.skip()?))?;
        match parameters.map(|text| text.bytes().filter(|byte| !byte.is_ascii_whitespace()).eq(*b"{}")) {
            None | Some(true) => Ok(()),
            Some(false) => {
                Err(bad(format_args!("parameters"), "a built-in model takes neither config nor files"))
            }
        }
    });
    read?;
    Ok(reader.end()?)
}

fn of_model(call: &Call<'_>, describe: impl FnOnce(&Model<'_>) -> Value) -> Outcome {
    answer(call.check_model().map(|()| describe(call.model)))
}

fn answer(result: Result<Value, Refusal<'_>>) -> Outcome {
    Refusal::into_answer(result, ErrorForm::Message)
}

/// `<project>_<format>`, as the protocol asks for it.
fn platform(model: &Model<'_>) -> String {
    format!("{SERVER}_{}", model.model_type().to_lowercase())
}

/// A shape: any number of rows, and the values of each.
fn shape(columns: Option<usize>) -> Value {
    match columns {
        Some(columns) => json!([-1, columns]),
        None => json!([-1]),
    }
}
