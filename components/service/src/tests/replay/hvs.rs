//! The battery-hazard service: Flask 3.0 with pydantic 2.5.

use serde_json::{Map, json};

use super::*;

/// The original's sample readings, in model order: a module at rest, and one that is about to burn.
const NORMAL: [f64; 30] = [
    27.5, 28.0, 52.0, -2.0, 70.0, 5.0, 5.0, 5.0, 22.5, 0.1, 0.0, -0.02, 27.4, 0.1, 27.3, 0.2, 27.2, 0.3,
    52.0, 0.02, 52.0, 0.03, 52.1, 0.04, -2.0, 0.1, -2.1, 0.2, -2.0, 0.15,
];
const HAZARD: [f64; 30] = [
    75.5, 80.2, 38.5, -5.5, 30.2, 350.0, 420.0, 510.0, 23.5, 3.5, -0.8, -1.5, 65.0, 5.0, 55.0, 8.0, 48.0,
    10.0, 40.0, 1.0, 42.5, 1.5, 45.0, 2.0, -5.3, 0.3, -5.4, 0.4, -5.2, 0.5,
];

fn hvs() -> Model<'static> {
    Model::open(include_bytes!("../../../../../models/hvs.portent")).unwrap()
}

fn reading(values: [f64; 30]) -> Map<String, Value> {
    let model = hvs();
    let names = model.features().map(|feature| feature.name().to_owned());
    let fields = names.zip(values.into_iter().map(Value::from));
    fields.chain([("Module_ID".to_owned(), json!("K8sTestModule01"))]).collect()
}

fn readings(readings: &[Map<String, Value>]) -> String {
    json!({ "readings": readings }).to_string()
}

/// The reading of a module at rest with one field changed, or removed where there is no value.
fn with(field: &str, value: Option<Value>) -> String {
    let mut reading = reading(NORMAL);
    match value {
        Some(value) => reading.insert(field.to_owned(), value),
        None => reading.remove(field),
    };
    readings(&[reading])
}

fn prediction(module: &Value, class: usize) -> Value {
    json!({ "Module_ID": module, "hazard_prediction": class, "hazard_probability": "…" })
}

fn answer(predictions: &[Value]) -> Value {
    json!({ "error": null, "model_version": "…", "predictions": predictions })
}

/// An answer to input that breaks rules, each told as pydantic tells it.
fn invalid(details: &Value) -> Value {
    json!({ "error": "Invalid input format", "details": details })
}

fn detail(kind: &str, field: &str, msg: &str, input: &Value) -> Value {
    let url = format!("https://errors.pydantic.dev/2.5/v/{kind}");
    json!([{ "type": kind, "loc": ["readings", 0, field], "msg": msg, "input": input, "url": url }])
}

#[test]
fn requests_of_the_original_are_answered_as_listed() {
    let service = Service::new(Config::default(), ModelState::Loaded(hvs()));
    let cases: Vec<_> = [predictions(), refused(), mended(), about()].into_iter().flatten().collect();
    replay(&service, "Battery", &cases);
}

fn predictions() -> Vec<Case> {
    let (normal, hazard) =
        (prediction(&"K8sTestModule01".into(), 0), prediction(&"K8sTestModule01".into(), 1));
    let mut warned = hazard.clone();
    warned["warnings"] = json!([{ "field": "Module_Voltage_V", "msg": "…" }]);
    let raw: Map<_, _> = reading(NORMAL)
        .into_iter()
        .filter(|(name, _)| !name.starts_with("Rolling") && !name.starts_with("Delta"))
        .chain([("Timestamp".to_owned(), json!("2024-01-01 00:00:00"))])
        .collect();
    vec![
        Case::post("normal sample", "/predict", readings(&[reading(NORMAL)]))
            .same(200, answer(std::slice::from_ref(&normal))),
        Case::post("hazard sample", "/predict", readings(&[reading(HAZARD)]))
            .original(200, answer(std::slice::from_ref(&hazard)))
            .ours(200, answer(std::slice::from_ref(&warned)), "Warnings"),
        Case::post("both", "/predict", readings(&[reading(NORMAL), reading(HAZARD)]))
            .original(200, answer(&[normal.clone(), hazard]))
            .ours(200, answer(&[normal.clone(), warned]), "Warnings"),
        Case::post("no module", "/predict", with("Module_ID", None))
            .same(200, answer(&[prediction(&Value::Null, 0)])),
        Case::post("null module", "/predict", with("Module_ID", Some(Value::Null)))
            .same(200, answer(&[prediction(&Value::Null, 0)])),
        Case::post("raw reading", "/predict", readings(&[raw]))
            .original(400, json!({ "error": "Invalid input format", "details": "…" }))
            .ours(200, answer(&[normal]), "Raw readings"),
    ]
}

fn refused() -> Vec<Case> {
    let voltage = "Module_Voltage_V";
    let number = "Input should be a valid number";
    let without: Value = serde_json::from_str(&with(voltage, None)).unwrap();
    let missing = |input: &Value| invalid(&detail("missing", voltage, "Field required", input));
    let text = detail(
        "float_parsing",
        voltage,
        &format!("{number}, unable to parse string as a number"),
        &json!("high"),
    );
    vec![
        Case::post("missing field", "/predict", with(voltage, None))
            .original(400, missing(&without["readings"][0]))
            .ours(400, missing(&Value::Null), "Long values"),
        Case::post("wrong type", "/predict", with(voltage, Some(json!("high")))).same(400, invalid(&text)),
        Case::post("null", "/predict", with(voltage, Some(Value::Null)))
            .same(400, invalid(&detail("float_type", voltage, number, &Value::Null))),
    ]
}

fn mended() -> Vec<Case> {
    let charge = "Module_SoC_percent";
    let msg = "Input should be less than or equal to 100";
    let mut beyond = detail("less_than_equal", charge, msg, &json!(150.0));
    beyond[0]["ctx"] = json!({ "le": 100 });
    let nan = with("Module_Voltage_V", Some(json!("not a number"))).replace("\"not a number\"", "NaN");
    let syntax = json!({ "error": "Could not parse input JSON", "details": "…" });
    let empty = json!([{ "type": "too_short", "loc": ["readings"], "msg": "…", "input": [] }]);
    let no_object =
        json!([{ "type": "model_attributes_type", "loc": [], "msg": "…", "input": null, "url": "…" }]);
    let failed = |error: &str| json!({ "error": error, "model_version": null, "predictions": [] });
    let normal = readings(&[reading(NORMAL)]);
    let page = json!("<!doctype html>…");
    let media = json!({ "error": "Content-Type is not supported; send application/json" });
    vec![
        Case::post("charge beyond 100 %", "/predict", with(charge, Some(json!(150.0))))
            .original(500, page.clone())
            .ours(400, invalid(&beyond), "State of charge"),
        Case::post("NaN", "/predict", nan)
            .original(200, answer(&[prediction(&"K8sTestModule01".into(), 1)]))
            .ours(400, syntax.clone(), "NaN"),
        Case::post("not JSON", "/predict", "{bad").original(400, page.clone()).ours(400, syntax, "No HTML"),
        Case { content_type: "text/plain", ..Case::post("wrong content type", "/predict", normal.clone()) }
            .original(415, page)
            .ours(415, media, "No HTML"),
        Case::post("null body", "/predict", "null")
            .original(400, json!({ "error": "Could not parse input JSON" }))
            .ours(400, invalid(&no_object), "Rules are named"),
        Case::post("no readings", "/predict", readings(&[]))
            .original(400, failed("at least one array or dtype is required"))
            .ours(400, invalid(&empty), "Rules are named"),
        Case::post("no model", "/predict", normal)
            .without_model()
            .original(500, failed("Model/Scaler could not be loaded."))
            .ours(503, json!({ "detail": "Model not loaded" }), "Absent model"),
    ]
}

fn about() -> Vec<Case> {
    let missing = json!("<!doctype html>…");
    vec![
        Case::get("greeting", "/").original(200, json!("HVS Prediction API is running!")).ours(
            200,
            json!({ "message": "…", "model_name": "hvs_random_forest", "…": 0 }),
            "Description",
        ),
        Case::get("health", "/health").original(404, missing.clone()).ours(
            200,
            json!({ "status": "healthy", "…": 0 }),
            "Health",
        ),
        Case::get("readiness", "/health/ready").original(404, missing.clone()).ours(
            200,
            json!({ "status": "ready", "…": 0 }),
            "Health",
        ),
        Case::get("unknown path", "/nothing").original(404, missing).ours(
            404,
            json!({ "error": "Not Found" }),
            "No HTML",
        ),
        Case::get("metrics", "/metrics").original(200, json!("# HELP …")).ours(
            404,
            json!({ "error": "Not Found" }),
            "Metrics",
        ),
    ]
}
