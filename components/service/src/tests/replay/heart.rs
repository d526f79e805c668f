//! The heart-disease service: FastAPI 0.104 with pydantic 2.5.

use serde_json::json;

use super::*;

/// The first row in the coding of the Kaggle copies: the example of the original's own documentation.
const KAGGLE_ROW: &str = r#"{"age":63,"sex":1,"cp":3,"trestbps":145,"chol":233,"fbs":1,"restecg":0,"thalach":150,"exang":0,"oldpeak":2.3,"slope":0,"ca":0,"thal":1}"#;

/// The second patient of the original's test script: valid in both codings.
const AMBIGUOUS_ROW: &str = r#"{"age":50,"sex":0,"cp":2,"trestbps":120,"chol":200,"fbs":0,"restecg":1,"thalach":160,"exang":0,"oldpeak":1.0,"slope":1,"ca":0,"thal":3}"#;

#[test]
fn requests_of_the_original_are_answered_as_listed() {
    let cases: Vec<_> =
        [about(), predictions(), coerced(), refused(), batches(), absent()].into_iter().flatten().collect();
    replay(&service(), "Heart", &cases);
}

fn about() -> Vec<Case> {
    let names = [
        "age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang", "oldpeak", "slope",
        "ca", "thal",
    ];
    let root = |endpoints: Value| {
        json!({
            "message": "…", "version": "1.0.0", "model_loaded": true, "model_name": "logistic_regression",
            "endpoints": endpoints,
        })
    };
    let endpoints = json!({
        "/predict": "POST - Single prediction", "/predict/batch": "POST - Batch predictions",
        "/health": "GET - Health check", "/model/info": "GET - Model information",
        "/metrics": "GET - Prometheus metrics",
    });
    let ours = json!({
        "/predict": "POST - Single prediction", "/predict/batch": "POST - Batch predictions",
        "/health": "GET - Health check", "/model/info": "GET - Model information", "…": 0,
    });
    let mut root_here = root(ours);
    root_here["status"] = json!("alive");
    let healthy = json!({ "status": "healthy", "model_loaded": true, "model_name": "logistic_regression" });
    let info =
        json!({ "model_name": "logistic_regression", "model_type": "LogisticRegression", "features": names });
    let mut more = info.clone();
    more["…"] = json!(0);
    vec![
        Case::get("description", "/").original(200, root(endpoints)).ours(200, root_here, "More is said"),
        Case::get("health", "/health").same(200, healthy),
        Case::get("model", "/model/info").original(200, info).ours(200, more, "More is said"),
        Case::get("metrics", "/metrics").original(200, json!("# HELP …")).ours(
            404,
            json!({ "detail": "Not Found" }),
            "Metrics",
        ),
        Case::get("second documentation page", "/redoc").original(200, json!("<!DOCTYPE html>…")).ours(
            404,
            json!({ "detail": "Not Found" }),
            "Documentation",
        ),
        Case::get("unknown path", "/nothing").same(404, json!({ "detail": "Not Found" })),
        Case::get("wrong verb", "/predict").same(405, json!({ "detail": "Method Not Allowed" })),
        Case::get("slash too many", "/health/").same(307, json!("")),
    ]
}

fn answer(prediction: usize, confidence: f64) -> Value {
    json!({ "prediction": prediction, "confidence": confidence, "model_name": "logistic_regression" })
}

fn predictions() -> Vec<Case> {
    let first = 0.714_161_266_724_833_5;
    let mut kaggle = answer(0, first);
    kaggle["encoding"] = json!("kaggle");
    let bound = |field: &str, bound: usize, input: usize| {
        violation("greater_than_equal", &["body", field], &json!(input), bound)
    };
    let warned =
        json!({ "prediction": 0, "confidence": "…", "model_name": "logistic_regression", "warnings": "…" });
    let plain = json!({ "prediction": 0, "confidence": "…", "model_name": "logistic_regression" });
    vec![
        Case::post("first UCI row", "/predict", FIRST_ROW).same(200, answer(0, first)),
        Case::post("ambiguous row", "/predict", AMBIGUOUS_ROW)
            .same(200, answer(0, 1.0 - 0.017_040_931_086_136_343)),
        Case::post("sample of the documentation", "/predict", KAGGLE_ROW)
            .original(422, json!({ "detail": [bound("slope", 1, 0), bound("thal", 3, 1)] }))
            .ours(200, kaggle, "Kaggle coding"),
        Case::post("code without a meaning", "/predict", row_with("thal", "4"))
            .original(200, plain)
            .ours(200, warned, "Warnings"),
    ]
}

fn coerced() -> Vec<Case> {
    let first = answer(0, 0.714_161_266_724_833_5);
    let cases = [("age", "\"63\""), ("age", "63.0"), ("sex", "true"), ("extra", "\"ignored\"")];
    let case =
        |(field, value)| Case::post("coercion", "/predict", row_with(field, value)).same(200, first.clone());
    cases.into_iter().map(case).collect()
}

/// A violation of a lower bound, as pydantic 2.5 tells it.
fn violation(kind: &str, place: &[&str], input: &Value, least: usize) -> Value {
    json!({
        "type": kind, "loc": place, "msg": format!("Input should be greater than or equal to {least}"),
        "input": input, "ctx": { "ge": least }, "url": format!("https://errors.pydantic.dev/2.5/v/{kind}"),
    })
}

/// A violation without a bound, as pydantic 2.5 tells it.
fn broken(kind: &str, place: &[&str], msg: &str, input: &Value) -> Value {
    let url = format!("https://errors.pydantic.dev/2.5/v/{kind}");
    json!({ "detail": [{ "type": kind, "loc": place, "msg": msg, "input": input, "url": url }] })
}

fn refused() -> Vec<Case> {
    const FRACTION: &str = "Input should be a valid integer, got a number with a fractional part";
    const OBJECT: &str = "Input should be a valid dictionary or object to extract fields from";
    let age = |kind: &str, msg: &str, input: &Value| broken(kind, &["body", "age"], msg, input);
    let slope = violation("greater_than_equal", &["body", "slope"], &json!(0), 1);
    let conflict =
        json!({ "type": "encoding_conflict", "loc": ["body", "encoding"], "msg": "…", "input": null });
    let without_age: Value = serde_json::from_str(&row_with("age", "")).unwrap();
    let syntax = json!({
        "type": "json_invalid", "loc": ["body", 1], "msg": "JSON decode error", "input": {}, "ctx": "…",
    });
    let below = violation("greater_than_equal", &["body", "age"], &json!(-1), 0);
    let finite =
        broken("finite_number", &["body", "oldpeak"], "Input should be a finite number", &Value::Null);
    let no_body = broken("missing", &["body"], "Field required", &Value::Null);
    let no_object = broken("model_attributes_type", &["body"], OBJECT, &json!("…"));
    vec![
        Case::post("below a bound", "/predict", row_with("age", "-1"))
            .same(422, json!({ "detail": [below] })),
        Case::post("slope 0 in a UCI row", "/predict", row_with("slope", "0"))
            .original(422, json!({ "detail": [slope] }))
            .ours(422, json!({ "detail": [conflict, slope] }), "Kaggle coding"),
        Case::post("fraction", "/predict", row_with("age", "63.5"))
            .same(422, age("int_from_float", FRACTION, &json!(63.5))),
        Case::post("null", "/predict", row_with("age", "null"))
            .same(422, age("int_type", "Input should be a valid integer", &Value::Null)),
        Case::post("missing field", "/predict", row_with("age", ""))
            .same(422, age("missing", "Field required", &without_age)),
        Case::post("beyond a double", "/predict", row_with("oldpeak", "1e400"))
            .original(500, json!({ "detail": "Prediction error: …" }))
            .ours(422, finite, "Numbers beyond a double"),
        Case::post("not JSON", "/predict", "{bad").same(422, json!({ "detail": [syntax] })),
        Case::post("no body", "/predict", "").same(422, no_body),
        Case { content_type: "text/plain", ..Case::post("text/plain", "/predict", FIRST_ROW) }
            .same(422, no_object),
    ]
}

fn batches() -> Vec<Case> {
    let batch = |rows: &[&str]| format!("{{\"patients\":[{}]}}", rows.join(","));
    let answers = [answer(0, 0.714_161_266_724_833_5), answer(0, 1.0 - 0.017_040_931_086_136_343)];
    let both = json!({ "predictions": answers, "count": 2 });
    let broken = row_with("age", "-1");
    let mut bad = json!({ "detail": [violation("greater_than_equal", &[], &json!(-1), 0)] });
    bad["detail"][0]["loc"] = json!(["body", "patients", 1, "age"]);
    vec![
        Case::post("batch", "/predict/batch", batch(&[FIRST_ROW, AMBIGUOUS_ROW])).same(200, both),
        Case::post("empty batch", "/predict/batch", batch(&[]))
            .same(200, json!({ "predictions": [], "count": 0 })),
        Case::post("broken row", "/predict/batch", batch(&[FIRST_ROW, &broken])).same(422, bad),
        Case::post("endless batch", "/predict/batch", batch(&vec!["0"; crate::limits::BATCH_ROWS + 1]))
            .original(422, json!({ "detail": "…" }))
            .ours(413, json!({ "detail": "A batch has at most 100000 rows" }), "Limits"),
        Case::post("endless body", "/predict", " ".repeat(crate::limits::BODY_BYTES + 1))
            .original(422, json!({ "detail": "…" }))
            .ours(413, json!({ "detail": "A body has at most 16777216 bytes" }), "Limits"),
    ]
}

fn absent() -> Vec<Case> {
    let absent = json!({ "detail": "Model not loaded" });
    let healthy = json!({ "status": "healthy", "model_loaded": false, "model_name": null });
    vec![
        Case::get("health without a model", "/health").without_model().same(200, healthy),
        Case::get("model without a model", "/model/info").without_model().same(503, absent.clone()),
        Case::post("prediction without a model", "/predict", FIRST_ROW).without_model().same(503, absent),
    ]
}
