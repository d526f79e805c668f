//! The component of `tests/guest`, which behaves well and badly on demand.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

fn fixture(extra: &str) -> Fixture {
    Fixture::new(guest(), extra, Options::default())
}

/// Small bodies arrive as they are, and leave with their length known.
#[tokio::test]
async fn a_body_goes_there_and_back() {
    let fixture = fixture("");
    let small = fixture.send("POST", "/echo", b"small").await;
    assert_eq!((small.status, small.text()), (200, "small"));
    let long = "x".repeat(3 << 20);
    let answer = fixture.send("POST", "/echo", long.as_bytes()).await;
    assert!(answer.text() == long, "{} bytes came back", answer.text().len());
    assert_eq!(fixture.get("/big?mb=20").await.text().len(), 20 << 20);
    assert!(fixture.failures().is_empty());
}

#[tokio::test]
async fn a_finished_answer_has_its_length() {
    let fixture = fixture("");
    let request = Request::get("/hello").header("host", "a").body(Full::<Bytes>::default()).unwrap();
    let response = fixture.host.handle(request).await;
    assert_eq!(response.body().size_hint().exact(), Some(5));
}

/// A component sees Spin's headers, and none that a client made up. It never sees `host`, there as here.
#[tokio::test]
async fn headers_are_spins() {
    let fixture = fixture("");
    let mut request = Request::get("/headers?x=1")
        .header("host", "test.example:3000")
        .header("spin-client-addr", "6.6.6.6:1")
        .header("spin-path-match-id", "made up")
        .header("connection", "keep-alive")
        .header("x-other", "kept")
        .body(Full::<Bytes>::default())
        .unwrap();
    request.extensions_mut().insert(SocketAddr::from(([127, 0, 0, 1], 4711)));
    let answer = read(fixture.host.handle(request).await).await;
    let mut lines: Vec<&str> = answer.text().lines().collect();
    lines.sort_unstable();
    let expect = [
        "spin-base-path: /",
        "spin-client-addr: 127.0.0.1:4711",
        "spin-component-route: ",
        "spin-full-url: http://test.example:3000/headers?x=1",
        "spin-matched-route: /...",
        "spin-path-info: /headers",
        "spin-raw-component-route: /...",
        "x-other: kept",
    ];
    assert_eq!(lines, expect);
}

/// An instance serves several requests, as many as it may and no more.
#[tokio::test]
async fn instances_are_reused_up_to_the_limit() {
    let options = Options { instance_reuse: 3, ..Options::default() };
    let fixture = Fixture::new(guest(), "", options);
    let mut seen = Vec::new();
    for _ in 0..7 {
        seen.push(fixture.get("/state").await.text().to_owned());
    }
    assert_eq!(seen, ["1", "2", "3", "1", "2", "3", "1"]);
}

/// With a reuse of one, nothing is carried from one request to the next.
#[tokio::test]
async fn one_use_is_a_fresh_sandbox_each() {
    let fixture = Fixture::new(guest(), "", Options { instance_reuse: 1, ..Options::default() });
    for _ in 0..3 {
        assert_eq!(fixture.get("/state").await.text(), "1");
    }
}

/// An instance that failed, forgot a resource, or holds much memory is not used again.
#[tokio::test]
async fn unfit_instances_are_not_reused() {
    let fixture = fixture("");
    for spoiled in ["/trap", "/trap-after", "/trap-mid", "/leak", "/grow?mb=32"] {
        assert_eq!(fixture.get("/state").await.text(), "1", "before {spoiled}");
        fixture.get(spoiled).await;
    }
    assert_eq!(fixture.get("/state").await.text(), "1");
    fixture.get("/grow?mb=2").await;
    assert_eq!(fixture.get("/state").await.text(), "3");
}

/// A trap ends its instance and fails its own request, and none of those that run at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trap_fails_its_own_request_only() {
    let fixture = Arc::new(fixture(""));
    let requests: Vec<_> = (0..24)
        .map(|number| {
            let fixture = Arc::clone(&fixture);
            let path = if number % 4 == 0 { "/trap" } else { "/state" };
            tokio::spawn(async move { (path, fixture.get(path).await) })
        })
        .collect();
    for request in requests {
        let (path, answer) = request.await.unwrap();
        assert_eq!(answer.status, if path == "/trap" { 500 } else { 200 }, "{path}: {answer:?}");
    }
    assert_eq!(fixture.failures(), [(Route::Unmatched, 500, ErrorType::Trap, false); 6]);
}

/// Nothing of a request reaches the next one in the same instance: not its body, headers, query, or output.
#[tokio::test]
async fn nothing_passes_from_one_request_to_the_next() {
    let fixture = fixture("");
    assert_eq!(fixture.send("POST", "/echo", b"secret").await.text(), "secret");
    let request = Request::get("/headers?secret=1").header("host", "a").header("x-secret", "secret");
    let headers = read(fixture.host.handle(request.body(Full::<Bytes>::default()).unwrap()).await).await;
    assert!(headers.text().contains("x-secret: secret"));
    fixture.get("/tear?text=secret").await;
    assert_eq!(fixture.send("POST", "/echo", b"").await.text(), "");
    assert!(!fixture.get("/headers").await.text().contains("secret"));
    fixture.get("/print?text=%7B%22portent%22:1%7D").await;
    assert_eq!(*fixture.seen.lines.lock().unwrap(), [r#"{"portent":1}"#]);
    assert_eq!(fixture.get("/state").await.text(), "7", "all of it was one instance");
}

/// Nobody waits for an instance longer than it may idle.
#[tokio::test]
async fn idle_instances_go() {
    let options = Options { idle_instance_timeout: Duration::from_millis(50), ..Options::default() };
    let fixture = Fixture::new(guest(), "", options);
    fixture.get("/state").await;
    let sweep = fixture.host.sweep();
    tokio::select! { () = sweep => {}, () = tokio::time::sleep(Duration::from_millis(400)) => {} }
    assert_eq!(fixture.get("/state").await.text(), "1");
}

/// A client that was answered keeps its answer; what came after is counted.
#[tokio::test]
async fn a_trap_after_the_answer_leaves_the_answer() {
    let fixture = fixture("");
    let answer = fixture.get("/trap-after").await;
    assert_eq!((answer.status, answer.text()), (200, "answered"));
    assert_eq!(fixture.failures(), [(Route::Unmatched, 200, ErrorType::Trap, false)]);
}

/// Half an answer is never sent as a whole one.
#[tokio::test]
async fn a_trap_within_the_answer_is_a_500() {
    let fixture = fixture("");
    assert_eq!(fixture.get("/trap-mid").await.status, 500);
    assert_eq!(fixture.failures(), [(Route::Unmatched, 500, ErrorType::Trap, false)]);
}

/// The answer does not wait for what the component does after it, and that goes on.
#[tokio::test]
async fn work_after_the_answer_is_done_but_not_waited_for() {
    let options = Options { concurrency: 1, queue: 0, ..Options::default() };
    let fixture = Fixture::new(guest(), "", options);
    let begun = Instant::now();
    for _ in 0..5 {
        assert_eq!(fixture.get("/sleep-after?ms=1000").await.text(), "answered");
    }
    assert!(begun.elapsed() < Duration::from_millis(900), "{:?}", begun.elapsed());
    fixture.host.drain(Duration::from_secs(10)).await;
    assert!(begun.elapsed() >= Duration::from_millis(1000));
    assert!(fixture.seen.dropped.lock().unwrap().is_empty());
}

/// Work after the answer has a budget: of time, and of instances.
#[tokio::test]
async fn work_after_the_answer_is_bounded() {
    let options = Options {
        after_response: 2,
        after_response_timeout: Duration::from_millis(200),
        ..Options::default()
    };
    let fixture = Fixture::new(guest(), "", options);
    for path in ["/sleep-after?ms=60000", "/busy-after", "/sleep-after?ms=60000"] {
        assert_eq!(fixture.get(path).await.text(), "answered");
    }
    fixture.host.drain(Duration::from_secs(10)).await;
    assert_eq!(*fixture.seen.dropped.lock().unwrap(), [DropReason::Cancelled; 3]);
    assert!(fixture.failures().is_empty());
}

/// Waiting is ended by the time limit as computing is.
#[tokio::test]
async fn waiting_ends_at_the_time_limit() {
    let options = Options { request_timeout: Duration::from_millis(150), ..Options::default() };
    let fixture = Fixture::new(guest(), "", options);
    assert_eq!(fixture.get("/sleep?ms=60000").await.status, 504);
    assert_eq!(fixture.get("/busy").await.status, 504);
    assert_eq!(fixture.get("/sleep?ms=10").await.text(), "slept");
}

/// A client that leaves takes its request with it.
#[tokio::test]
async fn a_client_that_leaves_ends_its_request() {
    let fixture = fixture("");
    let leaving = tokio::time::timeout(Duration::from_millis(100), fixture.get("/busy")).await;
    assert!(leaving.is_err());
    assert_eq!(fixture.in_flight(), 0);
    assert_eq!(fixture.free(), Options::default().concurrency);
}

/// Bodies beyond the limit are refused, those of unknown length where they pass it.
#[tokio::test]
async fn bodies_are_limited() {
    let fixture = Fixture::new(guest(), "", Options { body_bytes: 100_000, ..Options::default() });
    let answer = fixture.send("POST", "/echo", &[b'x'; 100_001]).await;
    assert_eq!(answer.status, 413);
    assert_eq!(fixture.failures(), [(Route::Unmatched, 413, ErrorType::PayloadTooLarge, false)]);
    let unknown = Chunks(5);
    let request = Request::post("/echo").header("host", "a").body(unknown).unwrap();
    assert_eq!(read(fixture.host.handle(request).await).await.status, 413);
}

/// Who sends slowly holds no turn, and is told so in the end.
#[tokio::test]
async fn a_slow_body_holds_no_turn() {
    let options =
        Options { concurrency: 1, request_timeout: Duration::from_millis(500), ..Options::default() };
    let fixture = Fixture::new(guest(), "", options);
    let request = Request::post("/echo").header("host", "a").body(Stalled).unwrap();
    let slow = tokio::spawn({
        let host = fixture.host.clone();
        async move { read(host.handle(request).await).await.status }
    });
    tokio::task::yield_now().await;
    assert_eq!(fixture.get("/state").await.status, 200);
    assert_eq!(slow.await.unwrap(), 408);
}

/// A body of which nothing comes.
struct Stalled;

impl Body for Stalled {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        std::task::Poll::Pending
    }
}

/// A stream of chunks of 30,000 bytes.
struct Chunks(u32);

impl Body for Chunks {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        self.0 = self.0.saturating_sub(1);
        let chunk = Bytes::from_static(&[b'x'; 30_000]);
        std::task::Poll::Ready((self.0 > 0).then(|| Ok(hyper::body::Frame::data(chunk))))
    }
}

/// Events reach the sink line by line, however they were printed; other lines do not.
#[tokio::test]
async fn events_are_handed_over() {
    let fixture = fixture("");
    fixture.get("/print?text=%7B%22portent%22:1%7D").await;
    fixture.get("/print?text=hello").await;
    fixture.get("/tear?text=%7B%22portent%22:2%7D").await;
    fixture.get("/complain?text=%7B%22portent%22:3%7D").await;
    fixture.get("/print?text=%7B%22portent%22:4%7D%0A%7B%22portent%22:5%7D").await;
    let lines = fixture.seen.lines.lock().unwrap().clone();
    assert_eq!(lines, [r#"{"portent":1}"#, r#"{"portent":2}"#, r#"{"portent":4}"#, r#"{"portent":5}"#]);
}

/// Files are there, under their names with and without the leading slash, and read-only.
#[tokio::test]
async fn files_are_mounted_read_only() {
    let fixture = fixture(r#"files = [{ source = "models", destination = "/m" }, "models/*.portent"]"#);
    for path in ["/m/a.portent", "m/a.portent", "/models/a.portent", "models/a.portent"] {
        assert_eq!(fixture.get(&format!("/file?path={path}")).await.text(), "artefact", "{path}");
    }
    assert_eq!(fixture.get("/list?path=/").await.text(), "m\nmodels");
    assert_eq!(fixture.get("/write?path=/m/b").await.status, 500);
    assert_eq!(fixture.get("/file?path=/m/../../etc/passwd").await.status, 500);
    assert_eq!(fixture.get("/file?path=/etc/passwd").await.status, 500);
}

/// Variables and environment are the manifest's and nothing else.
#[tokio::test]
async fn variables_are_the_manifests() {
    let extra = "environment = { MODE = \"fast\" }\nvariables = { greeting = \"{{ greeting }} there\", app = \"it-app\" }";
    let fixture = fixture(extra);
    assert_eq!(fixture.get("/variable?name=greeting").await.text(), "hi there");
    assert!(fixture.get("/variable?name=nothing").await.text().contains("Undefined"));
    assert!(fixture.get("/variable?name=NO%2DNAME").await.text().contains("InvalidName"));
    assert_eq!(fixture.get("/env?name=MODE").await.text(), "fast");
    assert_eq!(fixture.get("/env?name=PATH").await.status, 500);
}

/// Only the allowed hosts can be reached, over connections that are kept; raw sockets not at all.
#[tokio::test]
async fn only_allowed_hosts_are_reached() {
    let (address, connections) = serve_hello().await;
    let fixture = fixture(&format!("allowed_outbound_hosts = [\"http://{address}\", \"https://*:*\"]"));
    for _ in 0..3 {
        assert_eq!(fixture.get(&format!("/outbound?url=http://{address}/x")).await.text(), "200 hello");
    }
    assert_eq!(*connections.lock().unwrap(), 1);
    let denied = fixture.get("/outbound?url=http://127.0.0.1:1/").await;
    assert!(denied.text().contains("HttpRequestDenied"), "{}", denied.text());
    let encrypted = fixture.get("/outbound?url=https://127.0.0.1:1/").await;
    assert!(encrypted.text().contains("plain http only"), "{}", encrypted.text());
    assert_eq!(fixture.get(&format!("/connect?addr={address}")).await.status, 500);
}

/// A delivery leaves nothing behind in its instance that would keep the next request from it.
#[tokio::test]
async fn instances_that_deliver_are_used_again() {
    let address = serve(|request| async {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "a line");
        Response::builder().status(202).body(Full::default()).unwrap()
    });
    let address = address.await;
    let options = Options { idle_instance_timeout: Duration::from_secs(60), ..Options::default() };
    let fixture = Fixture::new(guest(), &format!("allowed_outbound_hosts = [\"http://{address}\"]"), options);
    for _ in 0..40 {
        assert_eq!(fixture.send("POST", &format!("/deliver?to={address}"), b"a line").await.text(), "202");
        // An instance that went on after its answer is back then.
        fixture.host.drain(Duration::from_secs(10)).await;
    }
    assert_eq!(fixture.get("/state").await.text(), "41");
}

/// A server that answers `hello` and counts its connections.
pub(super) async fn serve_hello() -> (SocketAddr, Arc<Mutex<u32>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            *counted.lock().unwrap() += 1;
            tokio::spawn(async move {
                let mut request = [0; 4096];
                while stream.read(&mut request).await.unwrap() > 0 {
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await.unwrap();
                }
            });
        }
    });
    (address, connections)
}

/// The host's own addresses, and paths without a route.
#[tokio::test]
async fn well_known_addresses_are_spins() {
    let fixture = fixture("");
    assert_eq!(fixture.get("/.well-known/spin/health").await.text(), "OK");
    assert_eq!(fixture.get("/.well-known/spin/info").await.text(), r#"{"name":"test","version":"9"}"#);
    assert_eq!(fixture.get("/.well-known/spin/other").await.status, 404);
}

/// Many at once on several threads: every answer is right and nothing is left over.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once() {
    let fixture = Arc::new(fixture(""));
    let clients: Vec<_> = (0..32)
        .map(|client| {
            let fixture = Arc::clone(&fixture);
            tokio::spawn(async move {
                for number in 0..20 {
                    let body = format!("{client}/{number}");
                    let answer = fixture.send("POST", "/echo", body.as_bytes()).await;
                    assert_eq!(answer.text(), body);
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    assert!(fixture.failures().is_empty());
    eventually("nothing in flight", || fixture.in_flight() == 0).await;
}
