//! What a host is started with, what it reports, and why it may not start.

use std::fmt::Display;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use portent_event::{DropReason, ErrorType, Method, Route};

/// Limits and settings of a host. [`Default`] has the values of `up` without options.
#[derive(Clone, Debug)]
pub struct Options {
    /// Values of application variables. The last value of a name wins.
    pub variables: Vec<(String, String)>,
    /// Directory of the compiled-code cache; `None` is the user's cache directory.
    pub cache_dir: Option<PathBuf>,
    /// Linear memory of one instance, in bytes.
    pub instance_memory: usize,
    /// Time for a request, from its head to the end of its response.
    pub request_timeout: Duration,
    /// Bytes of a request body.
    pub body_bytes: u64,
    /// Requests that run at once.
    pub concurrency: usize,
    /// Requests that wait for one that runs to end; more are refused.
    pub queue: usize,
    /// Longest wait in the queue.
    pub queue_timeout: Duration,
    /// Requests that one instance serves; 1 is a fresh sandbox for each.
    pub instance_reuse: u32,
    /// Requests that one instance of a WASI 0.3 component serves at once.
    pub instance_concurrent_reuse: u32,
    /// How long an instance is kept without a request.
    pub idle_instance_timeout: Duration,
    /// Instances that may work on after their response was delivered; more are cancelled.
    pub after_response: usize,
    /// Longest work after the response.
    pub after_response_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            variables: Vec::new(),
            cache_dir: None,
            instance_memory: 256 << 20,
            request_timeout: Duration::from_secs(30),
            body_bytes: 32 << 20,
            concurrency: 64,
            queue: 512,
            queue_timeout: Duration::from_secs(2),
            instance_reuse: 128,
            instance_concurrent_reuse: 16,
            idle_instance_timeout: Duration::from_secs(1),
            after_response: 1024,
            after_response_timeout: Duration::from_secs(2),
        }
    }
}

/// Receives what components print and what the host reports about them.
pub trait EventSink: Send + Sync {
    /// A line that a component printed and that looks like an event, without its newline.
    fn line(&self, line: &[u8]);

    /// The host answered a request itself, or a component failed after its response.
    fn failed(&self, failure: &Failure<'_>);

    /// A component had no time to send its events.
    fn dropped(&self, app: &str, reason: DropReason);

    /// The gauge that counts the requests in flight of an application.
    fn in_flight(&self, app: &str) -> Arc<AtomicU64>;
}

/// A request that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure<'a> {
    /// Application of the component, or the name in the manifest if no component was reached.
    pub app: &'a str,
    /// Method of the request.
    pub method: Method,
    /// Route template of the request's path.
    pub route: Route,
    /// Status that the client was given.
    pub status: u16,
    /// The kind of failure.
    pub error: ErrorType,
    /// Time from the request's head to the response, or to the failure after it.
    pub duration: Duration,
    /// The component had printed its event for this request before it failed.
    pub reported: bool,
}

/// Why an application cannot run.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The manifest, a variable or a component is at fault. The text names the place and the rule.
    #[error("{0}")]
    Application(String),
    /// The machine is at fault: wasmtime does not start.
    #[error("wasmtime: {0}")]
    Engine(String),
}

impl HostError {
    /// A value at `place` breaks a rule.
    pub(crate) fn invalid(place: impl Display, rule: impl Display) -> Self {
        Self::Application(format!("{place}: {rule}"))
    }

    /// A key that means something to Spin, or to nobody, but not to this host.
    pub(crate) fn unsupported(key: impl Display) -> Self {
        Self::Application(format!("{key} is not supported by the embedded host"))
    }
}
