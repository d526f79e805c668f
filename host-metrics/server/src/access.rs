//! Who may use a listener, and under which certificate.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::auth::BearerTokens;
use crate::error::{AccessError, ListenerNames};
use crate::refused_requests::{RefusalReason, RefusedRequests};
use crate::response::{self, BufferedResponse};
use crate::tls::{Certificate, CertificateFiles};

/// Time between two looks at the certificate files.
const LOOK: Duration = Duration::from_secs(10);

/// Tokens and certificate of a listener, and the count of what it refused. The default has neither: everybody
/// may use the listener, without TLS.
#[derive(Debug, Default)]
pub struct Access {
    listener: ListenerNames,
    tokens: Option<BearerTokens>,
    certificate: Option<Certificate>,
    refused: RefusedRequests,
}

/// The files of a listener.
#[derive(Clone, Debug, Default)]
pub struct AccessFiles {
    /// Tokens, one per line.
    pub tokens: Option<PathBuf>,
    /// Certificate and key.
    pub certificate: Option<CertificateFiles>,
}

impl Access {
    /// Reads the files. `variable` is the value of the listener's environment variable.
    ///
    /// # Errors
    /// [`AccessError`] for the first option that makes no sense, or file that cannot be used.
    pub fn open(
        listener: ListenerNames,
        files: AccessFiles,
        variable: Option<OsString>,
    ) -> Result<Self, AccessError> {
        let tokens = BearerTokens::open(listener, files.tokens, variable)?;
        let certificate = files.certificate.map(|files| Certificate::open(listener, files)).transpose()?;
        Ok(Self { listener, tokens, certificate, refused: RefusedRequests::default() })
    }

    /// Refuses an address that other machines may reach if the listener needs no token, unless that is `allowed`.
    /// A token without TLS only causes a warning: TLS may end elsewhere, as in a service mesh.
    ///
    /// # Errors
    /// [`AccessError::Exposed`].
    pub fn check_exposure(&self, address: SocketAddr, allowed: bool) -> Result<(), AccessError> {
        if address.ip().to_canonical().is_loopback() {
            return Ok(());
        }
        let listener = self.listener;
        if !self.needs_token() {
            return if allowed { Ok(()) } else { Err(AccessError::Exposed { listener, address }) };
        }
        if !self.is_tls() {
            let option = format!("--{}", listener.name);
            tracing::warn!(option, %address, "tokens cross the network in clear unless TLS ends before this listener");
        }
        Ok(())
    }

    /// Whether a request must have a token.
    #[must_use]
    pub fn needs_token(&self) -> bool {
        self.tokens.is_some()
    }

    /// Whether connections begin with a TLS handshake.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.certificate.is_some()
    }

    /// The scheme of the listener's URL.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        if self.is_tls() { "https" } else { "http" }
    }

    /// What the listener refused.
    #[must_use]
    pub fn refused(&self) -> &RefusedRequests {
        &self.refused
    }

    /// Refuses a request without a token that is accepted, and counts it; `None` if it may pass.
    pub fn refuse(&self, headers: &HeaderMap) -> Option<BufferedResponse> {
        if self.tokens.as_ref()?.accept(headers) {
            return None;
        }
        self.refused.count(RefusalReason::Unauthorized);
        let name = self.listener.name;
        tracing::debug!(listener = name, "request without a token that is accepted");
        let challenge = HeaderValue::try_from(format!("Bearer realm=\"{name}\""));
        let mut refused = response::error(StatusCode::UNAUTHORIZED, "no bearer token that is accepted here");
        refused
            .headers_mut()
            .insert(WWW_AUTHENTICATE, challenge.unwrap_or(HeaderValue::from_static("Bearer")));
        Some(refused)
    }

    /// Does the handshake of a new connection; `None` without TLS.
    pub(crate) fn acceptor(&self) -> Option<TlsAcceptor> {
        Some(TlsAcceptor::from(self.certificate.as_ref()?.config()))
    }

    /// Reads the files again. The result puts the new tokens and the new certificate into force.
    fn read(&self) -> Result<impl FnOnce(), AccessError> {
        let tokens = self.tokens.as_ref().map(BearerTokens::read).transpose()?;
        let certificate = self.certificate.as_ref().map(Certificate::read).transpose()?;
        Ok(|| {
            tokens.into_iter().for_each(|replace| replace());
            certificate.into_iter().for_each(|replace| replace());
        })
    }
}

/// Reads the token and certificate files of several listeners again. Open connections keep their certificate, and
/// tokens from the environment stay. It blocks while it reads.
///
/// # Errors
/// [`AccessError`] for the first file that cannot be used. Then nothing changes on any listener.
pub fn reload(listeners: &[&Access]) -> Result<(), AccessError> {
    let read = listeners.iter().map(|access| access.read()).collect::<Result<Vec<_>, _>>()?;
    read.into_iter().for_each(|replace| replace());
    Ok(())
}

/// Reads a certificate again whenever its files change, until the shutdown. A pair that cannot be used, or of
/// which only one file has been written yet, changes nothing.
pub async fn watch_certificates(listeners: Vec<Arc<Access>>, shutdown: CancellationToken) {
    while shutdown.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
        for access in listeners.iter().filter(|access| access.is_tls()).cloned() {
            let refreshing = tokio::task::spawn_blocking(move || {
                match access.certificate.as_ref().map_or(Ok(false), Certificate::refresh) {
                    Ok(false) => {}
                    Ok(true) => tracing::info!("certificate read again"),
                    Err(error) => tracing::warn!(%error, "the certificate stays as it was"),
                }
            });
            // It fails only if the program is ending.
            refreshing.await.ok();
        }
    }
}

#[cfg(test)]
mod tests;
