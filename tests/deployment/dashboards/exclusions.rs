//! What is excluded from a rule, and why: `deploy/grafana/lint-exclusions.yaml`.

use portent_tests::dashboard::Dashboard;
use portent_tests::deploy;
use serde_json::Value;

use super::Finding;
use crate::names::text;

const KEYS: [&str; 5] = ["rule", "dashboard", "panel", "metric", "reason"];

/// An exclusion. What it does not name, it does not ask for.
#[derive(Debug)]
pub(crate) struct Exclusion {
    rule: String,
    dashboard: Option<String>,
    panel: Option<String>,
    /// The metric, or how its name begins where `*` ends it.
    metric: Option<String>,
}

impl Exclusion {
    pub(crate) fn covers(&self, dashboard: &Dashboard, finding: &Finding) -> bool {
        let is = |asked: &Option<String>, found: &str| asked.as_ref().is_none_or(|asked| asked == found);
        self.rule == finding.rule
            && is(&self.dashboard, dashboard.field("uid"))
            && is(&self.panel, &finding.place)
            && self.metric.as_ref().is_none_or(|pattern| matches(pattern, &finding.metric))
    }
}

fn matches(pattern: &str, metric: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == metric, |start| metric.starts_with(start))
}

pub(crate) fn read() -> Vec<Exclusion> {
    let file = text(&deploy::path("grafana/lint-exclusions.yaml"));
    parse(&deploy::yaml(&file).unwrap()[0]).unwrap()
}

fn parse(document: &Value) -> Result<Vec<Exclusion>, String> {
    let entries = document["exclusions"].as_array().ok_or("no list of exclusions")?;
    let read = |entry: &Value| {
        let keys = entry.as_object().ok_or("an exclusion is a mapping")?;
        if let Some(key) = keys.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(format!("unknown key {key}"));
        }
        let field = |name: &str| entry[name].as_str().map(str::to_owned);
        let rule = field("rule").ok_or("an exclusion names its rule")?;
        if field("reason").is_none_or(|reason| reason.split_whitespace().count() < 4) {
            return Err(format!("{rule} is excluded without a reason"));
        }
        let (dashboard, panel, metric) = (field("dashboard"), field("panel"), field("metric"));
        if panel.is_none() && metric.is_none() {
            return Err(format!("{rule} is excluded for everything"));
        }
        Ok(Exclusion { rule, dashboard, panel, metric })
    };
    entries.iter().map(read).collect()
}

#[test]
fn an_exclusion_is_narrow_and_has_a_reason() {
    let wrong = [
        ("exclusions: [{rule: a, panel: b}]", "a is excluded without a reason"),
        ("exclusions: [{rule: a, reason: this is no place}]", "a is excluded for everything"),
        ("exclusions: [{rule: a, title: b}]", "unknown key title"),
        ("other: []", "no list of exclusions"),
    ];
    for (file, error) in wrong {
        assert_eq!(parse(&deploy::yaml(file).unwrap()[0]).unwrap_err(), error);
    }
    assert!(matches("job_app:*", "job_app:a") && matches("up", "up"));
    assert!(!matches("job_app:*", "job:a") && !matches("up", "upper"));
}
