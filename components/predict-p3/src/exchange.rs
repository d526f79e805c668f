//! Requests in and responses out, in the host's resources.

use std::pin::Pin;

use portent_service::{Body, Request, Response, limits};
use spin_sdk_p3::wasip3::http::types::{self, Fields, Method};
use spin_sdk_p3::wasip3::random::random::get_random_u64;
use spin_sdk_p3::wasip3::wit_bindgen::StreamResult;
use spin_sdk_p3::wasip3::{wit_future, wit_stream};

/// Most bytes for which room is made ahead of what has come.
const READ_BYTES: usize = 64 * 1024;

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
pub(crate) async fn read(request: types::Request) -> ReadRequest {
    let method = method(request.get_method());
    let headers = request.get_headers().copy_all();
    let path_with_query = request.get_path_with_query().unwrap_or_default();
    let body =
        if method == "POST" { read_body(request, &headers).await } else { ReadBody::Complete(Vec::new()) };
    ReadRequest { method, path_with_query, headers, body, unique: get_random_u64() }
}

async fn read_body(request: types::Request, headers: &[(String, Vec<u8>)]) -> ReadBody {
    let (processed, result) = wit_future::new(|| Ok(()));
    let (mut stream, trailers) = types::Request::consume_body(request, result);
    drop(processed);
    let length = content_length(headers);
    let mut bytes = Vec::new();
    // Where the length is known, the end need not be asked for.
    while length != Some(bytes.len()) {
        let missing = length.map_or(READ_BYTES, |length| length.saturating_sub(bytes.len()));
        bytes.reserve(missing.clamp(1, READ_BYTES));
        let (result, read) = stream.read(bytes).await;
        bytes = read;
        if bytes.len() > limits::BODY_BYTES {
            return ReadBody::TooLarge;
        }
        if result == StreamResult::Dropped {
            // Why it has ended is what its trailers say.
            let whole = length.is_none() && trailers.await.is_ok();
            return if whole { ReadBody::Complete(bytes) } else { ReadBody::Broken };
        }
    }
    ReadBody::Complete(bytes)
}

fn content_length(headers: &[(String, Vec<u8>)]) -> Option<usize> {
    let (_, value) = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// The body of an answer, on its way.
pub(crate) struct SentBody(Option<Pin<Box<dyn Future<Output = ()>>>>);

impl SentBody {
    /// Waits until the host has taken all of it, or does not want it any more.
    pub(crate) async fn sent(self) {
        if let Some(write) = self.0 {
            write.await;
        }
    }
}

/// The response as the host's resource, with its body.
///
/// The write of the body begins here, before the host has the response: it then finds the bytes as it takes the body, and
/// can send the head with them in one write.
pub(crate) fn answer(response: Response) -> (types::Response, SentBody) {
    let mut headers: Vec<(String, Vec<u8>)> = response
        .headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
        .collect();
    let (trailers_in, trailers) = wit_future::new(|| Ok(None));
    if response.body.is_empty() {
        let (outgoing, _) = types::Response::new(fields(&headers), None, trailers);
        outgoing.set_status_code(response.status).ok();
        return (outgoing, SentBody(None));
    }
    headers.push(("content-length".to_owned(), response.body.len().to_string().into_bytes()));
    let (mut body_in, body) = wit_stream::new();
    let (outgoing, _) = types::Response::new(fields(&headers), Some(body), trailers);
    outgoing.set_status_code(response.status).ok();
    let mut write: Pin<Box<dyn Future<Output = ()>>> = Box::pin(async move {
        body_in.write_all(response.body).await;
        drop(body_in);
        // No trailers. By now the host reads them, so that this does not wait.
        drop(trailers_in);
    });
    let done = crate::post::start(write.as_mut());
    (outgoing, SentBody((!done).then_some(write)))
}

/// Names and values are the service's own, so the host accepts them.
fn fields(headers: &[(String, Vec<u8>)]) -> Fields {
    Fields::from_list(headers).unwrap_or_else(|_| Fields::new())
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
