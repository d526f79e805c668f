//! Network policies, evaluated as Kubernetes does, against what pods need of each other.

use serde_json::{Value, json};

use super::applications::{events_url, variable};
use super::objects::{Objects, Pod, at, has_labels, list, name, namespace, shown, text};
use super::services::target;

/// The far end of a connection.
struct Peer {
    namespace: String,
    labels: Value,
}

/// A connection that a pod makes or takes.
struct Connection<'o> {
    pod: Pod<'o>,
    is_egress: bool,
    peer: Peer,
    protocol: &'static str,
    port: u64,
}

/// Events and names of hosts out of the applications, requests into them, scrapes into the aggregator.
pub(crate) fn pods_reach_what_they_need(objects: &Objects) -> Vec<String> {
    let needs = objects.pods().flat_map(|pod| needs(objects, pod));
    needs
        .filter(|need| !is_allowed(objects, need))
        .map(|need| format!("{} is refused", need.shown()))
        .collect()
}

/// No stranger gets in, nothing gets out that has nobody to talk to, and every namespace denies by default.
pub(crate) fn pods_reach_nothing_else(objects: &Objects) -> Vec<String> {
    let mut faults = Vec::new();
    for pod in objects.pods() {
        let all = |policy: &&Value| {
            namespace(policy) == pod.namespace()
                && policy["spec"] == json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
        };
        if !objects.of("NetworkPolicy").any(|policy| all(&policy)) {
            faults.push(format!("nothing is denied by default in {}", pod.namespace()));
        }
    }
    let excess = objects.pods().flat_map(|pod| excess(objects, pod));
    faults.extend(
        excess
            .filter(|found| is_allowed(objects, found))
            .map(|found| format!("{} is allowed", found.shown())),
    );
    faults
}

fn needs<'o>(objects: &'o Objects, pod: Pod<'o>) -> Vec<Connection<'o>> {
    let mut needs = Vec::new();
    if pod.port(&"metrics".into()).is_some() {
        needs.push(into(
            pod,
            Peer::new("monitoring", json!({"app.kubernetes.io/name": "prometheus"})),
            "metrics",
        ));
    }
    if pod.is_spin() {
        // Whoever the ingress controller is, if there is one; else anybody.
        let from = if has_ingress(objects) { "ingress" } else { "default" };
        needs.push(into(pod, Peer::new(from, json!({"app": "any"})), "http-app"));
    }
    let service = (variable(pod, "events") == Some("http")).then(|| events_url(objects, pod)).flatten();
    if let Some((service, port)) = service {
        for aggregator in objects.selected(namespace(service), at(service, "/spec/selector")) {
            let port = aggregator.port(target(port)).unwrap_or_default();
            needs.push(out(pod, Peer::of(aggregator), "TCP", port));
            needs.push(Connection { is_egress: false, ..out(aggregator, Peer::of(pod), "TCP", port) });
        }
    }
    if let Some((host, port)) = collector(objects).filter(|_| pod.is_spin()) {
        let collector = json!({"app.kubernetes.io/name": "opentelemetry-collector"});
        needs.push(out(pod, Peer::new(&host, collector), "TCP", port));
    }
    if resolves_names(objects, pod) {
        needs.extend(["UDP", "TCP"].map(|protocol| out(pod, Peer::dns(), protocol, 53)));
    }
    needs
}

fn excess<'o>(objects: &'o Objects, pod: Pod<'o>) -> Vec<Connection<'o>> {
    let stranger = || Peer::new("default", json!({"app": "any"}));
    let mut excess = vec![out(pod, stranger(), "TCP", 443)];
    if !resolves_names(objects, pod) {
        excess.push(out(pod, Peer::dns(), "UDP", 53));
    }
    for port in ["metrics", "ingest"].into_iter().filter(|port| pod.port(&(*port).into()).is_some()) {
        excess.push(into(pod, stranger(), port));
    }
    if pod.is_spin() {
        if has_ingress(objects) {
            excess.push(into(pod, stranger(), "http-app"));
        }
        let aggregators = objects.pods().filter(|other| other.port(&"metrics".into()).is_some());
        excess.extend(aggregators.map(|aggregator| into(aggregator, Peer::of(pod), "metrics")));
    }
    excess
}

fn is_allowed(objects: &Objects, connection: &Connection<'_>) -> bool {
    let Connection { pod, is_egress, .. } = connection;
    let (kind, rules) = if *is_egress { ("Egress", "/spec/egress") } else { ("Ingress", "/spec/ingress") };
    let mut is_isolated = false;
    for policy in objects.of("NetworkPolicy").filter(|policy| namespace(policy) == pod.namespace()) {
        let applies = selects(at(policy, "/spec/podSelector"), pod.labels)
            && list(policy, "/spec/policyTypes").any(|found| found == kind);
        if applies && list(policy, rules).any(|rule| connection.fits(rule, pod.namespace())) {
            return true;
        }
        is_isolated |= applies;
    }
    !is_isolated
}

/// A selector as policies have it: an empty one selects everything.
fn selects(selector: &Value, labels: &Value) -> bool {
    selector == &json!({}) || has_labels(labels, at(selector, "/matchLabels"))
}

impl Connection<'_> {
    fn fits(&self, rule: &Value, namespace: &str) -> bool {
        let peers = &rule[if self.is_egress { "to" } else { "from" }];
        let fits_peer = peers.is_null() || list(peers, "").any(|peer| self.peer.fits(peer, namespace));
        let fits_port = |port: &Value| {
            port["port"] == self.port && port["protocol"].as_str().unwrap_or("TCP") == self.protocol
        };
        fits_peer && (rule["ports"].is_null() || list(rule, "/ports").any(fits_port))
    }

    fn shown(&self) -> String {
        let (port, protocol) = (self.port, self.protocol);
        let ends = (shown(self.pod.workload), format!("{} in {}", self.peer.labels, self.peer.namespace));
        let (from, to) = if self.is_egress { ends } else { (ends.1, ends.0) };
        let side = if self.is_egress { "out of" } else { "into" };
        format!("from {from} to {to}, {protocol} {port} ({side} the pod)")
    }
}

impl Peer {
    fn new(namespace: &str, labels: Value) -> Self {
        Self { namespace: namespace.to_owned(), labels }
    }

    fn of(pod: Pod<'_>) -> Self {
        Self::new(pod.namespace(), pod.labels.clone())
    }

    fn dns() -> Self {
        Self::new("kube-system", json!({"k8s-app": "kube-dns"}))
    }

    fn fits(&self, peer: &Value, namespace: &str) -> bool {
        let in_namespace = match &peer["namespaceSelector"] {
            Value::Null => self.namespace == namespace,
            selector => selects(selector, &json!({"kubernetes.io/metadata.name": self.namespace})),
        };
        let is_pod = peer["podSelector"].is_null() || selects(&peer["podSelector"], &self.labels);
        peer["ipBlock"].is_null() && in_namespace && is_pod
    }
}

fn out<'o>(pod: Pod<'o>, peer: Peer, protocol: &'static str, port: u64) -> Connection<'o> {
    Connection { pod, is_egress: true, peer, protocol, port }
}

fn into<'o>(pod: Pod<'o>, peer: Peer, port: &str) -> Connection<'o> {
    let port = pod.port(&port.into()).unwrap_or_default();
    Connection { pod, is_egress: false, peer, protocol: "TCP", port }
}

fn has_ingress(objects: &Objects) -> bool {
    objects.of("Ingress").any(|ingress| !name(ingress).is_empty())
}

fn resolves_names(objects: &Objects, pod: Pod<'_>) -> bool {
    variable(pod, "events") == Some("http") || (pod.is_spin() && collector(objects).is_some())
}

/// Namespace and port of the collector of traces.
fn collector(objects: &Objects) -> Option<(String, u64)> {
    let endpoint = "/spec/deploymentConfig/otel/exporter_otlp_endpoint";
    let url =
        objects.of("SpinAppExecutor").map(|executor| text(executor, endpoint)).find(|url| !url.is_empty())?;
    let (host, port) = url.strip_prefix("http://")?.rsplit_once(':')?;
    Some((host.split('.').nth(1)?.to_owned(), port.parse().ok()?))
}
