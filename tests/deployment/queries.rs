//! Queries in documents: promtool reads them, and what they name exists.

use std::path::PathBuf;
use std::process::Command;

use portent_tests::{deploy, external, promql};

use crate::names::text;
use crate::rules::names::{known, unknown};

/// Beginnings of names that are not ours: what Prometheus, Alertmanager and the kubelet expose, and what Prometheus makes
/// of alerts.
const OTHERS: [&str; 4] = ["prometheus_", "alertmanager_", "container_", "ALERTS"];

#[test]
fn queries_are_read_by_promtool() {
    let Some(promtool) = external::program("promtool") else { return };
    let queries = queries();
    assert!(queries.len() > 50, "queries are found: {}", queries.len());
    let rules = queries.iter().enumerate().map(|(index, (document, query))| {
        let record = serde_json::json!({ "record": format!("query:{index}"), "expr": query });
        assert!(!query.is_empty(), "{}", document.display());
        record
    });
    let groups = serde_json::json!({ "groups": [{ "name": "queries", "rules": rules.collect::<Vec<_>>() }] });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("queries.yaml");
    std::fs::write(&file, groups.to_string()).unwrap();
    let checked = Command::new(promtool).args(["check", "rules"]).arg(&file).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn queries_name_what_is_exposed_or_recorded() {
    let known = known();
    for (document, query) in queries() {
        let metrics = promql::names(&query).metrics;
        let is_other = |metric: &String| OTHERS.iter().any(|beginning| metric.starts_with(beginning));
        if !metrics.keys().any(is_other) {
            assert_eq!(unknown(&query, &known), Vec::<String>::new(), "{}: {query}", document.display());
        }
    }
}

/// Every query in a fenced block of PromQL, blank lines between them, with its document.
fn queries() -> Vec<(PathBuf, String)> {
    let blocks = |document: PathBuf| {
        let text = text(&document);
        let blocks = text.split("```promql\n").skip(1).filter_map(|rest| rest.split("```").next());
        let queries = blocks.flat_map(|block| block.split("\n\n"));
        let queries = queries.map(|query| (document.clone(), query.trim().to_owned()));
        queries.collect::<Vec<_>>()
    };
    deploy::files("../docs", ".md").into_iter().flat_map(blocks).collect()
}
