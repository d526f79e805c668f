//! Objects that name what is not there, or find nothing.

use super::Break;

pub(super) const BREAKS: &[Break] = &[
    (&["pdb"], "kind: PodDisruptionBudget", "kind: Unheard", "objects have checks", "no rule knows"),
    (&[], "namespace: portent\n", "namespace: portant\n", "namespaces are declared", "in no namespace"),
    (&[], "executor: containerd-shim-spin", "executor: spin", "what is named exists", "no executor spin"),
    (&[], "claimName: host-metrics", "claimName: counts", "what is named exists", "no PersistentVolumeClaim"),
    (&[], "secretName: portent-tokens", "secretName: tokens", "what is named exists", "no Secret tokens"),
    (&[], "key: ingest", "key: ingress", "what is named exists", "with the key \"ingress\""),
    (&["monitoring"], "key: metrics", "key: metric", "what is named exists", "with the key \"metric\""),
    (
        &[],
        "serviceAccountName: prediction",
        "serviceAccountName: p",
        "what is named exists",
        "no ServiceAccount",
    ),
    (&[], "wasmtime-spin-v2", "spin-v2", "what is named exists", "RuntimeClass"),
    (
        &[],
        "matchLabels:\n      app.kubernetes.io/name: host-metrics\n  strategy",
        "matchLabels:\n      app.kubernetes.io/name: metrics\n  strategy",
        "workloads select their own pods",
        "does not select",
    ),
    (&[], "targetPort: ingest", "targetPort: events", "Services lead to pods", "no container has the port"),
    (
        &[],
        "selector:\n    app.kubernetes.io/name: host-metrics\n",
        "selector:\n    app.kubernetes.io/name: aggregator\n",
        "Services lead to pods",
        "the pods of 0 workloads",
    ),
    (
        &["ingress"],
        "name: hvs\n            port:",
        "name: hv\n            port:",
        "Ingresses lead to Services",
        "no Service",
    ),
    // A ServiceMonitor that matches nothing: no Service has its labels, its namespace, or its port.
    (
        &["monitoring"],
        "selector:\n    matchLabels:\n      app.kubernetes.io/name: host-metrics\n---",
        "selector:\n    matchLabels:\n      app: host-metrics\n---",
        "each pod is scraped once",
        "finds no pod",
    ),
    (
        &["monitoring"],
        "    - portent\n    - portent-node",
        "    - monitoring",
        "each pod is scraped once",
        "finds no pod",
    ),
    (
        &["monitoring"],
        "port: metrics\n    relabelings",
        "port: http\n    relabelings",
        "each pod is scraped once",
        "is scraped 0 times",
    ),
    (
        &["monitoring"],
        "    port: metrics\n    relabelings",
        "    port: metrics\n  - port: metrics\n    relabelings",
        "each pod is scraped once",
        "is scraped 2 times",
    ),
    (
        &["monitoring"],
        "jobLabel: app.kubernetes.io/name",
        "jobLabel: app",
        "each pod is scraped once",
        "names the job",
    ),
    (
        &["monitoring"],
        "action: labeldrop",
        "action: labelkeep",
        "scrapes keep our labels",
        "keeps the target label",
    ),
    (
        &["keda"],
        "api_requests_total",
        "http_requests_total",
        "queries are of what is counted",
        "nobody exposes",
    ),
    (&["keda"], "app=\"heart-disease\"", "app=\"heart\"", "queries are of what is counted", "does not ask"),
];
