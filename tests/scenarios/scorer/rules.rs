//! The rules for battery modules, in each language that there is a scorer in.

use std::path::Path;
use std::process::Command;

use portent_tests::external::{self, workspace};
use serde_json::{Value, json};

use super::{Application, errors};
use crate::fixture::{Build, Running, for_both_builds, get};

/// Values of rows, and the score of `Hazardous` that the rules give them.
const GOLDEN: [([f64; 6], f64); 7] = [
    ([26.0, 25.1, 22.3, 2.1, 1.9, 2.0], 0.02),
    ([64.0, 60.0, 40.0, 2.1, 1.9, 2.0], 0.95),
    ([50.0, 38.0, 30.0, 2.1, 1.9, 2.0], 0.8),
    ([50.0, 48.0, 23.0, 2.1, 1.9, 2.0], 0.6),
    ([26.0, 25.1, 22.3, 30.0, 20.0, 2.0], 0.9),
    ([26.0, 25.1, 22.3, 2.1, 40.0, 40.0], 0.85),
    ([26.0, 25.1, 22.3, 2.1, 1.9, 60.0], 0.4),
];

const FEATURES: [&str; 6] = [
    "Module_Max_Surface_Temp_C",
    "Module_Avg_Surface_Temp_C",
    "Ambient_Temp_Rack_C",
    "Sim_OffGas_CO_ppm_proxy",
    "Sim_OffGas_H2_ppm_proxy",
    "Sim_OffGas_VOC_ppm_proxy",
];

fn record(row: &[f64; 6]) -> Value {
    FEATURES.iter().zip(row).map(|(name, value)| ((*name).to_owned(), json!(value))).collect()
}

fn near(value: &Value, expected: f64) -> bool {
    value.as_f64().is_some_and(|value| (value - expected).abs() < 1e-12)
}

/// Each dialect has the golden rows' classes and scores, and the metrics count them by the scorer's own names.
fn answers_in_every_dialect(host: &Running, model: &str) {
    let classes: Vec<_> = GOLDEN.iter().map(|(_, risk)| u8::from(*risk >= 0.5)).collect();
    for (row, risk) in &GOLDEN {
        let (status, answer) = host.post("/predict", &record(row).to_string());
        let class = u8::from(*risk >= 0.5);
        assert_eq!((status, &answer["prediction"]), (200, &json!(class)), "{answer}");
        assert!(near(&answer["confidence"], risk.max(1.0 - risk)), "{answer}");
    }
    let records: Vec<_> = GOLDEN.iter().map(|(row, _)| record(row)).collect();
    let rows: Vec<_> = GOLDEN.iter().map(|(row, _)| row).collect();
    let (status, answer) = host.post("/predict/batch", &json!({ "instances": records }).to_string());
    assert_eq!((status, &answer["count"]), (200, &json!(GOLDEN.len())), "{answer}");
    let (status, answer) =
        host.post(&format!("/v1/models/{model}:predict"), &json!({ "instances": rows }).to_string());
    assert_eq!((status, &answer["predictions"]), (200, &json!(classes)));
    let frame = json!({ "dataframe_split": { "columns": FEATURES, "data": rows } }).to_string();
    let (status, answer) = host.post("/invocations", &frame);
    assert_eq!((status, &answer["predictions"]), (200, &json!(classes)));
    let input = json!({ "name": "input", "shape": [rows.len(), 6], "datatype": "FP64", "data": rows });
    let (status, answer) =
        host.post(&format!("/v2/models/{model}/infer"), &json!({ "inputs": [input] }).to_string());
    assert_eq!((status, &answer["outputs"][0]["data"]), (200, &json!(classes)), "{answer}");
    let hazardous = 5 * classes.iter().filter(|class| **class == 1).count();
    let normal = 5 * GOLDEN.len() - hazardous;
    for (class, count) in [("Hazardous", hazardous), ("Normal", normal)] {
        host.wait_for(&format!(
            "predictions_total{{app=\"hvs-rules\",model_name=\"{model}\",prediction_result=\"{class}\"}} {count}"
        ));
    }
}

/// What is described is what is checked, explained and documented; what the scorer refuses is the client's to mend.
fn describes_itself(host: &Running) {
    let hot = record(&GOLDEN[1].0);
    let (status, answer) = host.post("/predict?explain=true", &hot.to_string());
    let contributions = &answer["explanation"]["contributions"];
    assert_eq!(status, 200);
    let value = contributions.as_array().unwrap().iter().find(|one| one["feature"] == FEATURES[0]).unwrap();
    assert!(near(&value["contribution"], 0.93), "{answer}");
    let mut cold = hot.clone();
    cold[FEATURES[0]] = json!(-300);
    let (status, answer) = host.post("/predict", &cold.to_string());
    assert_eq!((status, &answer["detail"][0]["loc"]), (422, &json!(["body", FEATURES[0]])), "{answer}");
    let mut crossed = hot;
    crossed[FEATURES[1]] = json!(65);
    let (status, answer) =
        host.post("/predict/batch", &json!({ "instances": [record(&GOLDEN[0].0), crossed] }).to_string());
    let violation = &answer["detail"][0];
    assert_eq!((status, &violation["loc"]), (422, &json!(["body", "instances", 1])), "{answer}");
    assert_eq!(violation["msg"], "the average temperature is above the highest one");
    let (status, document) = get(&format!("{}/openapi.json", host.base("serving")));
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(status, 200);
    assert!(document.to_string().contains(FEATURES[5]));
    assert_eq!(errors(host, "hvs-rules"), [("ValidationError".to_owned(), 2)].into());
}

fn rules_in_rust(build: Build) {
    let host = Application::of("components/scorer-rules", build).up(&[]);
    answers_in_every_dialect(&host, "hvs_rules");
    describes_itself(&host);
}

/// As the manifest's, with a scorer that was built elsewhere.
fn with_scorer(build: Build, file: &Path) -> Application {
    let application = Application::of("components/scorer-rules", build);
    let rust = workspace().join("target/wasm32-wasip2/wasm/scorer_rules.wasm");
    application.with(&rust.display().to_string(), &file.display().to_string())
}

fn rules_in_python(build: Build) {
    if external::is_left_to_all("scorer in Python") {
        return;
    }
    let Some(builder) = external::program("componentize-py") else { return };
    let (folder, source) = (tempfile::tempdir().unwrap(), workspace().join("components/scorer-python"));
    let file = folder.path().join("scorer_python.wasm");
    let mut command = Command::new(builder);
    command.arg("-d").arg(workspace().join("wit")).args(["-w", "scoring", "componentize", "app", "-p"]);
    run(command.arg(&source).arg("-o").arg(&file));
    let host = with_scorer(build, &file).up(&[]);
    answers_in_every_dialect(&host, "hvs_rules_python");
    describes_itself(&host);
}

fn rules_in_javascript(build: Build) {
    if external::is_left_to_all("scorer in JavaScript") {
        return;
    }
    let source = workspace().join("components/scorer-javascript");
    let builder = source.join("node_modules/@bytecodealliance/componentize-js");
    if external::found(builder.is_dir().then_some(()), "componentize-js").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scorer_javascript.wasm");
    run(Command::new("node").arg(source.join("build.js")).arg(&file));
    let host = with_scorer(build, &file).up(&[]);
    answers_in_every_dialect(&host, "hvs_rules_javascript");
    describes_itself(&host);
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The aggregator of another process learns the names from a file, which is what the service says of its model.
fn an_aggregator_elsewhere_knows_the_names_from_a_file(build: Build) {
    let application = Application::of("components/scorer-rules", build);
    let host = application.up(&["--variable", "events=off"]);
    let (status, profile) = get(&format!("{}/model/profile", host.base("serving")));
    assert_eq!(status, 200);
    let file = application.folder().join("rules.json");
    std::fs::write(&file, profile).unwrap();
    let aggregator = Running::serve(&["--models", file.to_str().unwrap()]);
    let sender = application.up(&[
        "--variable",
        "events=http",
        "--variable",
        &format!("metrics_url={}", aggregator.base("ingest")),
    ]);
    assert_eq!(sender.post("/predict", &record(&GOLDEN[1].0).to_string()).0, 200);
    aggregator.wait_for(
        "predictions_total{app=\"hvs-rules\",model_name=\"hvs_rules\",prediction_result=\"Hazardous\"} 1",
    );
}

for_both_builds!(
    rules_in_rust,
    rules_in_python,
    rules_in_javascript,
    an_aggregator_elsewhere_knows_the_names_from_a_file
);
