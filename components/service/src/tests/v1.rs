//! The V1 protocol: `:predict` with rows as objects or lists, names and readiness.

use serde_json::json;

use super::*;
use crate::limits;

/// The first row of the UCI data, in model order.
const FIRST_LIST: &str = "[63,1,1,145,233,1,2,150,0,2.3,3,0,6]";

/// A row of class 1: the second one of the UCI data.
const SECOND_LIST: &str = "[67,1,4,160,286,0,2,108,1,1.5,2,3,3]";

const PREDICT: &str = "/v1/models/logistic_regression:predict";

fn predict(instances: &str) -> Answer {
    post(PREDICT, format!("{{\"instances\":{instances}}}"))
}

#[track_caller]
fn check_error(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status, &answer.json), (status, &json!({ "error": error })));
}

#[test]
fn models_are_listed_and_ready() {
    assert_eq!(get("/v1/models").json, json!({ "models": ["logistic_regression"] }));
    let ready = json!({ "name": "logistic_regression", "ready": true });
    assert_eq!(get("/v1/models/logistic_regression").json, ready);
}

#[test]
fn unknown_models_are_named_if_they_have_a_name() {
    let named = "Request for unknown model: 'iris' is not found";
    check_error(&get("/v1/models/iris"), 404, named);
    check_error(&post("/v1/models/iris:predict", "{}"), 404, named);
    check_error(&get("/v1/models/%3Cscript%3E"), 404, "Request for unknown model: is not found");
}

#[test]
fn predictions_are_classes_in_the_order_of_the_instances() {
    let both = predict(&format!("[{FIRST_LIST},{SECOND_LIST}]"));
    assert_eq!((both.status, both.json), (200, json!({ "predictions": [0, 1] })));
    assert_eq!(predict(&format!("[{FIRST_ROW}]")).json, json!({ "predictions": [0] }));
    let event = predict(&format!("[{FIRST_LIST},{SECOND_LIST}]")).event;
    assert_eq!((event.route, event.predictions[0].rows), (portent_event::Route::V1Predict, 2));
}

#[test]
fn parameters_ask_for_probabilities_and_explanations() {
    let body = |parameters: &str| format!("{{\"instances\":[{FIRST_LIST}],\"parameters\":{parameters}}}");
    let plain = post("/predict?explain=true", FIRST_ROW).json;
    let answer = post(PREDICT, body(r#"{"probabilities":true,"explain":true,"other":[]}"#)).json;
    let [healthy, diseased] = [0, 1].map(|class| answer["predictions"][0][class].as_f64().unwrap());
    assert_eq!(plain["confidence"], healthy);
    assert!((healthy + diseased - 1.0).abs() < 1e-15);
    assert_eq!(answer["explanations"], json!([plain["explanation"]]));
    let asked = format!("{PREDICT}?probabilities=true&explain=true");
    assert_eq!(post(&asked, body("null")).json, answer);
    assert_eq!(post(PREDICT, body("{}")).json, json!({ "predictions": [0] }));
    let boolean = "Input should be a valid boolean, unable to interpret input";
    check_error(&post(PREDICT, body(r#"{"explain":1}"#)), 400, &format!("parameters.explain: {boolean}"));
    check_error(
        &post(&format!("{PREDICT}?explain=perhaps"), body("{}")),
        400,
        &format!("explain: {boolean}"),
    );
    let twice = body(r#"{"explain":true,"explain":true}"#);
    check_error(&post(PREDICT, twice), 400, "parameters.explain: Field given twice");
    let list = "parameters: Input should be a valid dictionary or object to extract fields from";
    check_error(&post(PREDICT, body("[]")), 400, list);
}

#[test]
fn codings_are_proved_or_stated_and_told() {
    const KAGGLE: &str = "[63,1,3,145,233,1,0,150,0,2.3,0,0,1]";
    const AMBIGUOUS: &str = "[50,0,2,120,200,0,1,160,0,1.0,1,0,3]";
    let proved = predict(&format!("[{KAGGLE},{FIRST_LIST}]"));
    assert_eq!(proved.json, json!({ "predictions": [0, 0], "encodings": ["kaggle", "uci"] }));
    let stating = |coding: &str| {
        let body = format!("{{\"instances\":[{AMBIGUOUS}],\"parameters\":{{\"encoding\":{coding}}}}}");
        post(PREDICT, body)
    };
    assert_eq!(stating("\"kaggle\"").json["encodings"], json!(["kaggle"]));
    assert_eq!(stating("\"uci\"").json.get("encodings"), None);
    check_error(&stating("7"), 400, "parameters.encoding: Input should be 'uci' or 'kaggle'");
}

#[test]
fn numbers_are_strict() {
    let integer = "Input should be a valid integer";
    let cases = [
        (row_with("age", "\"63\""), format!("instances[0].age: {integer}")),
        (row_with("sex", "true"), format!("instances[0].sex: {integer}")),
        (row_with("age", "63.0"), format!("instances[0].age: {integer}")),
        (row_with("age", "null"), format!("instances[0].age: {integer}")),
        (row_with("oldpeak", "\"2.3\""), "instances[0].oldpeak: Input should be a valid number".to_owned()),
        (row_with("oldpeak", "1e999"), "instances[0].oldpeak: Input should be a finite number".to_owned()),
        (row_with("ca", ""), "instances[0].ca: Field required".to_owned()),
        (FIRST_ROW.replacen('{', "{\"age\":1,", 1), "instances[0].age: Field given twice".to_owned()),
        (
            FIRST_LIST.replace("63", "63.5"),
            format!("instances[0].age: {integer}, got a number with a fractional part"),
        ),
        (
            FIRST_LIST.replace("63", "-1"),
            "instances[0].age: Input should be greater than or equal to 0".to_owned(),
        ),
        (FIRST_LIST.replace("63", "\"63\""), format!("instances[0].age: {integer}")),
    ];
    for (row, error) in cases {
        check_error(&predict(&format!("[{row}]")), 400, &error);
    }
    assert_eq!(predict(&format!("[{}]", FIRST_LIST.replace("63", "63.0"))).json["predictions"], json!([0]));
}

#[test]
fn forms_of_rows_are_not_mixed() {
    let object = "Input should be an object with named fields or a list of values";
    let mixed = "A request holds rows as objects or rows as lists, not both";
    let cases = [
        (format!("[{FIRST_ROW},{FIRST_LIST}]"), format!("instances[1]: {mixed}")),
        (
            format!("[{FIRST_LIST},{FIRST_ROW},{FIRST_ROW}]"),
            format!("instances[1]: {mixed}; instances[2]: {mixed}"),
        ),
        ("[5]".to_owned(), format!("instances[0]: {object}")),
        (format!("[{FIRST_LIST},null]"), format!("instances[1]: {object}")),
        ("[[63,1]]".to_owned(), "instances[0]: Input should have 13 values, not 2".to_owned()),
        (
            format!("[{}]", FIRST_LIST.replace(']', ",1]")),
            "instances[0]: Input should have 13 values, not 14".to_owned(),
        ),
        ("[]".to_owned(), "instances: There should be at least one row".to_owned()),
        ("{}".to_owned(), "instances: Input should be a valid list".to_owned()),
    ];
    for (instances, error) in cases {
        check_error(&predict(&instances), 400, &error);
    }
}

#[test]
fn bodies_that_are_no_request() {
    let object = "Input should be a valid dictionary or object to extract fields from";
    let cases = [
        ("", "the body is not JSON at byte 0: unexpected end"),
        ("{\"instances\":[NaN]}", "the body is not JSON at byte 14: expected value"),
        ("[]", object),
        ("7", object),
        ("{}", "instances: Field required"),
        ("{\"inputs\":[]}", "instances: Field required"),
        (
            "{\"instances\":[],\"instances\":[]}",
            "instances: Field given twice; instances: There should be at least one row",
        ),
    ];
    for (body, error) in cases {
        check_error(&post(PREDICT, body), 400, error);
    }
    check_error(&post(PREDICT, b"\xff"), 400, "the body is not JSON at byte 0: invalid UTF-8");
    let many = format!("[{}]", vec!["0"; limits::BATCH_ROWS + 1].join(","));
    check_error(&predict(&many), 413, "A request has at most 100000 rows");
    let headers = [("content-type".to_owned(), b"application/x-www-form-urlencoded".to_vec())];
    let body = format!("{{\"instances\":[{FIRST_LIST}]}}");
    let request = Request { headers: &headers, ..request("POST", PREDICT, body.as_bytes()) };
    assert_eq!(ask(&service(), &request).status, 200, "what curl sends where nothing is said");
}

#[test]
fn errors_in_one_sentence_are_bounded() {
    let rows = vec!["{}"; 200].join(",");
    let answer = predict(&format!("[{rows}]"));
    let error = answer.json["error"].as_str().unwrap();
    assert!(error.ends_with("; and 2590 more") && error.len() < 1_000, "{error}");
}
