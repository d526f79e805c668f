//! One change of the counts, as the journal keeps it: counts, and the identity by which they are added once.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::dedup::Delivery;
use crate::file_position::{FileIdentity, FilePosition};
use crate::models::ModelMetadata;
use crate::registry::Registry;

/// Everything that changes at once.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Change {
    /// The identity of what is added.
    pub origin: Origin,
    /// Models that no earlier change described.
    pub(crate) new_models: Vec<Arc<ModelMetadata>>,
    /// What is added to the counts.
    pub counts: Registry,
}

/// The identity of what is added.
#[derive(Debug, Default, Serialize, Deserialize)]
pub enum Origin {
    /// None: it comes once by its nature.
    #[default]
    Anonymous,
    /// A delivery by HTTP.
    Delivery(Delivery),
    /// A followed file, and how far it is read with this change.
    File(FileIdentity, FilePosition),
    /// A file that is not followed any more.
    Forgotten(FileIdentity),
}

impl Change {
    /// Counts with their identity.
    #[must_use]
    pub fn new(counts: Registry, origin: Origin) -> Self {
        Self { origin, new_models: Vec::new(), counts }
    }
}
