//! What the aggregator knows of models: names, classes, features and bin edges, read from their artefacts,
//! or from what a service says of its model.

mod metadata;
mod store;

pub use metadata::{Bins, InvalidProfile, ModelMetadata};
pub use store::{ModelStore, ModelStoreError, Models};
