//! SpinApps against `spin.toml`, and the way that their events take.

use std::collections::BTreeSet;

use portent_tests::external;
use serde_json::Value;

use super::objects::{Objects, Pod, at, list, name, namespace, shown, text};

/// `spin.toml`.
pub(crate) struct Manifest(toml::Table);

impl Manifest {
    pub(crate) fn read() -> Self {
        let text = std::fs::read_to_string(external::workspace().join("spin.toml")).unwrap();
        Self(text.parse().unwrap())
    }

    fn components(&self) -> BTreeSet<&str> {
        self.0["component"].as_table().unwrap().keys().map(String::as_str).collect()
    }

    /// The `app` label of a component; nothing of an unknown one.
    pub(crate) fn app(&self, component: &str) -> String {
        let component = self.0["component"].get(component);
        let app = component.and_then(|component| component["environment"].get("PORTENT_APP"));
        app.and_then(toml::Value::as_str).unwrap_or_default().to_owned()
    }

    /// The path that a component is mounted under, without a slash at its end.
    pub(crate) fn path(&self, component: &str) -> Option<&str> {
        let triggers = self.0["trigger"]["http"].as_array()?;
        let trigger = triggers.iter().find(|trigger| trigger["component"].as_str() == Some(component))?;
        trigger["route"].as_str()?.strip_suffix("/...")
    }
}

/// Each component is one SpinApp, of its name, and all have one image.
pub(crate) fn are_those_of_the_manifest(objects: &Objects) -> Vec<String> {
    let manifest = Manifest::read();
    let mut faults = Vec::new();
    let mut left = manifest.components();
    for app in objects.of("SpinApp") {
        if !left.remove(name(app)) || app["spec"]["components"] != serde_json::json!([name(app)]) {
            faults.push(format!("{} is not the component of its name", shown(app)));
        }
    }
    faults.extend(left.iter().map(|component| format!("no SpinApp runs the component {component}")));
    let images: BTreeSet<_> = objects.of("SpinApp").map(|app| text(app, "/spec/image")).collect();
    if images.len() != 1 {
        faults.push(format!("the applications are of different images: {images:?}"));
    }
    faults
}

/// Variables are those of the manifest, and what goes by HTTP has a URL and a token.
pub(crate) fn variables_fit_together(objects: &Objects) -> Vec<String> {
    let manifest = Manifest::read();
    let mut faults = Vec::new();
    for app in objects.of("SpinApp") {
        let names: Vec<_> = list(app, "/spec/variables").map(|variable| text(variable, "/name")).collect();
        for name in &names {
            if manifest.0["variables"].get(name).is_none() {
                faults.push(format!("{}: spin.toml has no variable {name}", shown(app)));
            }
        }
        let events = list(app, "/spec/variables").find(|variable| variable["name"] == "events");
        let expected: &[&str] = match events.map(|events| text(events, "/value")) {
            Some("http") => &["events", "metrics_url", "metrics_token"],
            Some("stdout") => &["events"],
            _ => &[],
        };
        if names != expected {
            faults.push(format!("{}: the variables {names:?} do not go together", shown(app)));
        }
    }
    faults
}

/// Events by HTTP lead to the port of an aggregator that takes them; printed ones are in files that one
/// follows.
pub(crate) fn events_arrive(objects: &Objects) -> Vec<String> {
    let mut faults = Vec::new();
    for app in objects.of("SpinApp") {
        let Some(pod) = objects.pod_of(app) else { continue };
        let arrives = match variable(pod, "events") {
            Some("http") => events_url(objects, pod).is_some_and(|(service, port)| {
                let pods = objects.selected(namespace(service), at(service, "/spec/selector"));
                pods.iter()
                    .any(|pod| pod.port(&port["targetPort"]).is_some_and(|port| takes_events(*pod, port)))
            }),
            _ => objects.of("DaemonSet").filter(|workload| follows(workload, namespace(app))).count() == 1,
        };
        if !arrives {
            faults.push(format!("nobody counts the events of {}", shown(app)));
        }
    }
    faults
}

/// The Service, and its port, that the URL for events names: `http://NAME.NAMESPACE.svc.cluster.local:PORT`.
pub(crate) fn events_url<'o>(objects: &'o Objects, pod: Pod<'_>) -> Option<(&'o Value, &'o Value)> {
    let (host, port) = variable(pod, "metrics_url")?.strip_prefix("http://")?.split_once(':')?;
    let (name, namespace) = host.strip_suffix(".svc.cluster.local")?.split_once('.')?;
    let service = objects.find("Service", namespace, name)?;
    let port: u64 = port.parse().ok()?;
    Some((service, list(service, "/spec/ports").find(|found| found["port"] == port)?))
}

/// The value of an application variable.
pub(crate) fn variable<'o>(pod: Pod<'o>, name: &str) -> Option<&'o str> {
    let name = format!("SPIN_VARIABLE_{}", name.to_uppercase());
    let variables = list(pod.spec, "/containers").flat_map(|container| list(container, "/env"));
    variables.into_iter().find(|variable| variable["name"] == name.as_str())?["value"].as_str()
}

fn takes_events(pod: Pod<'_>, port: u64) -> bool {
    let listens = format!("--ingest=0.0.0.0:{port}");
    list(pod.spec, "/containers")
        .any(|container| list(container, "/args").any(|found| found == listens.as_str()))
}

/// Whether a workload reads the logs of all pods of a namespace, and of no other.
fn follows(workload: &Value, namespace: &str) -> bool {
    let containers = list(workload, "/spec/template/spec/containers");
    let arguments = containers.flat_map(|container| list(container, "/args"));
    let tails: Vec<_> = arguments.filter_map(|argument| argument.as_str()?.strip_prefix("--tail=")).collect();
    tails == [format!("/var/log/pods/{namespace}_*/*/*.log")]
}
