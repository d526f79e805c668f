//! Rendered objects, with what the Spin operator makes of them, and the questions that rules ask.

use std::collections::BTreeSet;

use portent_tests::deploy;
use serde_json::Value;

use super::operator;

/// What an API server would hold after an apply.
#[derive(Debug)]
pub(crate) struct Objects(Vec<Value>);

/// The pods of a workload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pod<'o> {
    /// The Deployment or DaemonSet.
    pub(crate) workload: &'o Value,
    /// The pod template's labels.
    pub(crate) labels: &'o Value,
    /// The pod template's specification.
    pub(crate) spec: &'o Value,
}

impl Objects {
    /// Reads manifests, and adds what the operator makes of SpinApps.
    pub(crate) fn read(text: &str) -> Self {
        let mut objects = deploy::yaml(text).unwrap();
        let made: Vec<Value> = objects.iter().flat_map(|object| operator::makes(object, &objects)).collect();
        objects.extend(made);
        Self(objects)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Value> {
        self.0.iter()
    }

    pub(crate) fn of<'o>(&'o self, kind: &str) -> impl Iterator<Item = &'o Value> {
        self.0.iter().filter(move |object| text(object, "/kind") == kind)
    }

    pub(crate) fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<&Value> {
        self.of(kind).find(|object| (self::namespace(object), self::name(object)) == (namespace, name))
    }

    /// The pods of every workload.
    pub(crate) fn pods(&self) -> impl Iterator<Item = Pod<'_>> {
        let workloads = ["Deployment", "DaemonSet"].into_iter().flat_map(|kind| self.of(kind));
        workloads.map(|workload| Pod {
            workload,
            labels: at(workload, "/spec/template/metadata/labels"),
            spec: at(workload, "/spec/template/spec"),
        })
    }

    /// The pods of a namespace that a plain selector (a map of labels) selects.
    pub(crate) fn selected<'o>(&'o self, namespace: &str, selector: &Value) -> Vec<Pod<'o>> {
        let here = self.pods().filter(|pod| self::namespace(pod.workload) == namespace);
        here.filter(|pod| has_labels(pod.labels, selector)).collect()
    }

    /// Pods that the operator makes of a SpinApp.
    pub(crate) fn pod_of(&self, app: &Value) -> Option<Pod<'_>> {
        self.pods().find(|pod| {
            (text(pod.workload, "/kind"), namespace(pod.workload), name(pod.workload))
                == ("Deployment", namespace(app), name(app))
        })
    }

    pub(crate) fn images(&self) -> BTreeSet<String> {
        let containers = self.pods().flat_map(|pod| list(pod.spec, "/containers"));
        containers.map(|container| text(container, "/image").to_owned()).collect()
    }
}

impl Pod<'_> {
    pub(crate) fn namespace(&self) -> &str {
        namespace(self.workload)
    }

    /// The number of a port that is given by name or by number; `None` if no container has it.
    pub(crate) fn port(&self, port: &Value) -> Option<u64> {
        let ports = list(self.spec, "/containers").flat_map(|container| list(container, "/ports"));
        let found = ports.into_iter().find(|found| &found["name"] == port || &found["containerPort"] == port);
        found?["containerPort"].as_u64()
    }

    /// Whether the Spin operator made it.
    pub(crate) fn is_spin(&self) -> bool {
        !at(self.spec, "/runtimeClassName").is_null()
    }
}

/// Whether labels fulfil a plain selector. An empty one would select everything, which nothing here means.
pub(crate) fn has_labels(labels: &Value, selector: &Value) -> bool {
    let wanted = selector.as_object().filter(|wanted| !wanted.is_empty());
    wanted.is_some_and(|wanted| wanted.iter().all(|(name, value)| labels.get(name) == Some(value)))
}

/// What stands at a JSON pointer, or null.
pub(crate) fn at<'v>(value: &'v Value, pointer: &str) -> &'v Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

/// The text at a JSON pointer, or nothing.
pub(crate) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    at(value, pointer).as_str().unwrap_or_default()
}

/// The members of the list at a JSON pointer.
pub(crate) fn list<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    at(value, pointer).as_array().into_iter().flatten()
}

pub(crate) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

pub(crate) fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

/// An object in words.
pub(crate) fn shown(object: &Value) -> String {
    format!("{} {}/{}", text(object, "/kind"), namespace(object), name(object))
}
