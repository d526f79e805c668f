//! Rules of dashboard-linter about the selectors of panels.

use portent_tests::dashboard::{Dashboard, panel_expressions};
use portent_tests::promql::{Selector, selectors};

use super::Finding;

const RATES: [&str; 3] = ["rate", "irate", "increase"];

pub(crate) fn rate_interval(dashboard: &Dashboard) -> Vec<Finding> {
    let is_right = |selector: &Selector| {
        let is_rate = selector.function.as_deref().is_some_and(|name| RATES.contains(&name));
        !is_rate || selector.range.as_deref() == Some("$__rate_interval")
    };
    check(dashboard, "target-rate-interval-rule", "the range is not $__rate_interval", is_right)
}

pub(crate) fn job(dashboard: &Dashboard) -> Vec<Finding> {
    check(dashboard, "target-job-rule", "no job=~\"$job\"", |selector| matches_on(selector, "job"))
}

pub(crate) fn instance(dashboard: &Dashboard) -> Vec<Finding> {
    let message = "no instance=~\"$instance\"";
    check(dashboard, "target-instance-rule", message, |selector| matches_on(selector, "instance"))
}

fn matches_on(selector: &Selector, label: &str) -> bool {
    let variable = format!("${label}");
    let mut matchers = selector.matchers.iter();
    matchers.any(|found| found.label == label && found.operator == "=~" && found.value == variable)
}

pub(crate) fn counter_in_rate(dashboard: &Dashboard) -> Vec<Finding> {
    let is_right = |selector: &Selector| {
        let is_rate = selector.function.as_deref().is_some_and(|name| RATES.contains(&name));
        is_rate || !selector.metric.ends_with("_total")
    };
    check(dashboard, "target-counter-agg-rule", "a counter is not inside rate, irate or increase", is_right)
}

fn check(
    dashboard: &Dashboard,
    rule: &'static str,
    message: &str,
    is_right: impl Fn(&Selector) -> bool,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for expression in dashboard.panels().into_iter().flat_map(panel_expressions) {
        let wrong = selectors(&expression.text).into_iter().filter(|selector| !is_right(selector));
        findings.extend(wrong.map(|selector| Finding {
            rule,
            place: expression.place.clone(),
            metric: selector.metric,
            message: message.to_owned(),
        }));
    }
    findings
}
