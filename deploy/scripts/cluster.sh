# shellcheck shell=bash
# What the scripts that talk to a cluster share; it is sourced, never run. Who sources it sets `context`, the name of
# one or nothing, `here`, the folder of the scripts, and `work`, a folder for files.
# shellcheck disable=SC2154

# kubectl in the chosen context.
kube() { kubectl ${context:+--context "$context"} "$@"; }

# Whether the cluster has an object: `exists KUBECTL-GET-ARGUMENT…`. Ends the script where that cannot be found out.
exists() {
  kube get "$@" --ignore-not-found --output name >"$work/output" 2>"$work/problem" ||
    fail "cannot ask the cluster for $*: $(tail -n 1 "$work/problem")"
  [[ -s $work/output ]]
}

# Ends the script unless a cluster answers.
need_cluster() {
  kube version >"$work/output" 2>&1 || fail "no cluster answers: $(tail -n 1 "$work/output")"
}

# Renders an overlay: its text to rendered.yaml, the list of its objects, `KIND NAMESPACE NAME` a line, to objects.
# Sets `namespace`, that of the aggregator. An object outside of namespaces has `-` for one.
render() {
  local tree=$here/../spinkube/overlays
  [[ -n $1 && $1 != */* && -d $tree/$1 ]] ||
    misused "--overlay takes one of $(cd -- "$tree" && printf '%s\n' */ | tr -d / | xargs), not '$1'"
  kubectl kustomize "$tree/$1" >"$work/rendered.yaml" || fail "cannot render the overlay $1"
  list "$work/rendered.yaml" >"$work/objects"
  namespace=$(awk '$1 == "Deployment" && $3 == "host-metrics" { print $2 }' "$work/objects")
  [[ -n $namespace ]] || fail "the overlay $1 has no Deployment host-metrics"
}

# Lists the objects of a text that kustomize wrote: its indentation is fixed, so no parser is needed.
list() {
  awk '
    function flush() { if (kind != "") print kind, space == "" ? "-" : space, name; kind = name = space = "" }
    /^---/ { flush() }
    /^[a-zA-Z]/ { inside = $1 == "metadata:" }
    /^kind: / { kind = $2 }
    inside && /^  name: / { name = $2 }
    inside && /^  namespace: / { space = $2 }
    END { flush() }
  ' "$1"
}

# The resource definitions that the rendered objects need, and what brings them: `DEFINITION ORIGIN` a line.
needed_definitions() {
  awk '
    BEGIN {
      operator = "spin-operator (SpinKube)"
      definition["SpinApp"] = "spinapps.core.spinkube.dev " operator
      definition["SpinAppExecutor"] = "spinappexecutors.core.spinkube.dev " operator
      operator = "prometheus-operator"
      definition["ServiceMonitor"] = "servicemonitors.monitoring.coreos.com " operator
      definition["PodMonitor"] = "podmonitors.monitoring.coreos.com " operator
      definition["PrometheusRule"] = "prometheusrules.monitoring.coreos.com " operator
      operator = "KEDA"
      definition["ScaledObject"] = "scaledobjects.keda.sh " operator
      definition["TriggerAuthentication"] = "triggerauthentications.keda.sh " operator
      operator = "cert-manager"
      definition["Certificate"] = "certificates.cert-manager.io " operator
      definition["Issuer"] = "issuers.cert-manager.io " operator
    }
    $1 in definition && !seen[$1]++ { print definition[$1] }
  ' "$work/objects"
}
