//! What instances print, and do after their answers.

use super::*;

const EVENT: &str = r#"{"portent":1,"x":"abcdef"}"#;

/// The event as a parameter of a query.
fn escaped() -> String {
    EVENT.replace('{', "%7B").replace('}', "%7D").replace('"', "%22")
}

/// Lines of requests that run at once in an instance come whole, and so does one without its end.
#[tokio::test]
async fn lines_come_whole() {
    let fixture = fixture(Options::default());
    let text = escaped();
    let mut slow = Vec::new();
    for _ in 0..3 {
        slow.push(begin(&fixture, &format!("/print-slowly?text={text}&ms=1000")));
        settle().await;
        assert_eq!(fixture.get(&format!("/print?text={text}")).await.status, 200);
    }
    assert_eq!(fixture.get("/state").await.text(), "7", "all of them are in one instance");
    for answer in slow {
        assert_eq!(answer.await.unwrap().status, 200);
    }
    assert_eq!(fixture.get(&format!("/tear?text={text}")).await.status, 200);
    eventually("the torn line", || fixture.seen.lines.lock().unwrap().len() == 7).await;
    assert_eq!(*fixture.seen.lines.lock().unwrap(), [EVENT; 7]);
}

/// The answer does not wait for what the component does after it, that goes on, and the host waits for it.
#[tokio::test]
async fn work_after_the_answer_is_done_but_not_waited_for() {
    let fixture = fixture(Options { concurrency: 1, queue: 0, instance_reuse: 3, ..Options::default() });
    for _ in 0..5 {
        assert_eq!(fixture.get("/sleep-after?ms=500").await.text(), "answered");
        eventually("a free turn", || fixture.free() == 1).await;
    }
    assert!(fixture.seen.lines.lock().unwrap().len() < 5);
    fixture.host.drain(Duration::from_secs(20)).await;
    assert_eq!(*fixture.seen.lines.lock().unwrap(), [r#"{"portent":"after the answer"}"#; 5]);
    assert!(fixture.seen.dropped.lock().unwrap().is_empty());
}

/// Work after the answer has a budget: of time, and of instances.
#[tokio::test]
async fn work_after_the_answer_is_bounded() {
    let options = Options {
        after_response: 2,
        after_response_timeout: Duration::from_millis(300),
        instance_reuse: 1,
        ..Options::default()
    };
    let fixture = fixture(options);
    for _ in 0..3 {
        assert_eq!(fixture.get("/sleep-after?ms=60000").await.text(), "answered");
    }
    fixture.host.drain(Duration::from_secs(10)).await;
    assert_eq!(*fixture.seen.dropped.lock().unwrap(), [DropReason::Cancelled; 3]);
    assert!(fixture.failures().is_empty());
}

/// Idle instances do not hold up the end of the host.
#[tokio::test]
async fn idle_instances_are_not_waited_for() {
    let fixture = fixture(Options { idle_instance_timeout: Duration::from_secs(3600), ..Options::default() });
    assert_eq!(fixture.get("/hello").await.status, 200);
    let drained = tokio::time::timeout(Duration::from_secs(20), fixture.host.drain(Duration::MAX)).await;
    assert!(drained.is_ok());
}

/// Variables and environment are the manifest's and nothing else.
#[tokio::test]
async fn variables_are_the_manifests() {
    let extra = "environment = { MODE = \"fast\" }\nvariables = { greeting = \"{{ greeting }} there\" }";
    let fixture = Fixture::new(guest_p3(), extra, Options::default());
    assert_eq!(fixture.get("/variable?name=greeting").await.text(), "hi there");
    assert!(fixture.get("/variable?name=nothing").await.text().contains("Undefined"));
    assert!(fixture.get("/variable?name=NO%2DNAME").await.text().contains("InvalidName"));
    assert_eq!(fixture.get("/env?name=MODE").await.text(), "fast");
    assert_eq!(fixture.get("/env?name=PATH").await.status, 500);
}

/// Only the allowed hosts can be reached, over connections that are kept.
#[tokio::test]
async fn only_allowed_hosts_are_reached() {
    let (address, connections) = guest::serve_hello().await;
    let extra = format!("allowed_outbound_hosts = [\"http://{address}\", \"https://*:*\"]");
    let fixture = Fixture::new(guest_p3(), &extra, Options::default());
    for _ in 0..3 {
        assert_eq!(fixture.get(&format!("/outbound?url=http://{address}/x")).await.text(), "200");
    }
    assert!(*connections.lock().unwrap() <= 3);
    let denied = fixture.get("/outbound?url=http://127.0.0.1:1/").await;
    assert!(denied.text().contains("HttpRequestDenied"), "{}", denied.text());
    let encrypted = fixture.get("/outbound?url=https://127.0.0.1:1/").await;
    assert!(encrypted.text().contains("plain http only"), "{}", encrypted.text());
}
