//! The JSON of an inference request.

use std::borrow::Cow;
use std::fmt::Arguments;

use portent_openapi::contract::{ENCODING, EXPLAIN};

use crate::json::{JsonType, Reader};
use crate::refusal::Refusal;

use super::datatype::Datatype;
use super::members::{bad, boolean, fields, list, optional, text, whole};
use super::output::{Output, RequestedOutput};
use super::tensor::{InputTensor, Shape, TensorData};

/// Longest identity of a request, in bytes.
const ID_BYTES: usize = 1_024;

/// The parts of a request that the service uses.
#[derive(Debug, Default)]
pub(super) struct InferRequest<'a> {
    /// Echoed in the answer.
    pub(super) id: Option<Cow<'a, str>>,
    /// Whether explanations are asked for.
    pub(super) explain: bool,
    /// Name of the coding of the values.
    pub(super) encoding: Option<Cow<'a, str>>,
    pub(super) inputs: Vec<InputTensor<'a>>,
    /// Empty if the defaults are asked for.
    pub(super) outputs: Vec<RequestedOutput>,
    /// Whether outputs without a form of their own are binary.
    pub(super) binary: bool,
}

/// Reads a request. `binary` holds its tensors in binary form, one behind the other, and nothing else.
pub(super) fn read<'a>(text: &'a str, mut binary: &'a [u8]) -> Result<InferRequest<'a>, Refusal<'static>> {
    let (mut request, mut reader, mut inputs) = (InferRequest::default(), Reader::new(text), None);
    let names = ["id", "parameters", "inputs", "outputs"];
    fields(&mut reader, format_args!("the body"), &names, |index, reader| {
        match index {
            0 => request.id = optional(reader, |reader| identity(reader))?,
            1 => optional(reader, |reader| parameters(reader, &mut request))?.unwrap_or_default(),
            2 => {
                inputs = Some(list(reader, format_args!("inputs"), |reader, index| {
                    input(reader, index, &mut binary)
                })?)
            }
            _ => request.outputs = optional(reader, outputs)?.unwrap_or_default(),
        }
        Ok(())
    })?;
    reader.end()?;
    request.inputs = inputs.ok_or_else(|| bad(format_args!("inputs"), "is required"))?;
    if !binary.is_empty() {
        return Err(bad(
            format_args!("the body"),
            format!("has {} bytes more than its tensors", binary.len()),
        ));
    }
    Ok(request)
}

fn identity<'a>(reader: &mut Reader<'a>) -> Result<Cow<'a, str>, Refusal<'static>> {
    let id = text(reader, format_args!("id"))?;
    if id.len() > ID_BYTES {
        return Err(bad(format_args!("id"), format!("has at most {ID_BYTES} bytes")));
    }
    Ok(id)
}

/// Unknown parameters are passed over, as the protocol demands.
fn parameters<'a>(reader: &mut Reader<'a>, request: &mut InferRequest<'a>) -> Result<(), Refusal<'static>> {
    let names = [EXPLAIN, ENCODING, "binary_data_output"];
    fields(reader, format_args!("parameters"), &names, |index, reader| {
        match index {
            0 => request.explain = boolean(reader, format_args!("parameters.explain"))?,
            1 => request.encoding = Some(text(reader, format_args!("parameters.encoding"))?),
            _ => request.binary = boolean(reader, format_args!("parameters.binary_data_output"))?,
        }
        Ok(())
    })
}

fn input<'a>(
    reader: &mut Reader<'a>,
    index: usize,
    binary: &mut &'a [u8],
) -> Result<InputTensor<'a>, Refusal<'static>> {
    let (mut name, mut shape, mut datatype, mut data, mut size) = (None, None, None, None, None);
    let names = ["name", "shape", "datatype", "parameters", "data"];
    fields(reader, format_args!("inputs[{index}]"), &names, |field, reader| {
        match field {
            0 => name = Some(text(reader, format_args!("inputs[{index}].name"))?),
            1 => shape = Some(read_shape(reader, index)?),
            2 => datatype = Some(read_datatype(reader, index)?),
            3 => size = optional(reader, |reader| binary_size(reader, index))?.flatten(),
            _ => data = optional(reader, |reader| Ok(reader.skip()?))?,
        }
        Ok(())
    })?;
    let required = |field: &str| bad(format_args!("inputs[{index}].{field}"), "is required");
    let data = match (data, size) {
        (Some(data), None) => TensorData::Json(data),
        (None, Some(size)) => TensorData::Binary(take(binary, size).ok_or_else(|| {
            let rule =
                "is more bytes than follow the JSON; Inference-Header-Content-Length says where it ends";
            bad(format_args!("inputs[{index}].parameters.binary_data_size"), rule)
        })?),
        (Some(_), Some(_)) => {
            return Err(bad(format_args!("inputs[{index}].data"), "cannot stand beside binary_data_size"));
        }
        (None, None) => return Err(required("data")),
    };
    Ok(InputTensor {
        name: name.ok_or_else(|| required("name"))?,
        shape: shape.ok_or_else(|| required("shape"))?,
        datatype: datatype.ok_or_else(|| required("datatype"))?,
        data,
    })
}

fn read_shape<'a>(reader: &mut Reader<'a>, index: usize) -> Result<Shape, Refusal<'static>> {
    let place = format_args!("inputs[{index}].shape");
    let wrong = || bad(place, "is a list of one or two dimensions");
    if reader.next_type()? != JsonType::Array {
        return Err(wrong());
    }
    let (mut dimensions, mut rank) = ([0; 2], 0);
    reader.begin_array()?;
    while reader.next_element()? {
        *dimensions.get_mut(rank).ok_or_else(wrong)? = whole(reader, place)?;
        rank += 1;
    }
    match rank {
        1 => Ok(Shape { rows: dimensions[0], columns: None }),
        2 => Ok(Shape { rows: dimensions[0], columns: Some(dimensions[1]) }),
        _ => Err(wrong()),
    }
}

fn read_datatype<'a>(reader: &mut Reader<'a>, index: usize) -> Result<Datatype, Refusal<'static>> {
    let place = format_args!("inputs[{index}].datatype");
    let name = text(reader, place)?;
    let rule = "is one of BOOL, UINT8 to UINT64, INT8 to INT64, FP16, BF16, FP32, FP64 and BYTES";
    Datatype::from_name(&name).ok_or_else(|| bad(place, rule))
}

fn binary_size<'a>(reader: &mut Reader<'a>, index: usize) -> Result<Option<usize>, Refusal<'static>> {
    let place = format_args!("inputs[{index}].parameters");
    let mut size = None;
    fields(reader, place, &["binary_data_size", "shared_memory_region"], |field, reader| {
        if field == 1 {
            return Err(bad(format_args!("{place}.shared_memory_region"), "shared memory is not offered"));
        }
        size = Some(whole(reader, format_args!("{place}.binary_data_size"))?);
        Ok(())
    })?;
    Ok(size)
}

fn take<'a>(bytes: &mut &'a [u8], size: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(size)?;
    *bytes = rest;
    Some(taken)
}

/// Reads the list of outputs.
fn outputs(reader: &mut Reader<'_>) -> Result<Vec<RequestedOutput>, Refusal<'static>> {
    let mut outputs: Vec<RequestedOutput> = Vec::new();
    list(reader, format_args!("outputs"), |reader, index| {
        let requested = requested_output(reader, index)?;
        if outputs.iter().any(|other| other.output == requested.output) {
            return Err(bad(format_args!("outputs[{index}].name"), "is asked for twice"));
        }
        outputs.push(requested);
        Ok(())
    })?;
    Ok(outputs)
}

fn requested_output(reader: &mut Reader<'_>, index: usize) -> Result<RequestedOutput, Refusal<'static>> {
    let place = format_args!("outputs[{index}]");
    let (mut output, mut binary, mut classes) = (None, None, None);
    fields(reader, place, &["name", "parameters"], |field, reader| {
        if field == 0 {
            let name = text(reader, format_args!("{place}.name"))?;
            output = Some(Output::from_name(&name).ok_or_else(|| unknown_output(place, &name))?);
            return Ok(());
        }
        optional(reader, |reader| {
            let names = ["binary_data", "classification", "shared_memory_region"];
            fields(reader, format_args!("{place}.parameters"), &names, |field, reader| {
                match field {
                    0 => binary = Some(boolean(reader, format_args!("{place}.parameters.binary_data"))?),
                    1 => classes = Some(whole(reader, format_args!("{place}.parameters.classification"))?),
                    _ => return Err(bad(place, "shared_memory_region: shared memory is not offered")),
                }
                Ok(())
            })
        })?;
        Ok(())
    })?;
    let output = output.ok_or_else(|| bad(format_args!("{place}.name"), "is required"))?;
    let classes = classes.filter(|classes| *classes > 0);
    if classes.is_some() && output != Output::Probabilities {
        return Err(bad(format_args!("{place}.parameters.classification"), "is for predict_proba"));
    }
    Ok(RequestedOutput { output, binary, classes })
}

/// The error quotes the output if it is a name.
fn unknown_output(place: Arguments<'_>, name: &str) -> Refusal<'static> {
    let quoted = if portent_event::is_name(name) { format!(" '{name}'") } else { String::new() };
    bad(format_args!("{place}.name"), format!("there is no output{quoted}; there are {}", Output::names()))
}
