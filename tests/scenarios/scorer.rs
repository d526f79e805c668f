//! A model that is a component of its own, composed with Portent: whatever language it is written in, it gets every dialect,
//! the counts and the sandbox, and what it breaks is told as its own failure.

mod manifest;
mod misbehaving;
mod rules;

use std::collections::BTreeMap;

use crate::fixture::Running;

use manifest::Application;

/// Errors of an application at all of its routes, by type: those that there are.
fn errors(host: &Running, app: &str) -> BTreeMap<String, u64> {
    let text = host.scrape();
    let prefix = format!("api_errors_total{{app=\"{app}\",error_type=\"");
    let mut errors = BTreeMap::new();
    for line in text.lines().filter_map(|line| line.strip_prefix(&prefix)) {
        let (name, rest) = line.split_once('"').unwrap();
        let count: u64 = rest.rsplit_once(' ').unwrap().1.parse().unwrap();
        if count > 0 {
            *errors.entry(name.to_owned()).or_default() += count;
        }
    }
    errors
}
