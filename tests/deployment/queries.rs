//! Queries in documents: promtool reads them, and what they name exists.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use portent_tests::{deploy, judge, promql};

use crate::alerts::rules;
use crate::names::text;

/// Beginnings of names that other programs expose: Prometheus, Alertmanager, the kubelet.
const OTHERS: [&str; 3] = ["prometheus_", "alertmanager_", "container_"];

/// What Prometheus makes itself.
const BUILT_IN: [&str; 2] = ["up", "ALERTS"];

#[test]
fn queries_are_read_by_promtool() {
    let Some(promtool) = judge::program("promtool") else { return };
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
        for metric in promql::names(&query).metrics.keys() {
            let is_other = OTHERS.iter().any(|beginning| metric.starts_with(beginning));
            let place = document.display();
            assert!(is_other || known.contains(metric), "{place}: nothing is called {metric} in {query}");
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

/// Names of samples of every documented family, of recorded series, and what Prometheus makes.
fn known() -> BTreeSet<String> {
    let reference = text(&judge::workspace().join("docs/metrics.md"));
    let families = reference.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        Some((cells.next()?.strip_suffix('`')?.to_owned(), cells.next()?.to_owned()))
    });
    let samples = families.flat_map(|(family, kind)| match kind.as_str() {
        "histogram" => ["_bucket", "_sum", "_count"].map(|ending| format!("{family}{ending}")).to_vec(),
        _ => vec![family],
    });
    let recorded = rules().into_iter().filter_map(|rule| rule["record"].as_str().map(str::to_owned));
    samples.chain(recorded).chain(BUILT_IN.map(str::to_owned)).collect()
}
