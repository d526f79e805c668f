//! Probes against the routes that answer them.

use portent_event::{Route, find_route};
use serde_json::Value;

use super::applications::Manifest;
use super::objects::{Objects, Pod, at, list, name, shown, text};

/// Answered by Spin itself.
const SPIN_HEALTH: &str = "/.well-known/spin/health";

/// Readiness asks whether the model, or the counts, are there; liveness does not depend on either.
pub(crate) fn ask_what_is_answered(objects: &Objects) -> Vec<String> {
    let manifest = Manifest::read();
    let mut faults = Vec::new();
    for pod in objects.pods() {
        for container in list(pod.spec, "/containers") {
            for probe in ["livenessProbe", "readinessProbe"] {
                let fault = fault(pod, probe, &container[probe], manifest.path(name(pod.workload)));
                faults.extend(fault.map(|fault| format!("{}, {probe}: {fault}", shown(pod.workload))));
            }
        }
    }
    faults
}

fn fault(pod: Pod<'_>, kind: &str, probe: &Value, mounted: Option<&str>) -> Option<String> {
    let (path, port) = (text(probe, "/httpGet/path"), at(probe, "/httpGet/port"));
    let is_readiness = kind == "readinessProbe";
    let is_answered = if pod.is_spin() {
        let route = mounted.and_then(|mounted| find_route(path.strip_prefix(mounted)?));
        let loads_model = route.is_some_and(|found| found.info.route == Route::HealthReady);
        if is_readiness { loads_model } else { path == SPIN_HEALTH }
    } else {
        // The aggregator's own, which its scenario asks.
        path == if is_readiness { "/readyz" } else { "/healthz" }
    };
    if !is_answered {
        return Some(format!("{path:?} does not say that"));
    }
    if pod.port(port).is_none() || (!pod.is_spin() && port != "metrics") {
        return Some(format!("nothing answers on {port}"));
    }
    // The default of a second is less than a first request may take.
    let patience = probe["timeoutSeconds"].as_u64();
    (!patience.is_some_and(|seconds| (2..=5).contains(&seconds)))
        .then(|| "it waits too short or too long".to_owned())
}
