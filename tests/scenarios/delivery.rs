//! Predictions while the aggregator is absent, slow or failing.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::fixture::{Build, FIRST_ROW, Running, for_both_builds};

/// The embedded host sending its events to this address.
fn host_sending_to(build: Build, listener: &TcpListener) -> Running {
    let url = format!("metrics_url=http://{}", listener.local_addr().unwrap());
    build.up(&["--variable", "events=http", "--variable", &url])
}

/// Twenty predictions, one after the other, as if nothing were wrong.
fn predict_twenty_times(host: &Running) {
    for _ in 0..20 {
        assert_eq!(host.post("/predict", FIRST_ROW).0, 200);
    }
}

fn dropped(reason: &str, count: usize) -> String {
    format!("portent_events_dropped_total{{app=\"heart-disease\",reason=\"{reason}\"}} {count}")
}

fn an_absent_aggregator_changes_no_prediction_and_the_loss_is_counted(build: Build) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = host_sending_to(build, &listener);
    drop(listener);
    predict_twenty_times(&host);
    host.wait_for(&dropped("unreachable", 20));
}

fn a_silent_aggregator_delays_no_prediction(build: Build) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = host_sending_to(build, &listener);
    // Nobody accepts: connections wait in the backlog and no answer comes. Twenty deliveries of more than
    // half a second each would take ten seconds, were an answer to wait for one.
    let start = Instant::now();
    predict_twenty_times(&host);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    host.wait_for(&dropped("timeout", 20));
}

fn a_failing_aggregator_is_retried_then_given_up(build: Build) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = host_sending_to(build, &listener);
    let attempts = std::thread::spawn(move || {
        let mut sources = Vec::new();
        for stream in listener.incoming().take(3) {
            sources.push(answer(stream.unwrap(), "500 Internal Server Error"));
        }
        sources
    });
    assert_eq!(host.post("/predict", FIRST_ROW).0, 200);
    host.wait_for(&dropped("failed", 1));
    let sources = attempts.join().unwrap();
    assert!(sources.windows(2).all(|pair| pair[0] == pair[1]), "one identity for all attempts: {sources:?}");
}

fn a_lost_acknowledgement_does_not_count_twice(build: Build) {
    let aggregator = Running::serve(&[]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = host_sending_to(build, &listener);
    let ingest = aggregator.authority("ingest");
    let relay = std::thread::spawn(move || {
        // The first delivery reaches the aggregator, but its acknowledgement is lost; the second one passes.
        for (attempt, stream) in listener.incoming().take(2).enumerate() {
            let mut client = stream.unwrap();
            let request = read_request(&mut client);
            let mut upstream = TcpStream::connect(&ingest).unwrap();
            upstream.write_all(&request).unwrap();
            let mut response = [0; 4096];
            let length = upstream.read(&mut response).unwrap();
            if attempt == 1 {
                client.write_all(&response[..length]).unwrap();
            }
        }
    });
    assert_eq!(host.post("/predict", FIRST_ROW).0, 200);
    relay.join().unwrap();
    aggregator.wait_for("portent_events_duplicate_total 1");
    aggregator.wait_for(
        "api_requests_total{app=\"heart-disease\",method=\"POST\",endpoint=\"/predict\",status_code=\"200\"} 1",
    );
}

/// The component shows the token it was given; with another one its events are refused, and that is counted.
fn an_aggregator_that_asks_for_a_token_is_shown_it(build: Build) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "a-token-of-the-aggregator\n").unwrap();
    let aggregator = Running::serve(&["--ingest-token-file", file.to_str().unwrap()]);
    let url = format!("metrics_url={}", aggregator.base("ingest"));
    for (token, reason) in [("a-token-of-the-aggregator", None), ("another-token-entirely", Some("refused"))]
    {
        let token = format!("metrics_token={token}");
        let host = build.up(&["--variable", "events=http", "--variable", &url, "--variable", &token]);
        predict_twenty_times(&host);
        match reason {
            None => _ = aggregator.wait_for("portent_events_received_total{way=\"http\"} 20"),
            Some(reason) => _ = host.wait_for(&dropped(reason, 20)),
        }
    }
    let text = aggregator.scrape();
    let name = "portent_events_rejected_total{reason=\"unauthorized\"} ";
    let refused = text.lines().find_map(|line| line.strip_prefix(name)?.parse::<u32>().ok()).unwrap();
    // Deliveries are refused, not events: of WASI 0.2 each holds one.
    assert!(refused == 20 || build == Build::P3 && (1..20).contains(&refused), "{refused} deliveries");
    assert!(text.contains("portent_events_received_total{way=\"http\"} 20\n"));
}

fn after_the_aggregator_returns_events_are_counted_again(build: Build) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let host = host_sending_to(build, &listener);
    drop(listener);
    predict_twenty_times(&host);
    host.wait_for(&dropped("unreachable", 20));
    let aggregator = Running::serve(&["--ingest", &address.to_string()]);
    assert_eq!(host.post("/predict", FIRST_ROW).0, 200);
    aggregator.wait_for(
        "api_requests_total{app=\"heart-disease\",method=\"POST\",endpoint=\"/predict\",status_code=\"200\"} 1",
    );
}

/// Answers a delivery and returns its source.
fn answer(mut stream: TcpStream, status: &str) -> String {
    let request = String::from_utf8(read_request(&mut stream)).unwrap().to_lowercase();
    let response = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(response.as_bytes()).unwrap();
    request.lines().find(|line| line.starts_with("portent-source:")).unwrap().to_owned()
}

/// Reads one request with its body.
fn read_request(stream: &mut TcpStream) -> Vec<u8> {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let (mut request, mut buffer) = (Vec::new(), [0; 8192]);
    while !request.ends_with(b"}\n") {
        let length = stream.read(&mut buffer).unwrap();
        assert!(length > 0, "the request ends early");
        request.extend_from_slice(&buffer[..length]);
    }
    request
}

for_both_builds!(
    an_absent_aggregator_changes_no_prediction_and_the_loss_is_counted,
    a_silent_aggregator_delays_no_prediction,
    a_failing_aggregator_is_retried_then_given_up,
    a_lost_acknowledgement_does_not_count_twice,
    an_aggregator_that_asks_for_a_token_is_shown_it,
    after_the_aggregator_returns_events_are_counted_again
);
