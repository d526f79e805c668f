//! The listeners that have a door.

use crate::environment::{self, Variable};

/// A listener of the aggregator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// Scrapes.
    Metrics,
    /// Deliveries.
    Ingest,
}

impl Listener {
    /// The option that names its address.
    #[must_use]
    pub const fn option(self) -> &'static str {
        match self {
            Self::Metrics => "--metrics",
            Self::Ingest => "--ingest",
        }
    }

    /// The option that names its tokens.
    #[must_use]
    pub const fn token_option(self) -> &'static str {
        match self {
            Self::Metrics => "--metrics-token-file",
            Self::Ingest => "--ingest-token-file",
        }
    }

    /// The option that names its certificate chain.
    #[must_use]
    pub const fn chain_option(self) -> &'static str {
        match self {
            Self::Metrics => "--metrics-tls-cert",
            Self::Ingest => "--ingest-tls-cert",
        }
    }

    /// The option that names its private key.
    #[must_use]
    pub const fn key_option(self) -> &'static str {
        match self {
            Self::Metrics => "--metrics-tls-key",
            Self::Ingest => "--ingest-tls-key",
        }
    }

    /// The environment variable that may hold its tokens.
    #[must_use]
    pub const fn variable(self) -> Variable {
        match self {
            Self::Metrics => environment::METRICS_TOKEN,
            Self::Ingest => environment::INGEST_TOKEN,
        }
    }

    /// What it asks of a client without a token.
    pub(crate) const fn challenge(self) -> &'static str {
        match self {
            Self::Metrics => r#"Bearer realm="metrics""#,
            Self::Ingest => r#"Bearer realm="ingest""#,
        }
    }
}
