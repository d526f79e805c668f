//! How long instances live.

use super::*;

/// An instance serves as many requests as it may, and no more.
#[tokio::test]
async fn instances_are_reused_up_to_the_limit() {
    let reused = fixture(Options { instance_reuse: 3, ..Options::default() });
    let mut seen = Vec::new();
    for _ in 0..7 {
        seen.push(reused.get("/state").await.text().to_owned());
    }
    assert_eq!(seen, ["1", "2", "3", "1", "2", "3", "1"]);
    let fresh = fixture(Options { instance_reuse: 1, ..Options::default() });
    for _ in 0..3 {
        assert_eq!(fresh.get("/state").await.text(), "1");
    }
}

/// An instance that failed, forgot resources, or holds much memory is not used again.
#[tokio::test]
async fn unfit_instances_are_not_reused() {
    let fixture = fixture(Options::default());
    for spoiled in ["/trap", "/trap-mid", "/grow?mb=32"] {
        assert_eq!(fixture.get("/state").await.text(), "1", "before {spoiled}");
        fixture.get(spoiled).await;
    }
    assert_eq!(fixture.get("/state").await.text(), "1");
    fixture.get("/grow?mb=2").await;
    assert_eq!(fixture.get("/state").await.text(), "3");
    // What it forgot is seen when the next request comes, which is its last.
    fixture.get("/leak?count=100").await;
    assert_eq!(fixture.get("/state").await.text(), "5");
    assert_eq!(fixture.get("/state").await.text(), "1");
}

/// An idle instance goes when its time is over.
#[tokio::test]
async fn idle_instances_go() {
    let fixture = fixture(Options { idle_instance_timeout: Duration::from_millis(50), ..Options::default() });
    assert_eq!(fixture.get("/state").await.text(), "1");
    assert_eq!(fixture.get("/state").await.text(), "2");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(fixture.get("/state").await.text(), "1");
}

/// Endless computing ends at the time limit, on a runtime with one thread: it gives way all the while.
#[tokio::test]
async fn endless_computing_ends_at_the_time_limit() {
    let fixture = fixture(Options { request_timeout: Duration::from_millis(200), ..Options::default() });
    let busy = begin(&fixture, "/busy");
    for _ in 0..5 {
        assert_eq!(fixture.get("/hello").await.text(), "hello");
    }
    let answer = busy.await.unwrap();
    assert_eq!((answer.status, answer.text()), (504, r#"{"detail":"the component did not answer in time"}"#));
    assert_eq!(fixture.failures(), [(Route::Unmatched, 504, ErrorType::Timeout, false)]);
    eventually("the busy one gone", || fixture.free() == Options::default().concurrency).await;
    assert_eq!(fixture.get("/sleep?ms=60000").await.status, 504);
    assert_eq!(fixture.get("/block?ms=60000").await.status, 504);
    assert_eq!(fixture.in_flight(), 0);
}

/// A client that leaves is not counted any more; what it asked for is ended, and then its turn is.
#[tokio::test]
async fn a_client_that_leaves_ends_its_request() {
    let options = Options { after_response_timeout: Duration::from_millis(50), ..Options::default() };
    let fixture = fixture(options);
    for target in ["/busy", "/sleep?ms=60000", "/block?ms=60000"] {
        let leaving = tokio::time::timeout(Duration::from_millis(100), fixture.get(target)).await;
        assert!(leaving.is_err());
        assert_eq!(fixture.in_flight(), 0);
        eventually(target, || fixture.free() == Options::default().concurrency).await;
    }
    assert!(fixture.failures().is_empty());
}

/// Memory beyond the limit is not granted.
#[tokio::test]
async fn memory_is_limited() {
    let fixture = fixture(Options { instance_memory: 8 << 20, ..Options::default() });
    assert_eq!(fixture.get("/grow?mb=16").await.status, 500);
    assert_eq!(fixture.get("/grow?mb=1").await.status, 200);
}

/// Beyond the limit requests wait; beyond the queue they are refused at once.
#[tokio::test]
async fn more_than_the_queue_holds_is_refused() {
    let options = Options {
        concurrency: 1,
        queue: 1,
        request_timeout: Duration::from_millis(300),
        queue_timeout: Duration::from_millis(100),
        ..Options::default()
    };
    let fixture = fixture(options);
    let (running, waiting, refused) =
        tokio::join!(fixture.get("/busy"), fixture.get("/hello"), fixture.get("/hello"));
    assert_eq!((running.status, waiting.status, refused.status), (504, 503, 503));
    assert_eq!(refused.headers["retry-after"], "1");
}
