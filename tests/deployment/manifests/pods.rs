//! What pods may do on their nodes.

use serde_json::{Value, json};

use super::objects::{Objects, Pod, at, list, shown, text};

/// Directories of a node that a pod may write.
const WRITABLE: [&str; 1] = ["/var/lib/portent"];

/// Own pods fulfil the "restricted" standard, but that one which reads a node's logs is user 0 without
/// capabilities; all of them have bounds, and none talks to the API server.
pub(crate) fn are_confined(objects: &Objects) -> Vec<String> {
    let mut faults = Vec::new();
    for pod in objects.pods() {
        let mut expect = |what: &str, is_so: bool| {
            if !is_so {
                faults.push(format!("{}: {what}", shown(pod.workload)));
            }
        };
        let account = objects.find("ServiceAccount", pod.namespace(), text(pod.spec, "/serviceAccountName"));
        expect(
            "a token of the API server",
            account.is_some_and(|found| found["automountServiceAccountToken"] == false),
        );
        for container in list(pod.spec, "/containers") {
            let requests = at(container, "/resources/requests");
            let has_bounds = ["cpu", "memory"].iter().all(|name| !requests[name].is_null());
            expect(
                "no requests or no limit of memory",
                has_bounds && !container["resources"]["limits"]["memory"].is_null(),
            );
            // The operator has no field for what follows.
            if !pod.is_spin() {
                let confined = json!({
                    "allowPrivilegeEscalation": false,
                    "capabilities": {"drop": ["ALL"]},
                    "readOnlyRootFilesystem": true,
                });
                expect("the container's security context", container["securityContext"] == confined);
                expect("the pod's security context", is_pod_confined(pod));
            }
        }
    }
    faults
}

fn is_pod_confined(pod: Pod<'_>) -> bool {
    let context = at(pod.spec, "/securityContext");
    let reads_logs = volumes(pod).any(|volume| !volume["hostPath"].is_null());
    let is_user = if reads_logs {
        context["runAsUser"] == 0 && context["runAsGroup"] == 0
    } else {
        context["runAsNonRoot"] == true && context["runAsUser"] == 65532 && context["runAsGroup"] == 65532
    };
    let shares = ["hostNetwork", "hostPID", "hostIPC"].iter().any(|name| !pod.spec[name].is_null());
    let is_quiet =
        pod.spec["automountServiceAccountToken"] == false && pod.spec["enableServiceLinks"] == false;
    is_user && !shares && is_quiet && context["seccompProfile"] == json!({"type": "RuntimeDefault"})
}

/// Every mount has its volume and every volume its mount; Secrets and a node's directories are not written,
/// but for the state's; a volume that one pod at a time may use is used so.
pub(crate) fn volumes_are_used_as_meant(objects: &Objects) -> Vec<String> {
    let mut faults = Vec::new();
    for pod in objects.pods() {
        let mounts: Vec<_> =
            list(pod.spec, "/containers").flat_map(|container| list(container, "/volumeMounts")).collect();
        for volume in volumes(pod) {
            let mount = mounts.iter().find(|mount| mount["name"] == volume["name"]);
            let is_written = mount.is_some_and(|mount| mount["readOnly"] != true);
            let directory = text(volume, "/hostPath/path");
            let may_be = !volume["persistentVolumeClaim"].is_null() || WRITABLE.contains(&directory);
            if mount.is_none() || is_written != may_be {
                faults.push(format!(
                    "{}: the volume {} is used otherwise",
                    shown(pod.workload),
                    volume["name"]
                ));
            }
        }
        let has_volume = |mount: &&&Value| volumes(pod).any(|volume| volume["name"] == mount["name"]);
        if mounts.iter().filter(has_volume).count() != mounts.len() {
            faults.push(format!("{}: a mount without a volume", shown(pod.workload)));
        }
        faults.extend(state_fault(pod, &mounts).map(|fault| format!("{}: {fault}", shown(pod.workload))));
    }
    faults
}

/// The state directory is on a volume that is kept, and never two processes' at once.
fn state_fault(pod: Pod<'_>, mounts: &[&Value]) -> Option<&'static str> {
    let mut arguments = list(pod.spec, "/containers").flat_map(|container| list(container, "/args"));
    let state = arguments.find_map(|argument| argument.as_str()?.strip_prefix("--state="))?;
    let is_kept = mounts.iter().any(|mount| {
        state.strip_prefix(text(mount, "/mountPath")).is_some_and(|rest| rest.starts_with('/'))
            && mount["readOnly"] != true
    });
    let spec = &pod.workload["spec"];
    let is_alone = match text(pod.workload, "/kind") {
        "Deployment" => spec["replicas"] == 1 && spec["strategy"]["type"] == "Recreate",
        _ => spec["updateStrategy"]["rollingUpdate"]["maxSurge"] == 0,
    };
    match (is_kept, is_alone) {
        (false, _) => Some("the state is on no volume"),
        (true, false) => Some("two pods at a time would use the state"),
        (true, true) => None,
    }
}

fn volumes(pod: Pod<'_>) -> impl Iterator<Item = &Value> {
    list(pod.spec, "/volumes")
}
