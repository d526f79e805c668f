//! Rules of dashboard-linter about variables.

use portent_tests::dashboard::{Dashboard, variable_query};
use serde_json::{Value, json};

use super::{Finding, finding};

pub(crate) fn datasource(dashboard: &Dashboard) -> Vec<Finding> {
    let rule = "template-datasource-rule";
    let variables = dashboard.variables();
    let sources: Vec<_> = variables.iter().filter(|variable| variable["type"] == "datasource").collect();
    let [source] = sources[..] else {
        return vec![finding(rule, "", "there is one variable of a data source")];
    };
    let wanted = json!({ "name": "datasource", "label": "Data source", "query": "prometheus" });
    differences(rule, source, &wanted)
}

pub(crate) fn job(dashboard: &Dashboard) -> Vec<Finding> {
    choice(dashboard, "template-job-rule", "job", "Job")
}

pub(crate) fn instance(dashboard: &Dashboard) -> Vec<Finding> {
    choice(dashboard, "template-instance-rule", "instance", "Instance")
}

fn choice(dashboard: &Dashboard, rule: &'static str, name: &str, label: &str) -> Vec<Finding> {
    let variables = dashboard.variables();
    let Some(variable) = variables.iter().find(|variable| variable["name"] == name) else {
        return vec![finding(rule, name, "no such variable")];
    };
    let source = json!({ "type": "prometheus", "uid": "${datasource}" });
    let wanted = json!({
        "type": "query", "label": label, "multi": true, "includeAll": true, "allValue": ".+", "datasource": source,
    });
    differences(rule, variable, &wanted)
}

fn differences(rule: &'static str, variable: &Value, wanted: &Value) -> Vec<Finding> {
    let name = variable["name"].as_str().unwrap_or_default();
    let wanted = wanted.as_object().into_iter().flatten();
    let wrong = wanted.filter(|(key, value)| variable.get(key) != Some(value));
    wrong.map(|(key, value)| finding(rule, name, &format!("{key} is not {value}"))).collect()
}

/// The query is one of those that Prometheus' data source knows; what is inside, promtool reads.
pub(crate) fn query(dashboard: &Dashboard) -> Vec<Finding> {
    let known = |variable: &Value| {
        let call = variable_query(variable).strip_suffix(')').and_then(|call| call.split_once('('));
        matches!(call, Some(("label_values", arguments)) if arguments.contains(','))
            || matches!(call, Some(("query_result", _)))
    };
    let message = "neither label_values(selector, label) nor query_result(expression)";
    queries(dashboard, "template-label-promql-rule", known, message)
}

pub(crate) fn reload(dashboard: &Dashboard) -> Vec<Finding> {
    let reloads = |variable: &Value| variable["refresh"] == 2;
    let message = "values are read again when the time range changes";
    queries(dashboard, "template-on-time-change-reload-rule", reloads, message)
}

fn queries(
    dashboard: &Dashboard,
    rule: &'static str,
    is_right: impl Fn(&Value) -> bool,
    message: &str,
) -> Vec<Finding> {
    let variables = dashboard.variables();
    let wrong = variables.into_iter().filter(|variable| variable["type"] == "query" && !is_right(variable));
    wrong.map(|variable| finding(rule, variable["name"].as_str().unwrap_or_default(), message)).collect()
}
