//! The scripts before the overlays that are shipped.

use std::collections::BTreeSet;
use std::process::Command;

use portent_tests::{deploy, external};

use super::objects;
use crate::kubectl::{ALL, Cluster};

/// A shipped overlay, as the real `kubectl` renders it.
fn rendered(overlay: &str) -> Option<String> {
    let kubectl = external::optional_program("PORTENT_KUBECTL", "kubectl")?;
    let folder = deploy::path("spinkube/overlays").join(overlay);
    let output = Command::new(kubectl).arg("kustomize").arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn of_the_shipped_overlays_everything_is_asked_for_awaited_and_deleted() {
    for (overlay, secret) in [("kind", 0), ("prod", 1)] {
        let Some(rendered) = rendered(overlay) else { return };
        let documents = deploy::yaml(&rendered).unwrap();
        let group = |document: &serde_json::Value| {
            let version = document["apiVersion"].as_str().unwrap();
            version.split_once('/').map(|(group, _)| group.to_owned()).unwrap_or_default()
        };
        // What is not Kubernetes' own is known to the cluster by a definition.
        let own = |group: &str| !group.contains('.') || group.ends_with(".k8s.io");
        let foreign: BTreeSet<_> = documents
            .iter()
            .filter(|document| !own(&group(document)))
            .map(|document| document["kind"].to_string())
            .collect();
        let cluster = Cluster::with(&[]);
        cluster.put("rendered.yaml", &rendered);
        let (code, said) = cluster.run("deploy-monitoring.sh", &["--overlay", overlay]);
        assert_eq!(code, 1, "{said}");
        assert_eq!(
            said.matches("missing: the resource definition").count(),
            foreign.len(),
            "{foreign:?} {said}"
        );
        assert_eq!(said.matches("missing: the RuntimeClass").count(), 1, "{said}");
        assert_eq!(said.matches("missing: the Secret").count(), secret, "{said}");

        let mut existing = ALL.to_vec();
        existing.push("customresourcedefinition/prometheusrules.monitoring.coreos.com");
        existing.push("deployment/hvs");
        let cluster = Cluster::with(&existing);
        cluster.put("rendered.yaml", &rendered);
        let (code, said) = cluster.run("deploy-monitoring.sh", &["--overlay", overlay]);
        assert_eq!(code, 0, "{said}");
        assert_eq!(cluster.calls().matches(" rollout status deployment/").count(), 3, "{}", cluster.calls());
        let (code, said) = cluster.run("cleanup-monitoring.sh", &["--overlay", overlay, "--yes"]);
        assert_eq!(code, 0, "{said}");
        assert_eq!(objects(&cluster.path("delete.yaml")).len(), documents.len());
    }
}
