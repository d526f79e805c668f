//! The metrics listener: `/metrics`, `/healthz` (the process runs), `/readyz` (it counts), `/v1/status`,
//! `/-/reload` and `/`, which lists them.

use std::io::Write as _;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Incoming;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderName, HeaderValue, VARY};
use hyper::{Request, StatusCode};
use portent_server::RefusalReason;
use portent_server::response::{self, BufferedResponse};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Aggregator;
use crate::access::ListenerAccess;
use crate::exposition::{Snapshot, accept};
use crate::readiness::{Phase, Readiness};
use crate::reload::Reload;
use crate::status;

const PLAIN: &str = "text/plain; charset=utf-8";

/// Paths of health checks on either listener. They need no token and are answered at every limit.
pub(crate) const HEALTH_PATHS: [&str; 2] = ["/healthz", "/readyz"];

/// Bodies below this many bytes, like those of an aggregator without applications, are sent as they are:
/// compression would cost more than the few packets.
const LEAST_GZIP_BYTES: usize = 4096;

/// Most expositions held at once: each is in memory until its reader has taken it.
const EXPOSITIONS: usize = 16;

/// What the metrics listener shows. It answers before there is anything to show.
#[derive(Debug)]
pub(crate) struct Scrape {
    pub(crate) access: Arc<ListenerAccess>,
    pub(crate) readiness: Readiness,
    /// There once the state directory is read.
    pub(crate) aggregator: OnceLock<Aggregator>,
    pub(crate) reload: Reload,
    /// Expositions that are not read to their end yet take turns.
    turns: Arc<Semaphore>,
}

impl Scrape {
    pub(crate) fn new(readiness: Readiness, access: Arc<ListenerAccess>, reload: Reload) -> Self {
        let turns = Arc::new(Semaphore::new(EXPOSITIONS));
        Self { readiness, access, reload, aggregator: OnceLock::new(), turns }
    }
}

/// An exposition that somebody is reading.
struct Held {
    body: Vec<u8>,
    _turn: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

/// Answers one request to the metrics listener. `HEAD` is cut off by the server.
pub(crate) async fn handle(scrape: Arc<Scrape>, request: Request<Incoming>) -> BufferedResponse {
    let path = request.uri().path();
    // Probes carry no token.
    if !HEALTH_PATHS.contains(&path)
        && let Some(refused) = scrape.access.metrics.refuse(request.headers())
    {
        return refused;
    }
    let allowed = match path {
        "/" | "/metrics" | "/healthz" | "/readyz" | "/v1/status" => "GET, HEAD",
        "/-/reload" => "POST",
        _ => return response::not_found(),
    };
    if let Some(refused) = response::refuse_method(request.method(), allowed) {
        return refused;
    }
    let aggregator = scrape.aggregator.get();
    let phase = scrape.readiness.phase(aggregator);
    match (path, aggregator) {
        ("/healthz", _) => response::text(StatusCode::OK, PLAIN, "ok\n"),
        ("/readyz", _) => ready(phase),
        ("/", _) => response::json(StatusCode::OK, &index()),
        (_, None) => response::error(StatusCode::SERVICE_UNAVAILABLE, "the state directory is being read"),
        ("/metrics", Some(aggregator)) => metrics(&scrape, aggregator, request).await,
        ("/v1/status", Some(aggregator)) => {
            response::json(StatusCode::OK, &status::status(aggregator, phase))
        }
        (_, Some(aggregator)) => reload(Arc::clone(&scrape), aggregator.clone()).await,
    }
}

fn ready(phase: Phase) -> BufferedResponse {
    let is_ready = phase == Phase::Ready;
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    response::text(status, PLAIN, format!("{}\n", phase.as_str()))
}

fn index() -> serde_json::Value {
    json!({
        "name": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
        "metrics": "/metrics",
        "live": "/healthz",
        "ready": "/readyz",
        "status": "/v1/status",
        "reload": "/-/reload",
    })
}

async fn reload(scrape: Arc<Scrape>, aggregator: Aggregator) -> BufferedResponse {
    let reloading = tokio::task::spawn_blocking(move || scrape.reload.reload(&aggregator));
    match reloading.await {
        Ok(Ok(())) => response::json(StatusCode::OK, &json!({ "reloaded": true })),
        Ok(Err(error)) => response::error(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string()),
        Err(_) => response::error(StatusCode::INTERNAL_SERVER_ERROR, "reading the configuration failed"),
    }
}

/// Writes the exposition, on a thread of its own: it takes some milliseconds where there are many series, which
/// deliveries would wait for. It counts as being answered until its reader has taken the last of it.
async fn metrics(scrape: &Scrape, aggregator: &Aggregator, request: Request<Incoming>) -> BufferedResponse {
    let Ok(turn) = Arc::clone(&scrape.turns).try_acquire_owned() else {
        scrape.access.metrics.refused().count(RefusalReason::Busy);
        return response::error(StatusCode::SERVICE_UNAVAILABLE, "too many scrapes are being answered");
    };
    let refused_requests = scrape.access.refused();
    let snapshot = Snapshot { refused_requests, ..aggregator.durable_snapshot().await };
    let (head, _) = request.into_parts();
    let exposing = tokio::task::spawn_blocking(move || expose(&snapshot, &head.headers, turn));
    exposing.await.unwrap_or_else(|_| {
        response::error(StatusCode::INTERNAL_SERVER_ERROR, "writing the exposition failed")
    })
}

/// The exposition in the format and the coding that the client asks for.
fn expose(snapshot: &Snapshot, headers: &HeaderMap, turn: OwnedSemaphorePermit) -> BufferedResponse {
    let format = accept::format(&list(headers, ACCEPT));
    let body = snapshot.expose(format);
    let wanted = accept::gzip(&list(headers, ACCEPT_ENCODING)) && body.len() >= LEAST_GZIP_BYTES;
    let zipped = wanted.then(|| gzip(&body)).flatten();
    let is_zipped = zipped.is_some();
    let body = zipped.unwrap_or(body);
    let body = Bytes::from_owner(Held { body, _turn: turn });
    let mut answer = response::text(StatusCode::OK, format.content_type(), body);
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
