//! Why the aggregator does not start, or does not end as it should.

use std::io;
use std::net::SocketAddr;

use portent_server::AccessError;
use tokio::task::JoinError;

use crate::config::ConfigError;
use crate::models::LibraryError;
use crate::state::{StateError, StorageFailed};

/// Why the aggregator does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Options that cannot be meant.
    #[error("{0}")]
    Usage(String),
    /// The artefacts cannot be read.
    #[error(transparent)]
    Models(LibraryError),
    /// Tokens or certificates cannot be used.
    #[error(transparent)]
    Access(AccessError),
    /// An address cannot be listened on.
    #[error("cannot listen on {address} ({option}): {}", reason(error))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The option that names it.
        option: &'static str,
        /// Why.
        error: io::Error,
    },
    /// The configuration file is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The state directory cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// Something that was counted is not kept.
    #[error("the last counts are not kept: {0}")]
    NotKept(StorageFailed),
    /// A thread panicked.
    #[error("a thread ended early: {0}")]
    Panicked(JoinError),
    /// The signals that end the program cannot be waited for.
    #[error("cannot wait for signals: {0}")]
    Signals(io::Error),
}

impl StartError {
    /// Whether the options are at fault, and not the machine or the files.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Usage(_) | Self::Config(_) | Self::Models(LibraryError::Pattern { .. }))
    }
}

impl From<AccessError> for StartError {
    fn from(error: AccessError) -> Self {
        if error.is_usage() { Self::Usage(error.to_string()) } else { Self::Access(error) }
    }
}

/// The reason in words, without the number that the system has for it.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "the port is in use".to_owned(),
        _ => error.to_string(),
    }
}
