//! The counts, with the identities by which each event is counted once.

use std::collections::BTreeMap;
use std::sync::Arc;

use portent_event::Digest;
use serde::{Deserialize, Serialize};

use crate::dedup::{Dedup, Delivery};
use crate::file_position::{FileIdentity, FilePosition};
use crate::models::ModelMetadata;
use crate::registry::Registry;
use crate::series_limits::{Limits, SeriesLimits};

/// Counts and identities. They change together, or a repeat could slip between them.
///
/// A clone shares nearly everything, so that a clone taken under a lock holds up nobody.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Ledger {
    /// Every model that was ever counted, since its artefact may be gone. The counts refer to them by digest.
    models: BTreeMap<Digest, Arc<ModelMetadata>>,
    /// The counts.
    pub registry: Registry,
    /// The deliveries that are in the counts.
    pub dedup: Dedup,
    /// Followed files, and how far each was read.
    pub files: BTreeMap<FileIdentity, FilePosition>,
    #[serde(skip)]
    limits: SeriesLimits,
}

/// One change of the counts, as the journal keeps it.
#[derive(Debug, Serialize, Deserialize)]
struct Change {
    origin: Origin,
    /// Models that no earlier change described.
    new_models: Vec<Arc<ModelMetadata>>,
    /// The counts that are added.
    counts: Registry,
}

/// The identity by which counts are added once.
#[derive(Debug, Serialize, Deserialize)]
pub enum Origin {
    /// None: they come once by their nature.
    Anonymous,
    /// A delivery by HTTP.
    Delivery(Delivery),
    /// A followed file, and how far it is read with this change.
    File(FileIdentity, FilePosition),
    /// A file that is not followed any more.
    Forgotten(FileIdentity),
}

/// Bytes that are no record, or no checkpoint, of a ledger.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRecord {
    /// The bytes are not of the format.
    #[error("{0}")]
    Format(#[from] postcard::Error),
    /// The bytes break a rule that all counts keep.
    #[error("{0}")]
    Rule(&'static str),
}

impl From<&'static str> for InvalidRecord {
    fn from(rule: &'static str) -> Self {
        Self::Rule(rule)
    }
}

impl Ledger {
    /// Holds counts within the limits and adds them. Returns the record from which [`Self::replay`] makes the same
    /// change, if one is wanted.
    pub fn commit(
        &mut self,
        mut counts: Registry,
        origin: Origin,
        now: u64,
        wants_record: bool,
    ) -> Option<Vec<u8>> {
        self.limits.admit(&self.registry, &mut counts, now);
        let is_new =
            |model: &&Arc<ModelMetadata>| !model.is_unknown() && !self.models.contains_key(&model.digest);
        let new_models = counts.models().filter(is_new).map(Arc::clone).collect();
        let change = Change { origin, new_models, counts };
        let record = wants_record.then(|| encode(&change, 512));
        self.apply(change);
        record
    }

    /// Applies a record that [`Self::commit`] handed out before.
    ///
    /// # Errors
    /// [`InvalidRecord`] if the bytes are no record; then nothing is applied.
    pub fn replay(&mut self, record: &[u8]) -> Result<(), InvalidRecord> {
        let mut change: Change = postcard::from_bytes(record)?;
        change.new_models.iter().try_for_each(|model| model.check())?;
        let find = |digest: &Digest| {
            let new = change.new_models.iter().find(|model| model.digest == *digest);
            new.or_else(|| self.models.get(digest)).cloned()
        };
        change.counts.name_models(find)?;
        self.apply(change);
        Ok(())
    }

    /// The ledger as bytes.
    #[must_use]
    pub fn checkpoint(&self) -> Vec<u8> {
        encode(self, 64 * 1024)
    }

    /// The ledger of a checkpoint.
    ///
    /// # Errors
    /// [`InvalidRecord`] if the bytes are no checkpoint.
    pub fn restore(checkpoint: &[u8]) -> Result<Self, InvalidRecord> {
        let mut ledger: Self = postcard::from_bytes(checkpoint)?;
        ledger.models.values().try_for_each(|model| model.check())?;
        let models = &ledger.models;
        ledger.registry.name_models(|digest| models.get(digest).cloned())?;
        Ok(ledger)
    }

    /// Sets the limits. Series counted already count against them.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = SeriesLimits::new(limits, &self.registry);
    }

    fn apply(&mut self, change: Change) {
        self.models.extend(change.new_models.into_iter().map(|model| (model.digest, model)));
        self.registry.merge(&change.counts);
        match change.origin {
            Origin::Anonymous => {}
            Origin::Delivery(delivery) => self.dedup.remember(&delivery),
            Origin::File(identity, position) => _ = self.files.insert(identity, position),
            Origin::Forgotten(identity) => _ = self.files.remove(&identity),
        }
    }
}

/// Writes a value whose encoding cannot fail: no type in it refuses, and the buffer grows.
fn encode(value: &impl Serialize, capacity: usize) -> Vec<u8> {
    postcard::to_extend(value, Vec::with_capacity(capacity)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
