//! What objects name is there, or is known to come from outside.

use std::collections::BTreeSet;

use serde_json::Value;

use super::objects::{Objects, Pod, at, list, name, namespace, shown, text};

/// Secrets that are made outside of the tree, with their keys: `docs/kubernetes.md` says how.
const SECRETS: [(&str, &str, &[&str]); 2] = [
    ("portent", "portent-tokens", &["ingest", "ingest-accepted", "metrics", "metrics-accepted"]),
    ("portent-node", "portent-tokens", &["metrics", "metrics-accepted"]),
];

/// Comes with SpinKube.
const RUNTIME_CLASS: &str = "wasmtime-spin-v2";

/// Kinds that the rules know. Of another one, a rule would have to say what it must fulfil.
const KINDS: [&str; 17] = [
    "ConfigMap",
    "DaemonSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "Ingress",
    "Namespace",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "PodDisruptionBudget",
    "PrometheusRule",
    "ScaledObject",
    "Secret",
    "Service",
    "ServiceAccount",
    "ServiceMonitor",
    "SpinApp",
    "SpinAppExecutor",
];

pub(crate) fn every_kind_is_known(objects: &Objects) -> Vec<String> {
    let unknown = objects.all().filter(|object| !KINDS.contains(&text(object, "/kind")));
    unknown.map(|object| format!("{}: no rule knows this kind", shown(object))).collect()
}

/// Every object is in a namespace that is made here too.
pub(crate) fn namespaces_exist(objects: &Objects) -> Vec<String> {
    let namespaces: BTreeSet<_> = objects.of("Namespace").map(name).collect();
    let namespaced = objects.all().filter(|object| text(object, "/kind") != "Namespace");
    let astray = namespaced.filter(|object| !namespaces.contains(namespace(object)));
    astray.map(|object| format!("{} is in no namespace of these", shown(object))).collect()
}

/// Service accounts, executors, runtime classes, claims, Secrets and ConfigMaps, with the keys that are asked
/// for.
pub(crate) fn references_exist(objects: &Objects) -> Vec<String> {
    let mut faults: Vec<String> = objects.pods().flat_map(|pod| of_pod(objects, pod)).collect();
    for app in objects.of("SpinApp") {
        let executor = text(app, "/spec/executor");
        if objects.find("SpinAppExecutor", namespace(app), executor).is_none() {
            faults.push(format!("{}: no executor {executor}", shown(app)));
        }
    }
    for monitor in objects.of("ServiceMonitor") {
        for endpoint in list(monitor, "/spec/endpoints") {
            faults.extend(secret(objects, monitor, at(endpoint, "/authorization/credentials")));
        }
    }
    faults
}

fn of_pod(objects: &Objects, pod: Pod<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut need = |kind: &str, name: &str| {
        if objects.find(kind, pod.namespace(), name).is_none() {
            faults.push(format!("{}: no {kind} {name}", shown(pod.workload)));
        }
    };
    need("ServiceAccount", text(pod.spec, "/serviceAccountName"));
    for volume in list(pod.spec, "/volumes") {
        for (kind, pointer) in
            [("PersistentVolumeClaim", "/persistentVolumeClaim/claimName"), ("ConfigMap", "/configMap/name")]
        {
            if let Some(name) = at(volume, pointer).as_str() {
                need(kind, name);
            }
        }
    }
    let class = at(pod.spec, "/runtimeClassName");
    if !class.is_null() && class != RUNTIME_CLASS {
        faults.push(format!("{}: nothing brings the RuntimeClass {class}", shown(pod.workload)));
    }
    faults.extend(secrets(pod).iter().filter_map(|reference| secret(objects, pod.workload, reference)));
    faults
}

/// What a pod wants of Secrets: name and key.
fn secrets(pod: Pod<'_>) -> Vec<Value> {
    let containers = || list(pod.spec, "/containers");
    let variables = containers().flat_map(|container| list(container, "/env"));
    let keys = variables.map(|variable| at(variable, "/valueFrom/secretKeyRef")).filter(|key| !key.is_null());
    let mut wanted: Vec<Value> = keys.cloned().collect();
    for volume in list(pod.spec, "/volumes").filter(|volume| !volume["secret"].is_null()) {
        let name = &volume["secret"]["secretName"];
        // Files that the program is told to read.
        let arguments = containers().flat_map(|container| list(container, "/args"));
        let files = arguments
            .filter_map(|argument| argument.as_str()?.split_once("-token-file=/etc/portent/tokens/"));
        wanted.extend(files.map(|(_, key)| serde_json::json!({"name": name, "key": key})));
        wanted.extend(
            list(volume, "/secret/items").map(|item| serde_json::json!({"name": name, "key": item["key"]})),
        );
    }
    wanted
}

fn secret(objects: &Objects, by: &Value, reference: &Value) -> Option<String> {
    let (wanted, key) = (text(reference, "/name"), text(reference, "/key"));
    let is_there = match objects.find("Secret", namespace(by), wanted) {
        Some(secret) => !secret["data"][key].is_null(),
        None => SECRETS.iter().any(|(namespace_, name, keys)| {
            (*namespace_, *name) == (namespace(by), wanted) && keys.contains(&key)
        }),
    };
    (!is_there).then(|| format!("{}: no Secret {wanted} with the key {key:?}", shown(by)))
}
