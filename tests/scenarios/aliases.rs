//! The queries of the services that Portent replaces, as their documents have them, on a real Prometheus.

use portent_model::{
    ClassSpec, Column, FeatureKind, FeatureSpec, InterfaceSpec, LinearSpec, MissingPolicy, ModelSpec,
    Parameters, ProfileSpec,
};
use portent_tests::judge;

use crate::fixture::Running;
use crate::judges::used;
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

/// An artefact of the application `hvs`, with the results that its model has.
fn battery_artefact() -> Vec<u8> {
    let feature = FeatureSpec {
        name: "Module_Max_Surface_Temp_C".to_owned(),
        unit: "°C".to_owned(),
        description: String::new(),
        kind: FeatureKind::Number,
        missing: MissingPolicy::Impute,
        lower: -40.0,
        upper: 200.0,
        plausible: (0.0, 60.0),
        imputed: 25.0,
        categories: Vec::new(),
    };
    let class = |name: &str| ClassSpec { name: name.to_owned(), share: 0.5 };
    let profile = || ProfileSpec { edges: vec![0.5], shares: vec![0.5, 0.5] };
    let spec = ModelSpec {
        name: "forest".to_owned(),
        app: "hvs".to_owned(),
        version: "1.0.0".to_owned(),
        model_type: "RandomForest".to_owned(),
        description: String::new(),
        threshold: 0.5,
        positive_class: 1,
        features: vec![feature],
        encodings: Vec::new(),
        classes: vec![class("no_hazard"), class("hazard")],
        parameters: Parameters::Linear {
            columns: vec![Column::Standardise { feature: 0, mean: 25.0, scale: 10.0 }],
            linear: LinearSpec { intercept: 0.0, weights: vec![1.0] },
        },
        profiles: vec![profile(), profile()],
        self_check: Vec::new(),
        metadata: String::new(),
        interface: InterfaceSpec::default(),
        derivations: Vec::new(),
    };
    spec.to_bytes().unwrap()
}

/// An answer of the battery service that found one module normal and one hazardous, and a failed one.
fn battery_lines(artefact: &[u8]) -> String {
    let digest = portent_model::Model::open(artefact).unwrap().verify_digest(artefact).unwrap();
    let head = r#"{"portent":1,"time":"2026-01-02T03:04:05Z","app":"hvs","request_id":"battery-1","method":"POST","route":"/predict""#;
    let class = r#"{"count":1,"confidence":[0,0,0,1],"confidence_sum_nano":750000000}"#;
    let predicted = format!(
        r#"{head},"status":200,"ns":{{"total":42000,"score":150}},"predictions":[{{"model":"{digest}","version":"1.0.0","rows":2,"classes":[{class},{class}],"score_sum_nano":1000000000}}]}}"#
    );
    let failed = format!(r#"{head},"status":500,"error":"InternalError","ns":{{"total":42000}}}}"#);
    format!("{predicted}\n{failed}\n")
}

#[test]
#[expect(clippy::print_stdout, reason = "the answers are what a reader of the test wants to see")]
fn every_query_of_the_replaced_services_returns_data() {
    let Some(program) = judge::program("prometheus") else { return };
    let folder = tempfile::tempdir().unwrap();
    let artefact = battery_artefact();
    let path = folder.path().join("hvs.portent");
    std::fs::write(&path, &artefact).unwrap();
    let host = used(Running::up(&[
        "--config",
        "deploy/host-metrics/hvs-and-heart.toml",
        "--models",
        "models/*.portent",
        "--models",
        path.to_str().unwrap(),
    ]));
    let deliver = |sequence: u32| {
        let mut request = ureq::post(format!("{}/v1/events", host.base("ingest")));
        request =
            request.header("portent-source", "battery").header("portent-sequence", sequence.to_string());
        request.send(battery_lines(&artefact)).unwrap();
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
