//! Counts are exact, whatever the number of connections.

use std::net::TcpListener;

use crate::fixture::{Build, FIRST_ROW, Running, for_both_builds, get};

const REQUESTS: usize = 1_000;
const INVALID: usize = 37;

/// Sends [`REQUESTS`] predictions from eight connections, [`INVALID`] of them without a required field.
fn send_predictions(host: &Running) {
    let invalid = FIRST_ROW.replace("\"thal\":6", "\"thal\":99");
    std::thread::scope(|scope| {
        for connection in 0..8 {
            let invalid = &invalid;
            scope.spawn(move || {
                for request in (connection..REQUESTS).step_by(8) {
                    let (body, expected) =
                        if request < INVALID { (invalid.as_str(), 422) } else { (FIRST_ROW, 200) };
                    assert_eq!(host.post("/predict", body).0, expected);
                }
            });
        }
    });
}

#[track_caller]
fn check_counts(host: &Running) {
    let labels = "app=\"heart-disease\"";
    let requests = format!("api_requests_total{{{labels},method=\"POST\",endpoint=\"/predict\"");
    host.wait_for(&format!("{requests},status_code=\"200\"}} 963"));
    host.wait_for(&format!("{requests},status_code=\"422\"}} 37"));
    let text = host.scrape();
    let result = |name| {
        format!(
            "predictions_total{{{labels},model_name=\"logistic_regression\",prediction_result=\"{name}\"}}"
        )
    };
    for expected in [
        format!("{} 963", result("no_disease")),
        format!("{} 0", result("disease")),
        format!("api_errors_total{{{labels},error_type=\"ValidationError\",endpoint=\"/predict\"}} 37"),
        format!("api_request_duration_seconds_count{{{labels},method=\"POST\",endpoint=\"/predict\"}} 1000"),
        format!("prediction_confidence_score_count{{{labels},prediction_result=\"no_disease\"}} 963"),
        format!("prediction_duration_seconds_count{{{labels},endpoint=\"/predict\"}} 963"),
        format!("model_loaded{{{labels},model_name=\"logistic_regression\"}} 1"),
    ] {
        assert!(text.lines().any(|line| line == expected), "no {expected:?} in\n{text}");
    }
}

fn a_thousand_predictions_are_counted_once_in_process(build: Build) {
    let host = build.up(&[]);
    send_predictions(&host);
    check_counts(&host);
}

fn a_thousand_predictions_are_counted_once_with_fresh_instances(build: Build) {
    let host = build.up(&["--max-instance-reuse-count", "1"]);
    send_predictions(&host);
    check_counts(&host);
}

fn a_thousand_predictions_are_counted_once_over_http(build: Build) {
    let aggregator = Running::serve(&[]);
    let host = build.up(&[
        "--variable",
        "events=http",
        "--variable",
        &format!("metrics_url={}", aggregator.base("ingest")),
    ]);
    send_predictions(&host);
    check_counts(&aggregator);
}

/// Components may deliver to the aggregator of their own process, and everything is counted once.
fn a_thousand_predictions_are_counted_once_over_http_in_one_process(build: Build) {
    for state in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("counts").display().to_string();
        let kept = ["--state", &directory];
        let host = up_delivering_to_itself(build, if state { &kept } else { &[] });
        send_predictions(&host);
        check_counts(&host);
        let text = host.wait_for("portent_events_received_total{way=\"http\"} 1000");
        for expected in ["portent_events_received_total{way=\"host\"} 0", "portent_events_duplicate_total 0"]
        {
            assert!(text.lines().any(|line| line == expected), "no {expected:?} in\n{text}");
        }
    }
}

/// Deliveries within the process need the token of the listener: without it nothing is counted.
fn the_token_is_asked_for_within_one_process(build: Build) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "a-token-of-the-aggregator\n").unwrap();
    let file = file.display().to_string();
    for (token, line) in [
        ("a-token-of-the-aggregator", "portent_events_received_total{way=\"http\"} 1"),
        ("another-token-entirely", "portent_events_rejected_total{reason=\"unauthorized\"} 1"),
    ] {
        let token = format!("metrics_token={token}");
        let host = up_delivering_to_itself(build, &["--ingest-token-file", &file, "--variable", &token]);
        assert_eq!(host.post("/predict", FIRST_ROW).0, 200);
        host.wait_for(line);
    }
}

/// The embedded host with an aggregator whose port is known, to which its components deliver.
fn up_delivering_to_itself(build: Build, options: &[&str]) -> Running {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let url = format!("metrics_url=http://{address}");
    build.up(&[&["--ingest", &address, "--variable", "events=http", "--variable", &url], options].concat())
}

fn known_series_are_zero_from_the_first_scrape(build: Build) {
    let text = build.up(&[]).scrape();
    for expected in [
        "api_requests_total{app=\"heart-disease\",method=\"POST\",endpoint=\"/predict\",status_code=\"200\"} 0",
        "api_errors_total{app=\"heart-disease\",error_type=\"ValidationError\",endpoint=\"/predict\"} 0",
        "predictions_total{app=\"heart-disease\",model_name=\"logistic_regression\",prediction_result=\"disease\"} 0",
        "active_requests{app=\"heart-disease\"} 0",
    ] {
        assert!(text.lines().any(|line| line == expected), "no {expected:?} in\n{text}");
    }
}

fn events_off_counts_nothing(build: Build) {
    let host = build.up(&["--variable", "events=off"]);
    assert_eq!(host.post("/predict", FIRST_ROW).0, 200);
    assert_eq!(get(&format!("{}/metrics", host.base("metrics"))).0, 200);
    assert!(host.scrape().contains(
        "api_requests_total{app=\"heart-disease\",method=\"POST\",endpoint=\"/predict\",status_code=\"200\"} 0\n"
    ));
}

for_both_builds!(
    a_thousand_predictions_are_counted_once_in_process,
    a_thousand_predictions_are_counted_once_with_fresh_instances,
    a_thousand_predictions_are_counted_once_over_http,
    a_thousand_predictions_are_counted_once_over_http_in_one_process,
    the_token_is_asked_for_within_one_process,
    known_series_are_zero_from_the_first_scrape,
    events_off_counts_nothing
);
