//! `spin.toml`, manifest version 2: the part of it that a host of HTTP components needs.
//!
//! A key that the host cannot honour is an error that names it: an application must not run with less than
//! its manifest says.

mod dependency;
mod keys;
mod raw;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) use dependency::DependencySpec;
use raw::Raw;

/// What a manifest says.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    /// Directory of the manifest; paths in it are relative to this.
    pub(crate) root: PathBuf,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) variables: BTreeMap<String, Declared>,
    pub(crate) triggers: Vec<HttpTrigger>,
    pub(crate) components: BTreeMap<String, ComponentSpec>,
}

/// A declared variable of the application: one with a default, or one that must be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Declared {
    pub(crate) default: Option<String>,
}

/// One `[[trigger.http]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HttpTrigger {
    /// `None` is `{ private = true }`: not reachable from outside.
    pub(crate) route: Option<String>,
    pub(crate) component: String,
}

/// One `[component.ID]`.
#[derive(Clone, Debug)]
pub(crate) struct ComponentSpec {
    pub(crate) source: PathBuf,
    pub(crate) allowed_outbound_hosts: Vec<String>,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) files: Vec<FilesMount>,
    pub(crate) exclude_files: Vec<String>,
    /// Components that it is composed with.
    pub(crate) dependencies: Vec<DependencySpec>,
}

/// One entry of `files`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum FilesMount {
    /// A path or glob pattern; files appear under their path relative to the manifest.
    Pattern(String),
    /// A file or directory and its place in the guest.
    Placement { source: String, destination: String },
}

/// Why a manifest cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file cannot be read.
    #[error("cannot read {path}: {error}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// Not TOML, or not of the expected shape.
    #[error("{path}: {message}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its place.
        message: String,
    },
    /// A key that means something to Spin, or to nobody, but not to this host.
    #[error("{0} is not supported by the embedded host")]
    Unsupported(String),
    /// A value that contradicts a rule.
    #[error("{key}: {rule}")]
    Invalid {
        /// Path of the key.
        key: String,
        /// The rule.
        rule: String,
    },
}

impl ManifestError {
    pub(crate) fn invalid(key: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::Invalid { key: key.into(), rule: rule.into() }
    }
}

impl Manifest {
    /// Reads and checks a manifest file.
    pub(crate) fn read(path: &Path) -> Result<Self, ManifestError> {
        let read_error = |error| ManifestError::Read { path: path.to_owned(), error };
        let path = fs::canonicalize(path).map_err(read_error)?;
        let text = fs::read_to_string(&path).map_err(read_error)?;
        let root = path.parent().unwrap_or(Path::new("/"));
        Self::parse(&text, root).map_err(|error| match error {
            ManifestError::Syntax { message, .. } => ManifestError::Syntax { path, message },
            other => other,
        })
    }

    /// Checks a manifest's text; `root` is the directory that its paths are relative to.
    pub(crate) fn parse(text: &str, root: &Path) -> Result<Self, ManifestError> {
        let syntax = |error: toml::de::Error| ManifestError::Syntax {
            path: PathBuf::from("spin.toml"),
            message: message_of(&error, text),
        };
        let table: toml::Table = text.parse().map_err(syntax)?;
        keys::check(&table)?;
        let raw: Raw = toml::from_str(text).map_err(syntax)?;
        raw.into_manifest(root)
    }
}

/// One line, with the place.
fn message_of(error: &toml::de::Error, text: &str) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    format!("line {}: {}", before.split('\n').count(), error.message().replace('\n', ", "))
}

#[cfg(test)]
mod tests;
