//! Panels where Prometheus gives targets the labels that prometheus-operator gives them, and where several
//! aggregators are scraped.

use std::path::Path;
use std::time::Duration;

use portent_tests::dashboard::{self, Expression, Substitution, panel_expressions};
use portent_tests::external;
use serde_json::Value;

use super::{now, numbers, selected, traffic, values};
use crate::fixture::Running;
use crate::prometheus::Prometheus;

/// Labels of a target behind a ServiceMonitor.
const LABELS: &str = "labels: {endpoint: metrics, namespace: portent, pod: p, container: host-metrics, \
                      service: host-metrics}";

/// What our ServiceMonitor does about the one that is also a label of ours.
const RELABELLING: &str = "relabel_configs: [{action: labeldrop, regex: endpoint}]";

/// A server that scrapes these targets with the labels of Kubernetes.
fn in_kubernetes(program: &Path, targets: &[String], relabelling: &str) -> Prometheus {
    let edit = |folder: &Path| {
        let file = folder.join("prometheus.yml");
        let text = std::fs::read_to_string(&file).unwrap();
        let shipped = format!("- targets: [\"{}\"]", targets[0]);
        let own = format!("- targets: {targets:?}\n        {LABELS}\n    {relabelling}");
        assert!(text.contains(&shipped));
        std::fs::write(&file, text.replacen(&shipped, &own, 1)).unwrap();
    };
    Prometheus::configured(program, &targets[0], &[], edit)
}

fn expressions(uid: &str, title: &str) -> Vec<Expression> {
    let dashboards = dashboard::shipped();
    let dashboard = dashboards.iter().find(|one| one.field("uid") == uid).unwrap();
    let panels = dashboard.panels();
    panel_expressions(panels.iter().find(|panel| panel["title"] == title).unwrap())
}

fn used(hosts: &[&Running]) {
    for _ in 0..5 {
        hosts.iter().for_each(|host| traffic::round(host));
        std::thread::sleep(Duration::from_millis(1000));
    }
    std::thread::sleep(Duration::from_millis(1500));
}

/// Panels that name our label `endpoint`, and select nothing.
fn empty_panels(server: &Prometheus) -> Vec<String> {
    let mut empty = Vec::new();
    for dashboard in dashboard::shipped() {
        let expressions: Vec<_> = dashboard.panels().into_iter().flat_map(panel_expressions).collect();
        let ours = expressions.iter().filter(|one| one.text.contains("endpoint=~"));
        for expression in ours {
            if selected(server, expression, &values()).is_empty() {
                empty.push(expression.place.clone());
            }
        }
    }
    empty
}

#[test]
fn labels_of_targets_do_not_take_the_place_of_ours() {
    let Some(program) = external::program("prometheus") else { return };
    let host = Running::up(&[]);
    let targets = [host.authority("metrics")];
    let [right, wrong] = [RELABELLING, ""].map(|text| in_kubernetes(&program, &targets, text));
    used(&[&host]);
    assert_eq!(empty_panels(&right), Vec::<String>::new());
    assert!(!empty_panels(&wrong).is_empty(), "without the relabelling queries select nothing");
    assert!(!wrong.query("count(api_requests_total{exported_endpoint=\"/predict\"})").is_empty());
    let recorded = right.instant("job_app:api_requests:rate5m", now());
    assert!(recorded.iter().all(|one| one["metric"]["namespace"] == "portent"), "{recorded:?}");
}

/// The sum of what each of these values of `$instance` gives, at a moment.
fn total(server: &Prometheus, expression: &Expression, instances: &[&str], time: f64) -> f64 {
    let ask = |instance: &&str| {
        let values: Substitution = values().with("instance", instance);
        let series: Vec<Value> = server.instant(&values.apply(&expression.text), time);
        series.iter().flat_map(numbers).sum::<f64>()
    };
    instances.iter().map(ask).sum()
}

#[test]
fn several_aggregators_are_added_up() {
    let Some(program) = external::program("prometheus") else { return };
    let hosts = [Running::up(&[]), Running::up(&[])];
    let targets = hosts.each_ref().map(|host| host.authority("metrics"));
    let server = in_kubernetes(&program, &targets, RELABELLING);
    used(&[&hosts[0], &hosts[1]]);
    let each = targets.each_ref().map(String::as_str);
    let time = now() - 1.0;
    let counted = [
        ("portent-service", "Total API Requests"),
        ("portent-service", "Predictions by Result"),
        ("portent-hvs", "Readings"),
        ("portent-aggregator", "Events Received"),
    ];
    for (uid, title) in counted {
        let expression = &expressions(uid, title)[0];
        let all = total(&server, expression, &[".+"], time);
        let one = total(&server, expression, &each[..1], time);
        let sum = total(&server, expression, &each, time);
        assert!(one > 0.0 && sum > one * 1.5, "{title}: {one} of {sum}");
        assert!((all - sum).abs() < sum * 1e-9, "{title}: {all} instead of {sum}");
    }
    let models =
        server.instant(&values().apply(&expressions("portent-service", "Model Status")[0].text), time);
    let loaded: Vec<_> = models.iter().flat_map(numbers).collect();
    assert_eq!(loaded, [1.0, 1.0], "an application each, loaded once");
}
