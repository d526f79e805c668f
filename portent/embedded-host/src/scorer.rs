//! Composed components: whether it was the scorer that failed.
//!
//! A composed component traps as a whole. The innermost frame tells whose code it was: Portent's own code is in the
//! core module that handles HTTP. Any other code is the scorer's, or passes values to it and back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use wasmtime::{AsContext, WasmBacktrace};

use crate::error_response::ErrorResponse;

/// Prefix of the exports by which the core module of Portent handles requests.
const HANDLER: &str = "wasi:http/";

/// Prefix of the interface between a component and its scorer.
const SCORER: &[u8] = b"portent:serve/scorer@";

/// Whether an instance was last seen in its scorer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scoring(Arc<AtomicBool>);

/// Whether a component is composed with a scorer: the interface is still named in it.
pub(crate) fn has_scorer(wasm: &[u8]) -> bool {
    memchr::memmem::find(wasm, SCORER).is_some()
}

impl Scoring {
    /// Records where an instance is that has been computing for a while.
    pub(crate) fn sample(&self, store: impl AsContext) {
        self.0.store(is_in_scorer(&WasmBacktrace::capture(store)), Ordering::Relaxed);
    }

    /// Forgets the last sample, before another request.
    pub(crate) fn reset(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// The response if an instance took too long; `scoring` is that of a composed component.
pub(crate) fn timeout(scoring: Option<&Scoring>) -> ErrorResponse {
    let in_scorer = scoring.is_some_and(|scoring| scoring.0.load(Ordering::Relaxed));
    if in_scorer { ErrorResponse::ScorerTimeout } else { ErrorResponse::Timeout }
}

/// The response if an instance trapped.
pub(crate) fn trap(error: &wasmtime::Error, scoring: Option<&Scoring>) -> ErrorResponse {
    let in_scorer = error.downcast_ref::<WasmBacktrace>().is_some_and(is_in_scorer);
    if scoring.is_some() && in_scorer { ErrorResponse::ScorerTrap } else { ErrorResponse::Trap }
}

fn is_in_scorer(backtrace: &WasmBacktrace) -> bool {
    let innermost = backtrace.frames().first();
    innermost.is_some_and(|frame| !frame.module().exports().any(|export| export.name().contains(HANDLER)))
}
