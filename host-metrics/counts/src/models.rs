//! Names, classes, features and bin edges of models, read from their artefacts or from the profile that a service
//! answers.

mod metadata;
mod store;

pub use metadata::{InvalidProfile, ModelMetadata};
pub use store::{ModelStore, ModelStoreError, Models};
