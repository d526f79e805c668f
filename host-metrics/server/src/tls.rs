//! The certificate of a listener: read, checked against its key, and read again when it changes.

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{Error, ServerConfig};

use crate::auth::{place, read_bounded};
use crate::error::{AccessError, ListenerNames};

/// The only protocol behind TLS.
const HTTP1: &[u8] = b"http/1.1";

const NO_CERTIFICATE: &str = "there is no certificate in PEM form";
const NO_KEY: &str = "there is no private key in PEM form (PKCS #8, PKCS #1 or SEC 1)";
const MISMATCH: &str = "the key is not that of the certificate";
const UNUSABLE: &str =
    "certificate and key cannot be used: RSA of at least 2048 bits, ECDSA P-256 or P-384 and Ed25519 can";

/// The files of a certificate, in PEM form.
#[derive(Clone, Debug)]
pub struct CertificateFiles {
    /// The chain, the listener's own certificate first.
    pub chain: PathBuf,
    /// The private key of the first certificate.
    pub key: PathBuf,
}

/// The certificate of a listener, and its files.
pub(crate) struct Certificate {
    listener: ListenerNames,
    files: CertificateFiles,
    config: RwLock<Arc<ServerConfig>>,
    modified: Mutex<ModificationTimes>,
}

/// Modification times of chain and key; `None` for a file that cannot be examined.
type ModificationTimes = [Option<SystemTime>; 2];

impl Certificate {
    pub(crate) fn open(listener: ListenerNames, files: CertificateFiles) -> Result<Self, AccessError> {
        // Before reading: a change in between is found at the next look.
        let modified = Mutex::new(modification_times(&files));
        let config = RwLock::new(read(listener, &files)?);
        Ok(Self { listener, files, config, modified })
    }

    /// The configuration of new connections.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files again. The result puts the certificate into force.
    pub(crate) fn read(&self) -> Result<impl FnOnce(), AccessError> {
        let config = read(self.listener, &self.files)?;
        Ok(|| *self.config.write().unwrap_or_else(PoisonError::into_inner) = config)
    }

    /// Reads the files again if one of them changed since the last look; says whether it did. Files that cannot
    /// be used are not tried again until they change.
    pub(crate) fn refresh(&self) -> Result<bool, AccessError> {
        let mut modified = self.modified.lock().unwrap_or_else(PoisonError::into_inner);
        let found = modification_times(&self.files);
        if *modified == found {
            return Ok(false);
        }
        *modified = found;
        self.read()?();
        Ok(true)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("files", &self.files).finish_non_exhaustive()
    }
}

fn modification_times(files: &CertificateFiles) -> ModificationTimes {
    [&files.chain, &files.key].map(|path| fs::metadata(path).and_then(|file| file.modified()).ok())
}

/// TLS 1.2 and 1.3 with ring. The errors of the libraries are not passed on: some quote the file.
fn read(listener: ListenerNames, files: &CertificateFiles) -> Result<Arc<ServerConfig>, AccessError> {
    let [chain_place, key_place] = [("tls-cert", &files.chain), ("tls-key", &files.key)]
        .map(|(suffix, path)| place(listener, suffix, path));
    let chain = read_bounded(&chain_place, &files.chain)?;
    let key = read_bounded(&key_place, &files.key)?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&chain).collect::<Result<_, _>>().unwrap_or_default();
    if chain.is_empty() {
        return Err(AccessError::Invalid { place: chain_place, rule: NO_CERTIFICATE });
    }
    let Ok(key) = PrivateKeyDer::from_pem_slice(&key) else {
        return Err(AccessError::Invalid { place: key_place, rule: NO_KEY });
    };
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
    let mut config = config.map_err(|error| match error {
        Error::InconsistentKeys(_) => AccessError::Invalid { place: key_place, rule: MISMATCH },
        _ => AccessError::Invalid { place: chain_place, rule: UNUSABLE },
    })?;
    config.alpn_protocols = vec![HTTP1.to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests;
