//! Inference clients of others check the Open Inference Protocol and V1: NVIDIA's for Triton, and KServe's.

use std::path::PathBuf;
use std::process::Command;

use portent_model::Model;
use portent_tests::external::{self, workspace};
use serde_json::{Value, json};

use crate::battery;
use crate::external_checkers::checked_by;
use crate::fixture::{Build, Running, post};
use crate::spin::Spin;

/// A checker: its program, and the modules that this needs.
type Checker = (&'static str, &'static [&'static str]);

const TRITON: Checker = ("triton_client.py", &["tritonclient", "aiohttp", "geventhttpclient"]);

/// The second list of modules is what KServe's client imports; the package asks for many more.
const KSERVE: Checker = (
    "kserve_client.py",
    &["kserve", "cloudevents", "fastapi", "grpc", "httpx", "orjson", "pandas", "psutil", "yaml"],
);

/// Rows of the UCI data in model order, some of them of whole numbers.
const PATIENTS: [[f64; 13]; 4] = [
    [63.0, 1.0, 1.0, 145.0, 233.0, 1.0, 2.0, 150.0, 0.0, 2.3, 3.0, 0.0, 6.0],
    [67.0, 1.0, 4.0, 160.0, 286.0, 0.0, 2.0, 108.0, 1.0, 1.5, 2.0, 3.0, 3.0],
    [41.0, 0.0, 2.0, 130.0, 204.0, 0.0, 2.0, 172.0, 0.0, 1.0, 1.0, 0.0, 3.0],
    [62.0, 0.0, 4.0, 140.0, 268.0, 0.0, 2.0, 160.0, 0.0, 4.0, 3.0, 2.0, 3.0],
];

/// Python with these modules; if it is missing, the test is skipped by the name of the checker.
fn python((program, modules): Checker) -> Option<PathBuf> {
    let find = "import importlib.util, sys; sys.exit(not all(map(importlib.util.find_spec, sys.argv[1:])))";
    let has_all = |python: &PathBuf| {
        Command::new(python)
            .args(["-c", find])
            .args(modules)
            .output()
            .is_ok_and(|output| output.status.success())
    };
    external::found(
        external::program("python3").filter(has_all),
        &format!("python3 with {}", modules.first().unwrap_or(&program)),
    )
}

/// Runs a checker on the server at `base`; every check of it holds.
#[track_caller]
fn assert_accepted(python: PathBuf, (program, _): Checker, protocol: &str, base: &str, expected: &Value) {
    let mut command = Command::new(python);
    // -B: no compiled files beside the checkers.
    command.arg("-B").arg(workspace().join("tests/external_checkers").join(program)).args([protocol, base]);
    let (succeeded, output) = checked_by(command, &expected.to_string());
    let failed: Vec<_> = output.lines().filter(|line| !line.starts_with("ok ")).collect();
    assert!(succeeded && output.contains(" passed, 0 failed"), "{}", failed.join("\n"));
}

/// What the heart application says of the patients in its own dialect.
fn heart(base: &str) -> Value {
    let file = std::fs::read(workspace().join("models/heart-disease.portent")).unwrap();
    let model = Model::open(&file).unwrap();
    let names: Vec<_> = model.features().map(|feature| feature.name().to_owned()).collect();
    let predicted = PATIENTS.map(|row| {
        let patient: Value = names.iter().cloned().zip(row.map(Value::from)).collect();
        let (status, answer) = post(&format!("{base}/predict"), &patient.to_string());
        assert_eq!(status, 200, "{answer}");
        let (class, confidence) =
            (answer["prediction"].as_u64().unwrap(), answer["confidence"].as_f64().unwrap());
        (class, if class == 1 { confidence } else { 1.0 - confidence })
    });
    expected(&model, &json!(PATIENTS), &predicted)
}

/// What the battery application says of two readings in its own dialect.
fn battery(base: &str) -> Value {
    let file = std::fs::read(workspace().join("models/hvs.portent")).unwrap();
    let model = Model::open(&file).unwrap();
    let readings = battery::readings();
    let (status, answer) = post(&format!("{base}/predict"), &json!({ "readings": readings }).to_string());
    assert_eq!(status, 200, "{answer}");
    let predicted: Vec<_> = answer["predictions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|prediction| {
            (
                prediction["hazard_prediction"].as_u64().unwrap(),
                prediction["hazard_probability"].as_f64().unwrap(),
            )
        })
        .collect();
    let row =
        |reading: &Value| model.features().map(|feature| reading[feature.name()].clone()).collect::<Value>();
    expected(&model, &readings.iter().map(row).collect(), &predicted)
}

/// The document that a checker reads.
fn expected(model: &Model<'_>, rows: &Value, predicted: &[(u64, f64)]) -> Value {
    let (classes, shares): (Vec<_>, Vec<_>) =
        predicted.iter().map(|(class, share)| (*class, [1.0 - share, *share])).unzip();
    json!({
        "model": model.name(),
        "version": model.version(),
        "features": model.features().map(|feature| feature.name()).collect::<Vec<_>>(),
        "classes": model.classes().map(|class| class.name).collect::<Vec<_>>(),
        "rows": rows,
        "predict": classes,
        "predict_proba": shares,
    })
}

#[test]
fn tritons_client_finds_its_server() {
    let Some(python) = python(TRITON) else { return };
    let host = Running::up(&[]);
    let base = host.base("serving");
    assert_accepted(python, TRITON, "v2", &base, &heart(&base));
}

#[test]
fn tritons_client_finds_the_second_application_under_its_path() {
    let Some(python) = python(TRITON) else { return };
    let host = Running::up(&[]);
    let base = format!("{}/hvs", host.base("serving"));
    assert_accepted(python, TRITON, "v2", &base, &battery(&base));
}

#[test]
fn kserves_client_finds_its_server() {
    let Some(python) = python(KSERVE) else { return };
    let host = Running::up(&[]);
    let base = host.base("serving");
    assert_accepted(python.clone(), KSERVE, "v2", &base, &heart(&base));
    let prefixed = format!("{base}/hvs");
    assert_accepted(python, KSERVE, "v2", &prefixed, &battery(&prefixed));
}

#[test]
fn kserves_client_also_finds_its_first_protocol() {
    let Some(python) = python(KSERVE) else { return };
    let host = Running::up(&[]);
    let base = host.base("serving");
    assert_accepted(python.clone(), KSERVE, "v1", &base, &heart(&base));
    let prefixed = format!("{base}/hvs");
    assert_accepted(python, KSERVE, "v1", &prefixed, &battery(&prefixed));
}

#[test]
fn both_clients_find_their_server_under_spin() {
    let (Some(triton), Some(kserve)) = (python(TRITON), python(KSERVE)) else { return };
    let Some(spin) = Spin::up(Build::P2) else { return };
    let expected = heart(&spin.base);
    assert_accepted(triton, TRITON, "v2", &spin.base, &expected);
    assert_accepted(kserve, KSERVE, "v2", &spin.base, &expected);
}
