//! The rules of Grafana's dashboard-linter, by their names there:
//! <https://github.com/grafana/dashboard-linter/blob/main/docs/index.md>. It passes over heatmaps for title, unit and
//! data source, and so do these; [`super::layout`] does not.

use std::collections::BTreeSet;

use portent_tests::dashboard::{Dashboard, Substitution, items, unknown_variables};
use serde_json::Value;

use super::{Finding, Rule, finding, selectors, templates};

/// The rules. Two are about Loki, whose queries cannot be checked here: that there are none is their rule.
pub(crate) const RULES: [Rule; 17] = [
    ("template-datasource-rule", templates::datasource),
    ("template-job-rule", templates::job),
    ("template-instance-rule", templates::instance),
    ("template-label-promql-rule", templates::query),
    ("template-on-time-change-reload-rule", templates::reload),
    ("panel-datasource-rule", panel_datasource),
    ("panel-title-description-rule", panel_title_description),
    ("panel-units-rule", panel_units),
    ("panel-no-targets-rule", panel_no_targets),
    ("target-logql-rule", target_logql),
    ("target-logql-auto-rule", target_logql_auto),
    ("target-promql-rule", target_promql),
    ("target-rate-interval-rule", selectors::rate_interval),
    ("target-job-rule", selectors::job),
    ("target-instance-rule", selectors::instance),
    ("target-counter-agg-rule", selectors::counter_in_rate),
    ("uneditable-dashboard-rule", uneditable),
];

/// Units that our panels use, by Grafana's ids:
/// <https://github.com/grafana/grafana/blob/main/packages/grafana-data/src/valueFormats/categories.ts>.
pub(crate) const UNITS: [&str; 10] =
    ["none", "short", "percent", "percentunit", "s", "bytes", "reqps", "cps", "dateTimeFromNow", "string"];

const PLAIN: [&str; 4] = ["stat", "table", "timeseries", "gauge"];

fn plain_panels(dashboard: &Dashboard) -> impl Iterator<Item = (&str, &Value)> {
    let plain = |panel: &&Value| panel["type"].as_str().is_some_and(|kind| PLAIN.contains(&kind));
    dashboard.panels().into_iter().filter(plain).map(titled)
}

pub(crate) fn titled(panel: &Value) -> (&str, &Value) {
    (panel["title"].as_str().unwrap_or_default(), panel)
}

fn panel_datasource(dashboard: &Dashboard) -> Vec<Finding> {
    let wrong = plain_panels(dashboard).filter(|(_, panel)| panel["datasource"]["uid"] != "${datasource}");
    wrong
        .map(|(title, _)| finding("panel-datasource-rule", title, "the data source is not templated"))
        .collect()
}

fn panel_title_description(dashboard: &Dashboard) -> Vec<Finding> {
    let has = |panel: &Value, name: &str| panel[name].as_str().is_some_and(|text| !text.is_empty());
    let wrong =
        plain_panels(dashboard).filter(|(_, panel)| !has(panel, "title") || !has(panel, "description"));
    let message = "a panel has a title and a description";
    wrong.map(|(title, _)| finding("panel-title-description-rule", title, message)).collect()
}

fn panel_units(dashboard: &Dashboard) -> Vec<Finding> {
    let known = |panel: &Value| {
        let unit = panel["fieldConfig"]["defaults"]["unit"].as_str();
        unit.is_some_and(|unit| UNITS.contains(&unit))
    };
    let wrong = plain_panels(dashboard).filter(|(_, panel)| !known(panel));
    wrong.map(|(title, _)| finding("panel-units-rule", title, "no known unit")).collect()
}

fn panel_no_targets(dashboard: &Dashboard) -> Vec<Finding> {
    let asks = |panel: &Value| panel["type"] == "text" || items(panel, "/targets").next().is_some();
    let panels = dashboard.panels();
    let wrong = panels.into_iter().filter(|panel| !asks(panel)).map(titled);
    wrong.map(|(title, _)| finding("panel-no-targets-rule", title, "the panel asks for nothing")).collect()
}

fn target_logql(dashboard: &Dashboard) -> Vec<Finding> {
    asking_others(dashboard, "target-logql-rule")
}

fn target_logql_auto(dashboard: &Dashboard) -> Vec<Finding> {
    asking_others(dashboard, "target-logql-auto-rule")
}

fn asking_others(dashboard: &Dashboard, rule: &'static str) -> Vec<Finding> {
    let panels = dashboard.panels();
    let asks_others =
        |panel: &Value| items(panel, "/targets").any(|target| target["datasource"]["type"] != "prometheus");
    let wrong = panels.into_iter().filter(|panel| asks_others(panel)).map(titled);
    wrong.map(|(title, _)| finding(rule, title, "a query for another data source than Prometheus")).collect()
}

/// What can be seen without promtool, which reads the expressions in [`super::expressions`].
fn target_promql(dashboard: &Dashboard) -> Vec<Finding> {
    let variables: BTreeSet<_> =
        dashboard.variables().iter().filter_map(|one| one["name"].as_str()).collect();
    let check = |expression: &portent_tests::dashboard::Expression| {
        let message = if expression.text.trim().is_empty() {
            "an empty expression".to_owned()
        } else {
            let named = unknown_variables(&expression.text);
            let defined = |name: &&str| variables.contains(name) || name.starts_with("__");
            let unknown = named.into_iter().find(|name| !defined(name)).map(str::to_owned);
            let applied = Substitution::everything().apply(&expression.text);
            let left = unknown_variables(&applied).first().map(|name| (*name).to_owned());
            format!("no variable {}", unknown.or(left)?)
        };
        Some(finding("target-promql-rule", &expression.place, &message))
    };
    dashboard.expressions().iter().filter_map(check).collect()
}

fn uneditable(dashboard: &Dashboard) -> Vec<Finding> {
    let wrong = (dashboard.json["editable"] != false).then_some("a provisioned dashboard cannot be edited");
    wrong.map(|message| finding("uneditable-dashboard-rule", "", message)).into_iter().collect()
}

#[test]
fn every_rule_is_ported_under_its_name() {
    let names: BTreeSet<_> = RULES.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 17);
}
