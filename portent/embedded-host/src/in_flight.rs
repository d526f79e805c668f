//! The true number of requests in flight.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Number of requests in flight of one application. A clone counts the same requests.
#[derive(Clone, Debug, Default)]
pub struct InFlight(Arc<AtomicU64>);

/// One request in flight, until it is dropped: neither a trap nor a cancelled client can leak it.
#[derive(Debug)]
pub struct InFlightGuard(InFlight);

impl InFlight {
    /// Counts a request for as long as the guard lives.
    #[must_use]
    pub fn enter(&self) -> InFlightGuard {
        self.0.fetch_add(1, Ordering::Relaxed);
        InFlightGuard(self.clone())
    }

    /// Requests in flight now.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
