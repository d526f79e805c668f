use portent_event::{DropReason, DropReport, Event, limits};
use tokio_util::sync::CancellationToken;

use crate::start::{RunningAggregator, start_aggregator};
use crate::tests::{aggregator_args, exchange};
use portent_counts::clock;
use portent_counts::registry::{Rejection, Way};
use portent_counts::testing::{event, invalid_event, line};

/// An aggregator on free ports, with these options besides.
async fn start(options: &[&str]) -> RunningAggregator {
    let fixed = ["--metrics", "127.0.0.1:0", "--ingest", "127.0.0.1:0", "--models", "none"];
    let args = aggregator_args(&[&fixed, options].concat());
    start_aggregator(&args, CancellationToken::new()).await.unwrap()
}

async fn post(running: &RunningAggregator, headers: &str, body: &[u8]) -> String {
    let mut request = format!(
        "POST /v1/events HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    )
    .into_bytes();
    request.extend(body);
    exchange(running.ingest_addr, &request).await
}

async fn get(running: &RunningAggregator, head: &str) -> String {
    let request = format!("{head} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    exchange(running.metrics_addr, request.as_bytes()).await
}

fn identity(source: &str, sequence: u64) -> String {
    format!("portent-source: {source}\r\nportent-sequence: {sequence}\r\n")
}

fn body_of(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

#[track_caller]
fn assert_answer(answer: &str, status: u16, body: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert_eq!(body_of(answer), body, "{answer}");
}

fn received(running: &RunningAggregator) -> u64 {
    running.aggregator.snapshot().registry.ingest.received(Way::Http)
}

#[tokio::test]
async fn a_delivery_is_counted_once() {
    let running = start(&[]).await;
    let mut body = line(&event());
    body.extend(line(&invalid_event()));
    let answer = post(&running, &identity("a", 0), &body).await;
    assert_answer(&answer, 200, r#"{"accepted":2,"ignored":0,"duplicate":false}"#);
    assert!(answer.contains("content-type: application/json"), "{answer}");
    assert_answer(
        &post(&running, &identity("a", 0), &body).await,
        200,
        r#"{"accepted":2,"ignored":0,"duplicate":true}"#,
    );
    assert_answer(
        &post(&running, &identity("b", 0), &body).await,
        200,
        r#"{"accepted":2,"ignored":0,"duplicate":false}"#,
    );
    // Without its last newline it is the same line.
    let body = body.strip_suffix(b"\n").unwrap();
    assert_answer(
        &post(&running, &identity("a", 1), body).await,
        200,
        r#"{"accepted":2,"ignored":0,"duplicate":false}"#,
    );
    let registry = running.aggregator.snapshot().registry;
    assert_eq!((registry.ingest.received(Way::Http), registry.ingest.duplicates), (6, 2));
    let scraped = get(&running, "GET /metrics").await;
    let line = r#"api_requests_total{app="demo",method="POST",endpoint="/predict",status_code="422"} 3"#;
    assert!(body_of(&scraped).lines().any(|other| other == line), "{scraped}");
}

/// One bad line and nothing of its delivery is counted; the answer says where, never what.
#[tokio::test]
async fn a_delivery_is_counted_as_a_whole_or_not_at_all() {
    let running = start(&[]).await;
    let good = line(&event());
    let cases: [(&[u8], &str); 5] = [
        (b"{\"portent\":", "line 2: not an event at column 11: the line ends too early"),
        (b"{\"portent\":secret\n", "line 2: not an event at column 12: not valid JSON"),
        (b"{\"portent\":2,\"app\":\"a\"}", "line 2: event format version 2 is not supported"),
        (b"{\"portent\":1,\"app\":\"secret/\"}", "line 2: app is not a name"),
        (b"{\"portent\":1,\"app\":\"a\"}", "line 2: time is missing"),
    ];
    for ((bad, message), sequence) in cases.into_iter().zip(0..) {
        let body = [good.as_slice(), bad].concat();
        let answer = post(&running, &identity("a", sequence), &body).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(body_of(&answer).starts_with(&format!("{{\"error\":\"{message}")), "{answer}");
        assert!(!answer.contains("secret"), "{answer}");
    }
    assert_eq!(received(&running), 0);
    // A refused delivery was not seen: its corrected form is new.
    assert_answer(
        &post(&running, &identity("a", 0), &good).await,
        200,
        r#"{"accepted":1,"ignored":0,"duplicate":false}"#,
    );
}

#[tokio::test]
async fn a_compressed_delivery_is_held_to_the_same_limit() {
    let running = start(&["--max-body", "4000"]).await;
    let zip = |plain: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, plain).unwrap();
        encoder.finish().unwrap()
    };
    let headers = |sequence, coding| format!("{}content-encoding: {coding}\r\n", identity("a", sequence));
    let body = zip(&line(&event()));
    assert_answer(
        &post(&running, &headers(0, "gzip"), &body).await,
        200,
        r#"{"accepted":1,"ignored":0,"duplicate":false}"#,
    );
    let bomb = zip(&line(&event()).repeat(100));
    assert!(bomb.len() < 4000);
    let cases: [(&str, &[u8], u16); 4] = [
        ("gzip", &bomb, 413),
        ("gzip", &body[..body.len() / 2], 400),
        ("gzip", b"plain", 400),
        ("br", &body, 415),
    ];
    for (coding, body, status) in cases {
        let answer = post(&running, &headers(1, coding), body).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
    assert_eq!(received(&running), 1);
}

#[tokio::test]
async fn a_delivery_of_too_many_applications_is_refused() {
    let running = start(&[]).await;
    let of = |apps: usize| -> Vec<u8> {
        (0..apps).flat_map(|app| line(&Event { app: format!("app-{app}").into(), ..event() })).collect()
    };
    let answer = post(&running, &identity("a", 0), &of(65)).await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("line 65: more than 64"), "{answer}");
    assert_answer(
        &post(&running, &identity("a", 0), &of(64)).await,
        200,
        r#"{"accepted":64,"ignored":0,"duplicate":false}"#,
    );
}

/// What has no event, or one from the future, has no place in the window of repeats.
#[tokio::test]
async fn a_delivery_without_a_time_of_its_own_is_refused() {
    let running = start(&[]).await;
    let drops = b"{\"portent\":1,\"app\":\"a\",\"dropped\":3}\n";
    let ahead = Event { time: clock::format(clock::now() + 60 * clock::SECOND).into(), ..event() };
    let cases = [
        (&b""[..], "at least one event"),
        (b"\n\nWARN not ours\n", "at least one event"),
        (drops, "at least one event"),
        (&line(&ahead), "10 seconds ahead"),
    ];
    for (body, rule) in cases {
        let answer = post(&running, &identity("a", 0), body).await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains(rule), "{answer}");
    }
}

/// The clock of one sender is not the fault of the other events.
#[tokio::test]
async fn an_event_ahead_counts_beside_another() {
    let running = start(&[]).await;
    let ahead = Event { time: clock::format(clock::now() + 30 * clock::SECOND).into(), ..event() };
    let body = [line(&ahead), line(&event())].concat();
    assert_answer(
        &post(&running, &identity("a", 0), &body).await,
        200,
        r#"{"accepted":2,"ignored":0,"duplicate":false}"#,
    );
    assert_answer(
        &post(&running, &identity("a", 0), &body).await,
        200,
        r#"{"accepted":2,"ignored":0,"duplicate":true}"#,
    );
    assert_eq!(received(&running), 2);
}

/// As in a file: a banner or an empty line of the program that is read does not cost its events.
#[tokio::test]
async fn lines_of_other_programs_are_passed_over() {
    let running = start(&[]).await;
    let long = [b'x'; 2 * limits::ACCEPTED_LINE_BYTES];
    let body = [b"\nServing http://127.0.0.1:3000\n", &line(&event())[..], b"\r\n", &long, b"\n\n"].concat();
    assert_answer(
        &post(&running, &identity("a", 0), &body).await,
        200,
        r#"{"accepted":1,"ignored":5,"duplicate":false}"#,
    );
    let ingest = &running.aggregator.snapshot().registry.ingest;
    assert_eq!((received(&running), ingest.ignored), (1, 5));
    let event_line = line(&event());
    let framed = [b"2026-01-02T03:04:05Z stdout F ", &event_line[..]].concat();
    let marked = ["\u{feff}".as_bytes(), &event_line].concat();
    for ours in [&b"{\"portent\":1,\n"[..], &framed, &marked, &[b" ", &event_line[..]].concat()] {
        let answer = post(&running, &identity("a", 1), &[&event_line[..], ours].concat()).await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("line 2: "), "{answer}");
    }
    assert_eq!((received(&running), running.aggregator.snapshot().registry.ingest.ignored), (1, 5));
}

/// A sender that does not look up before it has sent everything reads the refusal all the same.
#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_in_words() {
    let running = start(&[]).await;
    let answer = post(&running, &identity("a", 0), &line(&event()).repeat(5000)).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_delivery_without_identity_is_refused() {
    let running = start(&[]).await;
    let body = line(&event());
    let cases = [
        ("", "portent-source"),
        ("portent-source: a\r\nportent-source: b\r\nportent-sequence: 1\r\n", "portent-source"),
        ("portent-source: a\r\nportent-sequence: 1\r\nportent-sequence: 2\r\n", "portent-sequence"),
        ("portent-source: a\r\n", "portent-sequence"),
        ("portent-sequence: 1\r\n", "portent-source"),
        ("portent-source: a b\r\nportent-sequence: 1\r\n", "portent-source"),
        ("portent-source: a\r\nportent-sequence: -1\r\n", "portent-sequence"),
        ("portent-source: a\r\nportent-sequence: 18446744073709551616\r\n", "portent-sequence"),
        ("portent-source: a\r\nportent-sequence: 1\r\nportent-dropped: 4294967296\r\n", "portent-dropped"),
    ];
    for (headers, named) in cases {
        let answer = post(&running, headers, &body).await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && body_of(&answer).contains(named), "{answer}");
    }
    assert_eq!(received(&running), 0);
    assert_eq!(running.aggregator.snapshot().registry.ingest.rejected(Rejection::Unidentified), 9);
}

#[tokio::test]
async fn what_cannot_be_told_from_a_repeat_is_refused() {
    let running = start(&[]).await;
    let body = line(&event());
    assert_answer(
        &post(&running, &identity("a", 5000), &body).await,
        200,
        r#"{"accepted":1,"ignored":0,"duplicate":false}"#,
    );
    let answer = post(&running, &identity("a", 10), &body).await;
    assert!(answer.starts_with("HTTP/1.1 409 ") && body_of(&answer).contains("window"), "{answer}");
    let ahead = clock::format(clock::now() + 3600 * clock::SECOND);
    let times = [
        (ahead.as_str(), "the time of every event is more than 10 seconds ahead"),
        ("yesterday", "line 1: time is not RFC 3339"),
    ];
    for (time, rule) in times {
        let body = line(&portent_event::Event { time: time.into(), ..event() });
        let answer = post(&running, &identity("a", 5001), &body).await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && body_of(&answer).contains(rule), "{answer}");
    }
    assert_eq!(received(&running), 1);
}

#[tokio::test]
async fn lost_events_are_counted_once_too() {
    let running = start(&[]).await;
    let mut body = line(&event());
    DropReport { app: "demo".into(), count: 3, reason: DropReason::Timeout }.encode(&mut body);
    let headers = format!("{}portent-dropped: 4\r\n", identity("a", 0));
    assert_answer(
        &post(&running, &headers, &body).await,
        200,
        r#"{"accepted":2,"ignored":0,"duplicate":false}"#,
    );
    assert_answer(
        &post(&running, &headers, &body).await,
        200,
        r#"{"accepted":2,"ignored":0,"duplicate":true}"#,
    );
    let text = running.aggregator.snapshot().to_text();
    for line in [r#"reason="timeout"} 3"#, r#"reason="other"} 4"#] {
        assert!(text.contains(&format!("portent_events_dropped_total{{app=\"demo\",{line}\n")), "{text}");
    }
}

#[tokio::test]
async fn large_and_unfinished_bodies_are_refused() {
    let running = start(&["--max-body", "1000", "--read-timeout", "1"]).await;
    let answer = post(&running, &identity("a", 0), &[b' '; 1001]).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && body_of(&answer).contains("1000 bytes"), "{answer}");
    let head = "POST /v1/events HTTP/1.1\r\nhost: a\r\nconnection: close\r\n";
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n3e9\r\n{}\r\n0\r\n\r\n", " ".repeat(1001));
    assert!(exchange(running.ingest_addr, chunked.as_bytes()).await.starts_with("HTTP/1.1 413 "));
    let unfinished = format!("{head}{}content-length: 10\r\n\r\nabc", identity("a", 0));
    let answer = exchange(running.ingest_addr, unfinished.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    let intake = running.aggregator.snapshot().registry.ingest;
    assert_eq!((intake.rejected(Rejection::BodyTooLarge), intake.rejected(Rejection::Incomplete)), (2, 1));
}

#[tokio::test]
async fn other_paths_and_methods_are_named() {
    let running = start(&["--app", "demo"]).await;
    let ask = async |address, head: &str| {
        exchange(address, format!("{head} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").as_bytes()).await
    };
    let cases = [
        (running.ingest_addr, "GET /v1/events", 405, "allow: POST\r\n"),
        (running.ingest_addr, "GET /healthz", 200, "ok\n"),
        (running.ingest_addr, "DELETE /healthz", 405, "allow: GET, HEAD\r\n"),
        (running.ingest_addr, "GET /metrics", 404, r#"{"error":"no such path"}"#),
        (running.metrics_addr, "GET /healthz", 200, "ok\n"),
        (running.metrics_addr, "GET /readyz", 200, "ready\n"),
        (running.metrics_addr, "GET /", 200, r#""metrics":"/metrics""#),
        (running.metrics_addr, "POST /metrics", 405, "allow: GET, HEAD\r\n"),
        (running.metrics_addr, "GET /v1/events", 404, r#"{"error":"no such path"}"#),
        (
            running.metrics_addr,
            "GET /metrics",
            200,
            "content-type: text/plain; version=0.0.4; charset=utf-8\r\n",
        ),
        (running.metrics_addr, "GET /metrics?name=x", 200, "api_requests_total{app=\"demo\""),
    ];
    for (address, head, status, part) in cases {
        let answer = ask(address, head).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(part),
            "{head}: {answer}"
        );
    }
    let head = ask(running.metrics_addr, "HEAD /metrics").await;
    assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("content-length: "), "{head}");
    assert_eq!(body_of(&head), "");
}

/// Many senders, each retrying everything at once: every event is counted, none twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_repeats_are_counted_once() {
    let running = std::sync::Arc::new(start(&[]).await);
    let body = line(&event()).repeat(3);
    let mut senders = tokio::task::JoinSet::new();
    for number in 0..80_u64 {
        let (running, body) = (std::sync::Arc::clone(&running), body.clone());
        let identity = identity(&format!("s{}", number % 4), number / 8);
        senders.spawn(async move { post(&running, &identity, &body).await });
    }
    let answers = senders.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.contains("\"duplicate\":false")).count(), 40);
    assert_eq!(received(&running), 120);
}
