//! External checkers of what is rendered: the schemas of Kubernetes and of custom resources, and promtool.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use portent_tests::{deploy, external};

use super::objects::Objects;
use super::{monitoring, rendering};

/// The version of Kubernetes that the manifests are for at least, or at present.
fn kubernetes(name: &str) -> String {
    let versions = std::fs::read_to_string(deploy::path("versions.env")).unwrap();
    let mut lines = versions.lines().filter_map(|line| line.split_once('='));
    lines.find(|(found, _)| *found == name).unwrap().1.to_owned()
}

/// Puts rendered texts before the schemas: whether all is well, and what was said.
fn checked(texts: &[String], version: &str) -> Option<(bool, String)> {
    let python = external::python_with("kubernetes_validate")?;
    let crds = external::shared("crds")?;
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(python);
    command
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("external_checkers/manifests.py"))
        .arg(crds)
        .arg(version);
    for (number, text) in texts.iter().enumerate() {
        let file = folder.path().join(format!("{number}.yaml"));
        std::fs::write(&file, text).unwrap();
        command.arg(file);
    }
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    Some((output.status.success(), said))
}

#[test]
fn every_object_fits_its_schema() {
    let Some(renderings) = rendering::all() else { return };
    // Most objects are the same in many renderings.
    let objects: BTreeSet<_> = renderings.values().flat_map(|text| text.split("\n---\n")).collect();
    let all: String = objects.iter().map(|object| format!("---\n{object}\n")).collect();
    for version in ["KUBERNETES_MINIMUM", "KUBERNETES_SCHEMAS"] {
        let Some((is_well, said)) = checked(std::slice::from_ref(&all), &kubernetes(version)) else { return };
        assert!(is_well, "{version}: {said}");
        assert!(said.contains(&format!("{} objects in 1 file", objects.len())), "{said}");
    }
}

/// What the API server would drop in silence, or refuse, is found, in kinds of its own and in custom ones.
#[test]
fn objects_that_fit_no_schema_are_found() {
    let Some(text) = rendering::combination(&["monitoring", "keda"]) else { return };
    let text = text.unwrap();
    let breaks = [
        ("invocationLimits:", "invocationLimit:", "'invocationLimit' was unexpected"),
        ("  executor: containerd-shim-spin\n", "", "'executor' is a required property"),
        ("jobLabel:", "joblabel:", "'joblabel' was unexpected"),
        ("interval: 15s", "interval: 15 seconds", "does not match"),
        ("type: prometheus", "kind: prometheus", "'kind' was unexpected"),
        ("readOnlyRootFilesystem:", "readonlyRootFilesystem:", "'readonlyRootFilesystem' was unexpected"),
        ("containerPort: 9464", "containerPort: \"9464\"", "is not of type 'integer'"),
        ("policyTypes:", "policyType:", "'policyType' was unexpected"),
        ("kind: ServiceMonitor", "kind: ServiceMonitr", "no schema for"),
        (
            "apiVersion: core.spinkube.dev/v1alpha1",
            "apiVersion: core.spinoperator.dev/v1alpha1",
            "no schema for",
        ),
        (
            "  name: host-metrics\n  namespace:",
            "  name: host-metrics\n  nameSpace:",
            "'nameSpace' was unexpected",
        ),
    ];
    let broken = breaks.map(|(from, to, _)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    let Some((is_well, said)) = checked(&broken, &kubernetes("KUBERNETES_SCHEMAS")) else { return };
    assert!(!is_well);
    for (number, (from, to, expected)) in breaks.iter().enumerate() {
        let mut lines = said.lines().filter(|line| line.contains(&format!("/{number}.yaml: ")));
        assert!(lines.any(|line| line.contains(expected)), "{from} → {to}: {said}");
    }
}

#[test]
fn queries_of_autoscalers_are_promql() {
    let Some(text) = rendering::combination(&["keda"]) else { return };
    let Some(promtool) = external::program("promtool") else { return };
    let objects = Objects::read(&text.unwrap());
    let queries = monitoring::queries(&objects);
    assert_eq!(queries.len(), 2);
    let is_valid = |query: &str| {
        let file = tempfile::NamedTempFile::new().unwrap();
        let expression = serde_json::to_string(query).unwrap();
        let rules = format!("groups:\n- name: g\n  rules:\n  - record: x:y:z\n    expr: {expression}\n");
        std::fs::write(file.path(), rules).unwrap();
        Command::new(&promtool).args(["check", "rules"]).arg(file.path()).output().unwrap().status.success()
    };
    for (_, query) in queries {
        assert!(is_valid(query), "{query}");
        assert!(!is_valid(&query.replace("[2m]", "")), "a counter without a range is no argument of rate");
    }
}
