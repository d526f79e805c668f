//! Input tensors, and the matrix that their elements are read into.

use std::borrow::Cow;

use portent_model::Feature;

use crate::json::{JsonError, JsonType, Reader};
use crate::refusal::Refusal;
use crate::values;
use crate::violation::{InputRule, Place, Violations};

use super::datatype::Datatype;
use super::members::bad;

/// An input tensor.
#[derive(Debug)]
pub(super) struct InputTensor<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) shape: Shape,
    pub(super) datatype: Datatype,
    pub(super) data: TensorData<'a>,
}

/// Dimensions: rows, and values per row if there is a second one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) rows: usize,
    pub(super) columns: Option<usize>,
}

/// Where a tensor's elements are.
#[derive(Clone, Copy, Debug)]
pub(super) enum TensorData<'a> {
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

/// A matrix that tensors are read into.
#[derive(Debug)]
pub(super) struct Matrix<'t, 'm> {
    /// Row after row, one value per feature; NaN if missing.
    pub(super) values: Vec<f64>,
    pub(super) features: &'t [Feature<'m>],
    /// Whether labels of categories stand for their codes.
    pub(super) labels: bool,
    pub(super) violations: Violations<'m>,
}

/// The cells of a tensor's elements: all of the matrix, or one per row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cells {
    pub(super) first: usize,
    pub(super) step: usize,
}

impl InputTensor<'_> {
    /// Checks that the data can be as long as the shape says, before memory is allocated for them.
    pub(super) fn check_length<'a>(&self, index: usize) -> Result<(), Refusal<'a>> {
        let elements = self.shape.elements();
        match (self.data, self.datatype.size()) {
            (TensorData::Binary(bytes), Some(size))
                if elements.checked_mul(size as u64) != Some(bytes.len() as u64) =>
            {
                let rule = format!("{} bytes are not {elements} elements of {size}", bytes.len());
                Err(bad(format_args!("inputs[{index}]"), rule))
            }
            // An element takes four bytes for its length, or in JSON a digit and a separator.
            (TensorData::Binary(bytes), None) if (bytes.len() as u64) / 4 < elements => {
                Err(self.wrong_length(index))
            }
            (TensorData::Json(text), _) if (text.len() as u64) / 2 < elements => {
                Err(self.wrong_length(index))
            }
            (TensorData::Json(_), _) if matches!(self.datatype, Datatype::Fp16 | Datatype::Bf16) => {
                let rule = format!("{} is taken in binary form only", self.datatype.name());
                Err(bad(format_args!("inputs[{index}].data"), rule))
            }
            _ => Ok(()),
        }
    }

    /// Reads the elements into their cells. Values that are not of the datatype are violations.
    pub(super) fn read<'m>(
        &self,
        index: usize,
        cells: Cells,
        matrix: &mut Matrix<'_, 'm>,
    ) -> Result<(), Refusal<'m>> {
        match self.data {
            TensorData::Json(text) => match self.read_json(text, cells, matrix) {
                Ok(true) => Ok(()),
                Ok(false) | Err(JsonError { .. }) => Err(self.wrong_length(index)),
            },
            TensorData::Binary(bytes) if self.datatype == Datatype::Bytes => {
                let read = self.read_texts(bytes, cells, matrix);
                read.ok_or_else(|| self.wrong_length(index))
            }
            TensorData::Binary(bytes) => {
                let values = matrix.values.iter_mut();
                let read = match cells {
                    Cells { first: 0, step: 1 } => self.datatype.read_binary(bytes, values),
                    Cells { first, step } => {
                        self.datatype.read_binary(bytes, values.skip(first).step_by(step))
                    }
                };
                if let Err(element) = read {
                    matrix.violations.add(self.rule(), matrix.place(cells.at(element)), None);
                }
                Ok(())
            }
        }
    }

    /// Reads a flat list, or one nested as the shape says. Whether it was one of them.
    fn read_json<'m>(
        &self,
        text: &str,
        cells: Cells,
        matrix: &mut Matrix<'_, 'm>,
    ) -> Result<bool, JsonError> {
        let mut reader = Reader::new(text);
        let mut element = 0;
        let mut read = |reader: &mut Reader<'_>| {
            let cell = cells.at(element);
            element += 1;
            self.read_element(reader, cell, matrix)
        };
        reader.begin_array()?;
        let (mut fits, mut is_nested) = (true, None);
        while fits && reader.next_element()? {
            let is_list = self.shape.columns.is_some() && reader.next_type()? == JsonType::Array;
            if is_list != *is_nested.get_or_insert(is_list) {
                return Ok(false);
            }
            if !is_list {
                fits = read(&mut reader)?;
                continue;
            }
            let mut column = 0;
            reader.begin_array()?;
            while fits && reader.next_element()? {
                column += 1;
                fits = self.shape.columns >= Some(column) && read(&mut reader)?;
            }
            fits &= self.shape.columns == Some(column);
        }
        Ok(fits && element as u64 == self.shape.elements())
    }

    /// Reads one element. Whether there was a cell for it.
    fn read_element<'m>(
        &self,
        reader: &mut Reader<'_>,
        cell: usize,
        matrix: &mut Matrix<'_, 'm>,
    ) -> Result<bool, JsonError> {
        let number = match (reader.next_type()?, self.datatype) {
            (JsonType::Number, datatype) => datatype.accept(reader.number()?),
            (JsonType::Null, _) => reader.skip().map(|_| Some(f64::NAN))?,
            (JsonType::Boolean, Datatype::Bool) => Some(f64::from(u8::from(reader.boolean()?))),
            (JsonType::String, Datatype::Bytes) => {
                let text = reader.string()?;
                return Ok(matrix.put_text(cell, &text));
            }
            _ => reader.skip().map(|_| None)?,
        };
        if number.is_none() {
            matrix.violations.add(self.rule(), matrix.place(cell), None);
        }
        Ok(matrix.put(cell, number.unwrap_or(f64::NAN)))
    }

    /// Reads texts that each stand behind their length; `None` if they are not as many as the shape says.
    fn read_texts<'m>(&self, mut bytes: &[u8], cells: Cells, matrix: &mut Matrix<'_, 'm>) -> Option<()> {
        for element in 0..usize::try_from(self.shape.elements()).ok()? {
            let (length, rest) = bytes.split_first_chunk::<4>()?;
            let (text, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
            bytes = rest;
            matrix.put_text(cells.at(element), std::str::from_utf8(text).unwrap_or_default());
        }
        bytes.is_empty().then_some(())
    }

    /// The rule for an element.
    fn rule(&self) -> InputRule {
        let name = self.datatype.name();
        InputRule::own(
            "datatype",
            match self.datatype {
                Datatype::Bool => "Input should be true or false, in binary form 1 or 0".to_owned(),
                Datatype::Fp16 | Datatype::Bf16 | Datatype::Fp32 | Datatype::Fp64 => {
                    format!("Input should be a number ({name})")
                }
                Datatype::Bytes => "Input should be a string".to_owned(),
                Datatype::Int64 | Datatype::Uint64 => {
                    format!("Input should be a whole number of {name}, and nearer to 0 than 2^53")
                }
                _ => format!("Input should be a whole number of {name}"),
            },
        )
    }

    fn wrong_length<'a>(&self, index: usize) -> Refusal<'a> {
        let form = match (self.data, self.shape.columns) {
            (TensorData::Binary(_), _) => "texts, each behind its length",
            (TensorData::Json(_), None) => "elements, flat",
            (TensorData::Json(_), Some(_)) => "elements, flat or nested",
        };
        let elements = self.shape.elements();
        bad(
            format_args!("inputs[{index}]"),
            format!("its data are not the {elements} {form}, that its shape says"),
        )
    }
}

impl Cells {
    /// Index in the matrix of an element.
    pub(super) fn at(self, element: usize) -> usize {
        self.first + element * self.step
    }
}

impl<'m> Matrix<'_, 'm> {
    /// Puts a number into a cell. Whether there is such a cell.
    pub(super) fn put(&mut self, cell: usize, number: f64) -> bool {
        let value = self.values.get_mut(cell);
        value.map(|value| *value = number).is_some()
    }

    /// Puts the number of a text: the code of a category by its label, or a decimal number.
    pub(super) fn put_text(&mut self, cell: usize, text: &str) -> bool {
        let feature = self.features.get(cell % self.features.len());
        let mut labels = feature.filter(|_| self.labels).into_iter().flat_map(Feature::categories);
        let code = labels.find(|category| category.label == text).map(|category| category.value);
        let number = code.or_else(|| values::decimal(text));
        if number.is_none() {
            let rule = "Input should be a decimal number, or the label of a category of the feature";
            self.violations.add(InputRule::own("datatype", rule), self.place(cell), None);
        }
        self.put(cell, number.unwrap_or(f64::NAN))
    }

    /// Row and feature of a cell.
    pub(super) fn place(&self, cell: usize) -> Place<'m> {
        let width = self.features.len();
        let field = self.features.get(cell % width).map(Feature::name);
        Place { field, ..Place::row("rows", cell / width) }
    }
}
