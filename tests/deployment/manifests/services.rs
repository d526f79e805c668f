//! Selectors of workloads and Services, and the ports behind them.

use serde_json::Value;

use super::objects::{Objects, at, has_labels, list, name, namespace, shown, text};

/// A workload whose selector misses its own pods is refused by the API server; one that selects another's
/// fights it.
pub(crate) fn workloads_select_their_pods(objects: &Objects) -> Vec<String> {
    let mut faults = Vec::new();
    for pod in objects.pods() {
        let selector = at(pod.workload, "/spec/selector/matchLabels");
        if !has_labels(pod.labels, selector) {
            faults.push(format!("{} does not select its own pods", shown(pod.workload)));
        }
        let number = objects.selected(pod.namespace(), selector).len();
        if number > 1 {
            faults.push(format!("{} selects the pods of {number} workloads", shown(pod.workload)));
        }
    }
    faults
}

/// Every Service selects the pods of one workload, and each of its ports is one of theirs.
pub(crate) fn services_lead_to_pods(objects: &Objects) -> Vec<String> {
    let mut faults = Vec::new();
    for service in objects.of("Service") {
        let pods = objects.selected(namespace(service), at(service, "/spec/selector"));
        if pods.len() != 1 {
            faults.push(format!("{} selects the pods of {} workloads", shown(service), pods.len()));
        }
        for port in list(service, "/spec/ports") {
            let target = target(port);
            if pods.iter().any(|pod| pod.port(target).is_none()) {
                faults.push(format!("{}: no container has the port {target}", shown(service)));
            }
        }
    }
    faults
}

/// Every backend of an Ingress is a port of a Service in its namespace.
pub(crate) fn ingresses_lead_to_services(objects: &Objects) -> Vec<String> {
    let mut faults = Vec::new();
    for ingress in objects.of("Ingress") {
        let paths = list(ingress, "/spec/rules").flat_map(|rule| list(rule, "/http/paths"));
        for backend in paths.map(|path| at(path, "/backend/service")) {
            let service = objects.find("Service", namespace(ingress), text(backend, "/name"));
            let port = at(backend, "/port/number");
            let ports = service.into_iter().flat_map(|service| list(service, "/spec/ports"));
            if !ports.into_iter().any(|found| &found["port"] == port) {
                faults.push(format!(
                    "{}: no Service {} with the port {port}",
                    name(ingress),
                    text(backend, "/name")
                ));
            }
        }
    }
    faults
}

/// What a port of a Service leads to: the same number, where nothing else is said.
pub(crate) fn target(port: &Value) -> &Value {
    if port["targetPort"].is_null() { &port["port"] } else { &port["targetPort"] }
}
