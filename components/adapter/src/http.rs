//! Requests and responses between the host and the service.

use portent_service::{Body, Request, Response};

/// Names and values of headers, as hosts take them.
pub type Headers = Vec<(String, Vec<u8>)>;

/// A request that has been read to its end.
#[derive(Debug)]
pub struct ReadRequest {
    /// Method token.
    pub method: String,
    /// Path and query.
    pub path_with_query: String,
    /// Headers.
    pub headers: Headers,
    /// The body. The error is the form in which the service learns why there is none.
    pub body: Result<Vec<u8>, Body<'static>>,
    /// A number that no other request has.
    pub unique: u64,
}

impl ReadRequest {
    /// The request as the service takes it.
    #[must_use]
    pub fn as_request(&self) -> Request<'_> {
        Request {
            method: &self.method,
            path_with_query: &self.path_with_query,
            headers: &self.headers,
            body: match &self.body {
                Ok(bytes) => Body::Complete(bytes),
                Err(body) => *body,
            },
            unique: self.unique,
        }
    }
}

/// The length of a body, if the headers state it.
#[must_use]
pub fn content_length(headers: &[(String, Vec<u8>)]) -> Option<usize> {
    let (_, value) = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// The headers of a response, with the length of its body.
#[must_use]
pub fn headers(response: &Response) -> Headers {
    let mut headers = Headers::with_capacity(response.headers.len() + 1);
    headers
        .extend(response.headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())));
    if !response.body.is_empty() {
        headers.push(("content-length".to_owned(), response.body.len().to_string().into_bytes()));
    }
    headers
}
