//! Objects with named fields to model rows, every broken rule named.

use portent_model::{Feature, FeatureKind, MissingPolicy, Model};

use crate::coding::{Coding, Codings};
use crate::json::{self, Object, Unreadable};
use crate::violation::{Place, Rule, Violations};

/// Name of the field that states a row's coding.
const ENCODING: &str = "encoding";

/// Greatest whole number that every integer type and f64 agree on.
const INTEGER_LIMIT: f64 = 9_007_199_254_740_992.0;

/// Rows read so far: a matrix in model order, and each row's coding.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) values: Vec<f64>,
    pub(crate) codings: Vec<Coding>,
}

/// Reads rows for one model.
#[derive(Debug)]
pub(crate) struct RowReader<'m> {
    pub(crate) codings: Codings<'m>,
    features: Vec<Feature<'m>>,
    names: Vec<&'m str>,
}

impl<'m> RowReader<'m> {
    pub(crate) fn new(model: &Model<'m>) -> Self {
        let features: Vec<_> = model.features().collect();
        let codings = Codings::new(model);
        let encoding = codings.are_offered().then_some(ENCODING);
        let names = features.iter().map(Feature::name).chain(encoding).collect();
        Self { codings, features, names }
    }

    /// Fields of a row's text. `place` is that of the row.
    pub(crate) fn fields<'a>(
        &self,
        text: &'a str,
        place: Place<'a>,
        violations: &mut Violations<'a>,
    ) -> Option<Object<'a>> {
        match json::object(text, &self.names) {
            Ok(object) => Some(object),
            Err(unreadable) => {
                violations.unreadable(unreadable, place, Rule::NotAnObject, text);
                None
            }
        }
    }

    /// Adds a row to `rows`, unless it breaks a rule. `stated` is a coding that holds for all rows.
    pub(crate) fn read<'a>(
        &self,
        object: &Object<'a>,
        text: &'a str,
        stated: Option<Coding>,
        place: Place<'a>,
        violations: &mut Violations<'a>,
        rows: &mut Rows,
    ) where
        'm: 'a,
    {
        let (before, start) = (violations.count(), rows.values.len());
        let field = |index: usize| Place { field: self.names.get(index).copied(), ..place };
        if let Some(index) = object.repeated {
            violations.add(Rule::Repeated, field(index), None);
        }
        for (index, (feature, input)) in self.features.iter().zip(&object.values).enumerate() {
            let read = read_value(feature, *input);
            rows.values.push(read.unwrap_or_else(|rule| {
                violations.add(rule, field(index), Some(input.unwrap_or(text)));
                f64::NAN
            }));
        }
        let values = &mut rows.values[start..];
        let named = object.values.get(self.features.len()).copied().flatten();
        let coding = match named.map(|named| self.named_coding(named)).transpose() {
            Ok(named) => named.or(stated),
            Err(rule) => {
                violations.add(rule, Place { field: Some(ENCODING), ..place }, named);
                Some(Coding::Own)
            }
        };
        let coding =
            coding.unwrap_or_else(|| self.codings.recognise(&self.features, values, place, violations));
        self.codings.recode(coding, &self.features, values, &object.values, place, violations);
        self.check_bounds(values, &object.values, place, violations);
        if violations.count() > before {
            rows.values.truncate(start);
        } else {
            rows.codings.push(coding);
        }
    }

    /// The coding that a field's text names.
    pub(crate) fn named_coding(&self, text: &str) -> Result<Coding, Rule> {
        self.codings.by_name(&json::string(text).unwrap_or_default())
    }

    fn check_bounds<'a>(
        &self,
        values: &[f64],
        inputs: &[Option<&'a str>],
        place: Place<'a>,
        violations: &mut Violations<'a>,
    ) where
        'm: 'a,
    {
        for ((feature, value), input) in self.features.iter().zip(values).zip(inputs) {
            let place = Place { field: Some(feature.name()), ..place };
            if *value < feature.lower() {
                violations.add(Rule::AtLeast(feature.lower()), place, *input);
            } else if *value > feature.upper() {
                violations.add(Rule::AtMost(feature.upper()), place, *input);
            }
        }
    }
}

impl<'a> Violations<'a> {
    /// Adds the violation that an unreadable text is.
    pub(crate) fn unreadable(
        &mut self,
        unreadable: Unreadable,
        place: Place<'a>,
        other_type: Rule,
        text: &'a str,
    ) {
        match unreadable {
            Unreadable::Syntax { offset, message } => {
                let place = Place { offset: Some(offset), ..place };
                self.add(Rule::Syntax(message), place, Some("{}"));
            }
            Unreadable::OtherType => self.add(other_type, place, Some(text)),
        }
    }
}

/// A value's text to a number: NaN where it is missing and may be.
fn read_value(feature: &Feature<'_>, input: Option<&str>) -> Result<f64, Rule> {
    let may_be_missing = feature.missing() == MissingPolicy::Impute;
    match input {
        None | Some("null") if may_be_missing => Ok(f64::NAN),
        None => Err(Rule::Missing),
        Some(text) if feature.kind() == FeatureKind::Number => read_number(text),
        Some(text) => read_integer(text),
    }
}

fn read_number(text: &str) -> Result<f64, Rule> {
    let number = match text.as_bytes().first() {
        Some(b'"') => decimal(json::string(text).unwrap_or_default().trim()).ok_or(Rule::NumberText)?,
        Some(b't') => 1.0,
        Some(b'f') => 0.0,
        Some(b'-' | b'0'..=b'9') => text.parse().map_err(|_| Rule::Number)?,
        _ => return Err(Rule::Number),
    };
    if number.is_finite() { Ok(number) } else { Err(Rule::Finite) }
}

fn read_integer(text: &str) -> Result<f64, Rule> {
    let is_text = text.starts_with('"');
    let number = match read_number(text) {
        Err(Rule::Number) => return Err(Rule::Integer),
        Err(Rule::NumberText) => return Err(Rule::IntegerText),
        other => other?,
    };
    if number.fract() != 0.0 {
        Err(if is_text { Rule::IntegerText } else { Rule::Fraction })
    } else if number.abs() > INTEGER_LIMIT {
        Err(Rule::IntegerSize)
    } else {
        Ok(number)
    }
}

/// A number in a string: digits, sign, point and exponent only, so neither `nan` nor `inf`.
fn decimal(text: &str) -> Option<f64> {
    let plain = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    text.bytes().all(plain).then(|| text.parse().ok()).flatten()
}
