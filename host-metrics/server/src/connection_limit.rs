//! The connections that a listener holds open, and which of them goes when another comes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use super::refusals::{Refusal, Refusals};
use super::slot::Slot;

/// How long a connection is left alone while it idles: time for its next request to arrive, so that
/// connections that come at once do not displace one another unheard.
pub(super) const LEAST_IDLE: Duration = Duration::from_secs(1);

/// Time between two looks for a connection that a waiting newcomer may displace.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The open connections of a listener, at most as many as its limit.
#[derive(Debug)]
pub(super) struct Slots {
    permits: Arc<Semaphore>,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    entered: u64,
    slots: BTreeMap<u64, Arc<Slot>>,
}

/// A connection's place among the open ones; free again when dropped.
#[derive(Debug)]
pub(super) struct Place {
    slot: Arc<Slot>,
    number: u64,
    slots: Arc<Slots>,
    _permit: OwnedSemaphorePermit,
}

impl Slots {
    pub(super) fn new(connections: usize) -> Arc<Self> {
        Arc::new(Self { permits: Arc::new(Semaphore::new(connections)), open: Mutex::default() })
    }

    /// Waits for a place. At the limit the connection that has idled longest is closed for it, of those that
    /// have idled for [`LEAST_IDLE`]. `None` if nothing is accepted any more.
    pub(super) async fn enter(self: &Arc<Self>, refusals: &Refusals) -> Option<Place> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Some(self.place(permit));
        }
        loop {
            if self.displace(Instant::now()) {
                refusals.count(Refusal::Displaced);
            }
            if let Ok(permit) = timeout(LOOK_AGAIN, Arc::clone(&self.permits).acquire_owned()).await {
                return Some(self.place(permit.ok()?));
            }
        }
    }

    fn place(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Place {
        let slot = Arc::new(Slot::new());
        let mut open = self.open();
        let number = open.entered;
        open.entered += 1;
        open.slots.insert(number, Arc::clone(&slot));
        Place { slot, number, slots: Arc::clone(self), _permit: permit }
    }

    /// Closes the connection that has idled longest; says whether there was one.
    fn displace(&self, now: Instant) -> bool {
        let open = self.open();
        let idle = open.slots.values().filter_map(|slot| Some((slot.idle_since()?, slot)));
        let longest = idle.min_by_key(|(since, _)| *since);
        longest.is_some_and(|(since, slot)| now.duration_since(since) >= LEAST_IDLE && slot.displace())
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// The state of the connection that has this place.
    pub(super) fn slot(&self) -> &Arc<Slot> {
        &self.slot
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.slots.open().slots.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_idles_longest_goes_first_and_who_works_stays() {
        let (slots, refusals) = (Slots::new(3), Refusals::default());
        let mut places = Vec::new();
        for _ in 0..3 {
            places.push(slots.enter(&refusals).await.unwrap());
        }
        let _turn = places[0].slot().begin().unwrap();
        let later = Instant::now() + LEAST_IDLE;
        assert!(!slots.displace(Instant::now()), "nobody has idled for long");
        assert!(slots.displace(later) && places[1].slot().begin().is_none());
        assert!(slots.displace(later) && places[2].slot().begin().is_none());
        assert!(!slots.displace(later), "the one with a request stays");
        drop(places);
        assert!(slots.open().slots.is_empty());
        assert_eq!(slots.permits.available_permits(), 3);
    }
}
