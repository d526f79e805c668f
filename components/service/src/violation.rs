//! Broken rules and how they are told: in the shape that FastAPI with pydantic 2.5 gives, since clients of
//! the service that this replaces parse it.

use std::borrow::Cow;

use portent_event::ErrorType;

use crate::json::{push_number, push_string};
use crate::limits;
use crate::service::Outcome;

/// Everything wrong with a body, in order of appearance, bounded by [`limits::VIOLATIONS`].
#[derive(Debug, Default)]
pub(crate) struct Violations<'a> {
    listed: Vec<Violation<'a>>,
    left_out: usize,
}

/// One broken rule.
#[derive(Debug)]
pub(crate) struct Violation<'a> {
    pub(crate) rule: Rule,
    pub(crate) place: Place<'a>,
    /// Text of the offending value, where there is one.
    pub(crate) input: Option<&'a str>,
}

/// Where in the body: `["body", "patients", row, field]`, as far as it goes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place<'a> {
    pub(crate) list: Option<&'a str>,
    pub(crate) row: Option<usize>,
    pub(crate) field: Option<&'a str>,
    pub(crate) offset: Option<usize>,
}

/// The rules.
#[derive(Debug)]
pub(crate) enum Rule {
    Missing,
    Syntax(String),
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
    Repeated,
    Encoding(String),
    EncodingConflict(String),
    MissingInEncoding(String),
    NotInEncoding(String),
    Overflow,
}

impl<'a> Violations<'a> {
    pub(crate) fn add(&mut self, rule: Rule, place: Place<'a>, input: Option<&'a str>) {
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

    /// The 422 answer.
    pub(crate) fn into_outcome(self) -> Outcome {
        let mut body = b"{\"detail\":[".to_vec();
        for (index, violation) in self.listed.iter().enumerate() {
            if index > 0 {
                body.push(b',');
            }
            violation.push(&mut body);
        }
        if self.left_out > 0 {
            let message = format!("{} more errors are not listed", self.left_out);
            body.extend_from_slice(b",{\"type\":\"too_many_errors\",\"loc\":[\"body\"],\"msg\":");
            push_string(&mut body, &message);
            body.push(b'}');
        }
        body.extend_from_slice(b"]}");
        Outcome { error: Some(ErrorType::Validation), ..Outcome::json(422, body) }
    }
}

impl<'a> From<Violation<'a>> for Violations<'a> {
    fn from(violation: Violation<'a>) -> Self {
        Self { listed: vec![violation], left_out: 0 }
    }
}

impl Violation<'_> {
    fn push(&self, out: &mut Vec<u8>) {
        let kind = self.rule.kind();
        out.extend_from_slice(b"{\"type\":");
        push_string(out, kind);
        out.extend_from_slice(b",\"loc\":");
        self.place.push(out);
        out.extend_from_slice(b",\"msg\":");
        push_string(out, &self.rule.message());
        out.extend_from_slice(b",\"input\":");
        // Numbers beyond f64, lone surrogates and deep nesting are JSON, but the client's own parser may refuse them.
        let is_plain = |input: &str| serde_json::from_str::<serde_json::Value>(input).is_ok();
        let input = self.input.filter(|input| input.len() <= limits::ECHOED_INPUT_BYTES && is_plain(input));
        out.extend_from_slice(input.unwrap_or("null").as_bytes());
        self.rule.push_context(out);
        if self.rule.is_pydantic() {
            out.extend_from_slice(b",\"url\":\"https://errors.pydantic.dev/2.5/v/");
            out.extend_from_slice(kind.as_bytes());
            out.push(b'"');
        }
        out.push(b'}');
    }
}

impl Place<'_> {
    fn push(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"[\"body\"");
        let text = |text: Option<&str>, out: &mut Vec<u8>| {
            if let Some(text) = text {
                out.push(b',');
                push_string(out, text);
            }
        };
        text(self.list, out);
        if let Some(row) = self.row {
            out.extend_from_slice(format!(",{row}").as_bytes());
        }
        text(self.field, out);
        if let Some(offset) = self.offset {
            out.extend_from_slice(format!(",{offset}").as_bytes());
        }
        out.push(b']');
    }
}

impl Rule {
    fn kind(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Syntax(_) => "json_invalid",
            Self::NotAnObject => "model_attributes_type",
            Self::NotAList => "list_type",
            Self::Integer => "int_type",
            Self::IntegerText => "int_parsing",
            Self::IntegerSize => "int_parsing_size",
            Self::Fraction => "int_from_float",
            Self::Number => "float_type",
            Self::NumberText => "float_parsing",
            Self::Finite => "finite_number",
            Self::AtLeast(_) => "greater_than_equal",
            Self::AtMost(_) => "less_than_equal",
            Self::Repeated => "duplicate_key",
            Self::Encoding(_) => "literal_error",
            Self::EncodingConflict(_) => "encoding_conflict",
            Self::MissingInEncoding(_) => "missing_value",
            Self::NotInEncoding(_) => "encoding_value",
            Self::Overflow => "overflow",
        }
    }

    /// Whether pydantic has an error of this type and so a page on it.
    fn is_pydantic(&self) -> bool {
        !matches!(
            self,
            Self::Syntax(_)
                | Self::Repeated
                | Self::EncodingConflict(_)
                | Self::MissingInEncoding(_)
                | Self::NotInEncoding(_)
                | Self::Overflow
        )
    }

    fn message(&self) -> Cow<'_, str> {
        let fixed = match self {
            Self::Missing => "Field required",
            Self::Syntax(_) => "JSON decode error",
            Self::NotAnObject => "Input should be a valid dictionary or object to extract fields from",
            Self::NotAList => "Input should be a valid list",
            Self::Integer => "Input should be a valid integer",
            Self::IntegerText => "Input should be a valid integer, unable to parse string as an integer",
            Self::IntegerSize => "Unable to parse input string as an integer, exceeded maximum size",
            Self::Fraction => "Input should be a valid integer, got a number with a fractional part",
            Self::Number => "Input should be a valid number",
            Self::NumberText => "Input should be a valid number, unable to parse string as a number",
            Self::Finite => "Input should be a finite number",
            Self::Repeated => "Field given twice",
            Self::Overflow => "Values too large to score",
            Self::AtLeast(bound) => {
                return format!("Input should be greater than or equal to {bound}").into();
            }
            Self::AtMost(bound) => return format!("Input should be less than or equal to {bound}").into(),
            Self::Encoding(text)
            | Self::EncodingConflict(text)
            | Self::MissingInEncoding(text)
            | Self::NotInEncoding(text) => text,
        };
        Cow::Borrowed(fixed)
    }

    fn push_context(&self, out: &mut Vec<u8>) {
        match self {
            Self::AtLeast(bound) => push_bound(out, b",\"ctx\":{\"ge\":", *bound),
            Self::AtMost(bound) => push_bound(out, b",\"ctx\":{\"le\":", *bound),
            Self::Syntax(message) => {
                out.extend_from_slice(b",\"ctx\":{\"error\":");
                push_string(out, message);
                out.push(b'}');
            }
            _ => {}
        }
    }
}

fn push_bound(out: &mut Vec<u8>, prefix: &[u8], bound: f64) {
    out.extend_from_slice(prefix);
    push_number(out, bound);
    out.push(b'}');
}
