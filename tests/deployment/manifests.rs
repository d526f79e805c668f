//! The Kubernetes manifests: every overlay, and the base with every combination of components that may go
//! together, rendered by `kubectl kustomize`, put before the schemas and held against itself.

mod applications;
mod breaks;
mod exposure;
mod monitoring;
mod names;
mod network;
mod objects;
mod operator;
mod pods;
mod probes;
mod rendering;
mod scaling;
mod schemas;
mod services;

use objects::Objects;

/// Yields what is wrong, a line a fault.
type Rule = fn(&Objects) -> Vec<String>;

/// What every rendering has to fulfil, by what it is about.
const RULES: &[(&str, Rule)] = &[
    ("objects have checks", names::every_kind_is_known),
    ("namespaces are declared", names::namespaces_exist),
    ("what is named exists", names::references_exist),
    ("workloads select their own pods", services::workloads_select_their_pods),
    ("Services lead to pods", services::services_lead_to_pods),
    ("Ingresses lead to Services", services::ingresses_lead_to_services),
    ("each pod is scraped once", monitoring::each_pod_is_scraped_once),
    ("scrapes keep our labels", monitoring::scrapes_keep_our_labels),
    ("queries are of what is counted", monitoring::queries_are_of_what_is_counted),
    ("pods reach what they need", network::pods_reach_what_they_need),
    ("pods reach nothing else", network::pods_reach_nothing_else),
    ("scalers scale what exists", scaling::scalers_scale_what_exists),
    ("budgets cover one workload", scaling::budgets_cover_one_workload),
    ("applications are those of the manifest", applications::are_those_of_the_manifest),
    ("variables fit together", applications::variables_fit_together),
    ("events arrive", applications::events_arrive),
    ("probes ask what is answered", probes::ask_what_is_answered),
    ("pods are confined", pods::are_confined),
    ("volumes are used as they are meant", pods::volumes_are_used_as_meant),
    ("tokens guard what is exposed", exposure::tokens_guard_what_is_exposed),
];

/// What the rules find in objects, a line a fault.
fn faults(objects: &Objects) -> Vec<String> {
    let found = RULES.iter().map(|(name, rule)| (name, rule(objects)));
    found.flat_map(|(name, faults)| faults.into_iter().map(move |fault| format!("{name}: {fault}"))).collect()
}

#[test]
fn every_rendering_fulfils_every_rule() {
    let Some(renderings) = rendering::all() else { return };
    assert!(renderings.len() > 90, "{} renderings", renderings.len());
    for (name, text) in renderings {
        let faults = faults(&Objects::read(text));
        assert!(faults.is_empty(), "{name}:\n{}", faults.join("\n"));
    }
}

/// Two autoscalers would fight over one Deployment.
#[test]
fn hpa_and_keda_together_are_found() {
    let Some(text) = rendering::combination(&["hpa", "keda"]) else { return };
    let Err(refused) = text else { panic!("kustomize takes them together") };
    assert!(refused.contains("/spec/replicas"), "{refused}");
}

/// What runs in production is what was signed, and nothing anywhere is whatever "latest" is by then.
#[test]
fn images_are_pinned() {
    let Some(renderings) = rendering::all() else { return };
    let images = |name: &str| Objects::read(&renderings[name]).images();
    let kind = ["localhost/host-metrics:dev", "localhost/portent:dev"];
    assert_eq!(images("overlay kind").into_iter().collect::<Vec<_>>(), kind);
    let production = images("overlay prod");
    assert_eq!(production.len(), 2, "{production:?}");
    for image in production {
        let digest = image.split_once("@sha256:").map(|(_, digest)| digest.to_owned()).unwrap_or_default();
        let is_hex = digest.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        assert!(digest.len() == 64 && is_hex, "{image} is not pinned by its digest");
    }
}
