//! Inference: tensors in, tensors out.

use std::borrow::Cow;

use portent_event::{Predictions, Stage};
use portent_model::Model;

use crate::body;
use crate::call::Call;
use crate::exchange::Response;
use crate::json::push_string;
use crate::observe::observe;
use crate::outcome::Outcome;
use crate::refusal::{ErrorForm, Refusal};
use crate::stop_watch::StopWatch;

use super::datatype::Datatype;
use super::matrix;
use super::members::bad;
use super::output::{Output, RequestedOutput, Results};
use super::request::{InferRequest, read};
use super::tensor::{InputTensor, Shape, TensorData};

/// Header with the number of bytes of the body that are JSON. Tensors in binary form follow them.
const JSON_LENGTH: &str = "inference-header-content-length";

/// Outputs if the request names none.
const DEFAULTS: [Output; 2] = [Output::Class, Output::Probabilities];

/// Answers an inference request.
pub(crate) fn infer(call: &Call<'_>) -> Outcome {
    call.respond(ErrorForm::Message, |call| body::bytes(call.request), answer)
}

fn answer<'a>(call: &Call<'a>, body: &[u8], watch: &mut StopWatch<'_>) -> Result<Outcome, Refusal<'a>> {
    call.check_model()?;
    let explain = call.explain()?;
    let mut request = read_body(call, body)?;
    request.explain |= explain || request.outputs.iter().any(|requested| requested.output.is_explanation());
    let rows = matrix::read(call.model, &request)?;
    watch.lap(Stage::Parse);
    matrix::check(call.model, &rows)?;
    watch.lap(Stage::Validate);
    let scored = call.score(&rows, request.explain, matrix::place)?;
    watch.lap(Stage::Score);
    let predictions = observe(call.model, &rows, &scored);
    let outcome = outcome(&request, Results { model: call.model, scored: &scored }, predictions);
    watch.lap(Stage::Encode);
    Ok(outcome)
}

/// The request: JSON, JSON and binary tensors, or nothing but the one binary tensor.
fn read_body<'b>(call: &Call<'_>, body: &'b [u8]) -> Result<InferRequest<'b>, Refusal<'static>> {
    let length = match call.request.header(JSON_LENGTH) {
        None => body.len(),
        Some(text) => text.parse().ok().filter(|length| *length <= body.len()).ok_or_else(|| {
            bad(
                format_args!("Inference-Header-Content-Length"),
                "is the number of the body's bytes that are JSON",
            )
        })?,
    };
    let (json, binary) = body.split_at_checked(length).unwrap_or((body, &[]));
    if json.is_empty() {
        return if binary.is_empty() {
            Err(Refusal::bad("The body is empty"))
        } else {
            raw(call.model, binary)
        };
    }
    let json = std::str::from_utf8(json)
        .map_err(|error| Refusal::bad(format!("The body is not UTF-8 at byte {}", error.valid_up_to())))?;
    read(body::after_mark(json), binary)
}

/// A body that is one tensor of the type and width in the metadata. The answer is binary too.
fn raw<'b>(model: &Model<'_>, bytes: &'b [u8]) -> Result<InferRequest<'b>, Refusal<'static>> {
    let (width, datatype) = (model.feature_count(), Datatype::Fp64);
    let row = width * datatype.size().unwrap_or(1);
    if !bytes.len().is_multiple_of(row) {
        let rule =
            format!("{} bytes are not rows of {width} features in FP64, {row} bytes each", bytes.len());
        return Err(bad(format_args!("the body"), rule));
    }
    let shape = Shape { rows: bytes.len() / row, columns: Some(width) };
    let input =
        InputTensor { name: Cow::Borrowed("input"), shape, datatype, data: TensorData::Binary(bytes) };
    Ok(InferRequest { inputs: vec![input], binary: true, ..InferRequest::default() })
}

/// Writes the answer: JSON, and behind it the outputs in binary form.
fn outcome(request: &InferRequest<'_>, results: Results<'_>, predictions: Predictions<'static>) -> Outcome {
    let defaults = Output::ALL.into_iter();
    let defaults =
        defaults.filter(|output| DEFAULTS.contains(output) || request.explain && output.is_explanation());
    let outputs = match request.outputs.as_slice() {
        [] => defaults.map(RequestedOutput::plain).collect(),
        outputs => outputs.to_vec(),
    };
    let mut json = Vec::with_capacity(256);
    let mut binary = Vec::new();
    json.extend_from_slice(b"{\"model_name\":");
    push_string(&mut json, results.model.name());
    json.extend_from_slice(b",\"model_version\":");
    push_string(&mut json, results.model.version());
    if let Some(id) = &request.id {
        json.extend_from_slice(b",\"id\":");
        push_string(&mut json, id);
    }
    if let Some(explanations) = &results.scored.explanations {
        json.extend_from_slice(b",\"parameters\":{\"explanation_scale\":");
        push_string(&mut json, explanations.scale_name());
        json.push(b'}');
    }
    json.extend_from_slice(b",\"outputs\":[");
    let mut has_binary = false;
    for (index, requested) in outputs.iter().enumerate() {
        if index > 0 {
            json.push(b',');
        }
        let is_binary = requested.binary.unwrap_or(request.binary);
        has_binary |= is_binary;
        requested.push(results, is_binary, &mut json, &mut binary);
    }
    json.extend_from_slice(b"]}");
    if !has_binary {
        return Outcome::predicted(json, predictions);
    }
    let length = json.len().to_string();
    json.append(&mut binary);
    let headers =
        vec![("content-type", Cow::Borrowed("application/octet-stream")), (JSON_LENGTH, Cow::Owned(length))];
    let response = Response { status: 200, headers, body: json };
    Outcome { predictions: Some(Box::new(predictions)), ..Outcome::new(response) }
}
