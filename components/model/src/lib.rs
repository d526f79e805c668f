//! The model artefact: one file a model, read in place.
//!
//! An artefact is a header, a table of sections and the sections: fixed-size little-endian records that
//! point into one string section. [`Model::open`] checks every bound, reference and number once, in time
//! proportional to the file and without allocating; afterwards everything is a view into the bytes.
//! `docs/artefact.md` gives the layout byte by byte.
//!
//! The crate does no I/O and does not panic on any bytes.

mod bytes;
mod error;
mod format;
mod model;
mod profile;
mod schema;
mod score;
mod sections;
#[cfg(feature = "write")]
mod write;

pub use error::{ArtefactError, RowError};
pub use format::{Algorithm, FORMAT_VERSION, FeatureKind, MissingPolicy, Section};
pub use model::{Class, Model, SelfCheckRow};
pub use profile::Profile;
pub use schema::{Category, Encoding, Feature, Mapping, Recoded};
pub use score::{MAX_SELF_CHECK_DIFFERENCE, SelfCheckError};
#[cfg(feature = "write")]
pub use write::{
    CategorySpec, ClassSpec, Column, EncodingSpec, FeatureSpec, InvalidSpec, LinearSpec, ModelSpec,
    ProfileSpec,
};

#[cfg(any(test, fuzzing))]
pub mod exercise;
#[cfg(test)]
mod tests;
