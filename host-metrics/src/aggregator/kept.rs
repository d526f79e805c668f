//! Checkpoints of what is kept in the state directory.

use std::time::Duration;

use portent_journal::{Journal, StorageFailed};

use super::Aggregator;

/// Time between two attempts at a checkpoint that could not begin.
const CHECKPOINT_PAUSE: Duration = Duration::from_millis(100);

impl Aggregator {
    /// Writes a checkpoint of the state whenever the journal wants one. Never returns with a state directory.
    pub async fn keep_checkpoints(&self) {
        let Some(journal) = &self.shared.journal else { return };
        loop {
            journal.checkpoint_due().await;
            let writing = self.clone();
            match tokio::task::spawn_blocking(move || writing.write_checkpoint()).await {
                Ok(true) => {}
                // The journal cannot begin a checkpoint yet, though one is due.
                Ok(false) => tokio::time::sleep(CHECKPOINT_PAUSE).await,
                Err(error) => {
                    tracing::error!(%error, "writing a checkpoint panicked");
                    tokio::time::sleep(CHECKPOINT_PAUSE).await;
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

    /// Writes a checkpoint, and says whether that was tried.
    pub(super) fn write_checkpoint(&self) -> bool {
        let Some(journal) = &self.shared.journal else { return false };
        let (checkpoint, counted) = {
            let counted = self.counted();
            let Some(checkpoint) = journal.begin_checkpoint() else { return false };
            (checkpoint, counted.clone())
        };
        if let Err(error) = checkpoint.write(&counted.encode()) {
            tracing::error!(%error, "no checkpoint was written");
        }
        true
    }
}
