//! Autoscalers and disruption budgets.

use super::objects::{Objects, at, name, namespace, shown, text};

/// An autoscaler scales a Deployment that is there, alone, and the SpinApp behind it leaves the number to it;
/// a SpinApp that leaves it to an autoscaler has one.
pub(crate) fn scalers_scale_what_exists(objects: &Objects) -> Vec<String> {
    let mut faults = Vec::new();
    let scalers = || objects.of("HorizontalPodAutoscaler").chain(objects.of("ScaledObject"));
    for scaler in scalers() {
        let target = at(scaler, "/spec/scaleTargetRef");
        // Of a ScaledObject a Deployment is the default.
        let kind = target["kind"].as_str().unwrap_or("Deployment");
        if objects.find(kind, namespace(scaler), text(target, "/name")).is_none() {
            faults.push(format!(
                "{} scales the {kind} {}, which nobody makes",
                shown(scaler),
                target["name"]
            ));
        }
    }
    for app in objects.of("SpinApp") {
        let target = |scaler: &&serde_json::Value| text(scaler, "/spec/scaleTargetRef/name") == name(app);
        let number = scalers().filter(target).count();
        let is_left = app["spec"]["enableAutoscaling"] == true && app["spec"]["replicas"].is_null();
        let is_fixed = app["spec"]["enableAutoscaling"].is_null()
            && app["spec"]["replicas"].as_u64().is_some_and(|replicas| replicas > 0);
        if !matches!((number, is_fixed, is_left), (0, true, false) | (1, false, true)) {
            faults.push(format!("{} has {number} autoscalers, and says otherwise", shown(app)));
        }
    }
    faults
}

/// A budget covers the pods of one workload, and leaves some of them to be evicted.
pub(crate) fn budgets_cover_one_workload(objects: &Objects) -> Vec<String> {
    let mut faults = Vec::new();
    for budget in objects.of("PodDisruptionBudget") {
        let pods = objects.selected(namespace(budget), at(budget, "/spec/selector/matchLabels"));
        if pods.len() != 1 {
            faults.push(format!("{} covers the pods of {} workloads", shown(budget), pods.len()));
        }
        if budget["spec"]["maxUnavailable"].as_u64().is_none_or(|number| number == 0) {
            faults.push(format!("{} can keep a node from being drained", shown(budget)));
        }
    }
    faults
}
