//! What spin-operator 0.6.1 makes of a SpinApp, as far as rules ask for it.

use serde_json::{Value, json};

use super::objects::{at, list, name, namespace, text};

/// The Deployment and the Service of a SpinApp; nothing of another object.
pub(crate) fn makes(object: &Value, all: &[Value]) -> Vec<Value> {
    if text(object, "/kind") != "SpinApp" {
        return Vec::new();
    }
    let executor = all.iter().find(|other| {
        text(other, "/kind") == "SpinAppExecutor"
            && namespace(other) == namespace(object)
            && name(other) == text(object, "/spec/executor")
    });
    // Without its executor an application stays without a Deployment.
    executor.map(|executor| vec![deployment(object, executor), service(object)]).unwrap_or_default()
}

fn deployment(app: &Value, executor: &Value) -> Value {
    let mut labels = at(app, "/spec/podLabels").as_object().cloned().unwrap_or_default();
    labels.extend(ready_labels(app).as_object().cloned().unwrap_or_default());
    let metadata = metadata(app);
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
        "spec": {
            "replicas": at(app, "/spec/replicas"),
            "selector": {"matchLabels": ready_labels(app)},
            "template": {"metadata": {"labels": labels}, "spec": {
                "serviceAccountName": at(app, "/spec/serviceAccountName"),
                "runtimeClassName": at(executor, "/spec/deploymentConfig/runtimeClassName"),
                "containers": [{
                    "name": name(app),
                    "image": at(app, "/spec/image"),
                    "env": list(app, "/spec/variables").map(variable).collect::<Vec<_>>(),
                    "ports": [{"name": "http-app", "containerPort": 80}],
                    "resources": at(app, "/spec/resources"),
                    "readinessProbe": probe(at(app, "/spec/checks/readiness")),
                    "livenessProbe": probe(at(app, "/spec/checks/liveness")),
                }],
            }},
        },
    })
}

fn service(app: &Value) -> Value {
    let status = format!("core.spinkube.dev/app.{}.status", name(app));
    let port = json!({"protocol": "TCP", "port": 80, "targetPort": "http-app"});
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": metadata(app),
        "spec": {"type": "ClusterIP", "ports": [port], "selector": {status: "ready"}},
    })
}

fn metadata(app: &Value) -> Value {
    let labels = json!({"core.spinkube.dev/app-name": name(app)});
    json!({"name": name(app), "namespace": namespace(app), "labels": labels})
}

fn ready_labels(app: &Value) -> Value {
    let status = format!("core.spinkube.dev/app.{}.status", name(app));
    json!({"core.spinkube.dev/app-name": name(app), status: "ready"})
}

fn variable(variable: &Value) -> Value {
    let mut variable = variable.clone();
    variable["name"] = format!("SPIN_VARIABLE_{}", text(&variable, "/name").to_uppercase()).into();
    variable
}

fn probe(probe: &Value) -> Value {
    let mut probe = probe.clone();
    if let Some(request) = probe.pointer_mut("/httpGet").and_then(Value::as_object_mut) {
        request.insert("port".into(), 80.into());
    }
    probe
}
