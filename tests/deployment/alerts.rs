//! The alerts of the rule files, by their labels.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::rules::rules;

/// Labels that an alert has whatever its expression returns, `alertname` among them.
pub(crate) type Labels = BTreeMap<String, String>;

/// The alerts of all rule files: one for each rule, so a name may come several times.
pub(crate) fn alerts() -> Vec<Labels> {
    rules("alert").into_iter().map(|(name, rule)| labels(name, &rule)).collect()
}

/// The names of all alerts.
pub(crate) fn names() -> BTreeSet<String> {
    rules("alert").into_iter().map(|(name, _)| name).collect()
}

fn labels(name: String, rule: &Value) -> Labels {
    let labels = rule["labels"].as_object().unwrap().iter();
    let labels = labels.map(|(label, value)| (label.clone(), value.as_str().unwrap().to_owned()));
    labels.chain([("alertname".to_owned(), name)]).collect()
}
