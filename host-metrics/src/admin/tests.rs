use std::io::Read as _;
use std::net::SocketAddr;
use std::time::Duration;

use flate2::read::GzDecoder;
use hyper::Method;
use portent_event::Event;
use portent_server::{ServerLimits, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::start::start_aggregator;
use crate::tests::{aggregator_args, exchange_bytes};
use portent_counts::registry::{Registry, Way};
use portent_counts::testing::{NOW, event, models};
use portent_exposition::accept::Format;

const OPEN_METRICS: &str = "accept: application/openmetrics-text\r\n";
const PROTOBUF: &str =
    "accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited\r\n";
const GZIP: &str = "accept-encoding: gzip\r\n";

/// A snapshot that shows the same at every request.
fn snapshot(registry: Registry) -> Snapshot {
    Snapshot { registry, now: NOW, ..Snapshot::default() }
}

fn demo() -> Snapshot {
    let mut registry = Registry::default();
    registry.expect_app("demo", &models(), NOW);
    snapshot(registry)
}

async fn start(snapshot: Snapshot) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let handler = move |request: Request<Incoming>| {
        let turn = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        let answer = expose(&snapshot, request.headers(), turn);
        async { answer }
    };
    tokio::spawn(serve(listener, Arc::default(), ServerLimits::default(), CancellationToken::new(), handler));
    address
}

/// Head without its date, and body.
async fn ask(address: SocketAddr, method: Method, headers: &str) -> (Vec<String>, Vec<u8>) {
    let request = format!("{method} /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n");
    let answer = exchange_bytes(address, request.as_bytes()).await;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = str::from_utf8(&answer[..end]).unwrap().split("\r\n");
    let head = head.filter(|line| !line.starts_with("date: ")).map(str::to_owned).collect();
    (head, answer[end + 4..].to_vec())
}

#[track_caller]
fn assert_heads(head: &[String], lines: &[&str]) {
    for line in lines {
        assert!(head.iter().any(|found| found == line), "no {line} in {head:?}");
    }
}

#[tokio::test]
async fn each_format_is_sent_with_its_type() {
    let address = start(demo()).await;
    for (headers, format) in
        [("", Format::Text), (OPEN_METRICS, Format::OpenMetrics), (PROTOBUF, Format::Protobuf)]
    {
        let (head, body) = ask(address, Method::GET, headers).await;
        let content_type = format!("content-type: {}", format.content_type());
        assert_heads(&head, &["HTTP/1.1 200 OK", &content_type, "vary: Accept, Accept-Encoding"]);
        assert!(body == demo().expose(format), "{format:?}");
    }
}

/// A header in several lines is one list.
#[tokio::test]
async fn all_lines_of_a_header_count() {
    let address = start(demo()).await;
    let headers = "accept: text/plain;q=0.5\r\naccept: application/openmetrics-text\r\n";
    let (head, _) = ask(address, Method::GET, headers).await;
    assert_heads(&head, &[&format!("content-type: {}", Format::OpenMetrics.content_type())]);
}

#[tokio::test]
async fn gzip_carries_the_same_bytes() {
    let address = start(demo()).await;
    for (accept, format) in
        [("", Format::Text), (OPEN_METRICS, Format::OpenMetrics), (PROTOBUF, Format::Protobuf)]
    {
        let headers = [GZIP, accept].concat();
        let (head, body) = ask(address, Method::GET, &headers).await;
        let length = format!("content-length: {}", body.len());
        assert_heads(&head, &["content-encoding: gzip", "vary: Accept, Accept-Encoding", &length]);
        let mut whole = Vec::new();
        GzDecoder::new(body.as_slice()).read_to_end(&mut whole).unwrap();
        assert!(whole == demo().expose(format), "{format:?}");
        assert!(body.len() * 4 < whole.len(), "{} of {} bytes", body.len(), whole.len());
        assert_eq!(ask(address, Method::GET, &headers).await.1, body, "the same state gives the same bytes");
    }
}

#[tokio::test]
async fn unwanted_or_useless_compression_is_left_out() {
    let cases =
        [(demo(), "accept-encoding: gzip;q=0, *\r\n"), (demo(), ""), (snapshot(Registry::default()), GZIP)];
    for (snapshot, headers) in cases {
        let expected = snapshot.to_text();
        let (head, body) = ask(start(snapshot).await, Method::GET, headers).await;
        assert!(!head.iter().any(|line| line.starts_with("content-encoding")), "{head:?}");
        assert_eq!(String::from_utf8(body).unwrap(), expected);
    }
}

/// `HEAD` tells of the answer to `GET` what there is to tell, the length included.
#[tokio::test]
async fn head_is_get_without_the_body() {
    let address = start(demo()).await;
    for headers in ["", GZIP, OPEN_METRICS, PROTOBUF, &[GZIP, OPEN_METRICS].concat()] {
        let (head, body) = ask(address, Method::HEAD, headers).await;
        let (expected, whole) = ask(address, Method::GET, headers).await;
        assert_eq!((&head, body.len()), (&expected, 0));
        assert_heads(&head, &[&format!("content-length: {}", whole.len())]);
    }
}

/// Expositions that nobody reads to the end are bounded in number, and counted.
#[tokio::test]
async fn scrapes_beyond_the_turns_are_refused() {
    let args = aggregator_args(&["--metrics", "127.0.0.1:0", "--ingest", "127.0.0.1:0", "--models", "none"]);
    let running = start_aggregator(&args, CancellationToken::new()).await.unwrap();
    // More than the sockets' buffers hold.
    let mut delta = running.aggregator.delta(Way::Http);
    (0..250).for_each(|number| delta.apply_event(&Event { app: format!("app-{number}").into(), ..event() }));
    running.aggregator.apply(delta);
    let mut unread = Vec::new();
    for _ in 0..EXPOSITIONS {
        let mut client = TcpStream::connect(running.metrics_addr).await.unwrap();
        client.write_all(b"GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let mut first = [0; 12];
        client.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        unread.push(client);
    }
    let (head, _) = ask(running.metrics_addr, Method::GET, "").await;
    assert_eq!(head[0], "HTTP/1.1 503 Service Unavailable");
    drop(unread);
    let mut answer = ask(running.metrics_addr, Method::GET, "").await;
    for _ in 0..100 {
        if answer.0[0] == "HTTP/1.1 200 OK" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        answer = ask(running.metrics_addr, Method::GET, "").await;
    }
    let text = String::from_utf8(answer.1).unwrap();
    assert!(text.contains("portent_requests_refused_total{listener=\"metrics\",reason=\"busy\"}"));
}
