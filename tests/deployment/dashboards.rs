//! The dashboards in `deploy/grafana`: what Grafana's own tools ask of one, what ours ask beyond, and how they are
//! handed to Grafana. What their queries return is asked among the scenarios.

mod example;
mod exclusions;
mod expressions;
mod layout;
mod lint;
mod provisioning;
mod schema;
mod selectors;
mod templates;

use portent_tests::dashboard::{Dashboard, shipped};

/// Something that is wrong with a dashboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Name of the rule.
    pub(crate) rule: &'static str,
    /// Title of the panel, or name of the variable; empty if it is the dashboard.
    pub(crate) place: String,
    /// The metric that a selector names; empty where it is not about one.
    pub(crate) metric: String,
    /// What is wrong.
    pub(crate) message: String,
}

/// A rule and its name: what it finds in a dashboard.
pub(crate) type Rule = (&'static str, fn(&Dashboard) -> Vec<Finding>);

/// A finding that is about no metric.
pub(crate) fn finding(rule: &'static str, place: &str, message: &str) -> Finding {
    Finding { rule, place: place.to_owned(), metric: String::new(), message: message.to_owned() }
}

#[test]
fn shipped_dashboards_pass_every_rule_or_say_why_not() {
    let exclusions = exclusions::read();
    let mut used = vec![false; exclusions.len()];
    let mut left = Vec::new();
    for dashboard in shipped() {
        let rules = lint::RULES.iter().chain(&layout::RULES);
        for finding in rules.flat_map(|(_, rule)| rule(&dashboard)) {
            let excluding = exclusions.iter().position(|one| one.covers(&dashboard, &finding));
            match excluding.and_then(|index| used.get_mut(index)) {
                Some(used) => *used = true,
                None => left.push((dashboard.field("uid").to_owned(), finding)),
            }
        }
    }
    assert!(left.is_empty(), "{left:#?}");
    let unused: Vec<_> = exclusions.iter().zip(used).filter(|(_, used)| !used).collect();
    assert!(unused.is_empty(), "these exclude nothing: {unused:#?}");
}

#[test]
fn the_panels_of_the_replaced_dashboard_are_there() {
    let titles = [
        "Total API Requests",
        "Request Duration (95th Percentile)",
        "Predictions by Result",
        "Prediction Confidence Distribution",
        "Active Requests",
        "Error Rate",
        "Model Status",
        "Prediction Latency",
        "Total Predictions (Counter)",
        "Total Errors (Counter)",
        "Success Rate",
    ];
    let dashboards = shipped();
    let service = dashboards.iter().find(|one| one.field("uid") == "portent-service").unwrap();
    let found: Vec<_> = service.panels().iter().filter_map(|panel| panel["title"].as_str()).collect();
    for title in titles {
        let count = found.iter().filter(|found| **found == title).count();
        assert_eq!(count, 1, "{title}");
    }
}
