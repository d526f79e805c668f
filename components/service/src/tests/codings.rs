//! Rows in the Kaggle coding: recognised where the values prove it, asked for where they contradict.

use super::*;

/// The first UCI row in Kaggle coding: the example that the original's own documentation sends.
const KAGGLE_ROW: &str = r#"{"age":63,"sex":1,"cp":3,"trestbps":145,"chol":233,"fbs":1,"restecg":0,"thalach":150,"exang":0,"oldpeak":2.3,"slope":0,"ca":0,"thal":1}"#;

/// Valid in both codings, with different meanings.
const AMBIGUOUS_ROW: &str = r#"{"age":50,"sex":0,"cp":2,"trestbps":120,"chol":200,"fbs":0,"restecg":1,"thalach":160,"exang":0,"oldpeak":1.0,"slope":1,"ca":0,"thal":3}"#;

fn stating(row: &str, coding: &str) -> String {
    row.replacen('{', &format!("{{\"encoding\":\"{coding}\","), 1)
}

#[test]
fn kaggle_values_prove_their_coding_and_the_answer_says_so() {
    let answer = post("/predict", KAGGLE_ROW);
    let plain = post("/predict", FIRST_ROW);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json["encoding"], "kaggle");
    assert_eq!(answer.json["confidence"], plain.json["confidence"]);
    assert_eq!(plain.json.get("encoding"), None);
}

#[test]
fn stated_coding_decides() {
    assert_eq!(post("/predict", stating(KAGGLE_ROW, "kaggle")).json["encoding"], "kaggle");
    assert_eq!(post("/predict", stating(FIRST_ROW, "uci")).json, post("/predict", FIRST_ROW).json);
    let as_kaggle = post("/predict", stating(AMBIGUOUS_ROW, "kaggle"));
    assert_eq!(as_kaggle.status, 200);
    assert_ne!(as_kaggle.json["confidence"], post("/predict", AMBIGUOUS_ROW).json["confidence"]);
    let wrong = post("/predict", stating(KAGGLE_ROW, "uci"));
    assert_eq!(violations(&wrong).len(), 2, "slope and thal break the UCI bounds");
    check_violation(&post("/predict", stating(FIRST_ROW, "UCI")), "literal_error", "body.encoding");
}

#[test]
fn ambiguous_rows_are_read_as_uci() {
    let answer = post("/predict", AMBIGUOUS_ROW);
    let score = 1.0 - answer.json["confidence"].as_f64().unwrap();
    assert!((score - 0.017_040_931_086_136_343).abs() < 1e-5, "{score}");
    assert_eq!(answer.json.get("encoding"), None);
}

#[test]
fn contradicting_values_are_asked_about() {
    let answer = post("/predict", row_with("slope", "0"));
    assert_eq!(
        violations(&answer),
        [
            ("encoding_conflict".into(), "body.encoding".into()),
            ("greater_than_equal".into(), "body.slope".into())
        ]
    );
    let message = answer.json["detail"][0]["msg"].as_str().unwrap();
    assert!(
        message.contains("slope cannot be uci") && message.contains("thal cannot be kaggle"),
        "{message}"
    );
}

#[test]
fn kaggle_codes_for_missing_are_named() {
    let row = KAGGLE_ROW.replace("\"ca\":0", "\"ca\":4").replace("\"thal\":1", "\"thal\":0");
    assert_eq!(
        violations(&post("/predict", row)),
        [("missing_value".into(), "body.ca".into()), ("missing_value".into(), "body.thal".into())]
    );
    let row = KAGGLE_ROW.replace("\"cp\":3", "\"cp\":7");
    check_violation(&post("/predict", row), "encoding_value", "body.cp");
}

#[test]
fn each_row_of_a_batch_has_its_coding() {
    let answer = post("/predict/batch", format!("{{\"patients\":[{FIRST_ROW},{KAGGLE_ROW}]}}"));
    assert_eq!(answer.json["predictions"][0].get("encoding"), None);
    assert_eq!(answer.json["predictions"][1]["encoding"], "kaggle");
    let stated = format!("{{\"encoding\":\"kaggle\",\"patients\":[{AMBIGUOUS_ROW}]}}");
    assert_eq!(post("/predict/batch", stated).json["predictions"][0]["encoding"], "kaggle");
    let unknown = format!("{{\"encoding\":5,\"patients\":[{AMBIGUOUS_ROW}]}}");
    check_violation(&post("/predict/batch", unknown), "literal_error", "body.encoding");
}
