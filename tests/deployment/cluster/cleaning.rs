//! Taking everything off a cluster again.

use super::objects;
use crate::kubectl::{ALL, Cluster};

#[test]
fn counts_are_deleted_only_where_that_is_agreed_to() {
    let cluster = Cluster::with(&ALL);
    let (code, said) = cluster.run("cleanup-monitoring.sh", &[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("give --yes, or --keep-state") && !cluster.changed(), "{said}");

    let (code, said) = cluster.run("cleanup-monitoring.sh", &["--keep-state"]);
    assert_eq!(code, 0, "{said}");
    let kept = objects(&cluster.path("delete.yaml"));
    let expected =
        ["Service/host-metrics", "Deployment/host-metrics", "SpinApp/heart", "SpinAppExecutor/spin"];
    assert_eq!(kept[..4], expected, "no namespace and no volume");
    assert_eq!(kept.len(), 5);

    for _ in 0..2 {
        let (code, said) = cluster.run("cleanup-monitoring.sh", &["--yes"]);
        assert_eq!(code, 0, "{said}");
        assert_eq!(objects(&cluster.path("delete.yaml")).len(), 7);
    }
    assert!(cluster.calls().contains("delete --ignore-not-found"), "{}", cluster.calls());
}

#[test]
fn kinds_that_the_cluster_never_had_or_has_no_longer_do_not_stop_a_cleanup() {
    let cluster = Cluster::with(&["customresourcedefinition/servicemonitors.monitoring.coreos.com"]);
    let (code, said) = cluster.run("cleanup-monitoring.sh", &["--yes"]);
    assert_eq!(code, 0, "{said}");
    let deleted = objects(&cluster.path("delete.yaml"));
    assert!(deleted.contains(&"ServiceMonitor/host-metrics".to_owned()), "{deleted:?}");
    assert!(!deleted.iter().any(|object| object.starts_with("SpinApp")), "{deleted:?}");
}
