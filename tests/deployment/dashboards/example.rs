//! A small dashboard without a fault, and what each rule finds once one is made. A rule that finds nothing here would
//! find nothing in a shipped dashboard either.

use portent_tests::dashboard::Dashboard;
use serde_json::{Value, json};

use super::{layout, lint};

const TARGET: &str = "/panels/1/targets/0/expr";
const QUERY: &str = "sum(rate(a_total{job=~\"$job\",instance=~\"$instance\"}[$__rate_interval]))";

/// A rule, the place of a value in the example, what it becomes (null removes it), and what is found.
type Case = (&'static str, &'static str, Value, &'static str);

fn sound() -> Value {
    let source = json!({ "type": "prometheus", "uid": "${datasource}" });
    let choice = |name: &str, label: &str| {
        json!({
            "name": name, "label": label, "type": "query", "datasource": source, "multi": true, "includeAll": true,
            "allValue": ".+", "refresh": 2, "query": { "query": format!("label_values(a_total, {name})") },
        })
    };
    let choices = json!([
        { "name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus" },
        choice("job", "Job"),
        choice("instance", "Instance"),
    ]);
    let target = json!({ "refId": "A", "expr": QUERY, "legendFormat": "a", "datasource": source });
    let graph = json!({
        "id": 2, "type": "timeseries", "title": "Graph", "description": "What it is.", "datasource": source,
        "gridPos": { "x": 0, "y": 1, "w": 12, "h": 8 }, "targets": [target],
        "fieldConfig": { "defaults": { "unit": "short", "noValue": "None" } },
        "options": { "legend": { "showLegend": true }, "tooltip": { "mode": "multi", "sort": "desc" } },
    });
    let mut map = graph.clone();
    map["id"] = json!(3);
    map["type"] = json!("heatmap");
    map["title"] = json!("Map");
    map["gridPos"]["x"] = json!(12);
    map["options"] = json!({ "legend": { "show": true }, "calculate": false });
    let row = json!({
        "id": 1, "type": "row", "title": "Row", "gridPos": { "x": 0, "y": 0, "w": 24, "h": 1 },
    });
    json!({
        "uid": "example", "title": "Example", "description": "One.", "editable": false, "schemaVersion": 42,
        "refresh": "30s", "tags": ["portent"], "graphTooltip": 1, "templating": { "list": choices },
        "panels": [row, graph, map],
    })
}

fn dashboard(json: &Value) -> Dashboard {
    let text = serde_json::to_string_pretty(json).unwrap() + "\n";
    Dashboard::read(std::path::Path::new("example.json"), text).unwrap()
}

fn found(dashboard: &Dashboard) -> Vec<(&'static str, String, String)> {
    let rules = lint::RULES.iter().chain(&layout::RULES);
    let findings = rules.flat_map(|(_, rule)| rule(dashboard));
    findings.map(|finding| (finding.rule, finding.place, finding.message)).collect()
}

fn cases() -> Vec<Case> {
    let bad_query = json!("label_names()");
    vec![
        ("template-datasource-rule", "/templating/list/0/name", json!("prometheus"), "name is not"),
        ("template-datasource-rule", "/templating/list/0/type", json!("query"), "one variable"),
        ("template-job-rule", "/templating/list/1/label", json!("job"), "label is not"),
        ("template-job-rule", "/templating/list/1/name", json!("task"), "no such variable"),
        ("template-instance-rule", "/templating/list/2/allValue", json!(".*"), "allValue is not"),
        ("template-instance-rule", "/templating/list/2/multi", json!(false), "multi is not"),
        ("template-label-promql-rule", "/templating/list/1/query/query", bad_query, "neither"),
        ("template-on-time-change-reload-rule", "/templating/list/1/refresh", json!(1), "read again"),
        ("panel-datasource-rule", "/panels/1/datasource/uid", json!("own"), "not templated"),
        ("panel-title-description-rule", "/panels/1/description", json!(""), "a description"),
        ("panel-units-rule", "/panels/1/fieldConfig/defaults/unit", json!("furlong"), "no known unit"),
        ("panel-no-targets-rule", "/panels/1/targets", json!([]), "asks for nothing"),
        ("target-logql-rule", "/panels/1/targets/0/datasource/type", json!("loki"), "another data source"),
        (
            "target-logql-auto-rule",
            "/panels/2/targets/0/datasource/type",
            json!("loki"),
            "another data source",
        ),
        ("target-promql-rule", TARGET, json!(""), "an empty expression"),
        ("target-promql-rule", TARGET, json!(QUERY.replace("[$", "[$x")), "no variable x__rate_interval"),
        ("target-promql-rule", TARGET, json!(QUERY.replace("$__rate", "$__wrong")), "no variable __wrong"),
        ("target-rate-interval-rule", TARGET, json!(QUERY.replace("$__rate_interval", "5m")), "the range"),
        ("target-job-rule", TARGET, json!(QUERY.replace("=~\"$job", "=\"$job")), "no job=~"),
        (
            "target-job-rule",
            TARGET,
            json!(format!("{QUERY} / sum(rate(a_total[$__rate_interval]))")),
            "no job=~",
        ),
        ("target-instance-rule", TARGET, json!(QUERY.replace("$instance", "x")), "no instance=~"),
        ("target-counter-agg-rule", TARGET, json!(QUERY.replace("rate(", "max_over_time(")), "a counter"),
        ("uneditable-dashboard-rule", "/editable", json!(true), "cannot be edited"),
        ("grid", "/panels/1/gridPos/w", json!(13), "over Graph"),
        ("grid", "/panels/2/gridPos/x", json!(13), "beyond the grid"),
        ("grid", "/panels/1/gridPos/y", json!(0), "over Row"),
        ("grid", "/panels/1/gridPos/h", Value::Null, "no place"),
        ("ids", "/panels/2/id", json!(2), "another panel has"),
        ("references", "/panels/1/targets/0/refId", Value::Null, "no refId"),
        ("top", "/uid", json!("x".repeat(41)), "1 to 40"),
        ("top", "/refresh", json!("5s"), "not more often"),
        ("top", "/schemaVersion", json!(39), "42"),
        ("top", "/tags", json!([]), "tags"),
        ("panel", "/panels/2/description", json!(""), "no description"),
        ("panel", "/panels/2/title", json!(""), "no title"),
        ("panel", "/panels/2/fieldConfig/defaults/unit", json!("furlong"), "no known unit"),
        ("panel", "/panels/2/fieldConfig/defaults/noValue", Value::Null, "the absence"),
        ("panel", "/panels/2/datasource/uid", json!("own"), "not templated"),
        ("drawing", "/panels/1/options/legend/showLegend", json!(false), "no legend"),
        ("drawing", "/panels/1/options/tooltip/mode", json!("single"), "one line only"),
        ("drawing", "/panels/1/targets/0/legendFormat", json!(""), "without a name"),
        ("drawing", "/panels/2/options/calculate", json!(true), "counted again"),
        ("drawing", "/panels/2/type", json!("graph"), "nothing here checks"),
    ]
}

#[test]
fn nothing_is_found_in_a_sound_dashboard() {
    assert_eq!(found(&dashboard(&sound())), []);
}

#[test]
fn every_rule_finds_its_fault() {
    for (rule, place, value, message) in cases() {
        let mut json = sound();
        *json.pointer_mut(place).unwrap() = value;
        let found = found(&dashboard(&json));
        let is_found = found.iter().any(|(name, _, what)| *name == rule && what.contains(message));
        assert!(is_found, "{rule} at {place}: {found:#?}");
    }
    let tried: Vec<_> = cases().into_iter().map(|(rule, ..)| rule).collect();
    let rules = lint::RULES.iter().chain(&layout::RULES).map(|(name, _)| name);
    let untried: Vec<_> = rules.filter(|name| !tried.contains(name) && **name != "canonical").collect();
    assert_eq!(untried, [&""; 0]);
}

#[test]
fn a_file_in_another_form_is_found() {
    let mut dashboard = dashboard(&sound());
    dashboard.text = dashboard.text.replacen("  \"", "    \"", 1);
    let found = found(&dashboard);
    assert!(matches!(&found[..], [("canonical", _, line)] if line.starts_with("line 2 is")), "{found:?}");
    dashboard.text = serde_json::to_string_pretty(&dashboard.json).unwrap();
    assert_eq!(self::found(&dashboard).len(), 1, "without a line end");
}

#[test]
fn references_within_a_panel_are_unique() {
    let mut json = sound();
    let target = json["panels"][1]["targets"][0].clone();
    json["panels"][1]["targets"].as_array_mut().unwrap().push(target);
    assert!(found(&dashboard(&json)).iter().any(|(rule, ..)| *rule == "references"));
}
