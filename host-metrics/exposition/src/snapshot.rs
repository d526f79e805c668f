//! The data of a scrape: counts and other figures at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use portent_counts::registry::{App, DurationHistogram, Registry};

use crate::config::Config;
use crate::process::Process;

/// The data of a scrape, at one moment. Times are in nanoseconds since the epoch.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The counts.
    pub registry: Registry,
    /// Exact numbers of requests in flight, for the applications in the embedded host.
    pub in_flight: BTreeMap<String, u64>,
    /// The configuration: aliases, and when gauges expire.
    pub config: Arc<Config>,
    /// Requests that the program's own listeners refused: listener, reason and number.
    pub refused_requests: Vec<(&'static str, &'static str, u64)>,
    /// Files followed.
    pub tail_files: u64,
    /// Bytes of followed files that are not read yet.
    pub tail_lag_bytes: u64,
    /// The state on disk, if there is one.
    pub storage: Option<Storage>,
    /// How the last reading of the configuration ended, if there is a file to read.
    pub reload: Option<Reloaded>,
    /// Figures of this process.
    pub process: Process,
    /// The moment.
    pub now: u64,
}

/// The state on disk.
#[derive(Clone, Debug, Default)]
pub struct Storage {
    /// Whether nothing can be written any more.
    pub is_failed: bool,
    /// Bytes of the log.
    pub log_bytes: u64,
    /// Bytes of the newest checkpoint.
    pub checkpoint_bytes: u64,
    /// Checkpoints written since the start.
    pub checkpoints: u64,
    /// Failed attempts to write since the start.
    pub errors: u64,
    /// Bytes of unfinished records that were cut off at the start.
    pub torn_bytes_cut: u64,
    /// Durations of the syncs since the start.
    pub syncs: DurationHistogram,
}

/// How a reading of the configuration ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reloaded {
    /// Whether the new configuration is in force. If not, the previous one still is.
    pub is_ok: bool,
    /// When, in nanoseconds since the epoch.
    pub time: u64,
}

impl Snapshot {
    /// The applications whose gauges are exposed, by name: those without an event yet, or with a recent one.
    pub(crate) fn current_apps(&self) -> impl Iterator<Item = (&str, &App)> {
        let expiry = u64::try_from(self.config.gauge_expiry.as_nanos()).unwrap_or(u64::MAX);
        let oldest = self.now.saturating_sub(expiry);
        self.registry.apps().filter(move |(_, app)| app.last_event.is_none_or(|time| time >= oldest))
    }
}
