//! What the aggregator knows of models: names, classes, features and bin edges, read from their artefacts,
//! or from what a service says of its model.

mod card;
mod library;
mod profile;

pub use card::{Bins, ModelCard};
pub use library::{LibraryError, ModelLibrary};
pub use profile::InvalidProfile;

use std::collections::BTreeMap;
use std::sync::Arc;

use portent_event::{Digest, Predictions};

/// The models known at one moment, by digest.
#[derive(Clone, Debug)]
pub struct Models {
    known: BTreeMap<Digest, Arc<ModelCard>>,
    unknown: Arc<ModelCard>,
}

impl Default for Models {
    fn default() -> Self {
        Self { known: BTreeMap::new(), unknown: ModelCard::unknown() }
    }
}

impl Models {
    /// Adds a model, or replaces the one with the same digest.
    pub fn insert(&mut self, card: ModelCard) {
        self.known.insert(card.digest, Arc::new(card));
    }

    /// The models, ascending by digest.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<ModelCard>> {
        self.known.values()
    }

    /// Number of models.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether no model is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Whether the model with this digest is known.
    #[must_use]
    pub fn contains(&self, digest: &Digest) -> bool {
        self.known.contains_key(digest)
    }

    /// The card under which predictions are counted: that of their model if it is known and if they fit it,
    /// else the one that calls everything `other`.
    #[must_use]
    pub fn card_for(&self, predictions: &Predictions<'_>) -> &Arc<ModelCard> {
        self.known.get(&predictions.model).filter(|card| card.fits(predictions)).unwrap_or(&self.unknown)
    }
}
