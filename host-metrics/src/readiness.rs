//! Whether the program counts: what `/readyz` answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;

use crate::Aggregator;

/// Whether everything was started, and is not on its way out.
#[derive(Clone, Debug)]
pub(crate) struct Readiness {
    started: Arc<AtomicBool>,
    shutdown: CancellationToken,
}

/// A phase in the life of the program, or what keeps it from counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
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
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Replaying => "replaying",
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::StorageFailed => "storage failed",
            Self::Draining => "draining",
        }
    }
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

    /// The phase, of an aggregator that exists once the state directory is read.
    pub(crate) fn phase(&self, aggregator: Option<&Aggregator>) -> Phase {
        let failed =
            |aggregator: &Aggregator| aggregator.storage().is_some_and(|status| status.failed.is_some());
        match aggregator {
            _ if self.shutdown.is_cancelled() => Phase::Draining,
            None => Phase::Replaying,
            Some(aggregator) if failed(aggregator) => Phase::StorageFailed,
            Some(_) if !self.started.load(Ordering::Acquire) => Phase::Starting,
            Some(_) => Phase::Ready,
        }
    }
}
