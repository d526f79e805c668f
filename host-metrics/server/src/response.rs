//! Responses of a program's own listeners, and what becomes of the body of a refused request.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Body;
use hyper::header::{ALLOW, CONTENT_TYPE, EXPECT, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use tokio::time::timeout;

/// Most of a refused body that is read and thrown away, and the time for that.
const DISCARDED_BYTES: u64 = 128 << 20;
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// A response whose body is in memory.
pub type BufferedResponse = Response<Full<Bytes>>;

/// Any content type.
pub fn text(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> BufferedResponse {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A JSON value.
#[must_use]
pub fn json(status: StatusCode, body: &serde_json::Value) -> BufferedResponse {
    text(status, "application/json", body.to_string())
}

/// `{"error": …}`
#[must_use]
pub fn error(status: StatusCode, message: &str) -> BufferedResponse {
    json(status, &serde_json::json!({ "error": message }))
}

/// No such path.
#[must_use]
pub fn not_found() -> BufferedResponse {
    error(StatusCode::NOT_FOUND, "no such path")
}

/// Refuses a method that is not in `allow`; `None` if it is.
#[must_use]
pub fn refuse_method(method: &Method, allow: &'static str) -> Option<BufferedResponse> {
    if allow.split(", ").any(|allowed| allowed == method.as_str()) {
        return None;
    }
    let mut refused = error(StatusCode::METHOD_NOT_ALLOWED, "method not allowed");
    refused.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    Some(refused)
}

/// Reads a refused body, within bounds, so that its sender comes to read the response: a socket that is closed
/// on unread input resets the connection, and the response is lost. A slower sender gets the reset.
pub async fn discard<B>(body: B)
where
    B: Body<Data = Bytes>,
{
    let mut body = pin!(body);
    let mut left = DISCARDED_BYTES;
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, |data| data.len() as u64));
            if left == 0 {
                return;
            }
        }
    };
    timeout(DISCARD_TIME, reading).await.ok();
}

/// Discards the body of a refused request while the response is sent. Nothing is read of a body that is longer
/// than `limit` or of unknown length, nor if the client waits to be asked for it.
pub fn discard_later<B>(request: Request<B>, limit: u64)
where
    B: Body<Data = Bytes> + Send + 'static,
{
    let expects = request.headers().contains_key(EXPECT);
    let length = request.body().size_hint().upper();
    if !expects && length.is_some_and(|length| length <= limit) {
        tokio::spawn(discard(request.into_body()));
    }
}
