//! What one connection is at: idle between requests, or with a request in flight.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The state of one connection, shared by the task that serves it and by the newcomers that may displace it.
#[derive(Debug)]
pub(super) struct Slot {
    phase: Mutex<Phase>,
    head_begun: AtomicBool,
    displaced: CancellationToken,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// No whole request has come since then.
    Idle(Instant),
    /// A request is being answered.
    Answering,
    /// The answer is complete, and some of it is still to be written.
    Sending,
    /// The connection goes; no request of it is answered any more.
    Displaced,
}

/// A request in flight, until the answer's body has been handed over.
#[derive(Debug)]
pub(super) struct Turn(Arc<Slot>);

impl Slot {
    pub(super) fn new() -> Self {
        let phase = Mutex::new(Phase::Idle(Instant::now()));
        Self { phase, head_begun: AtomicBool::new(false), displaced: CancellationToken::new() }
    }

    /// Since when the connection idles; `None` if a request is in flight.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        match *self.phase() {
            Phase::Idle(since) => Some(since),
            Phase::Answering | Phase::Sending | Phase::Displaced => None,
        }
    }

    /// Ends the connection if it still idles; says whether it did.
    pub(super) fn displace(&self) -> bool {
        let mut phase = self.phase();
        let idles = matches!(*phase, Phase::Idle(_));
        if idles {
            *phase = Phase::Displaced;
            self.displaced.cancel();
        }
        idles
    }

    /// Waits until a newcomer displaces the connection.
    pub(super) async fn displaced(&self) {
        self.displaced.cancelled().await;
    }

    /// A request has arrived; `None` if the connection goes, so that its sender can safely send it again.
    pub(super) fn begin(self: &Arc<Self>) -> Option<Turn> {
        let mut phase = self.phase();
        if matches!(*phase, Phase::Displaced) {
            return None;
        }
        *phase = Phase::Answering;
        Some(Turn(Arc::clone(self)))
    }

    /// Bytes have been read.
    pub(super) fn received(&self) {
        self.head_begun.store(true, Ordering::Relaxed);
    }

    /// All that was there to write has been written.
    pub(super) fn sent(&self) {
        let mut phase = self.phase();
        if matches!(*phase, Phase::Sending) {
            *phase = Phase::Idle(Instant::now());
            self.head_begun.store(false, Ordering::Relaxed);
        }
    }

    /// Whether anything has been read since the last answer.
    pub(super) fn head_begun(&self) -> bool {
        self.head_begun.load(Ordering::Relaxed)
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut phase = self.0.phase();
        if matches!(*phase, Phase::Answering) {
            *phase = Phase::Sending;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_idles_from_the_end_of_its_answer() {
        let slot = Arc::new(Slot::new());
        let opened = slot.idle_since().unwrap();
        slot.received();
        let turn = slot.begin().unwrap();
        slot.sent();
        assert!(slot.idle_since().is_none(), "part of an answer is not all of it");
        drop(turn);
        assert!(slot.idle_since().is_none() && slot.head_begun(), "some of the answer is not written");
        slot.sent();
        assert!(slot.idle_since().unwrap() >= opened && !slot.head_begun());
    }

    #[test]
    fn only_an_idle_connection_is_displaced_and_it_takes_no_request_then() {
        let slot = Arc::new(Slot::new());
        let turn = slot.begin().unwrap();
        assert!(!slot.displace());
        drop(turn);
        assert!(!slot.displace());
        slot.sent();
        assert!(slot.displace() && !slot.displace());
        assert!(slot.begin().is_none() && slot.idle_since().is_none());
    }
}
