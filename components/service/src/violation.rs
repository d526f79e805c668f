//! Broken rules and their places. The rules have the names and words of pydantic 2.5 if it has them: clients of the
//! services that this replaces parse them.

use std::borrow::Cow;

use crate::json::JsonError;
use crate::limits;

/// The broken rules of a request in order of appearance, at most [`limits::VIOLATIONS`] of them.
#[derive(Debug, Default)]
pub(crate) struct Violations<'a> {
    listed: Vec<Violation<'a>>,
    left_out: usize,
}

/// One broken rule.
#[derive(Debug)]
pub(crate) struct Violation<'a> {
    pub(crate) rule: InputRule,
    pub(crate) place: Place<'a>,
    /// Text of the offending value, if there is one.
    pub(crate) input: Option<&'a str>,
}

/// A place in a request: a list, a row of it, a field, a byte of the body.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place<'a> {
    pub(crate) part: RequestPart,
    pub(crate) list: Option<&'a str>,
    pub(crate) row: Option<usize>,
    pub(crate) field: Option<&'a str>,
    pub(crate) offset: Option<usize>,
}

/// Part of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RequestPart {
    #[default]
    Body,
    Query,
    /// Lines of CSV; the row is the number of the line, from 1.
    Lines,
}

/// A rule that a value can break.
#[derive(Debug)]
pub(crate) enum InputRule {
    Missing,
    Syntax(&'static str),
    NotAnObject,
    NotAList,
    Integer,
    IntegerText,
    IntegerSize,
    Fraction,
    Number,
    NumberText,
    Finite,
    AtLeast(f64),
    AtMost(f64),
    Text,
    Boolean,
    /// A rule that pydantic does not have: its type and its message, which never contains a value.
    Own(&'static str, Cow<'static, str>),
}

impl<'a> Violations<'a> {
    /// One violation alone.
    pub(crate) fn one(rule: InputRule, place: Place<'a>, input: Option<&'a str>) -> Self {
        Self { listed: vec![Violation { rule, place, input }], left_out: 0 }
    }

    pub(crate) fn add(&mut self, rule: InputRule, place: Place<'a>, input: Option<&'a str>) {
        if self.listed.len() < limits::VIOLATIONS {
            self.listed.push(Violation { rule, place, input });
        } else {
            self.left_out += 1;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    pub(crate) fn count(&self) -> usize {
        self.listed.len() + self.left_out
    }

    pub(crate) fn listed(&self) -> &[Violation<'a>] {
        &self.listed
    }

    pub(crate) fn left_out(&self) -> usize {
        self.left_out
    }
}

impl From<JsonError> for Violations<'_> {
    /// A text that is not JSON breaks this rule alone, even if others were found in it before.
    fn from(error: JsonError) -> Self {
        let place = Place { offset: Some(error.offset), ..Place::default() };
        Self::one(InputRule::Syntax(error.rule), place, Some("{}"))
    }
}

impl<'a> Place<'a> {
    /// A list.
    pub(crate) fn list(list: &'a str) -> Self {
        Self { list: Some(list), ..Self::default() }
    }

    /// A row of a list.
    pub(crate) fn row(list: &'a str, row: usize) -> Self {
        Self { row: Some(row), ..Self::list(list) }
    }

    /// A field at this place.
    pub(crate) fn field(self, field: &'a str) -> Self {
        Self { field: Some(field), ..self }
    }
}

impl InputRule {
    /// A rule of our own.
    pub(crate) fn own(name: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Own(name, message.into())
    }

    /// Values that are finite, but whose weighted sum is not a number.
    pub(crate) fn overflow() -> Self {
        Self::own("overflow", "Values too large to score")
    }

    pub(crate) fn repeated() -> Self {
        Self::own("duplicate_key", "Field given twice")
    }

    /// Name of the rule.
    pub(crate) fn name(&self) -> &'static str {
        self.texts().0
    }

    /// The rule, for people.
    pub(crate) fn message(&self) -> Cow<'_, str> {
        match self {
            Self::AtLeast(bound) | Self::AtMost(bound) => {
                // As people write it: with an exponent in place of a row of zeros.
                let bound = if bound.abs() < 1e16 { bound.to_string() } else { format!("{bound:e}") };
                format!("{} {bound}", self.texts().1).into()
            }
            _ => self.texts().1.into(),
        }
    }

    /// Whether pydantic has a page on errors of this type.
    pub(crate) fn is_pydantic(&self) -> bool {
        !matches!(self, Self::Syntax(_) | Self::Own(..))
    }

    fn texts(&self) -> (&'static str, &str) {
        match self {
            Self::Missing => ("missing", "Field required"),
            Self::Syntax(_) => ("json_invalid", "JSON decode error"),
            Self::NotAnObject => (
                "model_attributes_type",
                "Input should be a valid dictionary or object to extract fields from",
            ),
            Self::NotAList => ("list_type", "Input should be a valid list"),
            Self::Integer => ("int_type", "Input should be a valid integer"),
            Self::IntegerText => {
                ("int_parsing", "Input should be a valid integer, unable to parse string as an integer")
            }
            Self::IntegerSize => {
                ("int_parsing_size", "Unable to parse input string as an integer, exceeded maximum size")
            }
            Self::Fraction => {
                ("int_from_float", "Input should be a valid integer, got a number with a fractional part")
            }
            Self::Number => ("float_type", "Input should be a valid number"),
            Self::NumberText => {
                ("float_parsing", "Input should be a valid number, unable to parse string as a number")
            }
            Self::Finite => ("finite_number", "Input should be a finite number"),
            Self::AtLeast(_) => ("greater_than_equal", "Input should be greater than or equal to"),
            Self::AtMost(_) => ("less_than_equal", "Input should be less than or equal to"),
            Self::Text => ("string_type", "Input should be a valid string"),
            Self::Boolean => ("bool_parsing", "Input should be a valid boolean, unable to interpret input"),
            Self::Own(name, message) => (name, message),
        }
    }
}
