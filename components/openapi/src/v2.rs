//! The Open Inference Protocol, with Triton's extensions: tensors in, tensors out.

use portent_event::Route;
use portent_model::{Feature, Model};
use serde_json::{Value, json};

use crate::contract::{BATCH_ROWS, ENCODING, EXPLAIN, EXPLANATION_OUTPUTS, OUTPUTS};
use crate::examples::{examples, named};
use crate::operation::{MESSAGE, Operation, REFUSED, V2};
use crate::rows::{domains, may_be_missing, own_encoding, value};
use crate::schema::{boolean, feature_names, list, object, only, schema_reference, text, tuple};
use crate::values::{Accepted, Domain};

/// Rows that the schema of a request shows.
const ROWS: usize = 2;

pub(crate) fn operations(model: &Model<'_>) -> Vec<Operation> {
    let mut operations = server(model);
    for operation in of_model(model) {
        operations.extend([operation.clone(), operation.at_version()]);
    }
    operations.extend(repository(model));
    operations
}

fn server(model: &Model<'_>) -> Vec<Operation> {
    let flag = |name: &str| object(json!({ name: boolean() }));
    let metadata = object(json!({ "name": text(), "version": text(), "extensions": list(text()) }));
    let mut unready = flag("ready");
    unready["properties"]["error"] = text();
    let names = object(json!({ "models": list(only(model.name())) }));
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
            .refusing(&[503], MESSAGE),
    ]
}

/// Operations on a model.
fn of_model(model: &Model<'_>) -> Vec<Operation> {
    let get = |route, id, summary, description, schema| {
        Operation::new(route, id, V2, summary)
            .answering(200, description, schema)
            .refusing(&[404, 503], MESSAGE)
    };
    let ready = object(json!({ "name": only(model.name()), "ready": boolean() }));
    let config = json!({ "type": "object", "required": ["name", "platform", "input", "output"] });
    let (triton, counts) = ("In the form of Triton's `ModelConfig`", "Its counts are the aggregator's");
    let metadata = schema_reference("Metadata");
    vec![
        get(Route::V2Model, "v2Model", "Inputs and outputs of a model", "Model metadata", metadata),
        get(Route::V2ModelReady, "v2ModelReady", "Whether a model is ready", "Its state", ready),
        get(Route::V2Config, "v2Config", "Configuration of a model", triton, config),
        get(Route::V2Stats, "v2Statistics", "Statistics of a model", counts, statistics(model)),
        infer(model),
    ]
}

fn infer(model: &Model<'_>) -> Operation {
    let width = model.feature_count();
    let text = format!(
        "Rows are one tensor of shape `[n, {width}]`, or one tensor of shape `[n]` or `[n, 1]` a feature, by its name. \
        JSON Schema cannot tie the length of `data` to `shape`, so the schema shows one and two rows; {BATCH_ROWS} are \
        taken. `data` may be nested as `shape` says. Datatypes: BOOL, UINT8 to UINT64, INT8 to INT64, FP32, FP64 \
        and BYTES. The binary form (`Inference-Header-Content-Length`, `binary_data_size`), which OpenAPI cannot \
        describe, is taken as well, there also FP16 and BF16; a content type is not asked for.",
    );
    let shown = named(&examples(model), |example| {
        let (shape, data) = ([1, width], example.values());
        json!({ "inputs": [{ "name": "input", "shape": shape, "datatype": "FP64", "data": data }] })
    });
    let content = json!({
        "application/json": { "schema": schema_reference("Inference") },
        "application/octet-stream": { "schema": { "type": "string", "format": "binary" } },
    });
    Operation::new(Route::V2Infer, "v2Infer", V2, "Predict rows given as tensors")
        .with("description", text)
        .asking(model, &[EXPLAIN])
        .accepting(schema_reference("InferenceRequest"), shown)
        .answering_as(200, "The outputs asked for, or the predicted classes and probabilities", content)
        .refusing(REFUSED, MESSAGE)
        .refusing(&[404], MESSAGE)
}

fn repository(model: &Model<'_>) -> Vec<Operation> {
    let entry = object(json!({
        "name": only(model.name()),
        "version": only(model.version()),
        "state": only("READY"),
        "reason": text(),
    }));
    let empty = json!({ "type": ["object", "null"], "maxProperties": 0 });
    let load = json!({ "type": "object", "properties": { "parameters": empty } });
    let load = json!({ "required": false, "content": { "application/json": { "schema": load } } });
    let loaded = object(json!({ "name": only(model.name()), "load": {} }));
    vec![
        Operation::new(Route::V2Index, "v2Index", V2, "What the repository holds").answering(
            200,
            "One model",
            list(entry),
        ),
        Operation::new(Route::V2Load, "v2Load", V2, "Load a model")
            .with("description", "The served model is built in, and so is loaded. It takes no parameters.")
            .with("requestBody", load)
            .answering(200, "It is loaded", loaded)
            .refusing(&[400, 404, 413, 503], MESSAGE),
        Operation::new(Route::V2Unload, "v2Unload", V2, "Unload a model")
            .with("description", "The served model is built in: this is always refused.")
            .refusing(&[404, 409, 503], MESSAGE),
    ]
}

fn statistics(model: &Model<'_>) -> Value {
    let entry = object(json!({ "name": only(model.name()), "version": only(model.version()) }));
    object(json!({ "model_stats": list(entry) }))
}

pub(crate) fn schemas(model: &Model<'_>) -> Value {
    json!({
        "InferenceRequest": request(model),
        "Inference": answer(model),
        "Metadata": metadata(model),
        "MatrixFP64": matrix(model, "FP64", Accepted::Strict),
        "MatrixINT64": matrix(model, "INT64", Accepted::Integer),
    })
}

fn request(model: &Model<'_>) -> Value {
    let mut inputs: Vec<_> = ["MatrixFP64", "MatrixINT64"]
        .map(|name| json!({ "type": "array", "items": schema_reference(name), "minItems": 1, "maxItems": 1 }))
        .into();
    if !model.features().any(|feature| may_be_missing(&feature)) {
        inputs.push(tensors_by_feature(model));
    }
    let mut parameters = json!({
        EXPLAIN: { "type": "boolean", "description": "adds the outputs `contributions` and `contributions_base`" },
        "binary_data_output": { "type": "boolean", "description": "asks for outputs in binary form" },
    });
    if let Some(name) = own_encoding(model) {
        parameters[ENCODING] = json!({
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
fn matrix(model: &Model<'_>, datatype: &str, accepted: Accepted) -> Value {
    let values = domains(model, None).map(|(feature, domain)| value(&feature, &domain, accepted));
    let values: Vec<_> = values.collect();
    let of_rows = |rows: usize| {
        let row = tuple(&values);
        object(json!({
            "name": { "type": "string", "not": { "enum": feature_names(model) } },
            "shape": { "const": [rows, values.len()] },
            "datatype": { "const": datatype },
            "data": { "anyOf": [
                tuple(&vec![values.clone(); rows].concat()),
                { "type": "array", "items": row, "minItems": rows, "maxItems": rows },
            ] },
        }))
    };
    json!({ "anyOf": (1..=ROWS).map(of_rows).collect::<Vec<_>>() })
}

/// One tensor per feature, of one row.
fn tensors_by_feature(model: &Model<'_>) -> Value {
    let column = |(feature, domain): (Feature<'_>, Domain<'_>)| {
        object(json!({
            "name": { "const": feature.name() },
            "shape": { "enum": [[1], [1, 1]] },
            "datatype": { "const": "FP64" },
            "data": tuple(&[value(&feature, &domain, Accepted::Strict)]),
        }))
    };
    tuple(&domains(model, None).map(column).collect::<Vec<_>>())
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
    let classification = json!({
        "type": "integer",
        "minimum": 0,
        "maximum": u32::MAX,
        "description": "this many classes as texts `probability:index:name`, the most probable first",
    });
    let parameters = json!({ "classification": classification, "binary_data": boolean() });
    let classification = object(json!({
        "name": { "const": "predict_proba" },
        "parameters": { "type": ["object", "null"], "properties": parameters },
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
        "data": list(json!({ "type": ["number", "string"] })),
    }));
    let mut answer = object(json!({
        "model_name": only(model.name()),
        "model_version": only(model.version()),
        "outputs": list(output),
    }));
    answer["properties"]["id"] = json!({ "type": "string", "description": "that of the request" });
    answer
}

fn metadata(model: &Model<'_>) -> Value {
    let tensors = list(object(json!({ "name": text(), "datatype": text(), "shape": shape() })));
    object(json!({
        "name": only(model.name()),
        "versions": list(only(model.version())),
        "platform": text(),
        "inputs": tensors,
        "outputs": tensors,
    }))
}

fn shape() -> Value {
    list(json!({ "type": "integer", "minimum": -1 }))
}

fn output_names(model: &Model<'_>) -> Vec<&'static str> {
    let explanations = model.explanation_scale().map_or(&[][..], |_| &EXPLANATION_OUTPUTS);
    OUTPUTS.iter().chain(explanations).copied().collect()
}
