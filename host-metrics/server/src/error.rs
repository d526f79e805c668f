//! Errors of tokens, certificates and addresses, and the names by which they call a listener.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

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
    /// The option of the file of tokens.
    pub(crate) fn token_option(self) -> String {
        format!("--{}-token-file", self.name)
    }

    /// The option of the certificate chain.
    pub(crate) fn chain_option(self) -> String {
        format!("--{}-tls-cert", self.name)
    }

    /// The option of the private key.
    pub(crate) fn key_option(self) -> String {
        format!("--{}-tls-key", self.name)
    }
}

/// Why a listener cannot be opened, or its tokens and certificate stay as they were. The texts name places and
/// rules, never the content of a file.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Tokens are given twice.
    #[error("{} and {} are both given: leave one out", .0.token_option(), .0.token_variable)]
    TwoSources(ListenerNames),
    /// Anybody on the network could use the listener.
    #[error(
        "--{} {address} is not a loopback address: give {}, or --allow-unauthenticated if the network keeps others out",
        listener.name,
        listener.token_option()
    )]
    Exposed {
        /// The listener.
        listener: ListenerNames,
        /// Its address.
        address: SocketAddr,
    },
    /// A file cannot be read.
    #[error("{option} {}: {error}", path.display())]
    Read {
        /// The option that names the file.
        option: String,
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Tokens break a rule.
    #[error("{place}: {rule}")]
    Token {
        /// The file or variable, with the line.
        place: String,
        /// The rule.
        rule: TokenRule,
    },
    /// A certificate or its key breaks a rule.
    #[error("{option} {}: {rule}", path.display())]
    Certificate {
        /// The option that names the file.
        option: String,
        /// The file.
        path: PathBuf,
        /// The rule.
        rule: CertificateRule,
    },
}

impl AccessError {
    /// Whether the options are at fault, and not the files.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::TwoSources(_) | Self::Exposed { .. })
    }
}

/// A rule of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRule {
    /// Too short or too long.
    #[error("a token has 16 to 512 characters")]
    Length,
    /// A space, a control character or one that is not ASCII.
    #[error("a token is of visible ASCII characters")]
    Character,
    /// No token at all.
    #[error("there is no token")]
    Empty,
    /// Too many.
    #[error("there are more than 64 tokens")]
    Many,
}

/// A rule of a certificate and its key.
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
