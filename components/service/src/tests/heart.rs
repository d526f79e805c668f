//! The answers of the service that this replaces, and the mended ones.

use serde_json::json;

use super::*;

#[test]
fn first_uci_row_answers_as_the_original() {
    let answer = post("/predict", FIRST_ROW);
    assert_eq!(answer.status, 200);
    let confidence = answer.json["confidence"].as_f64().unwrap();
    assert!((confidence - 0.714_161_266_724_833_5).abs() < 1e-5, "{confidence}");
    assert_eq!(
        answer.json,
        json!({ "prediction": 0, "confidence": confidence, "model_name": "logistic_regression" })
    );
}

#[test]
fn coercions_of_the_original_hold() {
    let plain = post("/predict", FIRST_ROW).json;
    for (field, value) in
        [("age", "\"63\""), ("age", "63.0"), ("sex", "true"), ("oldpeak", "\"2.3\""), ("ca", "\" 0 \"")]
    {
        assert_eq!(post("/predict", row_with(field, value)).json, plain, "{field} {value}");
    }
    assert_eq!(post("/predict", row_with("extra", "[1,{}]")).json, plain);
    assert_eq!(post("/predict", row_with("thal", "4")).status, 200);
}

#[test]
fn batch_answers_in_order_and_counts() {
    let other = row_with("ca", "3");
    let answer = post("/predict/batch", format!("{{\"patients\":[{FIRST_ROW},{other},{FIRST_ROW}]}}"));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json["count"], 3);
    assert_eq!(answer.json["predictions"][0], post("/predict", FIRST_ROW).json);
    assert_eq!(answer.json["predictions"][1], post("/predict", &other).json);
    assert_eq!(answer.json["predictions"][2], answer.json["predictions"][0]);
}

#[test]
fn implausible_values_are_answered_with_a_warning() {
    let answer = post("/predict", row_with("chol", "0"));
    assert_eq!(answer.status, 200);
    let expected = json!([{ "field": "chol", "msg": "Outside the plausible range 100 to 600" }]);
    assert_eq!(answer.json["warnings"], expected);
    let batch = post("/predict/batch", format!("{{\"patients\":[{FIRST_ROW},{}]}}", row_with("thal", "5")));
    assert_eq!(batch.json["predictions"][0]["warnings"], serde_json::Value::Null);
    let expected = json!([{ "field": "thal", "msg": "Not a code that the model was trained with" }]);
    assert_eq!(batch.json["predictions"][1]["warnings"], expected);
}

#[test]
fn explanations_sum_to_the_log_odds() {
    let answer = post("/predict?explain=true", FIRST_ROW);
    let explanation = &answer.json["explanation"];
    assert_eq!(explanation["scale"], "log-odds");
    let contributions = explanation["contributions"].as_array().unwrap();
    assert_eq!(contributions.len(), 13);
    let sizes: Vec<f64> = contributions.iter().map(|c| c["contribution"].as_f64().unwrap().abs()).collect();
    assert!(sizes.is_sorted_by(|one, next| one >= next), "{sizes:?}");
    let age = contributions.iter().find(|contribution| contribution["feature"] == "age").unwrap();
    assert_eq!((&age["value"], &age["unit"]), (&json!(63), &json!("years")));
    let sum = explanation["sum"].as_f64().unwrap();
    let confidence = answer.json["confidence"].as_f64().unwrap();
    assert!((1.0 / (1.0 + sum.exp()) - confidence).abs() < 1e-12, "prediction 0: confidence is 1 - p");
    for yes in ["=True", "=1", "=yes", "=ON", "=", ""] {
        let answer = post(&format!("/predict?explain{yes}"), FIRST_ROW);
        assert_eq!(answer.json["explanation"], *explanation, "{yes}");
    }
    for no in ["false", "False", "0", "no", "off", "N"] {
        let answer = post(&format!("/predict?explain={no}"), FIRST_ROW);
        assert_eq!((answer.status, &answer.json["explanation"]), (200, &serde_json::Value::Null), "{no}");
    }
    for bad in ["maybe", "2", "%20", "truetrue", "null"] {
        check_violation(
            &post(&format!("/predict?explain={bad}"), FIRST_ROW),
            "bool_parsing",
            "query.explain",
        );
    }
    let twice = post("/predict?explain=true&explain=true", FIRST_ROW);
    check_violation(&twice, "duplicate_key", "query.explain");
    let batch = |rows: usize| {
        let rows = vec![FIRST_ROW; rows].join(",");
        post("/predict/batch?explain=true", format!("{{\"patients\":[{rows}]}}"))
    };
    assert_eq!(batch(2).json["predictions"][1]["explanation"], *explanation);
    assert_eq!(batch(crate::limits::EXPLAINED_ROWS + 1).status, 413);
}

#[test]
fn empty_batch_is_empty() {
    assert_eq!(post("/predict/batch", "{\"patients\":[]}").json, json!({ "predictions": [], "count": 0 }));
}

#[test]
fn health_and_description() {
    assert_eq!(
        get("/health").json,
        json!({ "status": "healthy", "model_loaded": true, "model_name": "logistic_regression" })
    );
    assert_eq!(get("/health/live").json, json!({ "status": "alive" }));
    assert_eq!(get("/health/ready").json["status"], "ready");
    let root = get("/").json;
    assert_eq!((&root["model_loaded"], &root["status"]), (&json!(true), &json!("alive")));
    assert_eq!(root["endpoints"]["/predict"], "POST - Single prediction");
    let info = get("/model/info").json;
    assert_eq!(info["model_name"], "logistic_regression");
    assert_eq!(info["model_type"], "LogisticRegression");
    assert_eq!(info["features"].as_array().unwrap().len(), 13);
    assert_eq!(get("/model/profile").json["features"][0]["name"], "age");
}

#[test]
fn without_a_model_only_health_is_well() {
    let service = Service::new(Config::default(), ModelState::Unavailable("checksum mismatch".to_owned()));
    let status = |method, path| ask(&service, &request(method, path, FIRST_ROW.as_bytes())).status;
    assert_eq!([status("GET", "/"), status("GET", "/health"), status("GET", "/health/live")], [200; 3]);
    assert_eq!(status("GET", "/health/ready"), 503);
    assert_eq!(status("GET", "/model/info"), 503);
    let predict = ask(&service, &request("POST", "/predict", FIRST_ROW.as_bytes()));
    assert_eq!((predict.status, predict.json), (503, json!({ "detail": "Model not loaded" })));
    assert_eq!(predict.event.error, Some(portent_event::ErrorType::ModelNotLoaded));
}

#[test]
fn head_has_headers_and_no_body() {
    let answer = ask(&service(), &request("HEAD", "/health", b""));
    assert_eq!((answer.status, answer.response.body.len()), (200, 0));
    assert!(answer.response.headers.iter().any(|(name, _)| *name == "content-type"));
}

#[test]
fn request_identity_is_taken_or_made_and_echoed() {
    let with = |headers: &[(String, Vec<u8>)]| {
        ask(&service(), &Request { headers, ..request("GET", "/health", b"") }).event.request_id.into_owned()
    };
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    assert_eq!(with(&[("X-Request-ID".into(), b"abc-1".to_vec())]), "abc-1");
    assert_eq!(with(&[("traceparent".into(), trace.into())]), "4bf92f3577b34da6a3ce929d0e0e4736");
    for unusable in [&b"a b"[..], b"", &[b'a'; 65], b"\xff", b"a\"b"] {
        assert_eq!(with(&[("x-request-id".into(), unusable.to_vec())]), "0000000000000007");
    }
}
