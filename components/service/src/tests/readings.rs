//! Lists of readings, over a small model: two sensors, a change and a rolling mean of the first.

use std::sync::LazyLock;

use portent_model::{
    Aggregate, ClassSpec, Derivation, DerivationKind, EnsembleSpec, FeatureKind, FeatureSpec, Interface,
    Link, MissingPolicy, ModelSpec, NodeSpec, Parameters, Precision, Style, Test, TreeSpec,
};
use serde_json::json;

use super::*;

/// Hazardous where the rolling mean of the temperature is above 50, or its change above 5.
static ARTEFACT: LazyLock<Vec<u8>> = LazyLock::new(|| spec().to_bytes().unwrap());

/// The small model.
pub(super) fn small() -> Model<'static> {
    Model::open(&ARTEFACT).unwrap()
}

pub(super) fn spec() -> ModelSpec {
    let derived = |feature, kind, window| Derivation { feature, kind, source: 0, window };
    let text = str::to_owned;
    ModelSpec {
        name: text("small_forest"),
        app: text("small"),
        version: text("1.2.3"),
        model_type: text("RandomForest"),
        description: text("For tests."),
        threshold: 0.5,
        positive_class: 1,
        features: vec![
            feature("temperature", (-50.0, 200.0)),
            feature("charge", (0.0, 100.0)),
            feature("change", (-1e6, 1e6)),
            feature("mean", (-1e6, 1e6)),
        ],
        encodings: vec![],
        classes: ["Normal", "Hazardous"].map(|name| ClassSpec { name: text(name), share: 0.5 }).to_vec(),
        parameters: Parameters::Trees(EnsembleSpec {
            aggregate: Aggregate::Mean,
            link: Link::Identity,
            test: Test::AtMost,
            inputs: Precision::Double,
            sum: Precision::Double,
            base: 0.0,
            trees: vec![stump(3, 50.0), stump(2, 5.0)],
        }),
        interface: Interface {
            style: Style::Readings,
            list: "readings",
            group: "Module_ID",
            time: "Timestamp",
            prediction: "hazard_prediction",
            score: "hazard_probability",
        },
        derivations: vec![derived(2, DerivationKind::Delta, 1), derived(3, DerivationKind::RollingMean, 3)],
        profiles: vec![],
        self_check: vec![],
        metadata: String::new(),
    }
}

fn feature(name: &str, (lower, upper): (f64, f64)) -> FeatureSpec {
    FeatureSpec {
        name: name.to_owned(),
        unit: String::new(),
        description: String::new(),
        kind: FeatureKind::Number,
        missing: MissingPolicy::Reject,
        lower,
        upper,
        plausible: (lower, upper),
        imputed: 0.0,
        categories: vec![],
    }
}

/// 0.1 up to the threshold, 0.9 above it.
fn stump(feature: u32, threshold: f64) -> TreeSpec {
    let root =
        NodeSpec::Split { feature, threshold, holds: 1, fails: 2, missing_holds: false, mean: Some(0.3) };
    TreeSpec { nodes: vec![root, NodeSpec::Leaf { value: 0.1 }, NodeSpec::Leaf { value: 0.9 }] }
}

fn ask_small(path: &str, body: impl AsRef<[u8]>) -> Answer {
    let model = small();
    let service = Service::new(Config::default(), ModelState::Loaded(model));
    ask(&service, &request("POST", path, body.as_ref()))
}

fn readings(readings: &Value) -> Answer {
    ask_small("/predict", json!({ "readings": readings }).to_string())
}

fn complete(temperature: f64, change: f64, mean: f64) -> Value {
    json!({ "Module_ID": "M1", "temperature": temperature, "charge": 50.0, "change": change, "mean": mean })
}

fn raw(module: &str, second: u32, temperature: impl Into<Value>) -> Value {
    let time = format!("2024-01-01T00:00:{second:02}Z");
    json!({ "Module_ID": module, "Timestamp": time, "temperature": temperature.into(), "charge": 50.0 })
}

fn probabilities(answer: &Answer) -> Vec<f64> {
    assert_eq!(answer.status, 200, "{}", answer.json);
    let predictions = answer.json["predictions"].as_array().unwrap();
    predictions.iter().map(|prediction| prediction["hazard_probability"].as_f64().unwrap()).collect()
}

/// The one broken rule, which names its type and place.
#[track_caller]
fn check_broken(answer: &Answer, kind: &str, place: &[Value]) {
    assert_eq!(
        (answer.status, &answer.json["error"]),
        (400, &"Invalid input format".into()),
        "{}",
        answer.json
    );
    let details = answer.json["details"].as_array().unwrap();
    assert_eq!((details.len(), &details[0]["type"]), (1, &kind.into()), "{}", answer.json);
    assert_eq!(details[0]["loc"], Value::from(place.to_vec()));
}

#[test]
fn complete_readings_answer_as_the_original() {
    let answer = readings(&json!([complete(20.0, 0.0, 20.0), complete(80.0, 9.0, 60.0)]));
    let expected = concat!(
        r#"{"error":null,"model_version":"1.2.3","predictions":["#,
        r#"{"Module_ID":"M1","hazard_prediction":0,"hazard_probability":0.1},"#,
        r#"{"Module_ID":"M1","hazard_prediction":1,"hazard_probability":0.9}]}"#
    );
    assert_eq!((answer.status, std::str::from_utf8(&answer.response.body).unwrap()), (200, expected));
    assert_eq!(answer.event.predictions[0].rows, 2);
}

#[test]
fn raw_readings_are_completed_module_by_module_in_time_order() {
    let rows = [raw("A", 20, 40), raw("B", 0, 60), raw("A", 0, 30), raw("B", 10, 61), raw("A", 10, 38)];
    let answer = readings(&json!(rows));
    // A: 30, 38 (+8), 40 (+2), means 30, 34, 36; B: 60, 61 (+1), means 60, 60.5.
    assert_eq!(probabilities(&answer), [0.1, 0.5, 0.1, 0.5, 0.5]);
    let modules: Vec<_> =
        answer.json["predictions"].as_array().unwrap().iter().map(|p| &p["Module_ID"]).collect();
    assert_eq!(modules, ["A", "B", "A", "B", "A"]);
}

#[test]
fn windows_look_back_over_their_rows_only() {
    let rows: Vec<_> = (0..8).map(|second| raw("A", second, if second < 4 { 100 } else { 20 })).collect();
    // Of three rows: 100, 100, 100, 100, 73.3, 46.7, 20, 20.
    let expected = [0.5, 0.5, 0.5, 0.5, 0.5, 0.1, 0.1, 0.1];
    assert_eq!(probabilities(&readings(&json!(rows))), expected);
}

#[test]
fn gaps_of_raw_readings_are_filled_and_counted() {
    let mut absent = raw("A", 20, 0);
    absent.as_object_mut().unwrap().remove("temperature");
    let answer = readings(&json!([raw("A", 0, Value::Null), raw("A", 10, 60), absent, raw("A", 30, 61)]));
    assert_eq!(probabilities(&answer), [0.5; 4], "filled backward, then forward: no change above 5");
    assert_eq!(answer.event.predictions[0].missing.iter().collect::<Vec<_>>(), [(0, 2)]);
    let nothing = readings(&json!([raw("B", 0, 20), raw("A", 0, Value::Null), raw("A", 10, Value::Null)]));
    check_broken(&nothing, "no_value", &["readings".into(), 1.into(), "temperature".into()]);
}

#[test]
fn times_come_as_text_or_seconds() {
    let timed = |times: [Value; 3]| {
        let rows = times.into_iter().zip([20, 40, 30]).map(
            |(time, temperature)| json!({ "Timestamp": time, "temperature": temperature, "charge": 50.0 }),
        );
        readings(&rows.collect())
    };
    // In time order 20, 30 (+10), 40 (+10).
    let expected = [0.1, 0.5, 0.5];
    let forms = [
        [0.into(), 20.into(), 10.5.into()],
        ["2024-01-01 00:00:00".into(), "2024-01-01 00:00:20".into(), "2024-01-01 00:00:10".into()],
        ["2024-01-01T01:00:00+01:00".into(), "2024-01-01T00:00:20Z".into(), "2024-01-01T00:00:10.5Z".into()],
    ];
    for form in forms {
        let answer = timed(form);
        assert_eq!(probabilities(&answer), expected);
        assert_eq!(answer.json["predictions"][0]["Module_ID"], Value::Null);
    }
    let place = |row: usize| ["readings".into(), row.into(), "Timestamp".into()];
    for bad in [json!("soon"), json!(null), json!(true), json!(1e300), json!([])] {
        check_broken(&timed([0.into(), bad, 10.into()]), "datetime_parsing", &place(1));
    }
    check_broken(&timed([0.into(), 10.into(), 10.into()]), "duplicate_time", &place(2));
    let missing = readings(&json!([{ "temperature": 20, "charge": 50.0 }]));
    check_broken(&missing, "missing", &place(0));
}

#[test]
fn broken_readings_name_place_and_rule() {
    let place = |field: &str| ["readings".into(), 0.into(), field.into()];
    let with = |field: &str, value: Value| {
        let mut reading = complete(20.0, 0.0, 20.0);
        reading[field] = value;
        readings(&json!([reading]))
    };
    check_broken(&with("charge", 130.into()), "less_than_equal", &place("charge"));
    check_broken(&with("charge", (-0.5).into()), "greater_than_equal", &place("charge"));
    assert!(
        with("change", 1e300.into()).json["details"][0]["msg"]
            .as_str()
            .unwrap()
            .ends_with("equal to 1000000")
    );
    check_broken(&with("charge", Value::Null), "float_type", &place("charge"));
    check_broken(&with("charge", "full".into()), "float_parsing", &place("charge"));
    check_broken(&with("change", Value::Null), "float_type", &place("change"));
    check_broken(&with("Module_ID", 7.into()), "string_type", &place("Module_ID"));
    let incomplete = readings(&json!([{ "temperature": 20, "charge": 50, "change": 0 }]));
    check_broken(&incomplete, "missing", &place("mean"));
    check_broken(&readings(&json!([5])), "model_attributes_type", &["readings".into(), 0.into()]);
    let mixed = readings(&json!([complete(20.0, 0.0, 20.0), raw("A", 0, 20)]));
    check_broken(&mixed, "mixed_forms", &["readings".into(), 1.into()]);
    assert_eq!(probabilities(&with("charge", "50.5".into())), [0.1], "coerced as in the original");
}

#[test]
fn broken_bodies_are_told_in_the_form_of_the_application() {
    check_broken(&ask_small("/predict", r#"{"readings":[]}"#), "too_short", &["readings".into()]);
    check_broken(&ask_small("/predict", r#"{"readings":{}}"#), "list_type", &["readings".into()]);
    check_broken(&ask_small("/predict", "{}"), "missing", &["readings".into()]);
    check_broken(&ask_small("/predict", "null"), "model_attributes_type", &[]);
    let twice = r#"{"readings":[{"Timestamp":0,"temperature":1,"charge":1}],"readings":[]}"#;
    check_broken(&ask_small("/predict", twice), "duplicate_key", &["readings".into()]);
    for text in ["", "{bad", r#"{"readings":[{"temperature":NaN}]}"#, r#"{"readings":[{}]"#] {
        let answer = ask_small("/predict", text);
        assert_eq!(
            (answer.status, &answer.json["error"]),
            (400, &"Could not parse input JSON".into()),
            "{text}"
        );
        assert!(answer.json["details"][0]["loc"][0].is_u64(), "{}", answer.json);
    }
    let rows = vec!["0"; crate::limits::BATCH_ROWS + 1].join(",");
    let large = ask_small("/predict", format!("{{\"readings\":[{rows}]}}"));
    assert_eq!((large.status, large.json["error"].is_string()), (413, true));
    let missing = ask_small("/predict/batch", "{}");
    assert_eq!((missing.status, &missing.json), (404, &json!({ "error": "Not Found" })));
}

#[test]
fn explanations_sum_to_the_score() {
    let answer =
        ask_small("/predict?explain=true", json!({ "readings": [complete(80.0, 9.0, 20.0)] }).to_string());
    let explanation = &answer.json["predictions"][0]["explanation"];
    assert_eq!(explanation["scale"], "probability");
    assert!((explanation["sum"].as_f64().unwrap() - 0.5).abs() < 1e-12);
    let contributions = explanation["contributions"].as_array().unwrap();
    assert_eq!(contributions[0]["feature"], "change");
    let sum: f64 = contributions.iter().map(|c| c["contribution"].as_f64().unwrap()).sum();
    assert!((explanation["base"].as_f64().unwrap() + sum - 0.5).abs() < 1e-12);
    let bad =
        ask_small("/predict?explain=perhaps", json!({ "readings": [complete(80.0, 9.0, 20.0)] }).to_string());
    check_broken(&bad, "bool_parsing", &["query".into(), "explain".into()]);
}
