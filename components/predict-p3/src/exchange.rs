//! Requests and responses in the host's resources.

use std::pin::Pin;
use std::task::{Context, Waker};

use portent_adapter::http::{self, Headers, ReadRequest};
use portent_service::{Body, Response, limits};
use spin_sdk_p3::wasip3::http::types::{self, Fields, Method};
use spin_sdk_p3::wasip3::random::random::get_random_u64;
use spin_sdk_p3::wasip3::wit_bindgen::StreamResult;
use spin_sdk_p3::wasip3::{wit_future, wit_stream};

/// Most bytes for which room is made ahead of what has come.
const READ_BYTES: usize = 64 * 1024;

/// Reads the request, with its body if the method carries one.
pub(crate) async fn read(request: types::Request) -> ReadRequest {
    let method = method(request.get_method());
    let headers = request.get_headers().copy_all();
    let path_with_query = request.get_path_with_query().unwrap_or_default();
    let body = if method == "POST" { read_body(request, &headers).await } else { Ok(Vec::new()) };
    ReadRequest { method, path_with_query, headers, body, unique: get_random_u64() }
}

async fn read_body(request: types::Request, headers: &Headers) -> Result<Vec<u8>, Body<'static>> {
    let (processed, result) = wit_future::new(|| Ok(()));
    let (mut stream, trailers) = types::Request::consume_body(request, result);
    drop(processed);
    let length = http::content_length(headers);
    let mut bytes = Vec::new();
    // If the length is known, the end need not be asked for.
    while length != Some(bytes.len()) {
        let missing = length.map_or(READ_BYTES, |length| length.saturating_sub(bytes.len()));
        bytes.reserve(missing.clamp(1, READ_BYTES));
        let (result, read) = stream.read(bytes).await;
        bytes = read;
        if bytes.len() > limits::BODY_BYTES {
            return Err(Body::TooLarge);
        }
        if result == StreamResult::Dropped {
            // The trailers say why the stream has ended.
            let is_whole = length.is_none() && trailers.await.is_ok();
            return if is_whole { Ok(bytes) } else { Err(Body::Broken) };
        }
    }
    Ok(bytes)
}

/// Work that goes on after the answer has begun.
type Rest = Pin<Box<dyn Future<Output = ()>>>;

/// The response as the host's resource, and the rest of the work of writing its body, if any.
///
/// The write of the body begins here, before the host has the response: it then finds the bytes as it takes the body, and
/// can send the head with them in one write.
pub(crate) fn answer(response: Response) -> (types::Response, Option<Rest>) {
    // Names and values are the service's own, so the host accepts them.
    let fields = Fields::from_list(&http::headers(&response)).unwrap_or_else(|_| Fields::new());
    let (trailers_in, trailers) = wit_future::new(|| Ok(None));
    let (body_in, body) =
        if response.body.is_empty() { (None, None) } else { Some(wit_stream::new()).unzip() };
    let (outgoing, _) = types::Response::new(fields, body, trailers);
    outgoing.set_status_code(response.status).ok();
    let rest = body_in.and_then(|mut body_in| {
        let mut write: Rest = Box::pin(async move {
            body_in.write_all(response.body).await;
            drop(body_in);
            // No trailers. By now the host reads them, so that this does not wait.
            drop(trailers_in);
        });
        write.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending().then_some(write)
    });
    (outgoing, rest)
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
