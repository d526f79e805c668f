//! The way from one generation to the next, by way of a snapshot.

use std::sync::Arc;
use std::time::Instant;

use super::progress::Kind;
use super::shared::Shared;
use super::{StateError, StorageFailed};

/// A boundary in the journal, waiting for the snapshot of everything before it.
///
/// Dropping it unfinished counts as a failed attempt: the next is wanted a second later.
#[must_use = "a rotation that is dropped is a failed attempt"]
#[derive(Debug)]
pub struct Rotation {
    shared: Arc<Shared>,
    generation: u64,
    kind: Kind,
    finished: bool,
}

impl Rotation {
    pub(super) fn begin(shared: &Arc<Shared>) -> Option<Self> {
        let (generation, kind) = shared.update(|progress| progress.rotate())?;
        Some(Self { shared: Arc::clone(shared), generation, kind, finished: false })
    }

    /// Writes the snapshot durably, then removes the logs and snapshots that it replaces. Blocks.
    ///
    /// # Errors
    /// If storage fails, or had failed again since the boundary.
    pub fn finish(mut self, snapshot: &[u8]) -> Result<(), StorageFailed> {
        self.finished = true;
        if let Err(failed) = self.wait_for_next_log() {
            self.shared.update(|progress| progress.abandon(Instant::now()));
            return Err(failed);
        }
        self.write(snapshot).unwrap_or_else(|error| {
            let reason = error.to_string();
            self.shared.update(|progress| progress.fail_attempt(reason.clone(), Instant::now()));
            Err(StorageFailed { reason })
        })
    }

    /// Old files may go only when the next log is there: their absence would read as a loss.
    fn wait_for_next_log(&self) -> Result<(), StorageFailed> {
        match self.kind {
            Kind::Healthy => self.shared.wait_blocking(|progress| progress.moved()),
            Kind::Recovery => Ok(()),
        }
    }

    fn write(&self, snapshot: &[u8]) -> Result<Result<(), StorageFailed>, StateError> {
        let store = &self.shared.store;
        let bytes = store.write_snapshot(self.generation, snapshot)?;
        let log = match self.kind {
            Kind::Healthy => None,
            Kind::Recovery => Some(store.create_log(self.generation)?),
        };
        let left_over = store.remove_before(self.generation);
        Ok(self.shared.update(|progress| progress.complete(bytes, log, left_over)))
    }
}

impl Drop for Rotation {
    fn drop(&mut self) {
        if !self.finished {
            self.shared.update(|progress| progress.abandon(Instant::now()));
        }
    }
}
