use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::start::{RunningAggregator, StartError, start_aggregator};
use crate::tests::{aggregator_args, exchange, exchange_bytes};
use portent_counts::registry::Rejection;
use portent_counts::testing::{event, line};

const OLD: &str = "an-old-token-of-32-characters-00";
const NEW: &str = "a-new-token-of-32-characters-000";

/// A directory with a file of tokens for each listener.
struct Files {
    directory: TempDir,
}

impl Files {
    fn new() -> Self {
        let files = Self { directory: TempDir::new().unwrap() };
        files.write("metrics", OLD);
        files.write("ingest", OLD);
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    async fn start(&self) -> RunningAggregator {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let (metrics, ingest) = (text(&self.path("metrics")), text(&self.path("ingest")));
        start(&["--metrics-token-file", &metrics, "--ingest-token-file", &ingest]).await.unwrap()
    }
}

async fn start(options: &[&str]) -> Result<RunningAggregator, StartError> {
    let fixed = ["--metrics", "127.0.0.1:0", "--models", "none"];
    let ingest = if options.contains(&"--ingest") { &[][..] } else { &["--ingest", "127.0.0.1:0"] };
    let args = aggregator_args(&[&fixed, ingest, options].concat());
    start_aggregator(&args, CancellationToken::new()).await
}

fn bearer(token: &str) -> String {
    format!("authorization: Bearer {token}\r\n")
}

async fn get(running: &RunningAggregator, path: &str, headers: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n");
    exchange(running.metrics_addr, request.as_bytes()).await
}

async fn post(running: &RunningAggregator, headers: &str, body: &[u8]) -> String {
    let head = format!(
        "POST /v1/events HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {}\r\n\
         portent-source: a\r\nportent-sequence: 0\r\n{headers}\r\n",
        body.len()
    );
    exchange(running.ingest_addr, &[head.as_bytes(), body].concat()).await
}

#[track_caller]
fn assert_refused(answer: &str, realm: &str) {
    assert!(answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{answer}");
    assert!(answer.contains(&format!("\r\nwww-authenticate: Bearer realm=\"{realm}\"\r\n")), "{answer}");
    assert!(answer.ends_with("{\"error\":\"no bearer token that is accepted here\"}"), "{answer}");
}

#[tokio::test]
async fn scrapes_need_a_token_and_health_checks_none() {
    let running = Files::new().start().await;
    for path in ["/metrics", "/", "/nowhere"] {
        assert_refused(&get(&running, path, "").await, "metrics");
        assert_refused(&get(&running, path, &bearer(NEW)).await, "metrics");
    }
    assert!(get(&running, "/metrics", &bearer(OLD)).await.starts_with("HTTP/1.1 200 "));
    for probe in ["/healthz", "/readyz"] {
        assert!(get(&running, probe, "").await.starts_with("HTTP/1.1 200 "));
    }
    assert_eq!(running.access.metrics.refused().read(RefusalReason::Unauthorized), 6);
    let shown = format!("{running:?}");
    assert!(!shown.contains(OLD), "{shown}");
}

#[tokio::test]
async fn deliveries_without_a_token_are_refused_before_their_body_is_read() {
    let running = Files::new().start().await;
    let body = line(&event());
    assert_refused(&post(&running, "", &body).await, "ingest");
    assert_refused(&post(&running, &bearer(NEW), &body).await, "ingest");
    // The body never comes: neither is it asked for nor waited for.
    for length in [
        "expect: 100-continue\r\ncontent-length: 5",
        "content-length: 99999999",
        "transfer-encoding: chunked",
    ] {
        let head = format!("POST /v1/events HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{length}\r\n\r\n");
        assert_refused(&exchange(running.ingest_addr, head.as_bytes()).await, "ingest");
    }
    let accepted = post(&running, &bearer(OLD), &body).await;
    assert!(accepted.ends_with(r#"{"accepted":1,"ignored":0,"duplicate":false}"#), "{accepted}");
    let probe = b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    assert!(exchange(running.ingest_addr, probe).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(running.aggregator.snapshot().registry.ingest.rejected(Rejection::Unauthorized), 5);
    assert_eq!(running.access.ingest.refused().read(RefusalReason::Unauthorized), 5);
}

#[tokio::test]
async fn tokens_are_rotated_without_a_gap() {
    let files = Files::new();
    let running = files.start().await;
    let is_accepted =
        async |token| get(&running, "/metrics", &bearer(token)).await.starts_with("HTTP/1.1 200 ");
    for (text, old, new) in [(format!("{OLD}\n{NEW}\n"), true, true), (NEW.to_owned(), false, true)] {
        files.write("metrics", &text);
        running.access.reload().unwrap();
        assert_eq!((is_accepted(OLD).await, is_accepted(NEW).await), (old, new));
    }
}

/// One file that is no good keeps every other from being changed.
#[tokio::test]
async fn a_reload_happens_as_a_whole_or_not_at_all() {
    let files = Files::new();
    let running = files.start().await;
    files.write("metrics", NEW);
    for bad in ["", "short", "two words of many characters"] {
        files.write("ingest", bad);
        let error = running.access.reload().unwrap_err().to_string();
        assert!(error.starts_with("--ingest-token-file "), "{error}");
        assert!(get(&running, "/metrics", &bearer(OLD)).await.starts_with("HTTP/1.1 200 "));
        assert_refused(&get(&running, "/metrics", &bearer(NEW)).await, "metrics");
        assert!(post(&running, &bearer(OLD), b"").await.starts_with("HTTP/1.1 400 "));
    }
    fs::remove_file(files.path("ingest")).unwrap();
    assert!(matches!(running.access.reload(), Err(AccessError::Read { .. })));
}

#[test]
fn tokens_come_from_the_environment_too() {
    let args = aggregator_args(&["--ingest", "0.0.0.0:0"]);
    let access =
        ListenerAccess::open(&args, |name| (name == "PORTENT_INGEST_TOKEN").then(|| OLD.into())).unwrap();
    assert!(access.ingest.needs_token() && !access.metrics.needs_token());
    access.reload().unwrap();
    assert!(access.ingest.needs_token());
}

#[tokio::test]
async fn a_listener_that_others_reach_asks_for_a_token_or_is_allowed_not_to() {
    let refused = start(&["--ingest", "0.0.0.0:0"]).await.unwrap_err();
    assert!(refused.is_usage());
    assert!(
        matches!(&refused, StartError::Usage(text) if text.contains("--allow-unauthenticated")),
        "{refused}"
    );
    assert!(start(&["--ingest", "0.0.0.0:0", "--allow-unauthenticated"]).await.is_ok());
    let files = Files::new();
    let tokens = files.path("ingest");
    assert!(start(&["--ingest", "0.0.0.0:0", "--ingest-token-file", tokens.to_str().unwrap()]).await.is_ok());
    files.write("ingest", "short");
    let bad = start(&["--ingest-token-file", tokens.to_str().unwrap()]).await.unwrap_err();
    assert!(matches!(bad, StartError::Access(AccessError::Invalid { .. })) && !bad.is_usage());
}

/// The scheme is announced, and a scrape comes by HTTPS only.
#[tokio::test]
async fn the_certificate_of_the_options_is_used() {
    let files = Files::new();
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    files.write("tls.crt", &pair.cert.pem());
    files.write("tls.key", &pair.signing_key.serialize_pem());
    let (chain, key) = (files.path("tls.crt"), files.path("tls.key"));
    let options = ["--metrics-tls-cert", chain.to_str().unwrap(), "--metrics-tls-key", key.to_str().unwrap()];
    let running = start(&options).await.unwrap();
    let mut announced = Vec::new();
    running.announce(&mut announced);
    let announced = String::from_utf8(announced).unwrap();
    assert!(announced.starts_with("metrics https://") && announced.contains("ingest http://"), "{announced}");
    let plain = exchange_bytes(running.metrics_addr, b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(!plain.starts_with(b"HTTP"));
    files.write("tls.crt", "");
    let error = running.access.reload().unwrap_err().to_string();
    assert!(error.starts_with("--metrics-tls-cert "), "{error}");
}

/// The page lists exactly the variables that the programs read, in this order.
#[test]
fn the_page_lists_the_environment() {
    let page = include_str!("../../../docs/configuration.md");
    let section = page.split("\n## ").find(|section| section.starts_with("Environment\n")).unwrap();
    let rows: Vec<_> =
        section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let of_host = ["SPIN_VARIABLE_*", "XDG_CACHE_HOME", "HOME", "TOKIO_WORKER_THREADS"];
    assert_eq!(rows, [&[METRICS_TOKEN, INGEST_TOKEN], &of_host[..]].concat());
}
