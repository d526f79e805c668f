//! The alerts of the rule files.

use std::collections::{BTreeMap, BTreeSet};

use portent_tests::deploy;
use serde_json::Value;

use crate::names::text;

/// Labels that an alert has whatever its expression returns, `alertname` among them.
pub(crate) type Labels = BTreeMap<String, String>;

/// The alerts of all rule files: one for each rule, so a name may come several times.
pub(crate) fn alerts() -> Vec<Labels> {
    let rules: Vec<Value> = rules();
    let alerts: Vec<Labels> = rules.iter().filter_map(alert).collect();
    assert!(!alerts.is_empty(), "the rule files hold alerts");
    alerts
}

/// The names of all alerts.
pub(crate) fn names() -> BTreeSet<String> {
    alerts().into_iter().map(|alert| alert["alertname"].clone()).collect()
}

/// Every rule of every group of every rule file.
pub(crate) fn rules() -> Vec<Value> {
    let files = deploy::files("prometheus/rules", ".yaml");
    let documents = files.iter().flat_map(|file| deploy::yaml(&text(file)).unwrap());
    let groups = documents.flat_map(|document| list(&document["groups"]));
    groups.flat_map(|group| list(&group["rules"])).collect()
}

/// The items of a list; it has to be one.
pub(crate) fn list(value: &Value) -> Vec<Value> {
    value.as_array().unwrap().clone()
}

fn alert(rule: &Value) -> Option<Labels> {
    let name = rule["alert"].as_str()?.to_owned();
    let labels = rule["labels"].as_object().unwrap().iter();
    let labels = labels.map(|(label, value)| (label.clone(), value.as_str().unwrap().to_owned()));
    Some(labels.chain([("alertname".to_owned(), name)]).collect())
}
