//! The host with real components: hand-written ones that do next to nothing, and the guests of `tests/guest` and
//! `tests/guest-p3`.

mod guest;
mod p3;
mod wat;

use std::convert::Infallible;
use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};

use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::*;
use portent_event::{DropReason, ErrorType};

/// What the host reported.
#[derive(Default)]
struct Seen {
    lines: Mutex<Vec<String>>,
    failures: Mutex<Vec<(Route, u16, ErrorType, bool)>>,
    dropped: Mutex<Vec<DropReason>>,
    in_flight: Arc<AtomicU64>,
}

impl EventSink for Seen {
    fn line(&self, line: &[u8]) {
        self.lines.lock().unwrap().push(String::from_utf8_lossy(line).into_owned());
    }

    fn failed(&self, failure: &Failure<'_>) {
        let seen = (failure.route, failure.status, failure.error, failure.reported);
        self.failures.lock().unwrap().push(seen);
    }

    fn dropped(&self, _: &str, reason: DropReason) {
        self.dropped.lock().unwrap().push(reason);
    }

    fn in_flight(&self, _: &str) -> Arc<AtomicU64> {
        Arc::clone(&self.in_flight)
    }
}

/// A host with one component, its application's directory, and what it reported.
struct Fixture {
    host: Host,
    seen: Arc<Seen>,
    _app: TempDir,
}

/// An answer, read to its end.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: hyper::HeaderMap,
    body: Result<String, String>,
}

impl Fixture {
    fn new(wasm: &[u8], extra: &str, options: Options) -> Self {
        Self::try_new(wasm, extra, options).unwrap()
    }

    /// `extra` is added to `[component.it]`.
    fn try_new(wasm: &[u8], extra: &str, options: Options) -> Result<Self, HostError> {
        let app = TempDir::new().unwrap();
        fs::write(app.path().join("it.wasm"), wasm).unwrap();
        fs::create_dir(app.path().join("models")).unwrap();
        fs::write(app.path().join("models/a.portent"), "artefact").unwrap();
        let manifest = format!(
            "spin_manifest_version = 2\napplication = {{ name = \"test\", version = \"9\" }}\n\
             variables = {{ greeting = {{ default = \"hi\" }} }}\n\
             [[trigger.http]]\nroute = \"/...\"\ncomponent = \"it\"\n[component.it]\nsource = \"it.wasm\"\n{extra}"
        );
        let path = app.path().join("spin.toml");
        fs::write(&path, manifest).unwrap();
        let seen = Arc::new(Seen::default());
        let options = Options { cache_dir: Some(cache_dir()), ..options };
        let host = Host::load(&path, options, |_| None, Arc::clone(&seen) as _)?;
        Ok(Self { host, seen, _app: app })
    }

    async fn get(&self, target: &str) -> Answer {
        self.send("GET", target, b"").await
    }

    async fn send(&self, method: &str, target: &str, body: &[u8]) -> Answer {
        let request = Request::builder().method(method).uri(target).header("host", "test.example:3000");
        let request = request.body(Full::new(Bytes::copy_from_slice(body))).unwrap();
        read(self.host.handle(request).await).await
    }

    fn in_flight(&self) -> u64 {
        self.seen.in_flight.load(Ordering::Relaxed)
    }

    /// Requests that may begin to run now.
    fn free(&self) -> usize {
        self.host.0.context.limit.free()
    }

    fn failures(&self) -> Vec<(Route, u16, ErrorType, bool)> {
        self.seen.failures.lock().unwrap().clone()
    }
}

impl Answer {
    #[track_caller]
    fn text(&self) -> &str {
        self.body.as_deref().unwrap()
    }
}

async fn read(response: Response<ResponseBody>) -> Answer {
    let (head, body) = response.into_parts();
    let body = body.collect().await;
    let body = body.map(|body| String::from_utf8_lossy(&body.to_bytes()).into_owned());
    Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body: body.map_err(|error| error.to_string()),
    }
}

/// The compiled-code cache of the tests, beside the other build products.
fn cache_dir() -> std::path::PathBuf {
    workspace().join("target").join("test-wasmtime-cache")
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

/// The component of `tests/guest`, built if it is not up to date.
fn guest() -> &'static [u8] {
    static GUEST: OnceLock<Vec<u8>> = OnceLock::new();
    GUEST.get_or_init(|| build("portent-guest"))
}

/// The component of `tests/guest-p3`.
fn guest_p3() -> &'static [u8] {
    static GUEST: OnceLock<Vec<u8>> = OnceLock::new();
    GUEST.get_or_init(|| build("portent-guest-p3"))
}

fn build(package: &str) -> Vec<u8> {
    let target = workspace().join("target");
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "-p", package, "--target", "wasm32-wasip2", "--profile", "wasm"]);
    let built = build.arg("--target-dir").arg(&target).current_dir(workspace()).status().unwrap();
    assert!(built.success(), "the test component {package} does not build");
    fs::read(target.join(format!("wasm32-wasip2/wasm/{}.wasm", package.replace('-', "_")))).unwrap()
}

/// An HTTP server with this handler.
async fn serve<F>(handler: impl Fn(Request<Incoming>) -> F + Clone + Send + 'static) -> SocketAddr
where
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let handler = handler.clone();
            let service = service_fn(move |request| {
                let response = handler(request);
                async move { Ok::<_, Infallible>(response.await) }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

/// Waits until something is so.
async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < limit, "never so: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
