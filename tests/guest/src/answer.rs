//! Reading requests and writing answers.

use spin_sdk::http::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};
use wasi::io::streams::{OutputStream, StreamError};

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

/// Answers and finishes the body.
pub(crate) fn answer(out: ResponseOutparam, status: u16, body: &[u8]) {
    let (outgoing, stream) = begin(out, status);
    write(&stream, body);
    drop(stream);
    OutgoingBody::finish(outgoing, None).unwrap();
}

/// Sends the head; the body is the caller's to write and finish.
pub(crate) fn begin(out: ResponseOutparam, status: u16) -> (OutgoingBody, OutputStream) {
    let response = OutgoingResponse::new(Fields::from_list(&[]).unwrap());
    response.set_status_code(status).unwrap();
    let outgoing = response.body().unwrap();
    out.set(response);
    let stream = outgoing.write().unwrap();
    (outgoing, stream)
}

/// Writes all of it, waiting for the client where it must.
pub(crate) fn write(stream: &OutputStream, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let room = usize::try_from(stream.check_write().unwrap()).unwrap().min(bytes.len());
        if room == 0 {
            stream.subscribe().block();
            continue;
        }
        let (now, later) = bytes.split_at(room);
        stream.write(now).unwrap();
        bytes = later;
    }
}

/// The request's body; what came before an error if there was one, then the error.
pub(crate) fn body(request: &IncomingRequest) -> Vec<u8> {
    let incoming = request.consume().unwrap();
    let stream = incoming.stream().unwrap();
    let mut body = Vec::new();
    loop {
        match stream.blocking_read(64 * 1024) {
            Ok(mut bytes) => body.append(&mut bytes),
            Err(StreamError::Closed) => return body,
            Err(error) => {
                body.extend_from_slice(format!(" {error:?}").as_bytes());
                return body;
            }
        }
    }
}

/// The request's headers, one a line.
pub(crate) fn headers(request: &IncomingRequest) -> String {
    let entries = request.headers().entries();
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
