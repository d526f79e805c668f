//! The verbs of `portent` around training: what it prints, what it writes, how it fails.

#![expect(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use portent_tests::external;

fn portent(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_portent")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn artefact() -> PathBuf {
    external::workspace().join("models/heart-disease.portent")
}

/// Expects exit status 1 and one line that begins with "portent: " and contains `message`.
#[track_caller]
fn check_failure(output: &Output, message: &str) {
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.starts_with("portent: ") && stderr.contains(message), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(output.stdout.is_empty());
}

#[test]
fn inspect_shows_a_sound_artefact() {
    let output = portent(&["inspect", path(&artefact())]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let shown = text(&output.stdout);
    for expected in ["logistic_regression 1.0.0", "32 rows score as expected", "10.24432/C52P4X", "thal"] {
        assert!(shown.contains(expected), "{expected} is not in {shown}");
    }
}

#[test]
fn inspect_shows_a_forest() {
    let hvs = external::workspace().join("models/hvs.portent");
    let shown = text(&portent(&["inspect", path(&hvs)]).stdout);
    for expected in
        ["hvs_random_forest 1.0.0", "32 rows score as expected", "SYNTHETIC", "number; 10 reference bins\n"]
    {
        assert!(shown.contains(expected), "{expected} is not in {shown}");
    }
    assert_eq!(shown.matches("reference bins; computed\n").count(), 21);
    let output = portent(&["inspect", "--json", path(&hvs)]);
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["algorithm"], "TreeEnsemble");
    assert_eq!(shown["computed_features"].as_array().unwrap().len(), 21);
}

#[test]
fn inspect_speaks_json() {
    let output = portent(&["inspect", "--json", path(&artefact())]);
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["metadata"]["provenance"]["rows_used"], 297);
    assert_eq!(shown["features"][12]["categories"][2]["label"], "reversible defect");
    assert_eq!(shown["features"][3]["upper"], serde_json::Value::Null);
    assert_eq!(shown["feature_profiles"].as_array().unwrap().len(), 13);
}

#[test]
fn inspect_refuses_a_damaged_file() {
    let folder = tempfile::tempdir().unwrap();
    let damaged = folder.path().join("model.portent");
    let sound = std::fs::read(artefact()).unwrap();
    let mut flipped = sound.clone();
    flipped[sound.len() / 2] ^= 1;
    for (bytes, message) in [
        (&flipped[..], "checksum mismatch: the file is damaged"),
        (&sound[..sound.len() - 1], "its header says"),
        (b"{\"not\": \"an artefact\"}", "not a Portent model artefact"),
        (b"", "not a Portent model artefact"),
    ] {
        std::fs::write(&damaged, bytes).unwrap();
        check_failure(&portent(&["inspect", path(&damaged)]), message);
    }
    check_failure(&portent(&["inspect", "nowhere.portent"]), "nowhere.portent: No such file");
}

#[test]
fn training_writes_artefact_and_card() {
    let Some(data) = external::data("heart.csv") else { return };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("heart.portent");
    let output =
        portent(&["train", "heart", "--data", path(&data), "--out", path(&out), "--date", "2026-01-02"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).starts_with("297 rows used, 6 with a missing value left out\n"));
    assert!(portent(&["inspect", path(&out)]).status.success());
    let card = std::fs::read_to_string(out.with_extension("md")).unwrap();
    assert!(card.contains("| trained | 2026-01-02,") && card.contains("| `ca` |"), "{card}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn bad_data_are_named_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data.csv"), folder.path().join("model.portent"));
    let header = "age,sex,cp,trestbps,chol,fbs,restecg,thalach,exang,oldpeak,slope,ca,thal,num";
    let train = || portent(&["train", "heart", "--data", path(&data), "--out", path(&out)]);
    check_failure(&train(), "data.csv: cannot read the file: No such file");
    std::fs::write(&data, format!("{header}\n63,1,1,145,NaN,1,2,150,0,2.3,3,0,6,0\n")).unwrap();
    check_failure(&train(), "data.csv: line 2, column `chol`: `NaN` is not a finite number");
    let two_rows = "63,1,1,145,233,1,2,150,0,2.3,3,0,6,0\n67,1,4,160,286,0,2,108,1,1.5,2,3,3,2\n";
    std::fs::write(&data, format!("{header}\n{two_rows}")).unwrap();
    check_failure(&train(), "column `num`: 1 complete rows of class no_disease, 10 are needed");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn evaluate_measures_on_labelled_data() {
    let Some(data) = external::data("heart.csv") else { return };
    let output = portent(&["evaluate", path(&artefact()), "--data", path(&data), "--json"]);
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&shown["rows_used"], &shown["rows_dropped"]), (&297.into(), &6.into()));
    assert!(shown["metrics"]["auc"].as_f64().unwrap() > 0.92, "{shown}");
}

/// The other hospitals' files have values that the service would refuse as well: named, not scored.
#[test]
fn evaluate_names_what_it_cannot_score() {
    let Some(data) = external::data("heart_va.csv") else { return };
    let output = portent(&["evaluate", path(&artefact()), "--data", path(&data)]);
    check_failure(&output, "heart_va.csv: line 7, column `oldpeak`: `-0.5` is below 0");
}

#[test]
fn simulated_racks_are_written_and_evaluated() {
    let folder = tempfile::tempdir().unwrap();
    let racks = folder.path().join("racks.csv");
    let output = portent(&["simulate", "hvs", "--seed", "4", "--scenarios", "3", "--out", path(&racks)]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).ends_with("racks.csv (3 scenarios)\n"));
    let hvs = external::workspace().join("models/hvs.portent");
    let output = portent(&["evaluate", path(&hvs), "--data", path(&racks), "--json"]);
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&shown["scenarios"], &shown["events"]["events"]), (&3.into(), &1.into()), "{shown}");
    assert!(shown["row_figures"]["auc"].as_f64().unwrap() > 0.5, "{shown}");
    let output = portent(&["evaluate", path(&hvs), "--data", path(&racks)]);
    assert!(text(&output.stdout).starts_with("3 scenarios, "), "{}", text(&output.stdout));

    let spoilt = std::fs::read_to_string(&racks).unwrap().replacen(",0,0000_benign", ",7,0000_benign", 1);
    std::fs::write(&racks, spoilt).unwrap();
    let output = portent(&["evaluate", path(&hvs), "--data", path(&racks)]);
    check_failure(&output, "racks.csv: line 2, column `Hazard_Label`: `7` is not one of the codes 0, 1");
}

#[test]
fn too_few_scenarios_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("hvs.portent");
    let output = portent(&["train", "hvs", "--scenarios", "20", "--out", path(&out)]);
    check_failure(&output, "20 scenarios: at least 100 are needed, for training, validation and test");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
