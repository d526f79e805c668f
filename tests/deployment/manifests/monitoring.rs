//! What Prometheus scrapes, and asks.

use portent_tests::external;
use serde_json::Value;

use super::applications::Manifest;
use super::objects::{Objects, Pod, at, has_labels, list, name, namespace, shown, text};
use super::services::target;

/// The job that rules and dashboards ask for.
const JOB: &str = "host-metrics";

/// Where there is a monitor: each pod that exposes metrics is found by one endpoint of one monitor, under the
/// right name, and every endpoint finds something.
pub(crate) fn each_pod_is_scraped_once(objects: &Objects) -> Vec<String> {
    let mut faults = Vec::new();
    let mut scraped = Vec::new();
    for monitor in objects.of("ServiceMonitor") {
        for endpoint in list(monitor, "/spec/endpoints") {
            let found = targets(objects, monitor, endpoint);
            if found.is_empty() {
                faults.push(format!("{} finds no pod by the port {}", shown(monitor), endpoint["port"]));
            }
            for (service, pod) in found {
                let job = &service["metadata"]["labels"][text(monitor, "/spec/jobLabel")];
                if job != JOB {
                    faults.push(format!("{} names the job of {} {job}", shown(monitor), shown(service)));
                }
                scraped.push(shown(pod.workload));
            }
        }
    }
    let has_monitors = objects.of("ServiceMonitor").next().is_some();
    for pod in objects.pods().filter(|_| has_monitors) {
        let expected = usize::from(pod.port(&"metrics".into()).is_some());
        let times = scraped.iter().filter(|workload| **workload == shown(pod.workload)).count();
        if times != expected {
            faults.push(format!("{} is scraped {times} times, not {expected}", shown(pod.workload)));
        }
    }
    faults
}

/// The pods that an endpoint of a monitor finds, each with the Service through which it does.
fn targets<'o>(objects: &'o Objects, monitor: &Value, endpoint: &Value) -> Vec<(&'o Value, Pod<'o>)> {
    let selector = at(monitor, "/spec/selector/matchLabels");
    let namespaces: Vec<_> = list(monitor, "/spec/namespaceSelector/matchNames").collect();
    let mut found = Vec::new();
    for service in objects.of("Service") {
        let is_here = if namespaces.is_empty() {
            namespace(service) == namespace(monitor)
        } else {
            namespaces.iter().any(|wanted| *wanted == namespace(service))
        };
        if !is_here || !has_labels(at(service, "/metadata/labels"), selector) {
            continue;
        }
        let pods = objects.selected(namespace(service), at(service, "/spec/selector"));
        for port in list(service, "/spec/ports").filter(|port| !port["name"].is_null()) {
            let leads = |pod: &&Pod<'_>| port["name"] == endpoint["port"] && pod.port(target(port)).is_some();
            found.extend(pods.iter().filter(leads).map(|pod| (service, *pod)));
        }
    }
    found
}

/// The operator's own target label `endpoint` would take the place of ours.
pub(crate) fn scrapes_keep_our_labels(objects: &Objects) -> Vec<String> {
    let mut faults = Vec::new();
    for monitor in objects.of("ServiceMonitor") {
        for endpoint in list(monitor, "/spec/endpoints") {
            let drops = |rule: &Value| rule["action"] == "labeldrop" && rule["regex"] == "endpoint";
            if !list(endpoint, "/relabelings").any(drops) {
                faults.push(format!("{} keeps the target label `endpoint`", shown(monitor)));
            }
            if endpoint["honorLabels"] == true || endpoint["path"] != "/metrics" {
                faults.push(format!(
                    "{}: labels of targets come first, and /metrics is scraped",
                    shown(monitor)
                ));
            }
        }
    }
    faults
}

/// Queries of autoscalers ask for a family that is exposed, of the application whose pods they scale.
pub(crate) fn queries_are_of_what_is_counted(objects: &Objects) -> Vec<String> {
    let page = std::fs::read_to_string(external::workspace().join("docs/metrics.md")).unwrap();
    let manifest = Manifest::read();
    let mut faults = Vec::new();
    for (scaler, query) in queries(objects) {
        let family = query.split('{').next().unwrap_or_default();
        let family =
            family.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
        if !page.contains(&format!("\n| `{family}` |")) {
            faults.push(format!("{}: nobody exposes {family:?}", shown(scaler)));
        }
        let app = manifest.app(text(scaler, "/spec/scaleTargetRef/name"));
        if !query.contains(&format!("app=\"{app}\"")) {
            faults.push(format!("{} does not ask for the application {app}", name(scaler)));
        }
    }
    faults
}

/// PromQL in autoscalers.
pub(crate) fn queries(objects: &Objects) -> Vec<(&Value, &str)> {
    let scalers = objects.of("ScaledObject");
    let triggers =
        scalers.flat_map(|scaler| list(scaler, "/spec/triggers").map(move |trigger| (scaler, trigger)));
    let asking = triggers.filter(|(_, trigger)| trigger["type"] == "prometheus");
    asking.map(|(scaler, trigger)| (scaler, text(trigger, "/metadata/query"))).collect()
}
