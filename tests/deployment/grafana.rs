//! Dashboards reach Grafana, and their words hold: every row is explained, and what alerts is shown.

use std::collections::BTreeSet;
use std::process::Command;

use portent_tests::{deploy, external};
use serde_json::Value;

use crate::names::text;

/// Where the descriptions of panels link to, if an alert watches the same.
const RUNBOOKS: &str = "https://github.com/portent-serve/portent/blob/main/docs/runbooks/";

/// What `kubectl apply` can note of an object in an annotation.
const ANNOTATION: usize = 256 * 1024;

#[test]
fn each_dashboard_is_a_config_map_of_its_own() {
    let kustomization = deploy::yaml(&text(&deploy::path("grafana/kustomization.yaml"))).unwrap();
    let maps = kustomization[0]["configMapGenerator"].as_array().unwrap();
    let files: Vec<_> = maps.iter().map(|map| map["files"].as_array().unwrap()).collect();
    assert!(files.iter().all(|files| files.len() == 1), "one file a ConfigMap: {files:?}");
    let listed: BTreeSet<_> = files.iter().map(|files| files[0].as_str().unwrap().to_owned()).collect();
    let expected: BTreeSet<_> = dashboards()
        .iter()
        .map(|(file, dashboard)| format!("{}.json=dashboards/{file}", dashboard["uid"].as_str().unwrap()))
        .collect();
    assert_eq!(listed, expected);
}

#[test]
fn kubectl_makes_config_maps_that_a_sidecar_finds() {
    let Some(kubectl) = external::optional_program("PORTENT_KUBECTL", "kubectl") else { return };
    let output = Command::new(kubectl).arg("kustomize").arg(deploy::path("grafana")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let maps = deploy::yaml(&String::from_utf8(output.stdout).unwrap()).unwrap();
    assert_eq!(maps.len(), dashboards().len());
    for (file, dashboard) in dashboards() {
        let uid = dashboard["uid"].as_str().unwrap();
        let name = uid.replace("portent-", "portent-dashboard-");
        let map = maps.iter().find(|map| map["metadata"]["name"] == name).unwrap();
        assert_eq!(map["metadata"]["labels"]["grafana_dashboard"], "1", "{name}");
        let shown = map["data"][format!("{uid}.json")].as_str().unwrap();
        assert!(shown == text(&deploy::path(&format!("grafana/dashboards/{file}"))), "{name} is {file}");
        assert!(map.to_string().len() < ANNOTATION, "{name} is too large for kubectl apply");
    }
}

#[test]
fn the_page_explains_every_row() {
    let page = text(&external::workspace().join("docs/dashboards.md"));
    for (file, dashboard) in dashboards() {
        let title = dashboard["title"].as_str().unwrap();
        let section = page.split_once(&format!("\n## {title}\n")).unwrap().1;
        let section = section.split("\n## ").next().unwrap();
        let rows = panels(&dashboard).into_iter().filter(|panel| panel["type"] == "row");
        let rows: Vec<_> = rows.map(|row| row["title"].as_str().unwrap().to_owned()).collect();
        assert_eq!(first_cells(section), rows, "rows of {file} in docs/dashboards.md");
    }
}

#[test]
fn every_alert_is_shown_beside_what_it_watches() {
    let mut alerts = BTreeSet::new();
    for file in deploy::files("prometheus/rules", ".yaml") {
        for rule in deploy::yaml(&text(&file)).unwrap().iter().flat_map(rules) {
            alerts.extend(rule["alert"].as_str().map(str::to_owned));
        }
    }
    // It fires always, and watches the way of alerts, which no series shows.
    assert!(alerts.remove("PortentWatchdog"));
    let dashboards = dashboards();
    let descriptions = dashboards.iter().flat_map(|(_, dashboard)| panels(dashboard)).map(description);
    assert_eq!(descriptions.flat_map(linked).collect::<BTreeSet<_>>(), alerts);
}

/// The shipped dashboards with the names of their files, in the order of these.
fn dashboards() -> Vec<(String, Value)> {
    let read = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, serde_json::from_str(&text(path)).unwrap())
    };
    deploy::files("grafana/dashboards", ".json").iter().map(read).collect()
}

fn panels(dashboard: &Value) -> Vec<&Value> {
    dashboard["panels"].as_array().unwrap().iter().collect()
}

fn description(panel: &Value) -> &str {
    panel["description"].as_str().unwrap_or_default()
}

fn rules(document: &Value) -> Vec<Value> {
    let groups = document["groups"].as_array().unwrap();
    groups.iter().flat_map(|group| group["rules"].as_array().unwrap()).cloned().collect()
}

/// The alerts whose runbooks a description links to, by the names of the pages.
fn linked(description: &str) -> BTreeSet<String> {
    let pages = description.split(RUNBOOKS).skip(1);
    pages.map(|page| page.split_once(".md").unwrap().0.to_owned()).collect()
}

/// The first cells of the first table of a text, without its head.
fn first_cells(text: &str) -> Vec<String> {
    let table =
        text.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    table.skip(2).map(|line| line.split('|').nth(1).unwrap().trim().to_owned()).collect()
}
