//! What we ask of a dashboard beyond dashboard-linter: its place on the grid, its file, and panels that explain
//! themselves. All panels are asked, also heatmaps.

use std::collections::BTreeSet;

use portent_tests::dashboard::{Dashboard, items};
use serde_json::{Value, json};

use super::lint::{UNITS, titled};
use super::{Finding, Rule, finding};

pub(crate) const RULES: [Rule; 7] = [
    ("grid", grid),
    ("ids", ids),
    ("references", references),
    ("top", top),
    ("canonical", canonical),
    ("panel", panel),
    ("drawing", drawing),
];

/// Columns of the grid.
const COLUMNS: u64 = 24;

type Area = (u64, u64, u64, u64);

fn grid(dashboard: &Dashboard) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut placed: Vec<(Area, &str)> = Vec::new();
    for panel in items(&dashboard.json, "/panels") {
        let (title, _) = titled(panel);
        let place = ["x", "y", "w", "h"].map(|name| panel["gridPos"][name].as_u64());
        let [Some(x), Some(y), Some(w), Some(h)] = place else {
            findings.push(finding("grid", title, "no place on the grid"));
            continue;
        };
        if w == 0 || h == 0 || x + w > COLUMNS {
            findings.push(finding("grid", title, "beyond the grid"));
        }
        if let Some((_, other)) = placed.iter().find(|(other, _)| overlap(*other, (x, y, w, h))) {
            findings.push(finding("grid", title, &format!("over {other}")));
        }
        placed.push(((x, y, w, h), title));
    }
    findings
}

fn overlap(one: Area, other: Area) -> bool {
    let crosses = |start: u64, length: u64, other: u64, other_length: u64| {
        start < other + other_length && other < start + length
    };
    crosses(one.0, one.2, other.0, other.2) && crosses(one.1, one.3, other.1, other.3)
}

fn ids(dashboard: &Dashboard) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let panels = dashboard.panels_and_rows();
    let is_new = |panel: &Value, seen: &mut BTreeSet<u64>| {
        panel["id"].as_u64().is_some_and(|id| id > 0 && seen.insert(id))
    };
    let wrong = panels.into_iter().filter(|panel| !is_new(panel, &mut seen)).map(titled);
    wrong.map(|(title, _)| finding("ids", title, "no id, or one that another panel has")).collect()
}

fn references(dashboard: &Dashboard) -> Vec<Finding> {
    let is_wrong = |panel: &Value| {
        let mut seen = BTreeSet::new();
        items(panel, "/targets").any(|target| target["refId"].as_str().is_none_or(|id| !seen.insert(id)))
    };
    let wrong = dashboard.panels().into_iter().filter(|panel| is_wrong(panel)).map(titled);
    wrong.map(|(title, _)| finding("references", title, "no refId, or one twice")).collect()
}

fn top(dashboard: &Dashboard) -> Vec<Finding> {
    let json = &dashboard.json;
    let uid = dashboard.field("uid");
    let refreshes = dashboard.field("refresh").strip_suffix('s').and_then(|text| text.parse::<u32>().ok());
    let wrong = [
        (uid.is_empty() || uid.len() > 40, "a uid has 1 to 40 characters"),
        (dashboard.field("title").is_empty(), "there is a title"),
        (dashboard.field("description").is_empty(), "there is a description"),
        (json.get("id").is_some(), "Grafana gives the id"),
        (
            json.get("__inputs").is_some() || json.get("__requires").is_some(),
            "what is provisioned has no inputs",
        ),
        (json["schemaVersion"] != 42, "the schema version is 42"),
        (refreshes.is_none_or(|seconds| seconds < 15), "it refreshes, and not more often than is scraped"),
        (json["tags"].as_array().is_none_or(Vec::is_empty), "there are tags"),
        (json["graphTooltip"] != 1, "graphs share their crosshair"),
    ];
    wrong.into_iter().filter(|(is_wrong, _)| *is_wrong).map(|(_, what)| finding("top", "", what)).collect()
}

/// The form that Grafana exports: sorted keys, two spaces.
fn canonical(dashboard: &Dashboard) -> Vec<Finding> {
    let text = serde_json::to_string_pretty(&sorted(&dashboard.json)).unwrap() + "\n";
    let lines = text.lines().zip(dashboard.text.lines()).enumerate();
    let mut different = lines.filter(|(_, (wanted, found))| wanted != found);
    let first = different.next().map_or(String::new(), |(index, (wanted, found))| {
        format!("line {} is {found:?}, and should be {wanted:?}", index + 1)
    });
    let is_wrong = text != dashboard.text;
    is_wrong.then(|| finding("canonical", "", &first)).into_iter().collect()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<_> = fields.iter().collect();
            keys.sort_by_key(|(key, _)| *key);
            keys.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect()
        }
        Value::Array(values) => values.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

fn panel(dashboard: &Dashboard) -> Vec<Finding> {
    let source = json!({ "type": "prometheus", "uid": "${datasource}" });
    let has = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let check = |panel: &Value| {
        let defaults = &panel["fieldConfig"]["defaults"];
        let unit = defaults["unit"].as_str();
        let wrong = [
            (!has(&panel["title"]), "no title"),
            (!has(&panel["description"]), "no description"),
            (unit.is_none_or(|unit| !UNITS.contains(&unit)), "no known unit"),
            (!has(&defaults["noValue"]), "no text for the absence of values"),
            (panel["datasource"] != source, "the data source is not templated"),
            (items(panel, "/targets").any(|target| target["datasource"] != source), "a target asks another"),
        ];
        let title = titled(panel).0;
        let wrong = wrong.into_iter().filter(|(is_wrong, _)| *is_wrong);
        wrong.map(|(_, what)| finding("panel", title, what)).collect::<Vec<_>>()
    };
    dashboard.panels().into_iter().flat_map(check).collect()
}

fn drawing(dashboard: &Dashboard) -> Vec<Finding> {
    let check = |panel: &Value| {
        let options = &panel["options"];
        let nameless = items(panel, "/targets").any(|target| target["legendFormat"].as_str() == Some(""));
        let wrong = match panel["type"].as_str() {
            Some("timeseries") => vec![
                (options["legend"]["showLegend"] != true, "no legend"),
                (nameless, "lines without a name"),
                (options["tooltip"]["mode"] != "multi", "the tooltip shows one line only"),
                (options["tooltip"]["sort"] != "desc", "the tooltip is not sorted"),
            ],
            Some("heatmap") => vec![
                (options["legend"]["show"] != true, "no legend"),
                (options["calculate"] != false, "buckets are counted again"),
            ],
            Some("stat" | "gauge") => {
                vec![(options["reduceOptions"]["calcs"] != json!(["lastNotNull"]), "not the last value")]
            }
            Some("table") => vec![(
                items(panel, "/targets").any(|target| target["format"] != "table"),
                "no table asked for",
            )],
            _ => vec![(true, "a kind of panel that nothing here checks")],
        };
        let title = titled(panel).0;
        let wrong = wrong.into_iter().filter(|(is_wrong, _)| *is_wrong);
        wrong.map(|(_, what)| finding("drawing", title, what)).collect::<Vec<_>>()
    };
    dashboard.panels().into_iter().flat_map(check).collect()
}
