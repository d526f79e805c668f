//! The scripts that talk to a cluster.

mod cleaning;
mod shipped;

use std::path::Path;

use portent_tests::deploy;

use crate::kubectl::{ALL, Cluster, RENDERED};
use crate::names::text;

/// Kinds and names of the objects of a file that a script gave to `kubectl`.
fn objects(file: &Path) -> Vec<String> {
    let documents = deploy::yaml(&text(file)).unwrap();
    let name = |document: &serde_json::Value| {
        format!("{}/{}", document["kind"].as_str().unwrap(), document["metadata"]["name"].as_str().unwrap())
    };
    documents.iter().map(name).collect()
}

#[test]
fn a_deployment_applies_the_overlay_and_waits_for_all_of_it() {
    let cluster = Cluster::with(&ALL);
    let (code, said) = cluster.run("deploy-monitoring.sh", &["--overlay", "prod", "--context", "ours"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(text(&cluster.path("apply.yaml")), RENDERED);
    let calls = cluster.calls();
    assert!(calls.lines().next().unwrap().ends_with("overlays/prod"), "{calls}");
    assert!(calls.lines().skip(1).all(|call| call.starts_with("--context ours ")), "{calls}");
    for awaited in ["deployment/host-metrics", "deployment/heart"] {
        let wait = format!("--namespace portent rollout status {awaited} --timeout=");
        assert!(calls.contains(&wait), "{calls}");
    }
    assert!(said.contains("kubectl --context ours --namespace portent port-forward service/heart"), "{said}");
    let again = cluster.run("deploy-monitoring.sh", &["--overlay=prod", "--context=ours"]);
    assert_eq!(again, (code, said), "it can be run again");
}

#[test]
fn everything_that_is_missing_is_named_and_nothing_is_applied() {
    for missing in &ALL[..5] {
        let existing: Vec<_> = ALL.into_iter().filter(|name| name != missing).collect();
        let cluster = Cluster::with(&existing);
        let (code, said) = cluster.run("deploy-monitoring.sh", &[]);
        let name = missing.split('/').nth(1).unwrap();
        assert_eq!(code, 1, "{said}");
        assert_eq!(said.matches("missing: ").count(), 1, "{said}");
        assert!(said.contains(name) && !cluster.changed(), "{said}");
    }
    let cluster = Cluster::with(&[]);
    let (code, said) = cluster.run("deploy-monitoring.sh", &[]);
    assert_eq!((code, said.matches("missing: ").count()), (1, 5), "{said}");
    assert!(said.contains("install spin-operator") && said.contains("install prometheus-operator"), "{said}");
    assert!(!cluster.changed(), "{}", cluster.calls());
}

#[test]
fn a_secret_that_the_overlay_makes_is_not_asked_for() {
    let existing: Vec<_> = ALL.into_iter().filter(|name| !name.starts_with("secret/")).collect();
    let cluster = Cluster::with(&existing);
    let secret =
        "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: portent-tokens\n  namespace: portent\n";
    cluster.put("rendered.yaml", &format!("{RENDERED}{secret}"));
    let (code, said) = cluster.run("deploy-monitoring.sh", &[]);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn what_cannot_be_found_out_is_not_taken_for_missing() {
    let cluster = Cluster::with(&ALL);
    cluster.put("forbidden", "nodes are forbidden");
    for script in ["deploy-monitoring.sh", "cleanup-monitoring.sh"] {
        let (code, said) = cluster.run(script, &[]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("nodes are forbidden") && !said.contains("missing"), "{said}");
    }
    assert!(!cluster.changed());
}

#[test]
fn without_a_cluster_nothing_is_done() {
    let cluster = Cluster::with(&ALL);
    cluster.put("no-cluster", "");
    for script in ["deploy-monitoring.sh", "cleanup-monitoring.sh"] {
        let (code, said) = cluster.run(script, &[]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("no cluster answers: connection refused"), "{said}");
        let (code, said) = cluster.run(script, &["--dry-run"]);
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("No cluster answers") && said.contains("ServiceMonitor"), "{said}");
    }
    assert!(!cluster.changed());
}

#[test]
fn failures_of_kubectl_are_failures() {
    for (verb, expected) in
        [("kustomize", "cannot render"), ("apply", ""), ("rollout", "does not run within 5 s")]
    {
        let cluster = Cluster::with(&ALL);
        cluster.put(&format!("{verb}.code"), "1");
        let (code, said) = cluster.run("deploy-monitoring.sh", &["--timeout", "5"]);
        assert_eq!(code, 1, "{verb}: {said}");
        assert!(said.contains(expected) && !said.contains("Everything runs"), "{verb}: {said}");
        assert_eq!(cluster.calls().contains(" rollout "), verb == "rollout", "{verb}: {}", cluster.calls());
    }
    let cluster = Cluster::with(&ALL);
    cluster.put("delete.code", "1");
    let (code, said) = cluster.run("cleanup-monitoring.sh", &["--yes"]);
    assert_eq!(code, 1, "{said}");
    assert!(!said.contains("Nothing of it is left"), "{said}");
}

#[test]
fn an_application_that_the_operator_does_not_deploy_is_named() {
    let cluster = Cluster::with(&ALL[..6]);
    let (code, said) = cluster.run("deploy-monitoring.sh", &["--timeout", "1"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("deployment/heart in namespace portent does not appear within 1 s"), "{said}");
}

#[test]
fn a_dry_run_shows_differences_and_changes_nothing() {
    for (code, expected) in [("0", "has all of it"), ("1", "would change")] {
        let cluster = Cluster::with(&ALL);
        cluster.put("diff.code", code);
        let (status, said) = cluster.run("deploy-monitoring.sh", &["--dry-run"]);
        assert_eq!(status, 0, "{said}");
        assert!(said.contains(expected) && said.contains("SpinApp"), "{said}");
        assert!(!cluster.changed() && cluster.calls().contains("diff --server-side"), "{}", cluster.calls());
    }
    let cluster = Cluster::with(&ALL);
    cluster.put("diff.code", "2");
    assert_eq!(cluster.run("deploy-monitoring.sh", &["--dry-run"]).0, 1);
    let cluster = Cluster::with(&ALL);
    let (code, said) = cluster.run("cleanup-monitoring.sh", &["--dry-run", "--yes"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("would delete:") && !cluster.changed(), "{said}");
}

#[test]
fn an_overlay_that_is_not_there_is_a_misuse() {
    let cluster = Cluster::with(&ALL);
    for script in ["deploy-monitoring.sh", "cleanup-monitoring.sh"] {
        for overlay in ["staging", "../overlays/kind", ""] {
            let (code, said) = cluster.run(script, &["--overlay", overlay]);
            assert_eq!(code, 64, "{overlay}: {said}");
            assert!(said.contains("takes one of kind prod"), "{said}");
        }
    }
    assert_eq!(cluster.calls(), "");
}

#[test]
fn a_failed_smoke_test_says_what_kubectl_knows() {
    let cluster = Cluster::with(&[]);
    let nobody = ["--url", "http://127.0.0.1:1", "--metrics-url", "http://127.0.0.1:1", "--wait", "1"];
    let arguments = [&nobody[..], &["--namespace", "portent"]].concat();
    cluster.put("pods", "NAME READY STATUS\nheart-1 0/1 CrashLoopBackOff\n");
    cluster.put(
        "logs",
        "component imports instance `wasi:http/types@0.3.0`, but a matching implementation was not found\n",
    );
    let (code, said) = cluster.run("smoke.sh", &arguments);
    assert_eq!(code, 1, "{said}");
    for expected in [
        "pods of heart in",
        "pods of hvs in",
        "pods of host-metrics in",
        "CrashLoopBackOff",
        "lacks a WASI version",
    ] {
        assert!(said.contains(expected), "no {expected:?} in {said}");
    }
    cluster.put("logs", "listening\n");
    assert!(!cluster.run("smoke.sh", &arguments).1.contains("lacks a WASI version"));
    cluster.put("pods", "No resources found in portent namespace.\n");
    let (_, said) = cluster.run("smoke.sh", &arguments);
    assert!(said.contains("describe spinapp heart"), "{said}");
    assert!(!cluster.changed(), "{}", cluster.calls());
}
