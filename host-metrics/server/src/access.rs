//! One listener's door.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use hyper::header::HeaderMap;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::certificate::{Certificate, CertificateFiles};
use super::credentials::{Credentials, Tokens};
use super::{DoorError, Listener};
use crate::answer::{self, Answer};
use crate::server::{Refusal, Refusals};

/// What stands between the network and a listener. The default one lets everybody in, without TLS.
#[derive(Debug, Default)]
pub struct Door {
    credentials: Option<Credentials>,
    certificate: Option<Certificate>,
    refusals: Refusals,
}

/// The files that a door is made of.
#[derive(Clone, Debug, Default)]
pub struct DoorFiles {
    /// Tokens, a line each.
    pub tokens: Option<PathBuf>,
    /// Certificate and key.
    pub certificate: Option<CertificateFiles>,
}

/// What was read of a door's files and is not in use yet.
#[derive(Debug)]
pub(super) struct Material {
    tokens: Option<Tokens>,
    config: Option<Arc<ServerConfig>>,
}

impl Door {
    /// Reads the files. `variable` is the value of the listener's environment variable.
    ///
    /// # Errors
    /// [`DoorError`] for the first thing that cannot be meant or cannot be read.
    pub fn open(listener: Listener, files: DoorFiles, variable: Option<OsString>) -> Result<Self, DoorError> {
        let credentials = Credentials::open(listener, files.tokens, variable)?;
        let certificate = files.certificate.map(|files| Certificate::open(listener, files)).transpose()?;
        Ok(Self { credentials, certificate, refusals: Refusals::default() })
    }

    /// Whether a request must show a token.
    #[must_use]
    pub fn asks_for_token(&self) -> bool {
        self.credentials.is_some()
    }

    /// Whether connections begin with a TLS handshake.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.certificate.is_some()
    }

    /// How often the door turned something away. Read it at a scrape.
    #[must_use]
    pub fn refusals(&self) -> &Refusals {
        &self.refusals
    }

    /// The scheme under which clients find the listener.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.is_tls() { "https" } else { "http" }
    }

    /// What shakes hands with a new connection; `None` without TLS.
    pub(crate) fn acceptor(&self) -> Option<TlsAcceptor> {
        Some(TlsAcceptor::from(self.certificate.as_ref()?.config()))
    }

    /// Answers a request without a token that is accepted here, and counts it; `None` if it may pass.
    pub(crate) fn refuse(&self, headers: &HeaderMap) -> Option<Answer> {
        let credentials = self.credentials.as_ref()?;
        if credentials.accept(headers) {
            return None;
        }
        self.refusals.count(Refusal::Unauthorized);
        tracing::debug!(
            listener = credentials.listener().option(),
            "request without a token that is accepted"
        );
        Some(answer::unauthorized(credentials.listener().challenge()))
    }

    /// Reads the files again, to be used by [`Self::replace`].
    pub(super) fn read(&self) -> Result<Material, DoorError> {
        let tokens = self.credentials.as_ref().map(Credentials::read).transpose()?.flatten();
        let config = self.certificate.as_ref().map(Certificate::read).transpose()?;
        Ok(Material { tokens, config })
    }

    pub(super) fn replace(&self, material: Material) {
        if let (Some(credentials), Some(tokens)) = (&self.credentials, material.tokens) {
            credentials.replace(tokens);
        }
        if let (Some(certificate), Some(config)) = (&self.certificate, material.config) {
            certificate.replace(config);
        }
    }

    /// Reads certificate and key again if one of their files has changed; says whether it did.
    pub(super) fn refresh(&self) -> Result<bool, DoorError> {
        self.certificate.as_ref().map_or(Ok(false), Certificate::refresh)
    }
}
