//! A scorer of another component in every protocol, with and without faults.

mod descriptions;
mod misbehaving;

use portent_event::ErrorType;
use portent_model::FeatureKind;
use serde_json::json;

use super::*;
use crate::{ClassScores, DescribedFeature, Description, Imported, Missing, ScoreError, ScoreFunction};

fn feature(name: &str, kind: FeatureKind, missing: Missing) -> DescribedFeature {
    let (lower, upper) = (Some(0.0), Some(100.0));
    DescribedFeature {
        name: name.to_owned(),
        unit: "K".to_owned(),
        kind,
        lower,
        upper,
        categories: vec![],
        missing,
    }
}

/// Two classes; of `heat` a missing value is 20, and `load` may be missing.
fn description() -> Description {
    let mut state = feature("state", FeatureKind::Category, Missing::Reject);
    state.categories = vec![(1.0, "on".to_owned()), (0.0, "off".to_owned())];
    Description {
        name: "rules".to_owned(),
        version: "1.2".to_owned(),
        model_type: "RuleList".to_owned(),
        features: vec![
            feature("heat", FeatureKind::Number, Missing::Impute(20.0)),
            feature("load", FeatureKind::Integer, Missing::Pass),
            state,
        ],
        classes: ["cool", "hot"].map(str::to_owned).into(),
        positive_class: 1,
        threshold: Some(0.5),
        explains: true,
    }
}

fn three_classes() -> Description {
    let classes = ["cool", "warm", "hot"].map(str::to_owned).into();
    Description { classes, threshold: None, ..description() }
}

/// A percent of heat is a hundredth of a score; 90 and more is refused.
fn by_heat(values: &[f64], explain: bool) -> Result<ClassScores, ScoreError> {
    let mut scores = ClassScores::default();
    for (index, row) in (0..).zip(values.chunks(3)) {
        if row[0] >= 90.0 {
            return Err(ScoreError::Row(index, "too hot to judge".to_owned()));
        }
        let load = if row[1].is_nan() { 0.0 } else { row[1] / 1_000.0 };
        let hot = row[0] / 100.0 + load;
        scores.values.extend([1.0 - hot, hot]);
        if explain {
            scores.contributions.extend([row[0] / 100.0 - 0.2, load, 0.0]);
        }
    }
    Ok(scores)
}

/// Scores of cool, warm and hot by the heat.
fn by_heat_in_three(values: &[f64], _: bool) -> Result<ClassScores, ScoreError> {
    let of = |row: &[f64]| match row[0] {
        ..30.0 => [0.5, 0.3, 0.2],
        30.0..60.0 => [0.2, 0.45, 0.35],
        _ => [0.25, 0.35, 0.4],
    };
    Ok(ClassScores { values: values.chunks(3).flat_map(of).collect(), contributions: vec![] })
}

fn silent(_: &str) {}

fn service_of(description: &Description, score: ScoreFunction) -> Service<'static> {
    let state = match description.to_artefact() {
        Ok(artefact) => ModelState::Imported(Imported::new(artefact.leak(), score, silent).unwrap()),
        Err(rule) => ModelState::Contradictory(rule),
    };
    Service::new(Config::default(), state)
}

fn send(service: &Service<'_>, path: &str, body: &Value) -> Answer {
    let headers = [("content-type".to_owned(), b"application/json".to_vec())];
    let body = body.to_string();
    ask(service, &Request { headers: &headers, ..request("POST", path, body.as_bytes()) })
}

/// The rows, and their scores of `hot`.
fn golden() -> (Value, [f64; 3]) {
    let rows = json!([
        { "heat": 70, "load": 100, "state": 1 },
        { "heat": null, "load": 50, "state": 0 },
        { "heat": 30, "load": null, "state": 1 },
    ]);
    (rows, [0.7 + 0.1, 0.2 + 0.05, 0.3])
}

#[test]
fn every_protocol_gives_the_scores_of_the_component() {
    let service = service_of(&description(), by_heat);
    let (rows, hot) = golden();
    let classes = [1, 0, 0];
    let confidence = [hot[0], 1.0 - hot[1], 1.0 - hot[2]];
    for (row, index) in rows.as_array().unwrap().iter().zip(0..) {
        let answer = send(&service, "/predict", row);
        assert_eq!(answer.json["prediction"], classes[index], "{}", answer.json);
        assert_eq!(answer.json["confidence"], confidence[index]);
    }
    let batch = send(&service, "/predict/batch", &json!({ "instances": rows }));
    assert_eq!(batch.json["count"], 3, "{}", batch.json);
    assert_eq!(batch.json["predictions"][1]["confidence"], confidence[1]);
    let probabilities: Vec<Value> = hot.iter().map(|hot| json!([1.0 - hot, hot])).collect();
    let asked = json!({ "instances": rows, "parameters": { "probabilities": true } });
    let v1 = send(&service, "/v1/models/rules:predict", &asked);
    assert_eq!(v1.json["predictions"], json!(probabilities), "{}", v1.json);
    let lists = json!([[70, 100, 1], [null, 50, 0], [30, null, 1]]);
    let mlflow = send(&service, "/invocations", &json!({ "inputs": lists }));
    assert_eq!(mlflow.json["predictions"], json!(classes), "{}", mlflow.json);
    let split = json!({ "columns": ["heat", "load", "state"], "data": lists });
    let mlflow = send(&service, "/invocations", &json!({ "dataframe_split": split }));
    assert_eq!(mlflow.json["predictions"], json!(classes), "{}", mlflow.json);
    let input = json!({ "name": "input", "shape": [3, 3], "datatype": "FP64", "data": lists });
    let v2 = send(&service, "/v2/models/rules/infer", &json!({ "inputs": [input] }));
    assert_eq!(v2.status, 200, "{}", v2.json);
    let flat: Vec<Value> = probabilities.iter().flat_map(|row| row.as_array().unwrap().clone()).collect();
    assert_eq!(v2.json["outputs"][1]["data"], json!(flat), "{}", v2.json);
}

#[test]
fn what_is_predicted_is_counted_as_for_an_artefact() {
    let service = service_of(&description(), by_heat);
    let answer = send(&service, "/predict/batch", &json!({ "instances": golden().0 }));
    let predictions = &answer.event.predictions[0];
    assert_eq!((answer.event.app.as_ref(), predictions.version.as_ref()), ("rules", "1.2"));
    assert_eq!(predictions.classes.iter().map(|class| class.count).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(predictions.missing.iter().collect::<Vec<_>>(), [(0, 1), (1, 1)]);
    assert_eq!(predictions.score_sum_nano, 1_350_000_000);
    let profile = ask(&service, &request("GET", "/model/profile", b"")).json;
    assert_eq!(profile["sha256"], json!(predictions.model));
    let other = Description { version: "1.3".to_owned(), ..description() };
    let other = ask(&service_of(&other, by_heat), &request("GET", "/model/profile", b"")).json;
    assert_ne!(profile["sha256"], other["sha256"], "two descriptions share no series");
}

#[test]
fn explanations_add_up_to_the_score() {
    let service = service_of(&description(), by_heat);
    let answer = send(&service, "/predict?explain=true", &golden().0[0]);
    let explanation = &answer.json["explanation"];
    assert_eq!(
        (&explanation["scale"], &explanation["contributions"][0]["feature"]),
        (&json!("probability"), &json!("heat"))
    );
    let (base, sum) = (explanation["base"].as_f64().unwrap(), explanation["sum"].as_f64().unwrap());
    assert!((base - 0.2).abs() < 1e-12 && (sum - 0.8).abs() < 1e-12, "{explanation}");
    let silent = Description { explains: false, ..description() };
    let answer = send(&service_of(&silent, by_heat), "/predict?explain=true", &golden().0[0]);
    assert_eq!((answer.status, &answer.json["detail"]), (400, &json!("The model has no explanations")));
}

#[test]
fn of_three_classes_the_threshold_or_the_greatest_score_decides() {
    let row = |heat: u32| json!({ "heat": heat, "load": 0, "state": 0 });
    let (greatest, alarm) =
        (three_classes(), Description { threshold: Some(0.3), positive_class: 2, ..three_classes() });
    for (description, expected) in
        [(greatest, [(0, 0.5), (1, 0.45), (2, 0.4)]), (alarm, [(0, 0.5), (2, 0.35), (2, 0.4)])]
    {
        let service = service_of(&Description { explains: false, ..description }, by_heat_in_three);
        for (heat, (class, confidence)) in [10, 40, 70].into_iter().zip(expected) {
            let answer = send(&service, "/predict", &row(heat));
            assert_eq!(
                (&answer.json["prediction"], &answer.json["confidence"]),
                (&json!(class), &json!(confidence))
            );
            let counted = &answer.event.predictions[0].classes;
            assert_eq!(counted.iter().map(|class| class.count).sum::<u32>(), 1);
            assert_eq!(counted[class].count, 1);
        }
        let tensor =
            json!({ "name": "input", "shape": [2, 3], "datatype": "FP64", "data": [10, 0, 0, 70, 0, 0] });
        let v2 = send(&service, "/v2/models/rules/infer", &json!({ "inputs": [tensor] }));
        assert_eq!(v2.json["outputs"][1]["shape"], json!([2, 3]), "{}", v2.json);
        assert_eq!(v2.json["outputs"][1]["data"], json!([0.5, 0.3, 0.2, 0.25, 0.35, 0.4]));
    }
}

#[test]
fn the_api_is_described_from_the_description() {
    let service = service_of(&description(), by_heat);
    let document = ask(&service, &request("GET", "/openapi.json", b""));
    assert_eq!(document.status, 200);
    let text = document.json.to_string();
    for part in ["heat", "load", "state", "RuleList", "cool", "hot"] {
        assert!(text.contains(part), "{part}");
    }
    let info = ask(&service_of(&three_classes(), by_heat_in_three), &request("GET", "/model/info", b""));
    assert_eq!(
        (&info.json["threshold"], &info.json["classes"]),
        (&Value::Null, &json!(["cool", "warm", "hot"]))
    );
}

#[test]
fn no_rows_ask_no_component() {
    fn never(_: &[f64], _: bool) -> Result<ClassScores, ScoreError> {
        panic!("asked for no rows")
    }
    let answer = send(&service_of(&description(), never), "/predict/batch", &json!({ "instances": [] }));
    assert_eq!((answer.status, &answer.json["count"]), (200, &json!(0)), "{}", answer.json);
}
