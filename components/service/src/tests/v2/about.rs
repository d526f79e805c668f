//! Health, metadata and the repository.

use super::*;

#[track_caller]
fn check(method: &str, path: &str, status: u16, expected: Value) {
    let answer = ask(&service(), &request(method, path, b""));
    assert_eq!((answer.status, answer.json), (status, expected), "{method} {path}");
}

#[test]
fn health_has_bodies() {
    check("GET", "/v2/health/live", 200, json!({ "live": true }));
    check("GET", "/v2/health/ready", 200, json!({ "ready": true }));
    let ready = json!({ "name": "logistic_regression", "ready": true });
    check("GET", "/v2/models/logistic_regression/ready", 200, ready.clone());
    check("GET", "/v2/models/logistic_regression/versions/1.0.0/ready", 200, ready);
}

#[test]
fn the_server_is_described_on_both_spellings_of_its_path() {
    let description = get("/v2").json;
    assert_eq!(description["name"], "portent");
    assert!(description["extensions"].as_array().unwrap().contains(&json!("binary_tensor_data")));
    check("GET", "/v2/", 200, description);
}

#[test]
fn the_model_is_described_with_and_without_its_version() {
    let features = "age,sex,cp,trestbps,chol,fbs,restecg,thalach,exang,oldpeak,slope,ca,thal";
    let expected = json!({
        "name": "logistic_regression",
        "versions": ["1.0.0"],
        "platform": "portent_logisticregression",
        "inputs": [{
            "name": "input",
            "datatype": "FP64",
            "shape": [-1, 13],
            "parameters": { "features": features },
        }],
        "outputs": [
            { "name": "predict", "datatype": "INT64", "shape": [-1] },
            { "name": "predict_proba", "datatype": "FP64", "shape": [-1, 2] },
            { "name": "label", "datatype": "BYTES", "shape": [-1] },
        ],
    });
    check("GET", "/v2/models/logistic_regression", 200, expected.clone());
    check("GET", "/v2/models/logistic_regression/versions/1.0.0", 200, expected);
    let config = get("/v2/models/logistic_regression/config").json;
    assert_eq!(config["input"], json!([{ "name": "input", "data_type": "TYPE_FP64", "dims": [-1, 13] }]));
    assert_eq!(config["output"][2], json!({ "name": "label", "data_type": "TYPE_STRING", "dims": [-1] }));
}

#[test]
fn the_repository_holds_what_is_built_in() {
    check("GET", "/v2/models", 200, json!({ "models": ["logistic_regression"] }));
    let entry = json!({ "name": "logistic_regression", "version": "1.0.0", "state": "READY", "reason": "" });
    check("POST", "/v2/repository/index", 200, json!([entry]));
    let statistics = json!({ "model_stats": [{ "name": "logistic_regression", "version": "1.0.0" }] });
    for path in ["/v2/models/stats", "/v2/models/logistic_regression/stats"] {
        check("GET", path, 200, statistics.clone());
    }
}

#[test]
fn loading_changes_nothing_and_unloading_is_refused() {
    let load = |model: &str, body: &str| {
        let answer = post(&format!("/v2/repository/models/{model}/load"), body);
        (answer.status, answer.json["error"].as_str().unwrap_or_default().to_owned())
    };
    for body in ["", " ", "{}", r#"{"parameters":{ }}"#, r#"{"parameters":null}"#, r#"{"other":1}"#] {
        assert_eq!(load("logistic_regression", body).0, 200, "{body}");
    }
    for (body, rule) in [
        (r#"{"parameters":{"config":"{}"}}"#, "parameters: a built-in model takes neither config nor files"),
        ("[]", "the body: is an object"),
        ("{", "the body is not JSON at byte 1: unexpected end"),
        ("{} x", "the body is not JSON at byte 3: trailing characters"),
    ] {
        assert_eq!(load("logistic_regression", body), (400, rule.to_owned()), "{body}");
    }
    assert_eq!(load("nobody", "").0, 404);
    let answer = post("/v2/repository/models/logistic_regression/unload", "{}");
    assert_eq!(
        (answer.status, &answer.json["error"]),
        (409, &json!("The model is built into the component and cannot be unloaded"))
    );
    assert_eq!(post("/v2/repository/models/nobody/unload", "{}").status, 404);
}

#[test]
fn unknown_models_are_named_where_they_are_names() {
    let unknown = |text: &str| json!({ "error": format!("Request for unknown model:{text}") });
    for path in ["", "/ready", "/config", "/stats"] {
        check("GET", &format!("/v2/models/nobody{path}"), 404, unknown(" 'nobody' is not found"));
        let path = format!("/v2/models/logistic_regression/versions/7{path}");
        check("GET", &path, 404, unknown(" 'logistic_regression' has no version '7'"));
    }
    check("POST", "/v2/models/nobody/infer", 404, unknown(" 'nobody' is not found"));
    let long = "x".repeat(65);
    for hostile in ["%3Cscript%3E", "a'b", &long] {
        check("GET", &format!("/v2/models/{hostile}"), 404, unknown(" is not found"));
        let version = format!("/v2/models/logistic_regression/versions/{hostile}");
        check("GET", &version, 404, unknown(" 'logistic_regression' has no version"));
    }
}

#[test]
fn what_is_not_offered_is_an_error_of_the_protocol() {
    let paths = [
        "/v2/trace/setting",
        "/v2/logging",
        "/v2/systemsharedmemory/status",
        "/v2/models/a/b/c",
        "/v2/nothing",
    ];
    for path in paths {
        check("GET", path, 404, json!({ "error": "Not Found" }));
    }
    check("GET", INFER, 405, json!({ "error": "Method Not Allowed" }));
}

#[test]
fn without_a_model_the_server_lives_and_is_not_ready() {
    let service = Service::new(Config::default(), ModelState::Unavailable("checksum mismatch".to_owned()));
    let ask = |method, path| ask(&service, &request(method, path, b"{}"));
    assert_eq!(ask("GET", "/v2/health/live").json, json!({ "live": true }));
    assert_eq!(ask("GET", "/v2").status, 200);
    assert_eq!(ask("GET", "/v2/models").json, json!({ "models": [] }));
    assert_eq!(ask("POST", "/v2/repository/index").json, json!([]));
    let ready = ask("GET", "/v2/health/ready");
    assert_eq!((ready.status, &ready.json["ready"]), (503, &json!(false)));
    assert_eq!(ready.event.error, Some(portent_event::ErrorType::ModelNotLoaded));
    for (method, path) in [("POST", INFER), ("GET", "/v2/models/logistic_regression/ready")] {
        let answer = ask(method, path);
        assert_eq!((answer.status, answer.json), (503, json!({ "error": "Model not loaded" })));
    }
}
