//! What the host grants.

use std::path::PathBuf;
use std::time::Duration;

use super::Neighbour;

/// Limits and settings of a host; [`Default`] is what `host-metrics up` starts with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Values of application variables, the last of a name wins.
    pub variables: Vec<(String, String)>,
    /// Directory of the compiled-code cache; `None` is the user's cache directory.
    pub cache_dir: Option<PathBuf>,
    /// Linear memory of one instance, in bytes.
    pub instance_memory: usize,
    /// Time for a request, from its head to the end of its answer.
    pub request_timeout: Duration,
    /// Bytes of a request's body.
    pub body_bytes: u64,
    /// Bytes of the bodies of all requests together, beyond the first 64 KiB of each.
    pub all_body_bytes: usize,
    /// Requests that run at once.
    pub concurrency: usize,
    /// Requests that wait for their turn; more are refused.
    pub queue: usize,
    /// Longest wait for a turn.
    pub queue_timeout: Duration,
    /// Requests that one instance serves; 1 is a fresh sandbox for each.
    pub instance_reuse: u32,
    /// Requests that one instance of a WASI 0.3 component serves at once.
    pub instance_concurrent_reuse: u32,
    /// How long an instance is kept without a request.
    pub idle_instance_timeout: Duration,
    /// An instance with more linear memory than this is not kept, so that one large request does not hold it.
    pub kept_memory: usize,
    /// Instances that still work after their answer was handed over (they deliver events); more are cancelled.
    pub after_answer: usize,
    /// Longest work after the answer.
    pub after_answer_timeout: Duration,
    /// The aggregator's listener in the same process, which is called where a component sends to its address.
    pub neighbour: Option<Neighbour>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            variables: Vec::new(),
            cache_dir: None,
            instance_memory: 256 << 20,
            request_timeout: Duration::from_secs(30),
            body_bytes: 32 << 20,
            all_body_bytes: 256 << 20,
            concurrency: 64,
            queue: 512,
            queue_timeout: Duration::from_secs(2),
            instance_reuse: 128,
            instance_concurrent_reuse: 16,
            idle_instance_timeout: Duration::from_secs(1),
            kept_memory: 16 << 20,
            after_answer: 1024,
            after_answer_timeout: Duration::from_secs(2),
            neighbour: None,
        }
    }
}
