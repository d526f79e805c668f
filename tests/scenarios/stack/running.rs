//! What a stack does while it runs, and that it ends when it is told to.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::Command;

use portent_tests::{deploy, external};
use serde_json::Value;

use super::{PORTS, Stack, free_ports, script};
use crate::fixture::{FIRST_ROW, post, terminate, try_get};

fn targets_are_up(answer: &Value) -> bool {
    let targets = answer["data"]["activeTargets"].as_array();
    targets.is_some_and(|targets| targets.len() >= 3 && targets.iter().all(|target| target["health"] == "up"))
}

/// The addresses that a process listens on, in the form of `/proc/net`: `0100007F` is 127.0.0.1. Of UDP too.
fn listens_on(pid: u32) -> Vec<String> {
    let fds = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
    let links = fds.filter_map(|fd| std::fs::read_link(fd.path()).ok());
    let sockets: BTreeSet<_> = links.map(|link| link.to_string_lossy().into_owned()).collect();
    let mut found = Vec::new();
    for (table, listening) in [("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")] {
        let Ok(text) = std::fs::read_to_string(format!("/proc/{pid}/net/{table}")) else { continue };
        for line in text.lines().skip(1) {
            let fields: Vec<_> = line.split_whitespace().collect();
            if fields[3] == listening && sockets.contains(&format!("socket:[{}]", fields[9])) {
                found.push(fields[1].split(':').next().unwrap().to_owned());
            }
        }
    }
    found
}

#[test]
fn nothing_listens_beyond_this_machine() {
    let Some(stack) = Stack::start(&[]) else { return };
    let listening: Vec<_> = stack.children().iter().flat_map(|(_, pid)| listens_on(*pid)).collect();
    assert_eq!(listening, ["0100007F"; PORTS.len()]);
}

#[test]
fn everything_runs_and_a_prediction_and_the_watchdog_get_where_they_should() {
    let Some(stack) = Stack::start(&[]) else { return };
    assert_eq!(post(&format!("{}/predict", stack.base("--port")), FIRST_ROW).0, 200);
    assert_eq!(try_get(&format!("{}/hvs/docs", stack.base("--port"))).unwrap().0, 200);
    for option in PORTS {
        let authority = stack.base(option).replace("http://", "");
        assert!(stack.output.iter().any(|line| line.contains(&authority)), "{option}: {:?}", stack.output);
    }
    // Prometheus: all targets answer, the prediction is there, the rules are loaded and evaluated.
    let targets = stack.wait_for("--prometheus-port", "/api/v1/targets", targets_are_up);
    let jobs: Vec<_> = targets["data"]["activeTargets"].as_array().unwrap().iter().collect();
    assert_eq!(jobs.iter().filter(|target| target["labels"]["job"] == "host-metrics").count(), 1);
    let query = "/api/v1/query?query=sum(predictions_total%7Bapp%3D%22heart-disease%22%7D)";
    stack.wait_for("--prometheus-port", query, |answer| answer["data"]["result"][0]["value"][1] == "1");
    let shipped = deploy::files("prometheus/rules", ".yaml").len();
    let rules = stack.wait_for("--prometheus-port", "/api/v1/rules", |answer| {
        let groups = answer["data"]["groups"].as_array();
        groups.is_some_and(|groups| groups.iter().flat_map(rules_of).all(|rule| rule["health"] == "ok"))
    });
    let groups = rules["data"]["groups"].as_array().unwrap();
    let files: BTreeSet<_> = groups.iter().map(|group| group["file"].as_str()).collect();
    assert_eq!(files.len(), shipped, "{files:?}");
    // Alertmanager: the alert that always fires arrives, and its receiver sends nothing.
    let alerts = stack.wait_for("--alertmanager-port", "/api/v2/alerts", |answer| {
        answer.as_array().is_some_and(|alerts| !alerts.is_empty())
    });
    assert_eq!(alerts[0]["labels"]["alertname"], "PortentWatchdog", "{alerts:#}");
    let status = stack.wait_for("--alertmanager-port", "/api/v2/status", |answer| !answer.is_null());
    let config = status["config"]["original"].as_str().unwrap().to_owned();
    assert!(config.contains("name: pager") && !config.contains("_configs:"), "{config}");
}

fn rules_of(group: &Value) -> impl Iterator<Item = &Value> {
    group["rules"].as_array().into_iter().flatten()
}

#[test]
fn a_stop_ends_everything_and_the_next_start_goes_on() {
    let Some(stack) = Stack::start(&[]) else { return };
    let mut names: Vec<_> = stack.children().into_iter().map(|(name, _)| name).collect();
    names.sort();
    assert_eq!(names, ["host-metrics", "prometheus", "prometheus-aler"], "the kernel keeps 15 letters");
    assert_eq!(post(&format!("{}/predict", stack.base("--port")), FIRST_ROW).0, 200);
    terminate(&stack.process);
    let (code, complaints, folder) = stack.ended();
    assert_eq!((code, complaints.as_str()), (0, ""));
    let again = Stack::start_in(folder, &[]).unwrap();
    let scrape = try_get(&format!("{}/metrics", again.base("--metrics-port"))).unwrap().1;
    let request = "api_requests_total{app=\"heart-disease\",method=\"POST\",endpoint=\"/predict\",status_code=\"200\"} 1\n";
    assert!(scrape.contains(request), "the counts are kept");
}

#[test]
fn known_traffic_under_spin_is_counted_exactly() {
    let Some(spin) = external::optional_program("PORTENT_SPIN", "spin") else { return };
    let folder = tempfile::tempdir().unwrap();
    let ports = free_ports();
    let Some(mut command) = script(folder.path(), &ports, &["--spin"]) else { return };
    let process = command.env("PORTENT_SPIN", spin).spawn().unwrap();
    let mut stack = Stack { process, ports, output: Vec::new(), folder };
    let output = BufReader::new(stack.process.stdout.as_mut().unwrap()).lines().map_while(Result::ok);
    assert!(output.take_while(|line| !line.starts_with("Everything runs.")).count() > 3);
    let script = deploy::path("scripts/test-metrics.sh").canonicalize().unwrap();
    let checked = Command::new(script)
        .args(["--requests", "10", "--concurrency", "4", "--url", &stack.base("--port")])
        .args(["--metrics-url", &stack.base("--metrics-port")])
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    terminate(&stack.process);
    assert_eq!(stack.ended().0, 0);
}
