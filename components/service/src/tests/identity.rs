//! Requests are identified by their headers.

use crate::exchange::{Body, Header, Request};
use crate::identity::Identity;

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
fn a_name_precedes_a_trace_and_a_trace_a_number() {
    assert_eq!(identity(&[("X-Request-ID", "order-7"), ("traceparent", TRACE)]).0, "order-7");
    assert_eq!(identity(&[("traceparent", TRACE)]).0, "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(identity(&[]).0, "00000000000000ab");
}

#[test]
fn the_identity_is_echoed() {
    let (_, headers) = identity(&[("x-request-id", "order-7"), ("traceparent", TRACE)]);
    assert_eq!(headers, [("x-request-id", "order-7".into()), ("traceparent", TRACE.into())]);
}

#[test]
fn invalid_identities_are_ignored() {
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
    assert_eq!(identity(&[("traceparent", &format!("{}-more", TRACE.replacen("00", "01", 1)))]).0.len(), 32);
}
