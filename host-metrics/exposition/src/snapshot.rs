//! Everything that a scrape shows, at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use portent_counts::clock::SECOND;
use portent_counts::registry::{App, DurationHistogram, Registry};

use crate::alias::AliasFamily;
use crate::process::Process;

/// Everything that a scrape shows, at one moment. Times are in nanoseconds since the epoch.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The counts.
    pub registry: Registry,
    /// True numbers of requests in flight, of the applications in the embedded host.
    pub in_flight: BTreeMap<String, u64>,
    /// Other names of families, no two with the same one.
    pub aliases: Arc<[AliasFamily]>,
    /// Time without events, in nanoseconds, after which the gauges and infos of an application are left out.
    pub gauge_expiry: u64,
    /// Requests that the program's own listeners refused: listener, reason and number.
    pub refused_requests: Vec<(&'static str, &'static str, u64)>,
    /// Files followed.
    pub tail_files: u64,
    /// Bytes of followed files that are not read yet.
    pub tail_lag_bytes: u64,
    /// The state on disk, if there is one.
    pub storage: Option<Storage>,
    /// How the last reading of the configuration ended, if there is one to read.
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
    /// Whether what was read is in force. If not, what was in force before still is.
    pub is_ok: bool,
    /// When, in nanoseconds since the epoch.
    pub time: u64,
}

impl Default for Snapshot {
    fn default() -> Self {
        Self {
            registry: Registry::default(),
            in_flight: BTreeMap::new(),
            aliases: Arc::default(),
            gauge_expiry: 24 * 60 * 60 * SECOND,
            refused_requests: Vec::new(),
            tail_files: 0,
            tail_lag_bytes: 0,
            storage: None,
            reload: None,
            process: Process::default(),
            now: 0,
        }
    }
}

impl Snapshot {
    /// The applications whose gauges are shown, by name: those of which nothing was heard yet, or only a while
    /// ago.
    pub(crate) fn current_apps(&self) -> impl Iterator<Item = (&str, &App)> {
        let oldest = self.now.saturating_sub(self.gauge_expiry);
        self.registry.apps().filter(move |(_, app)| app.last_event.is_none_or(|time| time >= oldest))
    }
}
