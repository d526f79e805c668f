//! How many connections a listener has open, and how many of them have a request in flight.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections that a listener has open beyond its limit.
///
/// They are there so that a health check is answered even if every request in flight is slow.
pub const EXTRA_CONNECTIONS: usize = 64;

/// The connections of one listener.
///
/// A connection waits until the head of a request is complete; then it needs a permit for a request in flight.
/// There are fewer such permits than open connections, so at least [`EXTRA_CONNECTIONS`] connections have none.
/// A new connection can always take the place of one of these.
#[derive(Debug)]
pub(crate) struct ConnectionLimit {
    open: Arc<Semaphore>,
    in_flight: Arc<Semaphore>,
    /// Connections without a request in flight queue here. Each permit closes the first of them.
    displacements: Semaphore,
}

impl ConnectionLimit {
    pub(crate) fn new(in_flight: usize) -> Self {
        let in_flight = in_flight.min(Semaphore::MAX_PERMITS - EXTRA_CONNECTIONS);
        Self {
            open: Arc::new(Semaphore::new(in_flight + EXTRA_CONNECTIONS)),
            in_flight: Arc::new(Semaphore::new(in_flight)),
            displacements: Semaphore::new(0),
        }
    }

    /// Admits a new connection. If too many are open, the one that has waited longest for a request is closed.
    /// `None` never happens: the semaphore is not closed.
    pub(crate) async fn admit(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.open).try_acquire_owned() {
            return Some(place);
        }
        self.displacements.add_permits(1);
        let place = Arc::clone(&self.open).acquire_owned().await.ok();
        // If another connection ended by itself, none has to be closed any more.
        self.displacements.forget_permits(1);
        place
    }

    /// A permit for a request in flight; `None` at the limit.
    pub(crate) fn begin(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.in_flight).try_acquire_owned().ok()
    }

    /// Waits until a new connection takes this one's place. The queue is in the order of the first polls.
    pub(crate) async fn displaced(&self) {
        if let Ok(permit) = self.displacements.acquire().await {
            permit.forget();
        }
    }
}
