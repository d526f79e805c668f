//! The Open Inference Protocol, with Triton's extensions.

mod tensors;

use portent_event::Route;
use portent_model::Model;
use serde_json::{Value, json};

use super::answers::{MESSAGE, REFUSED};
use super::operation::{Operation, object, schema_reference};
use super::tags::V2;

pub(crate) use tensors::schemas;

pub(crate) fn operations(model: &Model<'_>) -> Vec<Operation> {
    let mut operations = server(model);
    operations.extend(of_model(model).into_iter().flat_map(|operation| {
        let of_version = operation.clone().at_version();
        [operation, of_version]
    }));
    operations.extend(repository(model));
    operations
}

fn server(model: &Model<'_>) -> Vec<Operation> {
    let text = json!({ "type": "string" });
    let flag = |name: &str| object(json!({ name: { "type": "boolean" } }));
    let metadata = object(json!({
        "name": text,
        "version": text,
        "extensions": { "type": "array", "items": text },
    }));
    let mut unready = flag("ready");
    unready["properties"]["error"] = text;
    let names = object(json!({ "models": { "type": "array", "items": { "enum": [model.name()] } } }));
    vec![
        Operation::new(Route::V2Server, "v2Server", V2, "Name, version and extensions of the server")
            .answering(200, "Server metadata", metadata),
        Operation::new(Route::V2Live, "v2Live", V2, "Liveness").answering(
            200,
            "The component runs",
            flag("live"),
        ),
        Operation::new(Route::V2Ready, "v2Ready", V2, "Readiness")
            .answering(200, "The model is loaded", flag("ready"))
            .answering(503, "The model is not loaded", unready),
        Operation::new(Route::V2Models, "v2ListModels", V2, "Names of the models")
            .answering(200, "One name", names),
        Operation::new(Route::V2AllStats, "v2AllStatistics", V2, "Models that there are statistics of")
            .answering(200, "One model; its counts are the aggregator's", statistics(model))
            .answering_also(&[503], MESSAGE),
    ]
}

/// Operations on a model, with and without its version in the path.
fn of_model(model: &Model<'_>) -> Vec<Operation> {
    let get = |route, id, summary, description, schema| {
        Operation::new(route, id, V2, summary)
            .answering(200, description, schema)
            .answering_also(&[404, 503], MESSAGE)
    };
    let name = json!({ "enum": [model.name()] });
    let ready = object(json!({ "name": name, "ready": { "type": "boolean" } }));
    let config = json!({ "type": "object", "required": ["name", "platform", "input", "output"] });
    vec![
        get(
            Route::V2Model,
            "v2Model",
            "Inputs and outputs of a model",
            "Model metadata",
            schema_reference("Metadata"),
        ),
        get(Route::V2ModelReady, "v2ModelReady", "Whether a model is ready", "Its state", ready),
        get(
            Route::V2Config,
            "v2Config",
            "Configuration of a model",
            "In the form of Triton's `ModelConfig`",
            config,
        ),
        get(
            Route::V2Stats,
            "v2Statistics",
            "Statistics of a model",
            "Its counts are the aggregator's",
            statistics(model),
        ),
        infer(model),
    ]
}

fn infer(model: &Model<'_>) -> Operation {
    Operation::new(Route::V2Infer, "v2Infer", V2, "Predict rows given as tensors")
        .described(format!(
            "Rows are one tensor of shape `[n, {0}]`, or one tensor of shape `[n]` or `[n, 1]` a feature, by its name. \
            JSON Schema cannot tie the length of `data` to `shape`, so the schema shows one and two rows; {1} are \
            taken. `data` may be nested as `shape` says. Datatypes: BOOL, UINT8 to UINT64, INT8 to INT64, FP32, FP64 \
            and BYTES. The binary form (`Inference-Header-Content-Length`, `binary_data_size`), which OpenAPI cannot \
            describe, is taken as well, there also FP16 and BF16; a content type is not asked for.",
            model.feature_count(),
            crate::limits::BATCH_ROWS,
        ))
        .explaining(model)
        .accepting("application/json", schema_reference("InferenceRequest"), tensors::request_examples(model))
        .answering(200, "The outputs asked for, or the predicted classes and probabilities", schema_reference("Inference"))
        .or_as("application/octet-stream", 200, json!({ "type": "string", "format": "binary" }))
        .answering_also(REFUSED, MESSAGE)
        .answering_also(&[404], MESSAGE)
}

fn repository(model: &Model<'_>) -> Vec<Operation> {
    let text = json!({ "type": "string" });
    let entry = object(json!({
        "name": { "enum": [model.name()] },
        "version": { "enum": [model.version()] },
        "state": { "enum": ["READY"] },
        "reason": text,
    }));
    let empty = json!({ "type": ["object", "null"], "maxProperties": 0 });
    let load = json!({ "type": "object", "properties": { "parameters": empty } });
    vec![
        Operation::new(Route::V2Index, "v2Index", V2, "What the repository holds").answering(
            200,
            "One model",
            json!({ "type": "array", "items": entry }),
        ),
        Operation::new(Route::V2Load, "v2Load", V2, "Load a model")
            .described("The served model is built in, and so is loaded. It takes no parameters.")
            .accepting_optional("application/json", load)
            .answering(200, "It is loaded", object(json!({ "name": { "enum": [model.name()] }, "load": {} })))
            .answering_also(&[400, 404, 413, 503], MESSAGE),
        Operation::new(Route::V2Unload, "v2Unload", V2, "Unload a model")
            .described("The served model is built in: this is always refused.")
            .answering_also(&[404, 409, 503], MESSAGE),
    ]
}

fn statistics(model: &Model<'_>) -> Value {
    let entry =
        object(json!({ "name": { "enum": [model.name()] }, "version": { "enum": [model.version()] } }));
    object(json!({ "model_stats": { "type": "array", "items": entry } }))
}
