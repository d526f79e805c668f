use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use portent_event::{ErrorType, Method, Route};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinHandle;

use super::*;
use portent_counts::ModelStore;
use portent_exposition::Config;

/// The application of `tests/guest` on a port of its own, and the counts of its events.
struct Fixture {
    aggregator: Aggregator,
    address: SocketAddr,
    shutdown: CancellationToken,
    served: JoinHandle<()>,
    _app: TempDir,
}

impl Fixture {
    async fn start() -> Self {
        let app = TempDir::new().unwrap();
        fs::copy(guest(), app.path().join("it.wasm")).unwrap();
        let manifest = "spin_manifest_version = 2\napplication.name = \"app\"\ncomponent.it.source = \"it.wasm\"\n\
             trigger.http = [{ route = \"/...\", component = \"it\" }]";
        let path = app.path().join("spin.toml");
        fs::write(&path, manifest).unwrap();
        let aggregator = Aggregator::new(ModelStore::open(Vec::new()).unwrap(), &[], Config::default());
        let sink = Arc::new(Sink(aggregator.clone()));
        let options = Options { cache_dir: Some(target().join("test-wasmtime-cache")), ..Options::default() };
        let host = Host::load(&path, options, |_| None, sink).unwrap();
        let (listener, address) = listen(([127, 0, 0, 1], 0).into(), "--listen").await.unwrap();
        let shutdown = CancellationToken::new();
        let served = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { serve_host(&host, listener, Arc::default(), ServerLimits::default(), shutdown).await }
        });
        Self { aggregator, address, shutdown, served, _app: app }
    }

    async fn get(&self, target: &str) -> String {
        let request = format!("GET {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        exchange(self.address, request.as_bytes()).await
    }

    #[track_caller]
    fn check_scrape(&self, lines: &[&str]) {
        let scrape = self.aggregator.snapshot().to_text();
        for line in lines {
            assert!(scrape.lines().any(|found| found == *line), "{line} is not in\n{scrape}");
        }
    }
}

/// Sends a request as it stands and reads until the server closes.
async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn target() -> PathBuf {
    workspace().join("target")
}

/// The component of `tests/guest`, built if it is not up to date.
fn guest() -> PathBuf {
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "-p", "portent-guest", "--target", "wasm32-wasip2", "--profile", "wasm"]);
    assert!(build.arg("--target-dir").arg(target()).current_dir(workspace()).status().unwrap().success());
    target().join("wasm32-wasip2/wasm/portent_guest.wasm")
}

/// Head and body of a small answer leave as one piece with its length; the client's address arrives.
#[tokio::test]
async fn the_application_answers() {
    let fixture = Fixture::start().await;
    let answer = fixture.get("/hello").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nhello"), "{answer}");
    assert!(answer.contains("content-length: 5\r\n"), "{answer}");
    assert!(fixture.get("/headers").await.contains("spin-client-addr: 127.0.0.1:"));
    let head =
        exchange(fixture.address, b"HEAD /hello HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    let old = exchange(fixture.address, b"GET /hello HTTP/1.0\r\n\r\n").await;
    assert!(old.ends_with("hello"), "{old}");
    let chunked =
        b"POST /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n\
        3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    assert!(exchange(fixture.address, chunked).await.ends_with("abcde"));
}

/// What components print and what becomes of their requests is counted in the same process.
#[tokio::test]
async fn faults_and_events_are_counted() {
    let fixture = Fixture::start().await;
    fixture.get("/trap").await;
    fixture
        .get(
            "/print?text=%7B%22portent%22:1,%22app%22:%22it%22,%22dropped%22:3,%22reason%22:%22timeout%22%7D",
        )
        .await;
    fixture.check_scrape(&[
        r#"api_errors_total{app="it",error_type="Trap",endpoint="other"} 1"#,
        r#"api_requests_total{app="it",method="GET",endpoint="other",status_code="500"} 1"#,
        r#"portent_events_dropped_total{app="it",reason="timeout"} 3"#,
        r#"active_requests{app="it"} 0"#,
    ]);
}

/// At the shutdown, requests in flight are answered and work after the answer is finished.
#[tokio::test]
async fn the_shutdown_waits_for_what_has_begun() {
    let fixture = Fixture::start().await;
    assert!(fixture.get("/sleep-after?ms=300").await.ends_with("answered"));
    let ending = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        fixture.shutdown.cancel();
    };
    let (answer, ()) = tokio::join!(fixture.get("/sleep?ms=200"), ending);
    assert!(answer.ends_with("slept"), "{answer}");
    fixture.served.await.unwrap();
    assert!(TcpListener::bind(fixture.address).await.is_ok(), "the port is still in use");
}

/// A fault whose request was reported by the component itself is a second error, not a second request.
#[test]
fn a_reported_request_is_not_counted_again() {
    let aggregator = Aggregator::new(ModelStore::open(Vec::new()).unwrap(), &[], Config::default());
    let failure = Failure {
        app: "it",
        method: Method::Post,
        route: Route::Predict,
        status: 200,
        error: ErrorType::Trap,
        duration: Duration::from_micros(5),
        reported: false,
    };
    let sink = Sink(aggregator.clone());
    sink.failed(&failure);
    sink.failed(&Failure { reported: true, ..failure });
    sink.dropped("it", DropReason::Cancelled);
    let scrape = aggregator.snapshot().to_text();
    for line in [
        r#"api_requests_total{app="it",method="POST",endpoint="/predict",status_code="200"} 1"#,
        r#"api_errors_total{app="it",error_type="Trap",endpoint="/predict"} 2"#,
        r#"portent_events_dropped_total{app="it",reason="cancelled"} 1"#,
    ] {
        assert!(scrape.lines().any(|found| found == line), "{line} is not in\n{scrape}");
    }
}
