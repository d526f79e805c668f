//! `test-metrics.sh`: traffic that is counted exactly, and everything that makes it otherwise.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::proxy::{Proxy, Tampering};
use super::{check, check_fails, check_passes, run};
use crate::fixture::{FIRST_ROW, Running};

#[test]
fn known_traffic_is_counted_exactly() {
    let host = Running::up(&[]);
    let said = check_passes("test-metrics.sh", &host, &["--requests", "30", "--concurrency", "8"]);
    assert!(said.contains("passed: 41 series moved by exactly what was sent"), "{said}");
    // The script's own count, held against ours: two kinds of 30 requests each.
    host.wait_for("api_requests_total{app=\"heart-disease\",method=\"POST\",endpoint=\"/predict\",status_code=\"422\"} 60");
    let said = check_passes("test-metrics.sh", &host, &["--requests", "0"]);
    assert!(said.contains("passed: nothing was sent, and nothing moved"), "{said}");
}

#[test]
fn known_traffic_is_counted_exactly_over_http_with_a_token_and_by_two_aggregators() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "0123456789abcdef\n").unwrap();
    let wrong = folder.path().join("wrong");
    std::fs::write(&wrong, "fedcba9876543210\n").unwrap();
    let (token, wrong) = (token.to_string_lossy(), wrong.to_string_lossy());
    let aggregator = Running::serve(&["--metrics-token-file", &token]);
    let events = format!("metrics_url={}", aggregator.base("ingest"));
    let heart = Running::up(&["--variable", "events=http", "--variable", &events]);
    let hvs = Running::up(&["--metrics-token-file", &token]);
    let (url, hvs_url) = (heart.base("serving"), hvs.base("serving"));
    let (metrics, other) = (aggregator.base("metrics"), hvs.base("metrics"));
    let arguments = [
        "--url",
        &url,
        "--hvs-url",
        &hvs_url,
        "--metrics-url",
        &metrics,
        "--metrics-url",
        &other,
        "--wait",
        "5",
    ];
    check_fails(run("test-metrics.sh", &arguments), "asks for a token: give --token-file (401)");
    let with = |file: &str| run("test-metrics.sh", &[&arguments[..], &["--token-file", file]].concat());
    let said = check_fails(with(&wrong), &format!("refuses the token of {wrong} (401)"));
    assert!(!said.contains("fedcba98"), "no token is shown: {said}");
    check_fails(with("/no/such/file"), "cannot read the token file /no/such/file");
    let (code, said) = with(&token);
    assert_eq!(code, 0, "{said}");
    let smoke = run("smoke.sh", &[&arguments[..], &["--token-file", &token]].concat());
    assert_eq!(smoke.0, 0, "{}", smoke.1);
}

#[test]
fn events_that_are_lost_or_doubled_are_found() {
    for (tampering, expected) in [(Tampering::Lose, "TOO FEW"), (Tampering::Double, "TOO MANY")] {
        let aggregator = Running::serve(&[]);
        let proxy = Proxy::before(&aggregator.authority("ingest"), tampering, 25);
        let events = format!("metrics_url=http://{}", proxy.address);
        let host = Running::up(&["--variable", "events=http", "--variable", &events]);
        let (url, metrics) = (host.base("serving"), aggregator.base("metrics"));
        let arguments = ["--url", &url, "--metrics-url", &metrics, "--requests", "10", "--wait", "3"];
        let said = check_fails(run("test-metrics.sh", &arguments), expected);
        assert!(said.contains("FAILED"), "{said}");
        assert!(proxy.tampered() > 0);
    }
}

#[test]
fn answers_that_are_not_as_expected_fail_though_they_are_counted() {
    let host = Running::up(&["--max-concurrency", "1", "--queue", "0"]);
    let arguments = ["--requests", "100", "--concurrency", "32", "--wait", "5"];
    let said = check_fails(check("test-metrics.sh", &host, &arguments), "not every request was answered 200");
    assert!(said.contains(" x 503") && said.contains("error_type=~\".*\""), "{said}");
    assert!(!said.contains("TOO"), "every answer is counted, whatever it was: {said}");
}

#[test]
fn events_that_are_switched_off_are_found() {
    let host = Running::up(&["--variable", "events=off"]);
    let said = check("test-metrics.sh", &host, &["--requests", "2", "--wait", "1"]);
    let said = check_fails(said, "nothing arrived at all");
    assert!(said.contains("41 series moved by too little"), "{said}");
    check_fails(check("smoke.sh", &host, &["--wait", "1"]), "FAILED  the prediction of heart is counted");
}

#[test]
fn events_that_senders_give_up_on_are_named() {
    // A token that nobody accepts: the aggregator refuses every delivery.
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "0123456789abcdef\n").unwrap();
    let aggregator = Running::serve(&["--ingest-token-file", &token.to_string_lossy()]);
    let events = format!("metrics_url={}", aggregator.base("ingest"));
    let host = Running::up(&["--variable", "events=http", "--variable", &events]);
    let (url, metrics) = (host.base("serving"), aggregator.base("metrics"));
    let arguments = ["--url", &url, "--metrics-url", &metrics, "--requests", "2", "--wait", "2"];
    check_fails(run("test-metrics.sh", &arguments), "portent_events_rejected_total moved by");
}

#[test]
fn steady_traffic_of_somebody_else_is_found_before_anything_is_sent() {
    let host = Running::up(&[]);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                host.post("/predict", FIRST_ROW);
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        let answer = check("test-metrics.sh", &host, &["--wait", "2"]);
        done.store(true, Ordering::Relaxed);
        let said =
            check_fails(answer, "somebody else sends requests: these series move while nothing is sent");
        assert!(said.contains("predictions_total{app=\"heart-disease\""), "{said}");
        assert!(!said.contains("app=\"hvs\"") && !said.contains("KIND"), "{said}");
    });
}

#[test]
fn a_single_request_of_somebody_else_is_found() {
    let host = Running::up(&[]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            wait_until_begun(&host);
            host.post("/predict", FIRST_ROW);
        });
        let said = check_fails(check("test-metrics.sh", &host, &["--requests", "100"]), "TOO MANY");
        let wrong: Vec<_> = said.lines().filter(|line| line.contains("TOO")).collect();
        // A prediction is counted by request, by result, by confidence and by two durations.
        assert!(wrong.len() == 5 && wrong.iter().all(|line| line.contains("heart-disease")), "{said}");
    });
}

#[test]
fn traffic_to_an_endpoint_that_is_to_be_ignored_is_ignored() {
    let host = Running::up(&[]);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                crate::fixture::get(&format!("{}/health/ready", host.base("serving")));
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        let ignoring = ["--ignore-endpoint", "/health/ready", "--requests", "5"];
        let (ignored, seen) =
            (check("test-metrics.sh", &host, &ignoring), check("test-metrics.sh", &host, &["--wait", "2"]));
        done.store(true, Ordering::Relaxed);
        assert_eq!(ignored.0, 0, "{}", ignored.1);
        check_fails(seen, "endpoint=\"/health/ready\"");
    });
}

/// Waits until the script, whose traffic this host answers, has begun to send.
fn wait_until_begun(host: &Running) {
    host.wait_for(
        "api_requests_total{app=\"heart-disease\",method=\"GET\",endpoint=\"/model/info\",status_code=\"200\"} 1",
    );
}

#[test]
fn an_aggregator_that_ends_or_is_restarted_meanwhile_is_named() {
    for (restarted, expected) in
        [(false, "does not answer"), (true, "the aggregator was restarted meanwhile")]
    {
        let (aggregator, host) = (Running::serve(&[]), Running::up(&[]));
        let (url, metrics) = (host.base("serving"), aggregator.base("metrics"));
        let address = aggregator.authority("metrics");
        let arguments = ["--url", &url, "--metrics-url", &metrics, "--requests", "300", "--wait", "1"];
        std::thread::scope(|scope| {
            let script = scope.spawn(|| run("test-metrics.sh", &arguments));
            wait_until_begun(&host);
            assert_eq!(aggregator.stop(), Some(0));
            let _again = restarted.then(|| Running::serve(&["--metrics", &address]));
            check_fails(script.join().unwrap(), expected);
        });
    }
}
