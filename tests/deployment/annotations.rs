//! The marks that dashboards put into graphs, as promtool evaluates them.

use std::process::Command;

use portent_tests::{deploy, external};
use serde_json::{Value, json};

use crate::names::text;

/// From the 11th minute on the application `x` has another model, which a second aggregator sees 3 minutes later; the
/// application `new` comes in the 6th.
const SERIES: [(&str, &str); 4] = [
    (r#"model_info{job="j",instance="a",app="x",model_name="m",version="1",sha256="A"}"#, "1x10 stale"),
    (r#"model_info{job="j",instance="a",app="x",model_name="m",version="2",sha256="B"}"#, "_x11 1x20"),
    (r#"model_info{job="j",instance="b",app="x",model_name="m",version="2",sha256="B"}"#, "_x14 1x20"),
    (r#"model_info{job="j",instance="a",app="new",model_name="n",version="1",sha256="C"}"#, "_x6 1x20"),
];

#[test]
fn a_model_change_is_marked_once_and_a_first_model_is_none() {
    let Some(promtool) = external::program("promtool") else { return };
    let changed = json!([{ "labels": r#"{app="x",model_name="m",version="2",sha256="B"}"#, "value": 1 }]);
    for file in ["service", "aggregator"] {
        let expression = mark(file, "Model changes");
        let at = |minute: usize| {
            let expected = if minute == 11 { changed.clone() } else { json!([]) };
            json!({ "expr": expression, "eval_time": format!("{minute}m"), "exp_samples": expected })
        };
        let series = SERIES.map(|(series, values)| json!({ "series": series, "values": values }));
        let tests: Vec<_> = (0..=20).map(at).collect();
        let group = json!({ "interval": "1m", "input_series": series, "promql_expr_test": tests });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.yaml");
        // JSON is YAML.
        std::fs::write(&path, json!({ "tests": [group] }).to_string()).unwrap();
        let output = Command::new(&promtool).args(["test", "rules"]).arg(path).output().unwrap();
        assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The expression of an annotation, asked with a step of a minute and for everything.
fn mark(file: &str, name: &str) -> String {
    let path = deploy::path(&format!("grafana/dashboards/{file}.json"));
    let dashboard: Value = serde_json::from_str(&text(&path)).unwrap();
    let annotations = dashboard["annotations"]["list"].as_array().unwrap();
    let annotation = annotations.iter().find(|annotation| annotation["name"] == name).unwrap();
    let expression = annotation["target"]["expr"].as_str().unwrap();
    ["$job", "$instance", "$app"]
        .iter()
        .fold(expression.replace("$__interval", "1m"), |text, variable| text.replace(variable, ".+"))
}
