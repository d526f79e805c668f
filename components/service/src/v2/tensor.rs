//! The elements of one input tensor, into their cells of the matrix.

use crate::json::{JsonError, Kind, Reader};
use crate::refusal::Refusal;
use crate::violation::{Rule, Violations};

use super::datatype::Datatype;
use super::members::bad;
use super::request::{Data, Input};
use super::target::{Cells, Target};

impl Input<'_> {
    /// Checks, before anything is made room for, that the data can be as long as the shape says.
    pub(super) fn check_length<'a>(&self, index: usize) -> Result<(), Refusal<'a>> {
        let elements = self.shape.elements();
        match (self.data, self.datatype.size()) {
            (Data::Binary(bytes), Some(size))
                if elements.checked_mul(size as u64) != Some(bytes.len() as u64) =>
            {
                let rule = format!("{} bytes are not {elements} elements of {size}", bytes.len());
                Err(bad(format_args!("inputs[{index}]"), rule))
            }
            // An element takes four bytes for its length, or in JSON a digit and what separates it.
            (Data::Binary(bytes), None) if (bytes.len() as u64) / 4 < elements => {
                Err(self.wrong_length(index))
            }
            (Data::Json(text), _) if (text.len() as u64) / 2 < elements => Err(self.wrong_length(index)),
            (Data::Json(_), _) if matches!(self.datatype, Datatype::Fp16 | Datatype::Bf16) => {
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
        target: &mut Target<'_, 'm>,
        violations: &mut Violations<'m>,
    ) -> Result<(), Refusal<'m>> {
        match self.data {
            Data::Json(text) => match self.read_json(text, cells, target, violations) {
                Ok(true) => Ok(()),
                Ok(false) | Err(JsonError { .. }) => Err(self.wrong_length(index)),
            },
            Data::Binary(bytes) if self.datatype == Datatype::Bytes => {
                let read = self.read_texts(bytes, cells, target, violations);
                read.ok_or_else(|| self.wrong_length(index))
            }
            Data::Binary(bytes) => {
                let values = target.values.iter_mut();
                let read = match cells {
                    Cells { first: 0, step: 1 } => self.datatype.read_binary(bytes, values),
                    Cells { first, step } => {
                        self.datatype.read_binary(bytes, values.skip(first).step_by(step))
                    }
                };
                if let Err(element) = read {
                    violations.add(self.rule(), target.place(cells.at(element)), None);
                }
                Ok(())
            }
        }
    }

    /// Reads a flat list, or one nested as the shape says; says whether it was one of them.
    fn read_json<'m>(
        &self,
        text: &str,
        cells: Cells,
        target: &mut Target<'_, 'm>,
        violations: &mut Violations<'m>,
    ) -> Result<bool, JsonError> {
        let mut reader = Reader::new(text);
        let mut element = 0;
        let mut read = |reader: &mut Reader<'_>| {
            let cell = cells.at(element);
            element += 1;
            self.read_element(reader, cell, target, violations)
        };
        reader.begin_array()?;
        let (mut fits, mut is_nested) = (true, None);
        while fits && reader.next_element()? {
            let is_list = self.shape.columns.is_some() && reader.kind()? == Kind::Array;
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

    /// Reads one element; says whether there was a cell for it.
    fn read_element<'m>(
        &self,
        reader: &mut Reader<'_>,
        cell: usize,
        target: &mut Target<'_, 'm>,
        violations: &mut Violations<'m>,
    ) -> Result<bool, JsonError> {
        let number = match (reader.kind()?, self.datatype) {
            (Kind::Number, datatype) => datatype.accept(reader.number()?),
            (Kind::Null, _) => reader.skip().map(|_| Some(f64::NAN))?,
            (Kind::Boolean, Datatype::Bool) => Some(f64::from(u8::from(reader.boolean()?))),
            (Kind::String, Datatype::Bytes) => {
                let text = reader.string()?;
                return Ok(target.put_text(cell, &text, violations));
            }
            _ => reader.skip().map(|_| None)?,
        };
        if number.is_none() {
            violations.add(self.rule(), target.place(cell), None);
        }
        Ok(target.put(cell, number.unwrap_or(f64::NAN)))
    }

    /// Reads texts that each stand behind their length; `None` where they are not as many as the shape says.
    fn read_texts<'m>(
        &self,
        mut bytes: &[u8],
        cells: Cells,
        target: &mut Target<'_, 'm>,
        violations: &mut Violations<'m>,
    ) -> Option<()> {
        for element in 0..usize::try_from(self.shape.elements()).ok()? {
            let (length, rest) = bytes.split_first_chunk::<4>()?;
            let (text, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
            bytes = rest;
            target.put_text(cells.at(element), std::str::from_utf8(text).unwrap_or_default(), violations);
        }
        bytes.is_empty().then_some(())
    }

    /// What an element has to be.
    fn rule(&self) -> Rule {
        let name = self.datatype.name();
        Rule::own(
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
            (Data::Binary(_), _) => "texts, each behind its length",
            (Data::Json(_), None) => "elements, flat",
            (Data::Json(_), Some(_)) => "elements, flat or nested",
        };
        let elements = self.shape.elements();
        bad(
            format_args!("inputs[{index}]"),
            format!("its data are not the {elements} {form}, that its shape says"),
        )
    }
}
