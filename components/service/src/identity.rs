//! The identity of a request: its own, or one that is made for it.

use std::borrow::Cow;

use portent_event::is_name;

use crate::exchange::{Header, Request};

/// Header of the identity.
const REQUEST_ID: &str = "x-request-id";

/// Header of a trace, <https://www.w3.org/TR/trace-context/#traceparent-header>.
const TRACEPARENT: &str = "traceparent";

/// The identity of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity<'a> {
    /// The client's `x-request-id` if it is a name, else the trace of the request, else a number of its own.
    pub(crate) id: Cow<'a, str>,
    traceparent: Option<&'a str>,
}

impl<'a> Identity<'a> {
    pub(crate) fn of(request: &Request<'a>) -> Self {
        let given = request.header(REQUEST_ID).filter(|id| is_name(id));
        let traceparent = request.header(TRACEPARENT);
        let trace = traceparent.and_then(trace_id);
        let id = given.or(trace).map_or_else(|| hexadecimal(request.unique).into(), Cow::Borrowed);
        Self { id, traceparent: traceparent.filter(|_| trace.is_some()) }
    }

    /// Adds the identity to the headers of the response.
    pub(crate) fn push_headers(&self, headers: &mut Vec<Header>) {
        headers.push((REQUEST_ID, Cow::Owned(self.id.clone().into_owned())));
        headers.extend(self.traceparent.map(|trace| (TRACEPARENT, Cow::Owned(trace.to_owned()))));
    }
}

/// A number as 16 digits.
fn hexadecimal(number: u64) -> String {
    let digits = (0..16).rev().filter_map(|place| char::from_digit((number >> (4 * place) & 15) as u32, 16));
    let mut text = String::with_capacity(16);
    text.extend(digits);
    text
}

/// The trace of a `traceparent`: version, trace, parent and flags in lower-case hexadecimal, joined by dashes;
/// neither trace nor parent is all zeros, and version ff is none.
fn trace_id(traceparent: &str) -> Option<&str> {
    let mut parts = traceparent.split('-');
    let is_hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let mut part = |length: usize| parts.next().filter(|text| is_hex(text, length));
    let (version, trace, parent, _flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
    let is_zero = |text: &str| text.bytes().all(|byte| byte == b'0');
    let has_more = parts.next().is_some();
    let valid = version != "ff" && !is_zero(trace) && !is_zero(parent) && (version != "00" || !has_more);
    valid.then_some(trace)
}
