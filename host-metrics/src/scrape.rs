//! The metrics listener: `/metrics`, `/healthz` (the process runs), `/readyz` (it counts) and `/`, which
//! lists them.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Incoming;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderName, HeaderValue, VARY};
use hyper::{Request, StatusCode};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::Aggregator;
use crate::answer::{self, Answer};
use crate::exposition::{Snapshot, accept};

const PLAIN: &str = "text/plain; charset=utf-8";

/// Bodies below this many bytes, like those of an aggregator without applications, are sent as they are:
/// compression would cost more than the few packets.
const LEAST_GZIP_BYTES: usize = 4096;

/// Whether the program is ready to count: started, and not on its way out.
#[derive(Clone, Debug)]
pub(crate) struct Readiness {
    started: Arc<AtomicBool>,
    shutdown: CancellationToken,
}

impl Readiness {
    /// Not ready yet; never again once `shutdown` is cancelled.
    pub(crate) fn new(shutdown: CancellationToken) -> Self {
        Self { started: Arc::default(), shutdown }
    }

    /// Everything runs.
    pub(crate) fn set_started(&self) {
        self.started.store(true, Ordering::Release);
    }

    fn answer(&self) -> Answer {
        if self.shutdown.is_cancelled() {
            answer::text(StatusCode::SERVICE_UNAVAILABLE, PLAIN, "draining\n")
        } else if self.started.load(Ordering::Acquire) {
            answer::text(StatusCode::OK, PLAIN, "ready\n")
        } else {
            answer::text(StatusCode::SERVICE_UNAVAILABLE, PLAIN, "starting\n")
        }
    }
}

/// Answers one request to the metrics listener. `HEAD` is cut off by the server.
pub(crate) fn handle(aggregator: &Aggregator, readiness: &Readiness, request: &Request<Incoming>) -> Answer {
    let path = request.uri().path();
    if !["/", "/metrics", "/healthz", "/readyz"].contains(&path) {
        return answer::not_found();
    }
    if let Some(refused) = answer::refuse_method(request.method(), "GET, HEAD") {
        return refused;
    }
    match path {
        "/metrics" => expose(&aggregator.snapshot(), request.headers()),
        "/healthz" => answer::text(StatusCode::OK, PLAIN, "ok\n"),
        "/readyz" => readiness.answer(),
        _ => answer::json(
            StatusCode::OK,
            &json!({
                "name": env!("CARGO_PKG_NAME"),
                "version": env!("CARGO_PKG_VERSION"),
                "metrics": "/metrics",
                "live": "/healthz",
                "ready": "/readyz",
            }),
        ),
    }
}

/// The exposition in the format and the coding that the client asks for.
fn expose(snapshot: &Snapshot, headers: &HeaderMap) -> Answer {
    let format = accept::format(&list(headers, ACCEPT));
    let body = snapshot.expose(format);
    let wanted = accept::gzip(&list(headers, ACCEPT_ENCODING)) && body.len() >= LEAST_GZIP_BYTES;
    let zipped = wanted.then(|| gzip(&body)).flatten();
    let is_zipped = zipped.is_some();
    let body = zipped.unwrap_or(body);
    let mut answer = answer::text(StatusCode::OK, format.content_type(), body);
    if is_zipped {
        answer.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    answer.headers_mut().insert(VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
    answer
}

/// All of a header's lines as the one list that they are.
fn list(headers: &HeaderMap, name: HeaderName) -> Vec<u8> {
    let lines: Vec<_> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
    lines.join(&b',')
}

/// The quickest compression: an exposition repeats itself so much that more effort saves little.
fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to a Vec cannot fail.
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

#[cfg(test)]
mod tests;
