//! Elements with named fields to model rows, every broken rule named.

use portent_model::{Feature, MissingPolicy, Model};

use crate::coding::{Coding, Codings};
use crate::fields::Element;
use crate::values::{self, Coercion};
use crate::violation::{Place, Rule, Violations};

/// Name of the field that states a row's coding.
const ENCODING: &str = "encoding";

/// Rows read so far.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// A matrix: one value a feature in model order, row after row; NaN where missing.
    pub(crate) values: Vec<f64>,
    /// Coding of each row; empty where the dialect knows none.
    pub(crate) codings: Vec<Coding>,
    /// Values by feature that were missing and have been filled in; empty where none were.
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

impl<'m> RowReader<'m> {
    pub(crate) fn new(model: &Model<'m>, coercion: Coercion) -> Self {
        let features: Vec<_> = model.features().collect();
        let codings = Codings::new(model);
        let encoding = codings.are_offered().then_some(ENCODING);
        let mut names = Vec::with_capacity(features.len() + 1);
        names.extend(features.iter().map(Feature::name).chain(encoding));
        Self { codings, features, coercion, names }
    }

    /// Names of a row's fields: the features, then `encoding` where the model offers a choice.
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
            violations.add(Rule::NotAnObject, place, Some(element.text));
        }
    }

    /// Adds a row as [`Self::read`] does, whatever form its element has.
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
            violations.add(Rule::repeated(), place.field(name), None);
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
    pub(crate) fn named_coding(&self, text: &str) -> Result<Coding, Rule> {
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

    /// A value's text to a number: NaN where it is missing and may be.
    fn read_value(&self, feature: &Feature<'_>, input: Option<&str>) -> Result<f64, Rule> {
        match input {
            None | Some("null") if feature.missing() != MissingPolicy::Reject => Ok(f64::NAN),
            None => Err(Rule::Missing),
            Some(text) => values::read(feature, text, self.coercion),
        }
    }
}
