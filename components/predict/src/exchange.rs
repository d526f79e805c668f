//! Requests in and responses out, in the host's resources.

use portent_service::{Body, Request, Response, limits};
use spin_sdk::http::{Fields, IncomingRequest, Method, OutgoingResponse, ResponseOutparam};
use spin_sdk::wit::wasi::http0_2_0::types::{self, OutgoingBody};
use wasi::io::streams::{OutputStream, StreamError};

/// Bytes asked of the body stream at once.
const READ_BYTES: u64 = 64 * 1024;

/// Bytes that `blocking-write-and-flush` takes at once: one call of the host.
pub(crate) const WRITE_BYTES: usize = 4096;

/// Status of a response that none was set for.
const DEFAULT_STATUS: u16 = 200;

/// A request read to its end.
pub(crate) struct ReadRequest {
    method: String,
    path_with_query: String,
    headers: Vec<(String, Vec<u8>)>,
    body: ReadBody,
    unique: u64,
}

enum ReadBody {
    Complete(Vec<u8>),
    TooLarge,
    Broken,
}

impl ReadRequest {
    pub(crate) fn as_request(&self) -> Request<'_> {
        Request {
            method: &self.method,
            path_with_query: &self.path_with_query,
            headers: &self.headers,
            body: match &self.body {
                ReadBody::Complete(bytes) => Body::Complete(bytes),
                ReadBody::TooLarge => Body::TooLarge,
                ReadBody::Broken => Body::Broken,
            },
            unique: self.unique,
        }
    }
}

/// Reads the request; the body only where the method carries one.
pub(crate) fn read(request: &IncomingRequest) -> ReadRequest {
    let method = method(request.method());
    let headers = request.headers().entries();
    let body = match &*method {
        "POST" => read_body(request, content_length(&headers)),
        _ => ReadBody::Complete(Vec::new()),
    };
    ReadRequest {
        path_with_query: request.path_with_query().unwrap_or_default(),
        method,
        headers,
        body,
        unique: wasi::random::random::get_random_u64(),
    }
}

/// Sends the response, to its end. A client that went away is not an error of ours.
pub(crate) fn answer(response: &Response, response_out: ResponseOutparam) {
    let mut headers: Vec<(String, Vec<u8>)> = response
        .headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
        .collect();
    if !response.body.is_empty() {
        headers.push(("content-length".to_owned(), response.body.len().to_string().into_bytes()));
    }
    // Names and values are the service's own, so the host accepts them.
    let outgoing = OutgoingResponse::new(Fields::from_list(&headers).unwrap_or_else(|_| Fields::new()));
    if response.status != DEFAULT_STATUS {
        outgoing.set_status_code(response.status).ok();
    }
    let body = outgoing.body();
    types::ResponseOutparam::set(response_out.into_inner(), Ok(outgoing));
    if let Ok(body) = body {
        if let Ok(stream) = body.write() {
            write(&stream, &response.body).ok();
        }
        OutgoingBody::finish(body, None).ok();
    }
}

/// Writes all bytes, waiting for room as needed. Those of a long text may still be on their way afterwards.
pub(crate) fn write(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    if bytes.len() <= WRITE_BYTES {
        return stream.blocking_write_and_flush(bytes);
    }
    while !bytes.is_empty() {
        let room = usize::try_from(stream.check_write()?).unwrap_or(usize::MAX);
        if room == 0 {
            stream.subscribe().block();
        }
        let (now, rest) = bytes.split_at(room.min(bytes.len()));
        stream.write(now)?;
        bytes = rest;
    }
    Ok(())
}

/// Prints a line on standard output or error; where nothing can be written, there is nobody to tell.
pub(crate) fn print(stream: &OutputStream, line: &[u8]) {
    write(stream, line)
        .and_then(|()| if line.len() > WRITE_BYTES { stream.blocking_flush() } else { Ok(()) })
        .ok();
}

/// Prints a line on standard error.
pub(crate) fn print_error(line: &[u8]) {
    print(&wasi::cli::stderr::get_stderr(), line);
}

/// The length of the body where the request states it, as most do.
fn content_length(headers: &[(String, Vec<u8>)]) -> Option<usize> {
    let (_, value) = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// Reads to the stated length, or to the end of the stream where none is stated: HTTP sees to it that they are the same,
/// and each look at the stream is a call of the host.
fn read_body(request: &IncomingRequest, length: Option<usize>) -> ReadBody {
    let Ok(body) = request.consume() else { return ReadBody::Broken };
    let Ok(stream) = body.stream() else { return ReadBody::Broken };
    let mut bytes = Vec::new();
    loop {
        if length == Some(bytes.len()) {
            return ReadBody::Complete(bytes);
        }
        match stream.blocking_read(READ_BYTES) {
            Ok(chunk) if bytes.is_empty() => {
                bytes = chunk;
                let more =
                    length.map_or(0, |length| length.min(limits::BODY_BYTES).saturating_sub(bytes.len()));
                bytes.reserve_exact(more);
            }
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(StreamError::Closed) => return ReadBody::Complete(bytes),
            Err(StreamError::LastOperationFailed(_)) => return ReadBody::Broken,
        }
        if bytes.len() > limits::BODY_BYTES {
            return ReadBody::TooLarge;
        }
    }
}

fn method(method: Method) -> String {
    let name = match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        Method::Connect => "CONNECT",
        Method::Options => "OPTIONS",
        Method::Trace => "TRACE",
        Method::Patch => "PATCH",
        Method::Other(other) => return other,
    };
    name.to_owned()
}
