//! How many requests run at once, and how many may wait for their turn.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::Options;

/// Lets a limited number in, a limited number wait for a limited time, and nobody else.
#[derive(Debug)]
pub(crate) struct Gate {
    running: Arc<Semaphore>,
    waiting: Semaphore,
    longest_wait: Duration,
}

/// There was no room, or not in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Gate {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            running: Arc::new(Semaphore::new(options.concurrency)),
            waiting: Semaphore::new(options.queue),
            longest_wait: options.queue_timeout,
        }
    }

    /// Waits for a turn; it lasts until the permit is dropped.
    pub(crate) async fn enter(&self) -> Result<OwnedSemaphorePermit, Full> {
        if let Ok(permit) = Arc::clone(&self.running).try_acquire_owned() {
            return Ok(permit);
        }
        let _place = self.waiting.try_acquire().map_err(|_| Full)?;
        let turn = timeout(self.longest_wait, Arc::clone(&self.running).acquire_owned()).await;
        turn.map_err(|_| Full)?.map_err(|_| Full)
    }

    /// Turns that nobody has.
    #[cfg(test)]
    pub(crate) fn free(&self) -> usize {
        self.running.available_permits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> Gate {
        let options = Options { concurrency: 1, queue: 1, ..Options::default() };
        Gate::new(&options)
    }

    #[tokio::test]
    async fn one_runs_one_waits_the_third_is_refused() {
        let gate = Arc::new(gate());
        let first = gate.enter().await.unwrap();
        let waiting = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.enter().await.is_ok() }
        });
        tokio::task::yield_now().await;
        assert_eq!(gate.enter().await.unwrap_err(), Full);
        drop(first);
        assert!(waiting.await.unwrap());
    }

    #[tokio::test]
    async fn waiting_ends() {
        let options =
            Options { queue_timeout: Duration::from_millis(20), concurrency: 1, ..Options::default() };
        let gate = Gate::new(&options);
        let _first = gate.enter().await.unwrap();
        assert_eq!(gate.enter().await.unwrap_err(), Full);
        assert_eq!(gate.waiting.available_permits(), options.queue);
    }
}
