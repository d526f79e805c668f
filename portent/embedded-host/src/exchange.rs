//! What all requests of a host share, and what is known about one of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hyper::StatusCode;
use portent_event::{ErrorType, Method, Route};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use wasmtime::PoolConcurrencyLimitError;

use crate::error_response::ErrorResponse;
use crate::options::{EventSink, Failure, Options};
use crate::request_body::BodyMemory;

/// How long a response that its client does not read keeps its permit: slow readers hold none for long.
pub(crate) const LONGEST_DELIVERY: Duration = Duration::from_secs(1);

/// What all components and requests of a host share.
pub(crate) struct Context {
    pub(crate) sink: Arc<dyn EventSink>,
    pub(crate) limit: ConcurrencyLimit,
    pub(crate) body_memory: BodyMemory,
    /// Instances that work on after the head of a response.
    pub(crate) after_response: TaskTracker,
    /// Places for instances that work on after the end of a response.
    pub(crate) after_response_places: Arc<Semaphore>,
    pub(crate) options: Options,
}

/// Limits how many requests run at once, and how many wait for how long.
#[derive(Debug)]
pub(crate) struct ConcurrencyLimit {
    running: Arc<Semaphore>,
    waiting: Semaphore,
    longest_wait: Duration,
}

/// The right to run, and a place in the count of requests in flight.
pub(crate) struct Permit {
    pub(crate) slot: OwnedSemaphorePermit,
    pub(crate) in_flight: InFlight,
}

/// One request in flight until it is dropped. Neither a trap nor a client that leaves can leak it.
pub(crate) struct InFlight(Arc<AtomicU64>);

/// One request.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) context: Arc<Context>,
    /// The `app` label of what the host reports.
    pub(crate) app: Arc<str>,
    pub(crate) method: Method,
    pub(crate) route: Route,
    pub(crate) begun: Instant,
}

impl Context {
    pub(crate) fn new(options: Options, sink: Arc<dyn EventSink>) -> Self {
        Self {
            sink,
            limit: ConcurrencyLimit::new(&options),
            body_memory: BodyMemory::default(),
            after_response: TaskTracker::new(),
            after_response_places: Arc::new(Semaphore::new(options.after_response)),
            options,
        }
    }
}

impl ConcurrencyLimit {
    fn new(options: &Options) -> Self {
        Self {
            running: Arc::new(Semaphore::new(options.concurrency)),
            waiting: Semaphore::new(options.queue),
            longest_wait: options.queue_timeout,
        }
    }

    /// Waits for permission to run. Fails if the queue is full, or the wait too long.
    pub(crate) async fn acquire(&self) -> Result<OwnedSemaphorePermit, ErrorResponse> {
        if let Ok(permit) = Arc::clone(&self.running).try_acquire_owned() {
            return Ok(permit);
        }
        let full = ErrorResponse::Overloaded;
        let _place = self.waiting.try_acquire().map_err(|_| full)?;
        let permit = timeout(self.longest_wait, Arc::clone(&self.running).acquire_owned()).await;
        permit.map_err(|_| full)?.map_err(|_| full)
    }

    /// Requests that may begin to run now.
    #[cfg(test)]
    pub(crate) fn free(&self) -> usize {
        self.running.available_permits()
    }
}

impl InFlight {
    pub(crate) fn enter(gauge: &Arc<AtomicU64>) -> Self {
        gauge.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(gauge))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Exchange {
    pub(crate) fn deadline(&self) -> tokio::time::Instant {
        (self.begun + self.context.options.request_timeout).into()
    }

    /// Reports that the request failed. `reported` tells that its component printed its event before.
    pub(crate) fn report(&self, error: ErrorType, status: StatusCode, reported: bool) {
        self.context.sink.failed(&Failure {
            app: &self.app,
            method: self.method,
            route: self.route,
            status: status.as_u16(),
            error,
            duration: self.begun.elapsed(),
            reported,
        });
    }

    /// Logs why there is no instance for the request. It may be for want of room rather than the component's fault.
    pub(crate) fn no_instance(&self, error: &wasmtime::Error) -> ErrorResponse {
        tracing::error!(app = &*self.app, error = format!("{error:#}"), "no instance");
        if error.is::<PoolConcurrencyLimitError>() { ErrorResponse::Overloaded } else { ErrorResponse::Trap }
    }

    pub(crate) fn no_response(&self, problem: &str) -> ErrorResponse {
        tracing::error!(app = &*self.app, problem, "the component gave no answer");
        ErrorResponse::NoResponse
    }
}

pub(crate) fn log_trap(app: &str, trap: &wasmtime::Error) {
    tracing::error!(app, error = format!("{trap:#}"), "the component failed");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit() -> ConcurrencyLimit {
        let queue_timeout = Duration::from_millis(20);
        ConcurrencyLimit::new(&Options { concurrency: 1, queue: 1, queue_timeout, ..Options::default() })
    }

    #[tokio::test]
    async fn one_runs_one_waits_the_third_is_refused() {
        let limit = limit();
        let first = limit.acquire().await.unwrap();
        let third = async {
            tokio::task::yield_now().await;
            let refused = limit.acquire().await;
            drop(first);
            refused
        };
        let (second, third) = tokio::join!(limit.acquire(), third);
        assert!(second.is_ok());
        assert_eq!(third.unwrap_err(), ErrorResponse::Overloaded);
    }

    #[tokio::test]
    async fn waiting_ends() {
        let limit = limit();
        let _first = limit.acquire().await.unwrap();
        assert_eq!(limit.acquire().await.unwrap_err(), ErrorResponse::Overloaded);
        assert_eq!(limit.waiting.available_permits(), 1);
    }

    #[test]
    fn requests_in_flight_are_counted_until_they_are_dropped() {
        let gauge = Arc::default();
        let requests = [InFlight::enter(&gauge), InFlight::enter(&gauge)];
        assert_eq!(gauge.load(Ordering::Relaxed), 2);
        drop(requests);
        assert_eq!(gauge.load(Ordering::Relaxed), 0);
    }
}
