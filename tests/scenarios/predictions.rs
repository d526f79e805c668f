//! Answers, over the socket.

use crate::fixture::{Build, FIRST_ROW, KAGGLE_ROW, for_both_builds, get};

fn predictions_and_refusals_come_through_the_component(build: Build) {
    let host = build.up(&[]);
    let (status, answer) = host.post("/predict", FIRST_ROW);
    assert_eq!((status, &answer["prediction"]), (200, &0.into()));
    let confidence = answer["confidence"].as_f64().unwrap();
    assert!((confidence - 0.714_161_266_7).abs() < 1e-5, "{confidence}");
    let (status, answer) = host.post("/predict", KAGGLE_ROW);
    assert_eq!(
        (status, &answer["encoding"], answer["confidence"].as_f64()),
        (200, &"kaggle".into(), Some(confidence))
    );
    let refusals = [
        (FIRST_ROW.replace("\"age\":63,", ""), "missing"),
        ("{bad".to_owned(), "json_invalid"),
        (FIRST_ROW.replace("2.3", "1e400"), "finite_number"),
    ];
    for (body, kind) in refusals {
        let (status, answer) = host.post("/predict", &body);
        assert_eq!((status, &answer["detail"][0]["type"]), (422, &kind.into()), "{body}");
    }
    let bad = FIRST_ROW.replace("\"slope\":3", "\"slope\":9");
    let (status, answer) = host.post("/predict/batch", &format!("{{\"patients\":[{FIRST_ROW},{bad}]}}"));
    assert_eq!(
        (status, answer["detail"][0]["loc"].to_string()),
        (422, r#"["body","patients",1,"slope"]"#.into())
    );
}

fn readiness_health_and_unknown_paths(build: Build) {
    let host = build.up(&[]);
    let status = |path: &str| get(&format!("{}{path}", host.base("serving"))).0;
    assert_eq!(["/", "/health", "/health/live", "/health/ready", "/model/info"].map(status), [200; 5]);
    assert_eq!([status("/predict"), status("/nothing")], [405, 404]);
    let metrics = |path: &str| get(&format!("{}{path}", host.base("metrics"))).0;
    assert_eq!(["/healthz", "/readyz", "/metrics"].map(metrics), [200; 3]);
}

fn large_batches_and_bodies_are_answered(build: Build) {
    let host = build.up(&[]);
    let rows = vec![FIRST_ROW; 10_000].join(",");
    let (status, answer) = host.post("/predict/batch", &format!("{{\"patients\":[{rows}]}}"));
    assert_eq!((status, &answer["count"]), (200, &10_000.into()));
    let (status, _) = host.post("/predict", &" ".repeat(17 * 1024 * 1024));
    assert_eq!(status, 413);
    assert_eq!(host.post("/predict", FIRST_ROW).0, 200, "the next request finds the service well");
    host.wait_for("predictions_total{app=\"heart-disease\",model_name=\"logistic_regression\",prediction_result=\"no_disease\"} 10001");
}

for_both_builds!(
    predictions_and_refusals_come_through_the_component,
    readiness_health_and_unknown_paths,
    large_batches_and_bodies_are_answered
);
