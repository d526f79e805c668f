//! Recording and alert rules: put before promtool, and held against their own tests, runbooks and metrics.

mod alerts;
mod cases;
pub(crate) mod names;

use std::path::{Path, PathBuf};
use std::process::Command;

use portent_tests::{deploy, external};
use serde_json::Value;

use crate::names::text;

/// The files with rules.
fn files() -> Vec<PathBuf> {
    deploy::files("prometheus/rules", ".yaml")
}

/// The groups of a file with rules, or of the object for prometheus-operator.
fn groups(document: &Value) -> Vec<Value> {
    let groups = document["groups"].as_array().or_else(|| document["spec"]["groups"].as_array());
    groups.unwrap().clone()
}

/// Every rule, of the kind `record` or `alert`, by its name.
pub(crate) fn rules(kind: &str) -> Vec<(String, Value)> {
    let groups = files().iter().flat_map(|file| groups(&document(file))).collect::<Vec<_>>();
    let rules = groups.iter().flat_map(|group| group["rules"].as_array().unwrap());
    let named = rules.filter_map(|rule| Some((rule[kind].as_str()?.to_owned(), rule.clone())));
    let named: Vec<_> = named.collect();
    assert!(!named.is_empty(), "there are rules with {kind}");
    named
}

fn document(file: &Path) -> Value {
    let documents = deploy::yaml(&text(file)).unwrap();
    assert_eq!(documents.len(), 1, "{}", file.display());
    documents[0].clone()
}

/// What promtool says: an error is its whole output.
fn promtool(program: &Path, arguments: &[&str], files: &[PathBuf]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).args(files).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&text).into_owned()) }
}

#[test]
fn promtool_accepts_the_configuration() {
    let Some(program) = external::program("promtool") else { return };
    promtool(&program, &["check", "config"], &[deploy::path("prometheus/prometheus.yml")]).unwrap();
}

#[test]
fn promtool_accepts_the_variant_for_tokens_and_tls() {
    let Some(program) = external::program("promtool") else { return };
    let folder = tempfile::tempdir().unwrap();
    let shipped = text(&deploy::path("prometheus/prometheus.yml"));
    let (before, variant) = shipped.split_once("  # - job_name: host-metrics\n").unwrap();
    let lines = variant.lines().map_while(|line| line.strip_prefix("  # "));
    let job: String = lines.map(|line| format!("  {line}\n")).collect();
    let head = before.split_once("scrape_configs:").unwrap().0;
    let config = folder.path().join("prometheus.yml");
    std::fs::create_dir(folder.path().join("rules")).unwrap();
    std::fs::write(folder.path().join("rules/none.yaml"), "groups: []\n").unwrap();
    std::fs::write(&config, format!("{head}scrape_configs:\n  - job_name: host-metrics\n{job}")).unwrap();
    let check = || promtool(&program, &["check", "config"], std::slice::from_ref(&config));
    assert!(check().unwrap_err().contains("metrics.token"), "the files that it names are looked for");
    for file in ["metrics.token", "tls.crt"] {
        std::fs::write(folder.path().join(file), "").unwrap();
    }
    check().unwrap();
    assert!(job.contains("scheme: https") && job.contains("credentials_file") && job.contains("targets"));
}

#[test]
fn promtool_accepts_every_rule() {
    let Some(program) = external::program("promtool") else { return };
    promtool(&program, &["check", "rules", "--lint=all", "--lint-fatal"], &files()).unwrap();
}

/// One process a file: together they take a minute.
#[test]
fn promtool_finds_that_rules_do_what_their_tests_say() {
    let Some(program) = external::program("promtool") else { return };
    let tests = deploy::files("prometheus/tests", "_test.yaml");
    let failures: Vec<String> = std::thread::scope(|scope| {
        let run = |file: &PathBuf| promtool(&program, &["test", "rules"], std::slice::from_ref(file)).err();
        let running: Vec<_> = tests.iter().map(|file| scope.spawn(move || run(file))).collect();
        running.into_iter().filter_map(|test| test.join().unwrap()).collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_rule_file_has_groups_of_its_area_and_tests() {
    for file in files() {
        let area = file.file_stem().unwrap().to_str().unwrap();
        for group in groups(&document(&file)) {
            let name = group["name"].as_str().unwrap();
            assert!([format!("{area}.rules"), format!("{area}.alerts")].contains(&name.to_owned()), "{name}");
            let kind = if name.ends_with(".rules") { "record" } else { "alert" };
            let rules = group["rules"].as_array().unwrap();
            assert!(rules.iter().all(|rule| rule[kind].is_string()), "{name} holds rules of one kind");
        }
        assert!(deploy::path(&format!("prometheus/tests/{area}_test.yaml")).is_file(), "{area} has tests");
    }
}

/// Whether its text is up to date too, a test beside what writes it says.
#[test]
fn prometheus_operator_gets_the_same_groups() {
    let own: Vec<Value> = files().iter().flat_map(|file| groups(&document(file))).collect();
    let object = document(&deploy::path("spinkube/components/monitoring/prometheusrule.yaml"));
    assert_eq!(object["kind"], "PrometheusRule");
    assert!(groups(&object) == own, "cargo xtask generate writes the rules of prometheus-operator");
}
