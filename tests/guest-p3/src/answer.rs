//! Reading requests and writing answers.

use spin_sdk_p3::wasip3::http::types::{Fields, Request, Response};
use spin_sdk_p3::wasip3::wit_bindgen::StreamWriter;
use spin_sdk_p3::wasip3::{self, wit_future, wit_stream};

/// The query of a request; values may hold `%XX`.
pub(crate) struct Query<'a>(pub(crate) &'a str);

impl Query<'_> {
    /// The value of a parameter, empty if it is not there.
    pub(crate) fn text(&self, name: &str) -> String {
        let raw = self.0.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        unescape(raw.unwrap_or_default())
    }

    /// The value of a numeric parameter.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.text(name).parse().ok()
    }
}

/// An answer whose body is written by a task of its own, with its length in the head.
pub(crate) fn answer(status: u16, body: impl Into<Vec<u8>>) -> Response {
    let body = body.into();
    let length = Some(body.len());
    begin(status, length, async move |mut stream| {
        stream.write_all(body).await;
    })
}

/// An answer whose body `write` writes; without a length it ends when `write` does.
pub(crate) fn begin<F>(
    status: u16,
    length: Option<usize>,
    write: impl FnOnce(StreamWriter<u8>) -> F + 'static,
) -> Response
where
    F: Future<Output = ()> + 'static,
{
    let length = length.map(|length| ("content-length".to_owned(), length.to_string().into_bytes()));
    let fields = Fields::from_list(length.as_slice()).unwrap();
    let (stream, body) = wit_stream::new();
    let (trailers_in, trailers) = wit_future::new(|| Ok(None));
    let (response, _) = Response::new(fields, Some(body), trailers);
    response.set_status_code(status).unwrap();
    wasip3::spawn(async move {
        write(stream).await;
        drop(trailers_in);
    });
    response
}

/// The request's body, and the error at its end if there is one.
pub(crate) async fn body(request: Request) -> Vec<u8> {
    let (processed, result) = wit_future::new(|| Ok(()));
    let (stream, trailers) = Request::consume_body(request, result);
    drop(processed);
    let mut body = stream.collect().await;
    if let Err(error) = trailers.await {
        body.extend_from_slice(format!(" {error:?}").as_bytes());
    }
    body
}

/// The request's headers, one a line.
pub(crate) fn headers(request: &Request) -> String {
    let entries = request.get_headers().copy_all();
    entries.iter().map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value))).collect()
}

fn unescape(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).unwrap());
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).unwrap()
}
