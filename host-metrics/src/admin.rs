//! The metrics listener: scrapes, health checks, status and reload.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Incoming;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderName, HeaderValue, VARY};
use hyper::{Request, StatusCode};
use portent_counts::clock;
use portent_exposition::Config;
use portent_exposition::accept;
use portent_exposition::snapshot::{Reloaded, Snapshot};
use portent_server::RefusalReason;
use portent_server::response::{self, BufferedResponse};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::access::ListenerAccess;
use crate::aggregator::Aggregator;
use crate::status;

/// Every route: its path, the methods that it allows, and its name in the index at `/`.
const ROUTES: [(&str, &str, &str); 6] = [
    ("/", "GET, HEAD", "index"),
    ("/metrics", "GET, HEAD", "metrics"),
    ("/healthz", "GET, HEAD", "live"),
    ("/readyz", "GET, HEAD", "ready"),
    ("/v1/status", "GET, HEAD", "status"),
    ("/-/reload", "POST", "reload"),
];

/// Paths of health checks on either listener. They need no token and are answered at every limit.
pub(crate) const HEALTH_PATHS: [&str; 2] = ["/healthz", "/readyz"];

const PLAIN: &str = "text/plain; charset=utf-8";

/// Bodies below this many bytes, like those of an aggregator without applications, are sent as they are:
/// compression would cost more than the few packets.
const LEAST_GZIP_BYTES: usize = 4096;

/// Most expositions held at once: each is in memory until its reader has taken it.
const EXPOSITIONS: usize = 16;

/// State of the metrics listener. It answers before the counts are there.
#[derive(Debug)]
pub(crate) struct Admin {
    access: Arc<ListenerAccess>,
    /// Set once the state directory is read.
    aggregator: OnceLock<Aggregator>,
    /// Whether the files that were there at the start are read.
    is_caught_up: AtomicBool,
    shutdown: CancellationToken,
    /// The configuration file.
    file: Option<PathBuf>,
    /// Held while the configuration is read again: the last reading that was asked for is the one in force.
    reloading: Mutex<()>,
    /// One per exposition whose reader has not taken all of it.
    permits: Arc<Semaphore>,
}

/// A phase of the program, or the reason why it does not count events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The state directory is being read.
    Replaying,
    /// Files that were there at the start are being read.
    Starting,
    /// Events are counted.
    Ready,
    /// The state directory cannot be written: nothing is acknowledged.
    StorageFailed,
    /// Requests in flight are finished.
    Draining,
}

impl Phase {
    /// The phase in a word or two.
    fn as_str(self) -> &'static str {
        match self {
            Self::Replaying => "replaying",
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::StorageFailed => "storage failed",
            Self::Draining => "draining",
        }
    }
}

/// An exposition that somebody is reading.
struct ScrapeBody {
    body: Vec<u8>,
    _permit: OwnedSemaphorePermit,
}

impl Admin {
    /// A listener without an aggregator; never ready once `shutdown` is cancelled.
    pub(crate) fn new(
        access: Arc<ListenerAccess>,
        file: Option<PathBuf>,
        shutdown: CancellationToken,
    ) -> Self {
        let permits = Arc::new(Semaphore::new(EXPOSITIONS));
        let (aggregator, is_caught_up) = (OnceLock::new(), AtomicBool::new(false));
        Self { access, aggregator, is_caught_up, shutdown, file, reloading: Mutex::default(), permits }
    }

    /// Shows an aggregator from now on.
    pub(crate) fn show(&self, aggregator: &Aggregator) {
        self.aggregator.set(aggregator.clone()).ok();
    }

    /// Notes that the files that were there at the start are read.
    pub(crate) fn set_caught_up(&self) {
        self.is_caught_up.store(true, Ordering::Release);
    }

    /// Reads the configuration file, tokens and certificates again. If something is wrong, nothing changes. Blocks.
    pub(crate) fn reload(&self) -> anyhow::Result<()> {
        let _reloading = self.reloading.lock();
        let read = self.read_again();
        match &read {
            Ok(_) => tracing::info!("configuration read again"),
            Err(error) => tracing::error!(%error, "the configuration stays as it was"),
        }
        if let Some(aggregator) = self.aggregator.get() {
            aggregator.set_reloaded(Reloaded { is_ok: read.is_ok(), time: clock::now() });
            read.map(|config| aggregator.configure(config))
        } else {
            read.map(|_| ())
        }
    }

    /// The new configuration. Tokens and certificates go last: they are in force as soon as they are read.
    fn read_again(&self) -> anyhow::Result<Config> {
        let config = self.file.as_deref().map(Config::load).transpose()?;
        self.access.reload()?;
        Ok(config.unwrap_or_default())
    }

    fn phase(&self) -> Phase {
        match self.aggregator.get() {
            _ if self.shutdown.is_cancelled() => Phase::Draining,
            None => Phase::Replaying,
            Some(aggregator) if aggregator.storage().is_some_and(|status| status.failed.is_some()) => {
                Phase::StorageFailed
            }
            Some(_) if !self.is_caught_up.load(Ordering::Acquire) => Phase::Starting,
            Some(_) => Phase::Ready,
        }
    }
}

impl AsRef<[u8]> for ScrapeBody {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

/// Answers one request to the metrics listener. `HEAD` is cut off by the server.
pub(crate) async fn handle(admin: Arc<Admin>, request: Request<Incoming>) -> BufferedResponse {
    let path = request.uri().path();
    if !HEALTH_PATHS.contains(&path)
        && let Some(refused) = admin.access.metrics.refuse(request.headers())
    {
        return refused;
    }
    let Some((path, allowed, _)) = ROUTES.into_iter().find(|(route, ..)| *route == path) else {
        return response::not_found();
    };
    if let Some(refused) = response::refuse_method(request.method(), allowed) {
        return refused;
    }
    let phase = admin.phase();
    match (path, admin.aggregator.get()) {
        ("/healthz", _) => response::text(StatusCode::OK, PLAIN, "ok\n"),
        ("/readyz", _) => ready(phase),
        ("/", _) => response::json(StatusCode::OK, &index()),
        (_, None) => response::error(StatusCode::SERVICE_UNAVAILABLE, "the state directory is being read"),
        ("/metrics", Some(aggregator)) => metrics(&admin, aggregator, request).await,
        ("/v1/status", Some(aggregator)) => {
            response::json(StatusCode::OK, &status::status(aggregator, phase.as_str()))
        }
        (_, Some(_)) => reload(Arc::clone(&admin)).await,
    }
}

fn ready(phase: Phase) -> BufferedResponse {
    let is_ready = phase == Phase::Ready;
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    response::text(status, PLAIN, format!("{}\n", phase.as_str()))
}

fn index() -> serde_json::Value {
    let mut index = json!({ "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") });
    ROUTES.into_iter().skip(1).for_each(|(path, _, name)| index[name] = path.into());
    index
}

async fn reload(admin: Arc<Admin>) -> BufferedResponse {
    match tokio::task::spawn_blocking(move || admin.reload()).await {
        Ok(Ok(())) => response::json(StatusCode::OK, &json!({ "reloaded": true })),
        Ok(Err(error)) => response::error(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string()),
        Err(_) => response::error(StatusCode::INTERNAL_SERVER_ERROR, "reading the configuration failed"),
    }
}

/// Writes the exposition on a thread of its own: with many series it takes some milliseconds, and deliveries would wait
/// for it. The scrape counts against the limit until its reader has taken all of it.
async fn metrics(admin: &Admin, aggregator: &Aggregator, request: Request<Incoming>) -> BufferedResponse {
    let Ok(permit) = Arc::clone(&admin.permits).try_acquire_owned() else {
        admin.access.metrics.refused().count(RefusalReason::Busy);
        return response::error(StatusCode::SERVICE_UNAVAILABLE, "too many scrapes are being answered");
    };
    let refused_requests = admin.access.refused();
    let snapshot = Snapshot { refused_requests, ..aggregator.durable_snapshot().await };
    let (head, _) = request.into_parts();
    let exposing = tokio::task::spawn_blocking(move || expose(&snapshot, &head.headers, permit));
    exposing.await.unwrap_or_else(|_| {
        response::error(StatusCode::INTERNAL_SERVER_ERROR, "writing the exposition failed")
    })
}

/// The exposition in the format and the coding that the client asks for.
fn expose(snapshot: &Snapshot, headers: &HeaderMap, permit: OwnedSemaphorePermit) -> BufferedResponse {
    let format = accept::format(&list(headers, ACCEPT));
    let body = snapshot.expose(format);
    let wanted = accept::gzip(&list(headers, ACCEPT_ENCODING)) && body.len() >= LEAST_GZIP_BYTES;
    let zipped = wanted.then(|| gzip(&body)).flatten();
    let is_zipped = zipped.is_some();
    let body = zipped.unwrap_or(body);
    let body = Bytes::from_owner(ScrapeBody { body, _permit: permit });
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
