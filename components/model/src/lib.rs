//! The model artefact: one file a model, read in place.
//!
//! An artefact is a header, a table of sections and the sections: fixed-size little-endian records that
//! point into one string section. [`Model::open`] checks every bound, reference and number once, in time
//! proportional to the file and without allocating; afterwards everything is a view into the bytes.
//! `docs/artefact.md` gives the layout byte by byte.
//!
//! The crate does no I/O and does not panic on any bytes.

mod bytes;
mod codes;
mod derive;
mod error;
mod explain;
mod format;
mod interface;
mod model;
mod profile;
mod schema;
mod score;
mod sections;
mod texts;
#[cfg(feature = "write")]
mod spec;
#[cfg(feature = "write")]
mod write;

pub use codes::{
    Aggregate, Algorithm, DerivationKind, FeatureKind, Link, MissingPolicy, Precision, Style, Test,
};
pub use derive::{Derivation, MAX_WINDOW, derive};
pub use error::{ArtefactError, ExplainError, NoValue, RowError};
pub use explain::ExplanationScale;
pub use format::{FORMAT_VERSION, Section};
pub use interface::Interface;
pub use model::{Class, Model, SelfCheckRow};
pub use profile::Profile;
pub use schema::{Category, Encoding, Feature, Mapping, Recoded};
pub use score::{MAX_SELF_CHECK_DIFFERENCE, SelfCheckError};
#[cfg(feature = "write")]
pub use write::{
    CategorySpec, ClassSpec, Column, EncodingSpec, EnsembleSpec, FeatureSpec, InterfaceSpec, InvalidSpec,
    LinearSpec, ModelSpec, NodeSpec, Parameters, ProfileSpec, TreeSpec,
};

#[cfg(any(test, fuzzing))]
pub mod fuzz_support;
#[cfg(all(any(test, fuzzing), feature = "write"))]
pub mod samples;
#[cfg(test)]
mod tests;
