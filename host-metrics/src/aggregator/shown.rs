//! What a scrape sees of the aggregator.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{Aggregator, lock};
use crate::clock;
use crate::exposition::Snapshot;
use crate::process::Process;
use crate::registry::Registry;

/// How long a scrape waits for what it shows to be durable. Without that, a crash would make counters fall.
const SCRAPE_PATIENCE: Duration = Duration::from_secs(2);

impl Aggregator {
    /// Everything that a scrape shows. Nothing is copied that does not change meanwhile, so that neither this
    /// nor writing it out stalls anybody.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot_of(self.counted().registry.clone())
    }

    /// As [`Self::snapshot`], once all of it is durable, or storage fails.
    pub async fn durable_snapshot(&self) -> Snapshot {
        let (registry, mark) = {
            let counted = self.counted();
            (counted.registry.clone(), counted.mark)
        };
        if let (Some(journal), Some(mark)) = (&self.shared.journal, mark) {
            // While storage fails the counts are shown all the same, together with the failure.
            tokio::time::timeout(SCRAPE_PATIENCE, journal.durable(mark)).await.ok();
        }
        self.snapshot_of(registry)
    }

    fn snapshot_of(&self, registry: Registry) -> Snapshot {
        let known = lock(&self.shared.in_flight);
        let in_flight =
            known.iter().map(|(app, number)| (app.clone(), number.load(Ordering::Relaxed))).collect();
        drop(known);
        let config = self.config();
        Snapshot {
            registry,
            in_flight,
            aliases: Arc::clone(&config.aliases),
            gauge_expiry: u64::try_from(config.gauge_expiry.as_nanos()).unwrap_or(u64::MAX),
            refused_requests: Vec::new(),
            tail_files: self.shared.tail_files.load(Ordering::Relaxed),
            tail_lag_bytes: self.shared.tail_lag.load(Ordering::Relaxed),
            storage: self.storage(),
            reload: self.reloaded(),
            process: Process::read(),
            now: clock::now(),
        }
    }
}
