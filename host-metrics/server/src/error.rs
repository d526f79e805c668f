//! What can be wrong with a door.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::Listener;

/// Why a door does not open, or stays as it was. It names places and rules, never what a file holds.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// Tokens are named twice.
    #[error("{} and {} are both given: leave one out", .0.token_option(), .0.variable().name)]
    TwoSources(Listener),
    /// Anybody on the network could use the listener.
    #[error(
        "{} {address} is not a loopback address: give {}, or --allow-unauthenticated if the network keeps others out",
        listener.option(),
        listener.token_option()
    )]
    Exposed {
        /// The listener.
        listener: Listener,
        /// Its address.
        address: SocketAddr,
    },
    /// A file cannot be read.
    #[error("{option} {}: {error}", path.display())]
    Read {
        /// The option that names the file.
        option: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Tokens are not as they should be.
    #[error("{place}: {rule}")]
    Token {
        /// The file or variable, with the line.
        place: String,
        /// What it breaks.
        rule: TokenRule,
    },
    /// A certificate or its key is not as it should be.
    #[error("{option} {}: {rule}", path.display())]
    Certificate {
        /// The option that names the file.
        option: &'static str,
        /// The file.
        path: PathBuf,
        /// What it breaks.
        rule: CertificateRule,
    },
}

impl DoorError {
    /// Whether the options are at fault, and not the files.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::TwoSources(_) | Self::Exposed { .. })
    }
}

/// What is asked of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRule {
    /// Too short or too long.
    #[error("a token has 16 to 512 characters")]
    Length,
    /// A space, a control character or something beyond ASCII.
    #[error("a token is of visible ASCII characters")]
    Character,
    /// No token at all.
    #[error("there is no token")]
    Empty,
    /// Too many.
    #[error("there are more than 64 tokens")]
    Many,
}

/// What is asked of a certificate and its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateRule {
    /// The chain's file has no certificate.
    #[error("there is no certificate in PEM form")]
    NoCertificate,
    /// The key's file has no private key.
    #[error("there is no private key in PEM form (PKCS #8, PKCS #1 or SEC 1)")]
    NoKey,
    /// The key is not the certificate's.
    #[error("the key is not that of the certificate")]
    Mismatch,
    /// The pair cannot be used.
    #[error(
        "certificate and key cannot be used: RSA of at least 2048 bits, ECDSA P-256 or P-384 and Ed25519 can"
    )]
    Unusable,
}
