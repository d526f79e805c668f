//! Components of WASI 0.3: the guest of `tests/guest-p3`, which behaves well and badly on demand.

mod adapter;
mod instance_state;
mod output;

use super::*;

fn fixture(options: Options) -> Arc<Fixture> {
    Arc::new(Fixture::new(guest_p3(), "", options))
}

/// Sends a request beside others.
fn begin(fixture: &Arc<Fixture>, target: &str) -> tokio::task::JoinHandle<Answer> {
    let (fixture, target) = (Arc::clone(fixture), target.to_owned());
    tokio::spawn(async move { fixture.get(&target).await })
}

/// Lets a request that was begun reach its instance.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// Bodies arrive as they are, and a small one leaves in one piece with its length.
#[tokio::test]
async fn a_body_goes_there_and_back() {
    let fixture = fixture(Options::default());
    for body in ["", "small", &"x".repeat(3 << 20)] {
        let answer = fixture.send("POST", "/echo", body.as_bytes()).await;
        assert_eq!(answer.status, 200);
        assert!(answer.text() == body, "{} of {} bytes came back", answer.text().len(), body.len());
    }
    assert_eq!(fixture.get("/big?mb=20").await.text().len(), 20 << 20);
    let request = Request::get("/hello").header("host", "a").body(Full::<Bytes>::default()).unwrap();
    let (head, body) = fixture.host.handle(request).await.into_parts();
    assert_eq!((head.headers["content-length"].as_bytes(), body.size_hint().exact()), (&b"5"[..], Some(5)));
    let parts = std::pin::pin!(body).frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(parts, "hello");
    assert!(fixture.failures().is_empty());
}

/// A component sees Spin's headers and none that a client made up, and its own address.
#[tokio::test]
async fn headers_are_spins() {
    let fixture = fixture(Options::default());
    let request = Request::get("/headers?x=1").header("host", "test.example:3000");
    let request = request.header("spin-path-match-id", "made up").header("x-other", "kept");
    let answer = read(fixture.host.handle(request.body(Full::<Bytes>::default()).unwrap()).await).await;
    let mut lines: Vec<&str> = answer.text().lines().collect();
    lines.sort_unstable();
    let expect = [
        "spin-base-path: /",
        "spin-component-route: ",
        "spin-full-url: http://test.example:3000/headers?x=1",
        "spin-matched-route: /...",
        "spin-path-info: /headers",
        "spin-raw-component-route: /...",
        "x-other: kept",
    ];
    assert_eq!(lines, expect);
    assert_eq!(fixture.get("/origin").await.text(), "http test.example:3000");
}

/// An instance has as many requests at once as it may; others go to another one.
#[tokio::test]
async fn requests_share_an_instance() {
    let fixture = fixture(Options { instance_concurrent_reuse: 3, ..Options::default() });
    let mut sleeping = Vec::new();
    for seen in ["2", "4", ""] {
        sleeping.push(begin(&fixture, "/sleep?ms=2000"));
        settle().await;
        // The third leaves no room in the instance.
        let expect = if sleeping.len() == 3 { "1" } else { seen };
        assert_eq!(fixture.get("/state").await.text(), expect);
    }
    for answer in sleeping {
        assert_eq!(answer.await.unwrap().text(), "slept");
    }
}

/// A trap fails every request that waits in the instance, and those of no other.
#[tokio::test]
async fn a_trap_fails_the_requests_of_its_instance() {
    let fixture = fixture(Options { instance_concurrent_reuse: 2, ..Options::default() });
    let beside = begin(&fixture, "/sleep?ms=5000");
    settle().await;
    let trap = begin(&fixture, "/trap?ms=500");
    settle().await;
    let elsewhere = begin(&fixture, "/sleep?ms=500");
    for failed in [beside, trap] {
        let failed = failed.await.unwrap();
        assert_eq!((failed.status, failed.text()), (500, r#"{"detail":"the component failed"}"#));
    }
    assert_eq!(elsewhere.await.unwrap().text(), "slept");
    assert_eq!(fixture.failures(), [(Route::Unmatched, 500, ErrorType::Trap, false); 2]);
    assert_eq!(fixture.in_flight(), 0);
}

/// An error in place of an answer leaves the instance as it is.
#[tokio::test]
async fn no_answer_is_a_500() {
    let fixture = fixture(Options::default());
    let answer = fixture.get("/no-answer").await;
    assert_eq!((answer.status, answer.text()), (500, r#"{"detail":"the component gave no answer"}"#));
    assert_eq!(fixture.failures(), [(Route::Unmatched, 500, ErrorType::Internal, false)]);
    assert_eq!(fixture.get("/state").await.text(), "2");
}

/// A client that was answered keeps its answer; the trap after it is an error, once.
#[tokio::test]
async fn a_trap_after_the_answer_leaves_the_answer() {
    let fixture = fixture(Options::default());
    let answer = fixture.get("/trap-after?ms=20").await;
    assert_eq!((answer.status, answer.text()), (200, "answered"));
    fixture.host.drain(Duration::from_secs(10)).await;
    assert_eq!(fixture.failures(), [(Route::Unmatched, 500, ErrorType::Trap, true)]);
}

/// Half an answer is never sent as a whole one: before its head has left it is a 500, afterwards it breaks off.
#[tokio::test]
async fn an_unfinished_answer_never_looks_complete() {
    let fixture = fixture(Options::default());
    assert_eq!(fixture.get("/trap-mid?ms=0").await.status, 500);
    let begun = fixture.get("/trap-mid?ms=100").await;
    assert_eq!((begun.status, begun.body.is_err()), (200, true));
    let short = fixture.get("/short").await;
    assert!(short.status == 500 || short.body.is_err(), "{short:?}");
    let failures = fixture.failures();
    assert_eq!(failures[..2], [500, 200].map(|status| (Route::Unmatched, status, ErrorType::Trap, false)));
    assert_eq!((failures.len(), failures[2].2), (3, ErrorType::Internal));
}

/// A body is streamed as it comes, however long it takes within the time for a request.
#[tokio::test]
async fn a_slow_body_is_streamed() {
    let options = Options { after_response_timeout: Duration::from_millis(50), ..Options::default() };
    let fixture = fixture(options);
    assert_eq!(fixture.get("/slow?parts=3&ms=80").await.text(), "part 0\npart 1\npart 2\n");
    let options = Options { request_timeout: Duration::from_millis(200), ..Options::default() };
    let overdue = self::fixture(options);
    let answer = overdue.get("/slow?parts=100&ms=50").await;
    assert_eq!((answer.status, answer.body.is_err()), (200, true));
    let expect = [(Route::Unmatched, 200, ErrorType::Timeout, false)];
    eventually("reported", || !overdue.failures().is_empty()).await;
    assert_eq!(overdue.failures()[0], expect[0]);
}

/// Many at once on several threads: every answer is right and nothing is left over.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once() {
    let fixture = fixture(Options { instance_reuse: 7, ..Options::default() });
    let clients: Vec<_> = (0..32)
        .map(|client| {
            let fixture = Arc::clone(&fixture);
            tokio::spawn(async move {
                for number in 0..50 {
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
    eventually("no turn taken", || fixture.free() == Options::default().concurrency).await;
}
