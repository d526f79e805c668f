//! The JSON of an inference request.

use std::borrow::Cow;

use crate::json::{Kind, Reader};
use crate::refusal::Refusal;

use super::datatype::Datatype;
use super::members::{bad, boolean, fields, list, optional, text, whole};
use super::requested::{self, Requested};

/// Longest identity of a request, in bytes.
const ID_BYTES: usize = 1_024;

/// A request, as far as the service looks at it.
#[derive(Debug, Default)]
pub(super) struct InferRequest<'a> {
    /// Echoed in the answer.
    pub(super) id: Option<Cow<'a, str>>,
    /// Whether explanations are asked for.
    pub(super) explain: bool,
    /// Name of the coding that the values are in.
    pub(super) encoding: Option<Cow<'a, str>>,
    pub(super) inputs: Vec<Input<'a>>,
    /// Empty where the defaults are asked for.
    pub(super) outputs: Vec<Requested>,
    /// Whether outputs are binary that do not say so themselves.
    pub(super) binary: bool,
}

/// An input tensor.
#[derive(Debug)]
pub(super) struct Input<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) shape: Shape,
    pub(super) datatype: Datatype,
    pub(super) data: Data<'a>,
}

/// Dimensions: rows, and values a row where there is a second one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) rows: usize,
    pub(super) columns: Option<usize>,
}

/// Where a tensor's elements are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Data<'a> {
    /// JSON that has been scanned.
    Json(&'a str),
    /// In binary form.
    Binary(&'a [u8]),
}

impl Shape {
    /// Number of elements; dimensions have at most 32 bits.
    pub(super) fn elements(self) -> u64 {
        self.rows as u64 * self.columns.unwrap_or(1) as u64
    }
}

/// Reads a request. Tensors in binary form follow each other in `binary`, and nothing else does.
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
            _ => request.outputs = optional(reader, requested::read)?.unwrap_or_default(),
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

/// Parameters that are not known are passed over, as the protocol wants it.
fn parameters<'a>(reader: &mut Reader<'a>, request: &mut InferRequest<'a>) -> Result<(), Refusal<'static>> {
    let names = ["explain", "encoding", "binary_data_output"];
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
) -> Result<Input<'a>, Refusal<'static>> {
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
        (Some(data), None) => Data::Json(data),
        (None, Some(size)) => Data::Binary(take(binary, size).ok_or_else(|| {
            let rule =
                "is more bytes than follow the JSON; Inference-Header-Content-Length says where it ends";
            bad(format_args!("inputs[{index}].parameters.binary_data_size"), rule)
        })?),
        (Some(_), Some(_)) => {
            return Err(bad(format_args!("inputs[{index}].data"), "cannot stand beside binary_data_size"));
        }
        (None, None) => return Err(required("data")),
    };
    Ok(Input {
        name: name.ok_or_else(|| required("name"))?,
        shape: shape.ok_or_else(|| required("shape"))?,
        datatype: datatype.ok_or_else(|| required("datatype"))?,
        data,
    })
}

fn read_shape<'a>(reader: &mut Reader<'a>, index: usize) -> Result<Shape, Refusal<'static>> {
    let place = format_args!("inputs[{index}].shape");
    let wrong = || bad(place, "is a list of one or two dimensions");
    if reader.kind()? != Kind::Array {
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
