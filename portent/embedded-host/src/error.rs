//! Why a host does not start.

use super::{ManifestError, VariableError};

/// Why an application cannot run: the configuration is at fault, or the machine.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The manifest cannot be run.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A variable has no value.
    #[error(transparent)]
    Variable(#[from] VariableError),
    /// A component cannot be made ready.
    #[error("component.{id}: {problem}")]
    Component {
        /// Id of the component in the manifest.
        id: String,
        /// What is wrong.
        problem: String,
    },
    /// wasmtime does not start.
    #[error("wasmtime: {0}")]
    Engine(String),
}

impl HostError {
    pub(super) fn component(id: &str, problem: impl Into<String>) -> Self {
        Self::Component { id: id.to_owned(), problem: problem.into() }
    }
}
