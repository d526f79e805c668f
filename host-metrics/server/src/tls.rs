//! A listener's certificate: read, checked against its key, and read again when it changes.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{Error, ServerConfig};

use super::credentials::read_bounded;
use super::{CertificateRule, DoorError, Listener};

/// The only protocol that is spoken behind TLS.
const HTTP1: &[u8] = b"http/1.1";

/// Where a certificate is read from, in PEM form.
#[derive(Clone, Debug)]
pub struct CertificateFiles {
    /// The chain, the listener's own certificate first.
    pub chain: PathBuf,
    /// The private key of the first certificate.
    pub key: PathBuf,
}

/// The certificate that a listener shows, and its files.
pub struct Certificate {
    listener: Listener,
    files: CertificateFiles,
    config: RwLock<Arc<ServerConfig>>,
    seen: Mutex<Times>,
}

/// When the files of chain and key were last changed; `None` for one that cannot be looked at.
type Times = [Option<SystemTime>; 2];

impl Certificate {
    pub(super) fn open(listener: Listener, files: CertificateFiles) -> Result<Self, DoorError> {
        // Looked at before reading: what changes in between is read again at the next look.
        let seen = Mutex::new(times(&files));
        let config = RwLock::new(read(listener, &files)?);
        Ok(Self { listener, files, config, seen })
    }

    /// What new connections are served under.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn read(&self) -> Result<Arc<ServerConfig>, DoorError> {
        read(self.listener, &self.files)
    }

    pub(super) fn replace(&self, config: Arc<ServerConfig>) {
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
    }

    /// Reads the files again if one of them changed since the last look; says whether it did. Files that are
    /// no good are not tried again until they change.
    pub(super) fn refresh(&self) -> Result<bool, DoorError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let found = times(&self.files);
        if *seen == found {
            return Ok(false);
        }
        *seen = found;
        self.replace(self.read()?);
        Ok(true)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("files", &self.files).finish_non_exhaustive()
    }
}

fn times(files: &CertificateFiles) -> Times {
    [&files.chain, &files.key].map(|path| fs::metadata(path).and_then(|file| file.modified()).ok())
}

fn read(listener: Listener, files: &CertificateFiles) -> Result<Arc<ServerConfig>, DoorError> {
    let chain = read_file(listener.chain_option(), &files.chain)?;
    let key = read_file(listener.key_option(), &files.key)?;
    configure(&chain, &key).map_err(|rule| {
        let (option, path) = match rule {
            CertificateRule::NoKey | CertificateRule::Mismatch => (listener.key_option(), &files.key),
            CertificateRule::NoCertificate | CertificateRule::Unusable => {
                (listener.chain_option(), &files.chain)
            }
        };
        DoorError::Certificate { option, path: path.clone(), rule }
    })
}

fn read_file(option: &'static str, path: &Path) -> Result<Vec<u8>, DoorError> {
    read_bounded(path).map_err(|error| DoorError::Read { option, path: path.to_owned(), error })
}

/// TLS 1.2 and 1.3 with ring. The errors of the libraries are not shown: some quote the file.
fn configure(chain: &[u8], key: &[u8]) -> Result<Arc<ServerConfig>, CertificateRule> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .map_err(|_| CertificateRule::NoCertificate)?;
    if chain.is_empty() {
        return Err(CertificateRule::NoCertificate);
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| CertificateRule::NoKey)?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
    let mut config = config.map_err(|error| match error {
        Error::InconsistentKeys(_) => CertificateRule::Mismatch,
        _ => CertificateRule::Unusable,
    })?;
    config.alpn_protocols = vec![HTTP1.to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests;
