//! Composed components: whether it was the scorer that failed, and what the component says of its model.
//!
//! A composed component traps as a whole. Whose code it was is told by the innermost frame: Portent's own code is in the
//! core module that answers HTTP, and whatever else runs is the scorer's, or what hands values over to it and back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use wasmtime::{AsContext, WasmBacktrace};

use super::refusal::Refusal;

/// How the names of the exports begin by which the core module of Portent answers.
const ANSWERS: &str = "wasi:http/";

/// Whether an instance was last seen in its scorer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scoring(Arc<AtomicBool>);

impl Scoring {
    /// Notes where an instance is that has been computing for a while.
    pub(crate) fn look(&self, store: impl AsContext) {
        self.0.store(is_in_scorer(&WasmBacktrace::capture(store)), Ordering::Relaxed);
    }

    /// Forgets what was seen, before another request.
    pub(crate) fn reset(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// What an instance that took too long is answered with.
    pub(crate) fn timeout(&self) -> Refusal {
        if self.0.load(Ordering::Relaxed) { Refusal::ScorerTimeout } else { Refusal::Timeout }
    }
}

/// What a trap of a composed component is answered with.
pub(crate) fn trap(error: &wasmtime::Error) -> Refusal {
    let is_scorers = error.downcast_ref::<WasmBacktrace>().is_some_and(is_in_scorer);
    if is_scorers { Refusal::ScorerTrap } else { Refusal::Trap }
}

fn is_in_scorer(backtrace: &WasmBacktrace) -> bool {
    let innermost = backtrace.frames().first();
    innermost.is_some_and(|frame| {
        let mut exports = frame.module().exports();
        !exports.any(|export| export.name().contains(ANSWERS))
    })
}
