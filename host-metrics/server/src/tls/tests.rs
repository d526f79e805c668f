use std::fs::File;
use std::net::SocketAddr;
use std::time::Duration;

use rcgen::{CertifiedKey, KeyPair};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::server::Refusal;
use crate::start::{RunningAggregator, start_aggregator};
use crate::testing::{aggregator_args, eventually, exchange_bytes};

const SCRAPE: &[u8] = b"GET /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

type Pair = CertifiedKey<KeyPair>;

fn pair() -> Pair {
    rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

/// Certificate and key on disk, as the metrics listener takes them.
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

    fn open(&self) -> Result<Certificate, DoorError> {
        Certificate::open(Listener::Metrics, self.files.clone())
    }

    async fn start(&self, options: &[&str]) -> RunningAggregator {
        let (chain, key) = (self.files.chain.to_str().unwrap(), self.files.key.to_str().unwrap());
        let fixed = ["--metrics", "127.0.0.1:0", "--ingest", "127.0.0.1:0", "--models", "none"];
        let tls = ["--metrics-tls-cert", chain, "--metrics-tls-key", key];
        let args = aggregator_args(&[&fixed[..], &tls, options].concat());
        start_aggregator(&args, CancellationToken::new()).await.unwrap()
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

async fn shows(running: &RunningAggregator, pair: &Pair) -> bool {
    connect(running.metrics_addr, pair, &TLS13, "http/1.1").await.is_ok()
}

#[tokio::test]
async fn scrapes_come_by_https() {
    let pair = pair();
    let running = Files::new(&pair).start(&[]).await;
    for version in [&TLS12, &TLS13] {
        let mut stream = connect(running.metrics_addr, &pair, version, "http/1.1").await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(HTTP1));
        stream.write_all(SCRAPE).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("portent_build_info"),
            "{answer}"
        );
    }
    let mut announced = Vec::new();
    running.announce(&mut announced);
    let announced = String::from_utf8(announced).unwrap();
    assert!(announced.starts_with("metrics https://") && announced.contains("ingest http://"), "{announced}");
}

/// A client that ends its side of the TLS connection is answered too.
#[tokio::test]
async fn a_half_closed_tls_connection_is_answered() {
    let pair = pair();
    let running = Files::new(&pair).start(&[]).await;
    let mut stream = connect(running.metrics_addr, &pair, &TLS13, "http/1.1").await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("\r\n\r\nok\n"), "{answer}");
}

#[tokio::test]
async fn failing_handshakes_end_alone_and_are_counted() {
    let pair = pair();
    let running = Files::new(&pair).start(&["--read-timeout", "1"]).await;
    let counted = || running.doors.metrics.refusals().read(Refusal::Handshake);
    let answer = exchange_bytes(running.metrics_addr, SCRAPE).await;
    assert!(!answer.starts_with(b"HTTP"), "plain HTTP is not answered");
    eventually(|| counted() == 1).await;
    assert!(connect(running.metrics_addr, &pair, &TLS13, "h2").await.is_err(), "there is no HTTP/2");
    eventually(|| counted() == 2).await;
    assert!(exchange_bytes(running.metrics_addr, b"").await.is_empty(), "who says nothing is let go");
    eventually(|| counted() == 3).await;
    assert!(shows(&running, &pair).await);
}

#[tokio::test]
async fn a_reload_shows_the_new_certificate() {
    let (old, new) = (pair(), pair());
    let files = Files::new(&old);
    let running = files.start(&[]).await;
    assert!(shows(&running, &old).await && !shows(&running, &new).await);
    files.write(&new.cert.pem(), &old.signing_key.serialize_pem(), 1);
    let error = running.doors.reload().unwrap_err().to_string();
    assert!(
        error.starts_with("--metrics-tls-key ") && error.ends_with("not that of the certificate"),
        "{error}"
    );
    assert!(shows(&running, &old).await);
    files.write(&new.cert.pem(), &new.signing_key.serialize_pem(), 2);
    running.doors.reload().unwrap();
    assert!(shows(&running, &new).await && !shows(&running, &old).await);
}

/// What changed is read again by itself; half a change waits for its other half.
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
        ("", key.as_str(), CertificateRule::NoCertificate),
        (secret, &key, CertificateRule::NoCertificate),
        (&key, &key, CertificateRule::NoCertificate),
        (&chain, "", CertificateRule::NoKey),
        (&chain, secret, CertificateRule::NoKey),
        (&chain, &chain, CertificateRule::NoKey),
        (&chain, &other.signing_key.serialize_pem(), CertificateRule::Mismatch),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &key, CertificateRule::Unusable),
    ] {
        files.write(chain, key, 0);
        let error = files.open().unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
        assert!(matches!(error, DoorError::Certificate { rule: found, .. } if found == rule), "{error}");
    }
    fs::remove_file(&files.files.key).unwrap();
    assert!(matches!(files.open(), Err(DoorError::Read { option: "--metrics-tls-key", .. })));
}
