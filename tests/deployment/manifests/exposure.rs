//! Listeners of the aggregator against the ports and tokens of its pods.

use serde_json::Value;

use super::objects::{Objects, at, list, shown, text};

/// A listener that other machines reach has a port of its number and asks for a token of a mounted Secret, from
/// the key of what is accepted there; any other has no port.
pub(crate) fn tokens_guard_what_is_exposed(objects: &Objects) -> Vec<String> {
    let mut faults = Vec::new();
    for pod in objects.pods().filter(|pod| !pod.is_spin()) {
        for container in list(pod.spec, "/containers") {
            for listener in ["metrics", "ingest"] {
                let port = pod.port(&listener.into());
                let address = argument(container, &format!("--{listener}=")).unwrap_or("127.0.0.1:0");
                let expected = port.map(|port| format!("0.0.0.0:{port}"));
                if !address.starts_with("127.0.0.1:") && expected.as_deref() != Some(address) {
                    faults.push(format!("{}: {address} is not the port {listener}", shown(pod.workload)));
                }
                if port.is_some()
                    && (expected.as_deref() != Some(address) || !has_token(pod.spec, container, listener))
                {
                    faults.push(format!(
                        "{}: {listener} is open to everybody, or to nobody",
                        shown(pod.workload)
                    ));
                }
            }
            if argument(container, "--allow-unauthenticated").is_some() {
                faults.push(format!("{} asks nobody for a token", shown(pod.workload)));
            }
        }
    }
    faults
}

fn has_token(spec: &Value, container: &Value, listener: &str) -> bool {
    let Some(file) = argument(container, &format!("--{listener}-token-file=")) else { return false };
    let mount = list(container, "/volumeMounts")
        .find(|mount| file.strip_prefix(text(mount, "/mountPath")) == Some(&format!("/{listener}-accepted")));
    let is_secret = |mount: &Value| {
        let mut volumes = list(spec, "/volumes").filter(|volume| volume["name"] == mount["name"]);
        volumes.any(|volume| !at(volume, "/secret/secretName").is_null())
    };
    mount.is_some_and(is_secret)
}

fn argument<'v>(container: &'v Value, before: &str) -> Option<&'v str> {
    list(container, "/args").find_map(|argument| argument.as_str()?.strip_prefix(before))
}
