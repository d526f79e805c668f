//! Everything that is kept: the counts, and the identities of what was counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use portent_event::Digest;
use portent_journal::{Journal, Lsn, Replay};

use super::change::{Change, Origin};
use crate::codec::{DecodeError, Decoder, Encoder};
use crate::ingest::deliveries::Deliveries;
use crate::ingest::tail::{FileIdentity, FilePosition};
use crate::models::ModelCard;
use crate::registry::{Bounds, Limits, Registry};

/// Counts and identities. They change together, or a repeat could slip between them.
///
/// A clone shares nearly everything, so that taking one holds up nobody.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    pub(super) registry: Registry,
    pub(super) deliveries: Deliveries,
    /// Followed files, and how far each was read.
    pub(super) files: BTreeMap<FileIdentity, FilePosition>,
    /// The last change that was handed to the journal.
    pub(super) lsn: Option<Lsn>,
    bounds: Bounds,
    /// Every model that was ever counted: its artefact may be gone.
    cards: BTreeMap<Digest, Arc<ModelCard>>,
}

impl Counted {
    /// Makes a change: held within the limits, handed to the journal and applied, in this order.
    pub(super) fn commit(&mut self, mut change: Change, now: u64, journal: Option<&Journal>) {
        self.bounds.admit(&self.registry, &mut change.counts, now);
        if let Some(journal) = journal {
            self.lsn = Some(journal.append(&self.record(&change)));
        }
        self.apply(change);
    }

    /// What the journal is given for a change.
    fn record(&self, change: &Change) -> Vec<u8> {
        change.encode(&|digest| self.cards.contains_key(digest))
    }

    /// Takes what the journal kept.
    ///
    /// # Errors
    /// The rule that its bytes break.
    pub(super) fn replay(&mut self, replay: Replay<'_>) -> Result<(), DecodeError> {
        match replay {
            Replay::Checkpoint(checkpoint) => *self = Self::decode(checkpoint)?,
            Replay::Record(record) => {
                let change = Change::decode(record, &|digest| self.cards.get(digest).cloned())?;
                self.apply(change);
            }
        }
        Ok(())
    }

    /// Sets the limits, over what is counted already.
    pub(super) fn set_limits(&mut self, limits: Limits) {
        self.bounds = Bounds::new(limits, &self.registry);
    }

    /// Writes everything that is kept.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::default();
        // The descriptions come first, each once: the counts refer to them.
        out.list(self.cards.values(), |out, card| card.encode(out));
        self.registry.encode(&mut out, &|_| true);
        self.deliveries.encode(&mut out);
        out.list(self.files.iter(), |out, (identity, position)| {
            identity.encode(out);
            position.encode(out);
        });
        out.finish()
    }

    fn decode(checkpoint: &[u8]) -> Result<Self, DecodeError> {
        let mut from = Decoder::new(checkpoint);
        let cards = from.list(|from| ModelCard::decode(from).map(|card| (card.digest, Arc::new(card))))?;
        let cards: BTreeMap<_, _> = cards.into_iter().collect();
        let registry = Registry::decode(&mut from, &|digest| cards.get(digest).cloned())?;
        let deliveries = Deliveries::decode(&mut from)?;
        let files = from.list(|from| Ok((FileIdentity::decode(from)?, FilePosition::decode(from)?)))?;
        from.finish()?;
        let files = files.into_iter().collect();
        Ok(Self { registry, deliveries, files, cards, ..Self::default() })
    }

    fn apply(&mut self, change: Change) {
        for card in change.counts.cards().filter(|card| !card.is_unknown()) {
            self.cards.entry(card.digest).or_insert_with(|| Arc::clone(card));
        }
        self.registry.merge(&change.counts);
        match change.origin {
            Origin::Anonymous => {}
            Origin::Delivery(delivery) => self.deliveries.remember(&delivery.borrow()),
            Origin::File(identity, position) => _ = self.files.insert(identity, position),
            Origin::Forgotten(identity) => _ = self.files.remove(&identity),
        }
    }
}

#[cfg(test)]
mod tests;
