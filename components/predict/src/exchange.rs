//! Requests and responses in the host's resources.

use portent_adapter::http::{self, ReadRequest};
use portent_adapter::output;
use portent_service::{Body, Response, limits};
use spin_sdk::http::{Fields, IncomingRequest, OutgoingResponse, ResponseOutparam};
use spin_sdk::wit::wasi::http0_2_0::types::{self, OutgoingBody};
use wasi::io::streams::StreamError;

/// Bytes asked of the body stream at once.
const READ_BYTES: u64 = 64 * 1024;

/// Status of a response that none was set for.
const DEFAULT_STATUS: u16 = 200;

/// Reads the request, with its body if the method carries one.
pub(crate) fn read(request: &IncomingRequest) -> ReadRequest {
    let method = request.method().to_string();
    let headers = request.headers().entries();
    let body = match &*method {
        "POST" => read_body(request, http::content_length(&headers)),
        _ => Ok(Vec::new()),
    };
    ReadRequest {
        path_with_query: request.path_with_query().unwrap_or_default(),
        method,
        headers,
        body,
        unique: wasi::random::random::get_random_u64(),
    }
}

/// Reads to the stated length, or to the end of the stream if none is stated. HTTP ensures that they are the same, and each
/// read of the stream is a call of the host.
fn read_body(request: &IncomingRequest, length: Option<usize>) -> Result<Vec<u8>, Body<'static>> {
    let body = request.consume().map_err(|()| Body::Broken)?;
    let stream = body.stream().map_err(|()| Body::Broken)?;
    let mut bytes = Vec::new();
    while length != Some(bytes.len()) {
        match stream.blocking_read(READ_BYTES) {
            Ok(chunk) if bytes.is_empty() => {
                bytes = chunk;
                let more =
                    length.map_or(0, |length| length.min(limits::BODY_BYTES).saturating_sub(bytes.len()));
                bytes.reserve_exact(more);
            }
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(_)) => return Err(Body::Broken),
        }
        if bytes.len() > limits::BODY_BYTES {
            return Err(Body::TooLarge);
        }
    }
    Ok(bytes)
}

/// Sends the response, to its end. A client that went away is not an error of ours.
pub(crate) fn answer(response: &Response, response_out: ResponseOutparam) {
    let headers = http::headers(response);
    // Names and values are the service's own, so the host accepts them.
    let outgoing = OutgoingResponse::new(Fields::from_list(&headers).unwrap_or_else(|_| Fields::new()));
    if response.status != DEFAULT_STATUS {
        outgoing.set_status_code(response.status).ok();
    }
    let body = outgoing.body();
    types::ResponseOutparam::set(response_out.into_inner(), Ok(outgoing));
    if let Ok(body) = body {
        write(body, &response.body).ok();
    }
}

/// Writes a body and finishes it. A body that breaks off shows in the response.
pub(crate) fn write(body: OutgoingBody, bytes: &[u8]) -> Result<(), types::ErrorCode> {
    if let Ok(stream) = body.write() {
        output::write(&stream, bytes).ok();
    }
    OutgoingBody::finish(body, None)
}
