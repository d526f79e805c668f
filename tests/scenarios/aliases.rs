//! The queries of the services that Portent replaces, as their documents have them, on a real Prometheus.

use portent_tests::external;
use serde_json::json;

use crate::battery;
use crate::external_checkers::used;
use crate::fixture::Running;
use crate::prometheus::Prometheus;

/// The eleven panels of the heart service's dashboard.
pub(crate) const HEART: [&str; 13] = [
    "rate(api_requests_total[5m])",
    "histogram_quantile(0.95, rate(api_request_duration_seconds_bucket[5m]))",
    "rate(predictions_total[5m])",
    "rate(prediction_confidence_score_bucket[5m])",
    "active_requests",
    "rate(api_errors_total[5m])",
    "model_loaded",
    "histogram_quantile(0.50, rate(prediction_duration_seconds_bucket[5m]))",
    "histogram_quantile(0.95, rate(prediction_duration_seconds_bucket[5m]))",
    "histogram_quantile(0.99, rate(prediction_duration_seconds_bucket[5m]))",
    "sum(predictions_total)",
    "sum(api_errors_total)",
    "sum(rate(api_requests_total{status_code=~\"2..\"}[5m])) / sum(rate(api_requests_total[5m])) * 100",
];

/// What the battery service's documents ask for, also where its own exporter had nothing of that name or label.
const BATTERY: [&str; 11] = [
    "flask_http_requests_total",
    "flask_http_request_total{endpoint=\"/predict\"}",
    "flask_http_request_total{method=\"POST\",status=\"200\"}",
    "flask_http_request_duration_seconds_bucket{endpoint=\"/predict\"}",
    "sum(rate(flask_http_request_duration_seconds_count{path=\"/predict\"}[1m]))",
    "histogram_quantile(.95, sum by (le)(rate(flask_http_request_duration_seconds_bucket{path=\"/predict\"}[5m])))",
    "flask_http_request_total{status=~\"5..\"}",
    "sum(increase(hvs_api_prediction_outcomes_total{predicted_label_text=\"Hazardous\"}[5m]))",
    "hvs_api_prediction_outcomes_total{predicted_label_text=\"Normal\"}",
    "app_info{version=\"1.0.0\",major_release=\"1\"}",
    "model_info_info{model_name=\"logistic_regression\",model_type=\"LogisticRegression\"}",
];

/// A request of the battery service that failed, as no request of ours should.
const FAILED: &str = r#"{"portent":1,"time":"2026-01-02T03:04:05Z","app":"hvs","request_id":"battery-1","method":"POST","route":"/predict","status":500,"error":"InternalError","ns":{"total":42000}}"#;

#[test]
#[expect(clippy::print_stdout, reason = "the answers are what a reader of the test wants to see")]
fn every_query_of_the_replaced_services_returns_data() {
    let Some(program) = external::program("prometheus") else { return };
    let host = used(Running::up(&["--config", "deploy/host-metrics/hvs-and-heart.toml"]));
    let deliver = |sequence: u32| {
        let (status, _) = host.post("/hvs/predict", &json!({ "readings": battery::readings() }).to_string());
        assert_eq!(status, 200);
        let mut request = ureq::post(format!("{}/v1/events", host.base("ingest")));
        request =
            request.header("portent-source", "battery").header("portent-sequence", sequence.to_string());
        request.send(FAILED).unwrap();
    };
    deliver(0);
    let server = Prometheus::scraping(&program, &host.authority("metrics"), &[]);
    deliver(1);
    host.wait_for("hvs_api_prediction_outcomes_total{predicted_label_text=\"Hazardous\"} 2");
    std::thread::sleep(std::time::Duration::from_millis(2500));
    for query in HEART.iter().chain(&BATTERY) {
        let values = server.query(query);
        println!("{query} → {values:?}");
        assert!(!values.is_empty(), "{query} selects nothing");
    }
    assert_eq!(server.query("hvs_api_prediction_outcomes_total"), [2.0, 2.0]);
    assert_eq!(server.query("sum(flask_http_request_total{status=~\"5..\",endpoint=\"/predict\"})"), [2.0]);
}
