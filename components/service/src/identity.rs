//! Who a request is: the identity that it brings, or one that is made for it.

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
    /// What the client sent as `x-request-id`, if that is a name, else the trace that it belongs to, else a
    /// number of its own.
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

    /// Tells the identity to whoever asked.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Body;

    const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn identity(headers: &[(&str, &str)]) -> (String, Vec<Header>) {
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        let request = Request {
            method: "GET",
            path_with_query: "/",
            headers: &headers,
            body: Body::Complete(b""),
            unique: 0xab,
        };
        let identity = Identity::of(&request);
        let mut headers = Vec::new();
        identity.push_headers(&mut headers);
        (identity.id.into_owned(), headers)
    }

    #[test]
    fn a_name_goes_before_a_trace_and_a_trace_before_a_number() {
        assert_eq!(identity(&[("X-Request-ID", "order-7"), ("traceparent", TRACE)]).0, "order-7");
        assert_eq!(identity(&[("traceparent", TRACE)]).0, "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(identity(&[]).0, "00000000000000ab");
    }

    #[test]
    fn what_was_taken_is_echoed() {
        let (_, headers) = identity(&[("x-request-id", "order-7"), ("traceparent", TRACE)]);
        assert_eq!(headers, [("x-request-id", "order-7".into()), ("traceparent", TRACE.into())]);
    }

    #[test]
    fn what_is_no_identity_is_not_taken() {
        let long = "x".repeat(65);
        for bad in ["", "two words", "a\nb", "<script>", long.as_str()] {
            assert_eq!(identity(&[("x-request-id", bad)]).0, "00000000000000ab", "{bad}");
        }
        let traces = [
            TRACE.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
            TRACE.replace("b7ad6b7169203331", &"0".repeat(16)),
            TRACE.replacen("00", "ff", 1),
            TRACE.to_uppercase(),
            format!("{TRACE}-more"),
            TRACE.replace("-01", ""),
        ];
        for bad in traces {
            let (id, headers) = identity(&[("traceparent", &bad)]);
            assert_eq!((id.as_str(), headers.len()), ("00000000000000ab", 1), "{bad}");
        }
        assert_eq!(
            identity(&[("traceparent", &format!("{}-more", TRACE.replacen("00", "01", 1)))]).0.len(),
            32
        );
    }
}
