//! Elements with named fields to model rows, with every broken rule.
//!
//! Nearly all clients send a row as an object of all features in model order, each a short decimal. [`PlainRows`] reads
//! such rows quickly; [`RowReader`] reads all others.

use portent_model::{Feature, MissingPolicy, Model};
use portent_openapi::contract::ENCODING;

use crate::coding::{Coding, Codings};
use crate::fields::{CHUNK, Element};
use crate::json::{Gaps, JsonError, Reader};
use crate::values::{self, Bounds, Coercion};
use crate::violation::{InputRule, Place, Violations};

/// Rows read so far.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// A matrix: one value per feature in model order, row after row; NaN if missing.
    pub(crate) values: Vec<f64>,
    /// Coding of each row; empty if the protocol knows none.
    pub(crate) codings: Vec<Coding>,
    /// Number of values by feature that were missing and have been filled in; empty if there were none.
    pub(crate) filled: Vec<u32>,
}

/// Reads rows for one model.
#[derive(Debug)]
pub(crate) struct RowReader<'m> {
    pub(crate) codings: Codings<'m>,
    pub(crate) features: Vec<Feature<'m>>,
    pub(crate) coercion: Coercion,
    names: Vec<&'m str>,
}

/// Rows of a list that have been read quickly, and not validated yet.
#[derive(Debug)]
pub(crate) struct PlainRows<'b, 'm, 'a> {
    reader: &'b RowReader<'m>,
    bounds: Vec<Bounds>,
    values: Vec<f64>,
    /// One per row.
    texts: Vec<&'a str>,
    /// The texts around the values of the last row that was written differently from the one before it.
    gaps: Gaps<'a>,
}

impl<'m> RowReader<'m> {
    pub(crate) fn new(model: &Model<'m>, coercion: Coercion) -> Self {
        let features: Vec<_> = model.features().collect();
        let codings = Codings::new(model);
        let encoding = codings.are_offered().then_some(ENCODING);
        let mut names = Vec::with_capacity(features.len() + 1);
        names.extend(features.iter().map(Feature::name).chain(encoding));
        Self { codings, features, coercion, names }
    }

    /// Names of a row's fields: the features, then `encoding` if the model offers a choice.
    pub(crate) fn names(&self) -> &[&'m str] {
        &self.names
    }

    /// Adds a row to `rows`, unless it breaks a rule. `stated` is a coding that holds for all rows.
    pub(crate) fn read<'a>(
        &self,
        (element, inputs): (Element<'a>, &[Option<&'a str>]),
        stated: Option<Coding>,
        place: Place<'a>,
        violations: &mut Violations<'a>,
        rows: &mut Rows,
    ) where
        'm: 'a,
    {
        if element.is_object {
            self.read_fields((element, inputs), stated, place, violations, rows);
        } else {
            violations.add(InputRule::NotAnObject, place, Some(element.text));
        }
    }

    /// Adds a row as [`Self::read`] does, from an element of any form.
    pub(crate) fn read_fields<'a>(
        &self,
        (element, inputs): (Element<'a>, &[Option<&'a str>]),
        stated: Option<Coding>,
        place: Place<'a>,
        violations: &mut Violations<'a>,
        rows: &mut Rows,
    ) where
        'm: 'a,
    {
        let (before, start) = (violations.count(), rows.values.len());
        rows.values.reserve(self.features.len());
        if let Some(name) = element.repeated.and_then(|index| self.names.get(index)) {
            violations.add(InputRule::repeated(), place.field(name), None);
        }
        for (feature, input) in self.features.iter().zip(inputs) {
            let read = self.read_value(feature, *input);
            rows.values.push(read.unwrap_or_else(|rule| {
                violations.add(rule, place.field(feature.name()), Some(input.unwrap_or(element.text)));
                f64::NAN
            }));
        }
        let values = &mut rows.values[start..];
        let coding = self.coding(inputs, values, stated, place, violations);
        self.codings.recode(coding, &self.features, values, inputs, place, violations);
        for ((feature, value), input) in self.features.iter().zip(values).zip(inputs) {
            if let Some(rule) = values::check_bounds(feature, *value) {
                violations.add(rule, place.field(feature.name()), *input);
            }
        }
        if violations.count() > before {
            rows.values.truncate(start);
        } else {
            rows.codings.push(coding);
        }
    }

    /// The coding that a field's text names.
    pub(crate) fn named_coding(&self, text: &str) -> Result<Coding, InputRule> {
        match self.coercion {
            Coercion::Cell => self.codings.by_name(text.trim()),
            _ => self.codings.by_name(&values::string(text).unwrap_or_default()),
        }
    }

    /// The coding that the row states, or the request, or the values prove.
    fn coding<'a>(
        &self,
        inputs: &[Option<&'a str>],
        values: &[f64],
        stated: Option<Coding>,
        place: Place<'a>,
        violations: &mut Violations<'a>,
    ) -> Coding {
        let named = inputs.get(self.features.len()).copied().flatten();
        match named.map(|named| self.named_coding(named)).transpose() {
            Ok(named) => named
                .or(stated)
                .unwrap_or_else(|| self.codings.recognise(&self.features, values, place, violations)),
            Err(rule) => {
                violations.add(rule, place.field(ENCODING), named);
                Coding::Own
            }
        }
    }

    /// A value's text to a number: NaN if it is missing and may be.
    fn read_value(&self, feature: &Feature<'_>, input: Option<&str>) -> Result<f64, InputRule> {
        match input {
            None | Some("null") if feature.missing() != MissingPolicy::Reject => Ok(f64::NAN),
            None => Err(InputRule::Missing),
            Some(text) => values::read(feature, text, self.coercion),
        }
    }

    /// Adds the row of a text to `rows`, if it is a plain one and keeps every rule.
    pub(crate) fn read_plain(&self, text: &str, rows: &mut Rows) -> bool {
        let (mut reader, mut values) = (Reader::new(text), Vec::with_capacity(self.features.len()));
        self.take(&mut reader, &mut values, None)
            && reader.end().is_ok()
            && add(self.features.iter().map(Bounds::of), &values, None, rows)
    }

    fn take<'a>(&self, reader: &mut Reader<'a>, values: &mut Vec<f64>, gaps: Option<&mut Gaps<'a>>) -> bool {
        let names = self.names().get(..self.features.len()).unwrap_or_default();
        matches!(self.coercion, Coercion::Lax | Coercion::Uniform)
            && reader.take_decimals(names, values, gaps)
    }
}

impl<'b, 'm, 'a> PlainRows<'b, 'm, 'a> {
    pub(crate) fn new(reader: &'b RowReader<'m>) -> Self {
        let bounds = reader.features.iter().map(Bounds::of).collect();
        Self { reader, bounds, values: Vec::new(), texts: Vec::new(), gaps: Gaps::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The values of each row, and its text.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[f64], &'a str)> {
        self.values.chunks_exact(self.bounds.len().max(1)).zip(self.texts.iter().copied())
    }

    /// Adds a row to `rows`, if it keeps every rule and needs no translation. `stated` is a coding that holds for all
    /// rows.
    pub(crate) fn add(&self, values: &[f64], stated: Option<Coding>, rows: &mut Rows) -> bool {
        add(self.bounds.iter().copied(), values, stated, rows)
    }

    /// Forgets all rows and reads the next ones of a list that has been entered, until [`CHUNK`] rows are read or one
    /// is of another form. Whether there may be more.
    pub(crate) fn read_chunk(&mut self, reader: &mut Reader<'a>) -> Result<bool, JsonError> {
        self.values.clear();
        self.texts.clear();
        while self.len() < CHUNK {
            let before = reader.clone();
            if !reader.next_element()? {
                return Ok(false);
            }
            let begin = reader.position();
            if !self.take(reader) {
                *reader = before;
                return Ok(true);
            }
            self.texts.push(reader.since(begin));
        }
        Ok(true)
    }

    /// Passes over a row and adds its values, first as if it were written as the one before it. If that is no such row,
    /// nothing has changed.
    fn take(&mut self, reader: &mut Reader<'a>) -> bool {
        let before = self.values.len();
        if reader.take_decimals_between(&self.gaps, &mut self.values) {
            return true;
        }
        self.values.truncate(before);
        self.gaps.clear();
        let is_taken = self.reader.take(reader, &mut self.values, Some(&mut self.gaps));
        if !is_taken {
            self.values.truncate(before);
            self.gaps.clear();
        }
        is_taken
    }
}

/// Adds a row of finite values to `rows`, if it keeps its rules and is stated to be in no other coding.
fn add(
    bounds: impl Iterator<Item = Bounds>,
    values: &[f64],
    stated: Option<Coding>,
    rows: &mut Rows,
) -> bool {
    let is_own = stated.is_none_or(|coding| coding == Coding::Own);
    let is_added = is_own && bounds.zip(values).all(|(bounds, value)| bounds.contain(*value));
    if is_added {
        rows.values.extend_from_slice(values);
        rows.codings.push(Coding::Own);
    }
    is_added
}
