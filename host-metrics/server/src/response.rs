//! Answers of the program's own listeners.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Method, Response, StatusCode};

/// An answer whose body is already there.
pub(crate) type Answer = Response<Full<Bytes>>;

/// Content type of JSON answers.
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A text.
pub(crate) fn text(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    answer(status, HeaderValue::from_static(content_type), body.into())
}

/// A JSON value.
pub(crate) fn json(status: StatusCode, body: &serde_json::Value) -> Answer {
    answer(status, JSON, body.to_string().into())
}

/// `{"error": …}`
pub(crate) fn error(status: StatusCode, message: &str) -> Answer {
    json(status, &serde_json::json!({ "error": message }))
}

/// No such path.
pub(crate) fn not_found() -> Answer {
    error(StatusCode::NOT_FOUND, "no such path")
}

/// No token that is accepted, and what is asked for.
pub(crate) fn unauthorized(challenge: &'static str) -> Answer {
    let mut refused = error(StatusCode::UNAUTHORIZED, "no bearer token that is accepted here");
    refused.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    refused
}

/// Refuses a method that is not in `allow`; `None` if it is.
pub(crate) fn refuse_method(method: &Method, allow: &'static str) -> Option<Answer> {
    if allow.split(", ").any(|allowed| allowed == method.as_str()) {
        return None;
    }
    let mut refused = error(StatusCode::METHOD_NOT_ALLOWED, "method not allowed");
    refused.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    Some(refused)
}

fn answer(status: StatusCode, content_type: HeaderValue, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, content_type);
    answer
}
