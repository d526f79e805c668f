//! The model artefact: one file per model, read in place.
//!
//! An artefact is a header, a table of sections and the sections: fixed-size little-endian records that point into one
//! section of strings. [`Model::open`] checks every bound, reference and number once, in time proportional to the file
//! and without allocating. Afterwards everything is a view into the bytes. `docs/artefact.md` states the layout byte by
//! byte.
//!
//! The crate does no I/O and does not panic on any bytes.

mod derive;
mod error;
mod format;
mod interface;
mod model;
mod profile;
mod schema;
mod score;
mod sections;
#[cfg(feature = "write")]
mod spec;
#[cfg(feature = "write")]
mod write;

pub use derive::{Derivation, MAX_WINDOW, derive};
pub use error::{ArtefactError, ExplainError, NoValue, RowError, SelfCheckError};
pub use format::{
    Aggregate, Algorithm, DerivationKind, FORMAT_VERSION, FeatureKind, Link, MissingPolicy, Precision,
    Section, Style, Test,
};
pub use interface::Interface;
pub use model::{MAX_SELF_CHECK_DIFFERENCE, Model, SelfCheckRow};
pub use profile::Profile;
pub use schema::{Category, Class, Encoding, Feature, Mapping, Recoded};
pub use score::ExplanationScale;
#[cfg(feature = "write")]
pub use spec::{
    CategorySpec, ClassSpec, Column, EncodingSpec, EnsembleSpec, FeatureSpec, InvalidSpec, LinearSpec,
    ModelSpec, NodeSpec, Parameters, ProfileSpec, TreeSpec,
};

#[cfg(any(test, fuzzing))]
pub mod fuzz_support;
#[cfg(all(any(test, fuzzing), feature = "write"))]
pub mod samples;
#[cfg(test)]
mod tests;
