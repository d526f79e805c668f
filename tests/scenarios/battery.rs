//! The second application: the same component with the battery model, under its own path and alone.

use portent_model::{FeatureKind, Model};
use portent_tests::external::workspace;
use serde_json::{Value, json};

use crate::fixture::{Build, FIRST_ROW, Running, for_both_builds, get};

/// A reading of a module that is well, and one of a module before a thermal runaway: of the rows with which the
/// artefact proves itself, the one with the least score and the one with the greatest.
pub(crate) fn readings() -> [Value; 2] {
    let file = std::fs::read(workspace().join("models/hvs.portent")).unwrap();
    let model = Model::open(&file).unwrap();
    let mut rows: Vec<_> = model.self_check_rows().collect();
    rows.retain(|row| row.row.iter().all(|value| value.abs() < 1e6));
    rows.sort_by(|one, other| one.score.total_cmp(&other.score));
    let reading = |row: &portent_model::SelfCheckRow| {
        let values = model.features().zip(&row.row).map(|(feature, value)| {
            assert_eq!(feature.kind(), FeatureKind::Number);
            (feature.name().to_owned(), Value::from(*value))
        });
        values.chain([("Module_ID".to_owned(), "RackA1_Module01".into())]).collect()
    };
    [reading(&rows[0]), reading(rows.last().unwrap())]
}

/// What the sensors of a module say at rest, `count` times, ten seconds apart.
pub(crate) fn raw_readings(count: usize) -> Value {
    let reading = |index: usize| {
        json!({
            "Module_ID": "RackA1_Module01", "Timestamp": format!("2024-01-01 00:{:02}:{:02}", index / 6, index % 6 * 10),
            "Module_Avg_Surface_Temp_C": 25.0, "Module_Max_Surface_Temp_C": 26.0, "Module_Voltage_V": 51.0,
            "Module_Current_A": 0.0, "Module_SoC_percent": 60.0, "Sim_OffGas_CO_ppm_proxy": 2.0,
            "Sim_OffGas_H2_ppm_proxy": 2.0, "Sim_OffGas_VOC_ppm_proxy": 2.0, "Ambient_Temp_Rack_C": 22.0,
        })
    };
    (0..count).map(reading).collect()
}

fn outcomes(host: &Running, path: &str, readings: &Value) -> Vec<u64> {
    let (status, answer) = host.post(path, &json!({ "readings": readings }).to_string());
    assert_eq!((status, &answer["error"]), (200, &Value::Null), "{answer}");
    let predictions = answer["predictions"].as_array().unwrap();
    assert!(predictions.iter().all(|prediction| prediction["Module_ID"] == "RackA1_Module01"));
    predictions.iter().map(|prediction| prediction["hazard_prediction"].as_u64().unwrap()).collect()
}

fn both_applications_are_served_and_counted_apart(build: Build) {
    let host = build.up(&[]);
    assert_eq!(outcomes(&host, "/hvs/predict", &json!(readings())), [0, 1]);
    assert_eq!(outcomes(&host, "/hvs/predict", &raw_readings(60)), [0; 60]);
    assert_eq!(host.post("/predict", FIRST_ROW).0, 200);
    let (status, answer) = host.post("/hvs/predict", FIRST_ROW);
    assert_eq!((status, &answer["details"][0]["loc"][0]), (400, &"readings".into()), "{answer}");
    let model = "app=\"hvs\",model_name=\"hvs_random_forest\"";
    host.wait_for(&format!("predictions_total{{{model},prediction_result=\"Hazardous\"}} 1"));
    host.wait_for(&format!("predictions_total{{{model},prediction_result=\"Normal\"}} 61"));
    let requests = |app: &str, status: u16| {
        format!(
            "api_requests_total{{app=\"{app}\",method=\"POST\",endpoint=\"/predict\",status_code=\"{status}\"}}"
        )
    };
    host.wait_for(&format!("{} 2", requests("hvs", 200)));
    host.wait_for(&format!("{} 1", requests("hvs", 400)));
    host.wait_for(&format!("{} 1", requests("heart-disease", 200)));
    let ready = get(&format!("{}/hvs/health/ready", host.base("serving")));
    assert_eq!(ready.0, 200, "{}", ready.1);
    assert_eq!(get(&format!("{}/hvs", host.base("serving"))).0, 200);
}

fn the_battery_application_runs_alone_at_the_root(build: Build) {
    let folder = tempfile::tempdir().unwrap();
    let manifest = format!(
        "spin_manifest_version = 2\napplication.name = \"battery\"\n\
         [[trigger.http]]\nroute = \"/...\"\ncomponent = \"battery\"\n\
         [component.battery]\nsource = {:?}\nenvironment = {{ PORTENT_APP = \"hvs\", PORTENT_MODEL = \"hvs\" }}\n",
        build.component()
    );
    let path = folder.path().join("spin.toml");
    std::fs::write(&path, manifest).unwrap();
    let host = Running::up_from(path.to_str().unwrap(), &[]);
    assert_eq!(outcomes(&host, "/predict", &json!(readings())), [0, 1]);
    assert_eq!(host.post("/hvs/predict", "{}").0, 404);
    host.wait_for(
        "api_requests_total{app=\"hvs\",method=\"POST\",endpoint=\"/predict\",status_code=\"200\"} 1",
    );
}

for_both_builds!(
    both_applications_are_served_and_counted_apart,
    the_battery_application_runs_alone_at_the_root
);
