//! The metrics listener: `/metrics`, `/healthz` (the process runs), `/readyz` (it counts) and `/`, which
//! lists them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper::body::Incoming;
use hyper::{Request, StatusCode};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::Aggregator;
use crate::answer::{self, Answer};
use crate::exposition::Format;

const PLAIN: &str = "text/plain; charset=utf-8";

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
        "/metrics" => {
            answer::text(StatusCode::OK, Format::Text.content_type(), aggregator.snapshot().to_text())
        }
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
