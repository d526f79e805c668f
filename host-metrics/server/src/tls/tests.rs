use std::fs::File;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use rcgen::{CertifiedKey, KeyPair};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::tests::client::{eventually, exchange_bytes};
use crate::{Access, AccessFiles, RefusalReason, ServerLimits, reload, serve};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

const METRICS: ListenerNames = ListenerNames { name: "metrics", token_variable: "METRICS_TOKEN" };

type Pair = CertifiedKey<KeyPair>;

fn pair() -> Pair {
    rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

/// Certificate and key on disk.
struct Files {
    _directory: TempDir,
    files: CertificateFiles,
}

impl Files {
    fn new(pair: &Pair) -> Self {
        let directory = TempDir::new().unwrap();
        let path = |name| directory.path().join(name);
        let files = CertificateFiles { chain: path("tls.crt"), key: path("tls.key") };
        let files = Self { _directory: directory, files };
        files.write(&pair.cert.pem(), &pair.signing_key.serialize_pem(), 0);
        files
    }

    /// Writes both files as if it were `seconds` later.
    fn write(&self, chain: &str, key: &str, seconds: u64) {
        for (path, text) in [(&self.files.chain, chain), (&self.files.key, key)] {
            fs::write(path, text).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds);
            File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        }
    }

    fn open(&self) -> Result<Certificate, AccessError> {
        Certificate::open(METRICS, self.files.clone())
    }

    /// A server with this certificate that answers `ok`.
    async fn start(&self, header_timeout: Duration) -> (SocketAddr, Arc<Access>) {
        let files = AccessFiles { certificate: Some(self.files.clone()), ..AccessFiles::default() };
        let access = Arc::new(Access::open(METRICS, files, None).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let limits = ServerLimits { header_timeout, half_close: true, ..ServerLimits::default() };
        let handler = |_| async { Response::new(Full::new(Bytes::from_static(b"ok"))) };
        tokio::spawn(serve(listener, Arc::clone(&access), limits, CancellationToken::new(), handler));
        (address, access)
    }
}

/// A connection of a client that trusts this certificate alone.
async fn connect(
    address: SocketAddr,
    pair: &Pair,
    version: &'static SupportedProtocolVersion,
    protocol: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(pair.cert.der().clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_protocol_versions(&[version]).unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.into()];
    let stream = TcpStream::connect(address).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), stream).await
}

async fn serves(address: SocketAddr, pair: &Pair) -> bool {
    connect(address, pair, &TLS13, "http/1.1").await.is_ok()
}

const LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn requests_come_by_https() {
    let pair = pair();
    let (address, _) = Files::new(&pair).start(LONG).await;
    for version in [&TLS12, &TLS13] {
        let mut stream = connect(address, &pair, version, "http/1.1").await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(HTTP1));
        stream.write_all(REQUEST).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("ok"), "{answer}");
    }
}

/// A client that ends its side of the TLS connection is answered too.
#[tokio::test]
async fn a_half_closed_tls_connection_is_answered() {
    let pair = pair();
    let (address, _) = Files::new(&pair).start(LONG).await;
    let mut stream = connect(address, &pair, &TLS13, "http/1.1").await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("\r\n\r\nok"), "{answer}");
}

#[tokio::test]
async fn failing_handshakes_end_alone_and_are_counted() {
    let pair = pair();
    let (address, access) = Files::new(&pair).start(Duration::from_secs(1)).await;
    let counted = || access.refused().read(RefusalReason::Handshake);
    let answer = exchange_bytes(address, REQUEST).await;
    assert!(!answer.starts_with(b"HTTP"), "plain HTTP is not answered");
    eventually(|| counted() == 1).await;
    assert!(connect(address, &pair, &TLS13, "h2").await.is_err(), "there is no HTTP/2");
    eventually(|| counted() == 2).await;
    assert!(exchange_bytes(address, b"").await.is_empty(), "a client that sends nothing is closed");
    eventually(|| counted() == 3).await;
    assert!(serves(address, &pair).await);
}

#[tokio::test]
async fn a_reload_changes_the_certificate() {
    let (old, new) = (pair(), pair());
    let files = Files::new(&old);
    let (address, access) = files.start(LONG).await;
    assert!(serves(address, &old).await && !serves(address, &new).await);
    files.write(&new.cert.pem(), &old.signing_key.serialize_pem(), 1);
    let error = reload(&[&access]).unwrap_err().to_string();
    assert!(
        error.starts_with("--metrics-tls-key ") && error.ends_with("not that of the certificate"),
        "{error}"
    );
    assert!(serves(address, &old).await);
    files.write(&new.cert.pem(), &new.signing_key.serialize_pem(), 2);
    reload(&[&access]).unwrap();
    assert!(serves(address, &new).await && !serves(address, &old).await);
}

/// A change of one file alone waits for the other.
#[test]
fn changed_files_are_read_again() {
    let (old, new) = (pair(), pair());
    let files = Files::new(&old);
    let certificate = files.open().unwrap();
    let first = certificate.config();
    assert!(!certificate.refresh().unwrap());
    files.write(&new.cert.pem(), &old.signing_key.serialize_pem(), 1);
    assert!(certificate.refresh().is_err());
    assert!(!certificate.refresh().unwrap(), "the same files are not tried again");
    assert!(Arc::ptr_eq(&first, &certificate.config()));
    files.write(&new.cert.pem(), &new.signing_key.serialize_pem(), 2);
    assert!(certificate.refresh().unwrap());
    assert!(!Arc::ptr_eq(&first, &certificate.config()));
}

#[test]
fn bad_files_are_refused_by_name_and_rule() {
    let (one, other) = (pair(), pair());
    let (chain, key) = (one.cert.pem(), one.signing_key.serialize_pem());
    let files = Files::new(&one);
    let secret = "-----BEGIN secret";
    for (chain, key, rule) in [
        ("", key.as_str(), NO_CERTIFICATE),
        (secret, &key, NO_CERTIFICATE),
        (&key, &key, NO_CERTIFICATE),
        (&chain, "", NO_KEY),
        (&chain, secret, NO_KEY),
        (&chain, &chain, NO_KEY),
        (&chain, &other.signing_key.serialize_pem(), MISMATCH),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &key, UNUSABLE),
    ] {
        files.write(chain, key, 0);
        let error = files.open().unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
        assert!(matches!(error, AccessError::Invalid { rule: found, .. } if found == rule), "{error}");
    }
    fs::remove_file(&files.files.key).unwrap();
    assert!(
        matches!(files.open(), Err(AccessError::Read { place, .. }) if place.starts_with("--metrics-tls-key "))
    );
}
