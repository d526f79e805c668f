//! Errors of tokens, certificates and addresses, and the names by which they call a listener.

use std::io;
use std::net::SocketAddr;

/// How a listener is called in errors and logs. Its options are named after it: `--metrics`,
/// `--metrics-token-file`, `--metrics-tls-cert` and `--metrics-tls-key` if the name is `metrics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListenerNames {
    /// The name. It is also the realm that a client without a token is told.
    pub name: &'static str,
    /// The environment variable that may hold its tokens.
    pub token_variable: &'static str,
}

impl ListenerNames {
    /// The option of this listener that ends in `suffix`.
    pub(crate) fn option(self, suffix: &str) -> String {
        format!("--{}-{suffix}", self.name)
    }
}

/// Why a listener cannot be opened, or its tokens and certificate stay as they were. The texts name places and
/// rules, never the content of a file.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Tokens are given twice.
    #[error("{} and {} are both given: leave one out", .0.option("token-file"), .0.token_variable)]
    TwoSources(ListenerNames),
    /// Anybody on the network could use the listener.
    #[error(
        "--{} {address} is not a loopback address: give {}, or --allow-unauthenticated if the network keeps others out",
        listener.name,
        listener.option("token-file")
    )]
    Exposed {
        /// The listener.
        listener: ListenerNames,
        /// Its address.
        address: SocketAddr,
    },
    /// A file cannot be read.
    #[error("{place}: {error}")]
    Read {
        /// The option with its file.
        place: String,
        /// Why.
        error: io::Error,
    },
    /// A file or a variable breaks a rule.
    #[error("{place}: {rule}")]
    Invalid {
        /// The option with its file, or the variable, with the line.
        place: String,
        /// The rule.
        rule: &'static str,
    },
}

impl AccessError {
    /// Whether the options are at fault, and not the files.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::TwoSources(_) | Self::Exposed { .. })
    }
}
