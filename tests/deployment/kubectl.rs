//! A `kubectl` that records what it is asked and answers what it is told, and the scripts beside it.

use std::path::PathBuf;
use std::process::{Command, Output};

use portent_tests::deploy;

/// In place of `kubectl`: the folder `$FAKE` holds the answers and takes the calls.
const KUBECTL: &str = r#"#!/usr/bin/env bash
printf '%s\n' "$*" >>"$FAKE/calls"
arguments=("$@") words=() file=''
while (($#)); do
  case $1 in
    --namespace | --context | --output) shift ;;
    --filename) file=$2; shift ;;
    --*) ;;
    *) words+=("$1") ;;
  esac
  shift
done
case ${words[0]} in
  kustomize) cat "$FAKE/rendered.yaml" ;;
  version) [[ ! -e $FAKE/no-cluster ]] || { echo 'connection refused' >&2; exit 1; } ;;
  get)
    [[ ! -e $FAKE/forbidden ]] || { echo "Error: $(<"$FAKE/forbidden")" >&2; exit 1; }
    [[ ${words[1]} != pods || ! -e $FAKE/pods ]] || cat "$FAKE/pods"
    grep -x "${words[1]}/${words[2]-}" "$FAKE/existing" || true ;;
  logs) cat "$FAKE/logs" ;;
  apply | delete) cp "$file" "$FAKE/${words[0]}.yaml" ;;
esac
if [[ -e $FAKE/${words[0]}.code ]]; then exit "$(<"$FAKE/${words[0]}.code")"; fi
"#;

/// What kustomize writes of an overlay, with a kind of everything that the scripts treat in a way of its own.
pub(crate) const RENDERED: &str = "\
apiVersion: v1
kind: Namespace
metadata:
  labels:
    name: not-this
  name: portent
---
apiVersion: v1
kind: Service
metadata:
  name: host-metrics
  namespace: portent
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: host-metrics
  namespace: portent
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: host-metrics
  namespace: portent
spec:
  template:
    metadata:
      name: not-this
    spec:
      volumes:
      - secret:
          secretName: portent-tokens
---
apiVersion: core.spinkube.dev/v1alpha1
kind: SpinApp
metadata:
  name: heart
  namespace: portent
---
apiVersion: core.spinkube.dev/v1alpha1
kind: SpinAppExecutor
metadata:
  name: spin
  namespace: portent
spec:
  deploymentConfig:
    runtimeClassName: wasmtime-spin-v2
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: host-metrics
  namespace: portent
";

/// What the scripts ask of a cluster.
pub(crate) const ALL: [&str; 7] = [
    "customresourcedefinition/spinapps.core.spinkube.dev",
    "customresourcedefinition/spinappexecutors.core.spinkube.dev",
    "customresourcedefinition/servicemonitors.monitoring.coreos.com",
    "runtimeclass/wasmtime-spin-v2",
    "secret/portent-tokens",
    "deployment/host-metrics",
    "deployment/heart",
];

/// A copy of the scripts beside an overlay, and a cluster that has what it is told.
pub(crate) struct Cluster {
    folder: tempfile::TempDir,
}

impl Cluster {
    pub(crate) fn with(existing: &[&str]) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let cluster = Self { folder: tempfile::tempdir().unwrap() };
        for overlay in ["kind", "prod"] {
            std::fs::create_dir_all(cluster.path("spinkube/overlays").join(overlay)).unwrap();
        }
        std::fs::create_dir(cluster.path("scripts")).unwrap();
        for file in deploy::files("scripts", ".sh") {
            std::fs::copy(&file, cluster.path("scripts").join(file.file_name().unwrap())).unwrap();
        }
        std::fs::create_dir(cluster.path("scripts/requests")).unwrap();
        for file in deploy::files("scripts/requests", ".json") {
            std::fs::copy(&file, cluster.path("scripts/requests").join(file.file_name().unwrap())).unwrap();
        }
        cluster.put("kubectl", KUBECTL);
        std::fs::set_permissions(cluster.path("kubectl"), std::fs::Permissions::from_mode(0o755)).unwrap();
        cluster.put("rendered.yaml", RENDERED);
        cluster.put("existing", &existing.iter().map(|name| format!("{name}\n")).collect::<String>());
        cluster
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn put(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).unwrap();
    }

    /// Runs a script with this cluster's `kubectl` first in `PATH`: its exit status, and all that it says.
    pub(crate) fn run(&self, script: &str, arguments: &[&str]) -> (i32, String) {
        let path = format!("{}:{}", self.folder.path().display(), std::env::var("PATH").unwrap());
        let output: Output = Command::new(self.path("scripts").join(script))
            .args(arguments)
            .env("PATH", path)
            .env("FAKE", self.folder.path())
            .current_dir("/")
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(said).unwrap())
    }

    /// What `kubectl` was asked, a line a call.
    pub(crate) fn calls(&self) -> String {
        std::fs::read_to_string(self.path("calls")).unwrap_or_default()
    }

    /// Whether it was asked to change anything.
    pub(crate) fn changed(&self) -> bool {
        let changes = ["apply", "delete", "create", "patch", "replace", "annotate", "label", "scale"];
        let words: Vec<_> = self.calls().split_whitespace().map(str::to_owned).collect();
        changes.iter().any(|change| words.iter().any(|word| word == change))
    }
}
