//! Snapshots of what is kept in the state directory.

use std::time::Duration;

use super::Aggregator;
use crate::state::{Journal, StorageFailed};

/// Time between two attempts at a snapshot that could not begin.
const SNAPSHOT_PAUSE: Duration = Duration::from_millis(100);

impl Aggregator {
    /// Writes a snapshot of the state whenever the journal wants one. Never returns with a state directory.
    pub async fn keep_snapshots(&self) {
        let Some(journal) = &self.shared.journal else { return };
        loop {
            journal.wait_wants_snapshot().await;
            let writing = self.clone();
            match tokio::task::spawn_blocking(move || writing.write_snapshot()).await {
                Ok(true) => {}
                // The journal cannot begin a snapshot yet, though it wants one.
                Ok(false) => tokio::time::sleep(SNAPSHOT_PAUSE).await,
                Err(error) => {
                    tracing::error!(%error, "writing a snapshot panicked");
                    tokio::time::sleep(SNAPSHOT_PAUSE).await;
                }
            }
        }
    }

    /// Makes everything durable. Blocks; nothing can be kept afterwards.
    ///
    /// # Errors
    /// [`StorageFailed`] if something is not durable.
    pub fn close(&self) -> Result<(), StorageFailed> {
        self.count_gathered();
        self.shared.journal.as_ref().map_or(Ok(()), Journal::close)
    }

    /// Writes a snapshot, and says whether that was tried.
    pub(super) fn write_snapshot(&self) -> bool {
        let Some(journal) = &self.shared.journal else { return false };
        let (rotation, counted) = {
            let counted = self.counted();
            let Some(rotation) = journal.rotate() else { return false };
            (rotation, counted.clone())
        };
        if let Err(error) = rotation.finish(&counted.encode()) {
            tracing::error!(%error, "no snapshot was written");
        }
        true
    }
}
