#!/usr/bin/env bash
# Brings the applications, the aggregator and their monitoring onto a cluster, and waits until they run.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib.sh
source "$here/lib.sh"
# shellcheck source=cluster.sh
source "$here/cluster.sh"

help() {
  cat <<'END'
usage: deploy-monitoring.sh [OPTIONS]

Renders an overlay of deploy/spinkube, checks that the cluster has what it needs, applies it on the server's side and
waits until everything runs. What the cluster lacks is named, and then nothing is applied. To run it again is safe.

  --overlay NAME       kind or prod; kind by default
  --context NAME       context of kubectl's configuration; the current one by default
  --timeout SECONDS    how long everything may take to run; 300 by default
  --dry-run            show what would be applied, and how it differs from what the cluster has; change nothing
  --help               show this

Needs bash, awk and kubectl 1.27 or newer. Exit status: 0 all runs (or would be applied), 1 a step failed or something
is missing, 64 wrong usage.
END
}

overlay=kind context='' timeout=300 dry_run=''
while (($#)); do
  case $1 in
    --*=*)
      set -- "${1%%=*}" "${1#*=}" "${@:2}"
      continue
      ;;
    --overlay) text "$@"; overlay=$value; shift ;;
    --context) text "$@"; context=$value; shift ;;
    --timeout) whole 1 86400 "$@"; timeout=$value; shift ;;
    --dry-run) dry_run=yes ;;
    --help) help; exit ;;
    *) misused "unknown option '$1'" ;;
  esac
  shift
done
need kubectl awk
work_folder
render "$overlay"

# The Secret that the pods refer to, unless the overlay makes it; its keys are in docs/kubernetes.md.
check_secret() {
  ! grep -qx "Secret $namespace portent-tokens" "$work/objects" || return 0
  grep -q 'portent-tokens' "$work/rendered.yaml" || return 0
  exists --namespace "$namespace" secret portent-tokens ||
    lack "the Secret portent-tokens in namespace $namespace: docs/kubernetes.md says how to make it"
}

# The RuntimeClass that the executor names.
check_runtime_class() {
  local name
  while read -r name; do
    exists runtimeclass "$name" || lack "the RuntimeClass $name: install the Spin shim on the nodes"
  done < <(awk '$1 == "runtimeClassName:" { print $2 }' "$work/rendered.yaml" | sort -u)
}

missing=0
lack() {
  complain "missing: $*"
  missing=$((missing + 1))
}

# Names everything that the cluster lacks.
check_prerequisites() {
  local definition origin
  while read -r definition origin; do
    exists customresourcedefinition "$definition" || lack "the resource definition $definition: install $origin"
  done < <(needed_definitions)
  check_runtime_class
  check_secret
  ((missing == 0)) || fail "nothing was applied: $missing prerequisites are missing"
}

# Shows what would be applied, and what that would change.
show_changes() {
  say "overlay $overlay would apply:"
  awk '{ printf "  %-20s %-14s %s\n", $1, $2, $3 }' "$work/objects"
  if ! kube version >"$work/output" 2>&1; then
    say 'No cluster answers, so nothing was compared.'
    return
  fi
  check_prerequisites
  local code=0
  kube diff --server-side --force-conflicts --field-manager=portent-deploy --filename "$work/rendered.yaml" || code=$?
  case $code in
    0) say 'The cluster has all of it already.' ;;
    1) say 'The lines above would change.' ;;
    *) fail "kubectl diff failed" ;;
  esac
}

# Waits for a Deployment or DaemonSet: KIND NAMESPACE NAME. That of a SpinApp is made by the operator a moment later.
await() {
  local deadline=$((started + timeout)) left
  until exists --namespace "$2" "$1" "$3"; do
    ((SECONDS < deadline)) || stuck "$1/$3 in namespace $2 does not appear within $timeout s" "$2"
    sleep 2
  done
  left=$((deadline - SECONDS))
  kube --namespace "$2" rollout status "$1/$3" --timeout="$((left > 1 ? left : 1))s" ||
    stuck "$1/$3 in namespace $2 does not run within $timeout s" "$2"
}

# Ends the script with what kubectl knows of a namespace: MESSAGE NAMESPACE.
stuck() {
  kube --namespace "$2" get pods >&2 || true
  kube --namespace "$2" get events --field-selector type=Warning --sort-by .lastTimestamp 2>&1 | tail -n 10 >&2 || true
  fail "$1"
}

if [[ -n $dry_run ]]; then
  show_changes
  exit
fi

need_cluster
check_prerequisites
# --force-conflicts: where somebody changed an object by hand, the overlay is right.
kube apply --server-side --force-conflicts --field-manager=portent-deploy --filename "$work/rendered.yaml"
started=$SECONDS
while read -r kind space name; do
  case $kind in
    SpinApp) await deployment "$space" "$name" ;;
    Deployment) await deployment "$space" "$name" ;;
    DaemonSet) await daemonset "$space" "$name" ;;
    *) ;;
  esac
done <"$work/objects"

forward="kubectl ${context:+--context $context }--namespace $namespace port-forward"
cat <<END

Everything runs. To reach it from here, one line a terminal:
  $forward service/heart 3000:80
  $forward service/hvs 3001:80
  $forward service/host-metrics 9464:metrics
Then check it with the token that scrapes must show:
  ${forward% port-forward} get secret portent-tokens --output jsonpath={.data.metrics} | base64 -d >metrics.token
  $here/smoke.sh --hvs-url http://127.0.0.1:3001 --token-file metrics.token --namespace $namespace
  $here/test-metrics.sh --hvs-url http://127.0.0.1:3001 --token-file metrics.token --ignore-endpoint /health/ready
END
