//! Broken rules: what a body may break, where it did, and how much of that is told.

mod rule;

use crate::json::JsonError;
use crate::limits;

pub(crate) use rule::Rule;

/// Everything wrong with a request, in order of appearance, bounded by [`limits::VIOLATIONS`].
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

/// Where: a list, a row of it, a field, a byte of the body, as far as it goes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place<'a> {
    pub(crate) part: Part,
    pub(crate) list: Option<&'a str>,
    pub(crate) row: Option<usize>,
    pub(crate) field: Option<&'a str>,
    pub(crate) offset: Option<usize>,
}

/// Part of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Part {
    #[default]
    Body,
    Query,
    /// Lines of CSV, counted from 1 where a row is asked for.
    Lines,
}

impl<'a> Violations<'a> {
    /// One violation alone.
    pub(crate) fn one(rule: Rule, place: Place<'a>, input: Option<&'a str>) -> Self {
        Self { listed: vec![Violation { rule, place, input }], left_out: 0 }
    }

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

    pub(crate) fn listed(&self) -> &[Violation<'a>] {
        &self.listed
    }

    pub(crate) fn left_out(&self) -> usize {
        self.left_out
    }
}

impl From<JsonError> for Violations<'_> {
    /// A text that is not JSON breaks one rule, whatever was found in it before.
    fn from(error: JsonError) -> Self {
        let place = Place { offset: Some(error.offset), ..Place::default() };
        Self::one(Rule::Syntax(error.rule), place, Some("{}"))
    }
}

impl<'a> Place<'a> {
    /// A row of a list.
    pub(crate) fn row(list: &'a str, row: usize) -> Self {
        Self { list: Some(list), row: Some(row), ..Self::default() }
    }

    /// A field at this place.
    pub(crate) fn field(self, field: &'a str) -> Self {
        Self { field: Some(field), ..self }
    }
}
