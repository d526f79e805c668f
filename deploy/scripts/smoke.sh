#!/usr/bin/env bash
# Checks in a few seconds that both applications predict and that their predictions are counted.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib.sh
source "$here/lib.sh"

help() {
  cat <<'END'
usage: smoke.sh [OPTIONS]

Checks of the heart and the hvs application that they live, have loaded their model and answer a prediction in the
right shape, and that the aggregator counts it. Every check is shown; a failure says what it may mean.

  --url URL            the application; http://127.0.0.1:3000 by default
  --hvs-url URL        the hvs application, where it is served apart; the same as --url by default
  --metrics-url URL    the aggregator's listener for scrapes; http://127.0.0.1:9464 by default. Repeatable: a
                       prediction may be counted by any of several aggregators
  --token-file FILE    file with the token that the aggregator asks for, if it does
  --namespace NAME     after a failure, show what kubectl knows of the pods in this namespace
  --wait SECONDS       how long the applications may take to be ready, and then predictions to be
                       counted; 15 by default
  --help               show this

Needs bash, curl and awk. Exit status: 0 all checks passed, 1 one failed, 64 wrong usage.
END
}

url=http://127.0.0.1:3000 hvs_url='' token_file='' namespace='' wait=15
metrics_urls=()
while (($#)); do
  case $1 in
    --*=*)
      set -- "${1%%=*}" "${1#*=}" "${@:2}"
      continue
      ;;
    --url) address "$@"; url=$value; shift ;;
    --hvs-url) address "$@"; hvs_url=$value; shift ;;
    --metrics-url) address "$@"; metrics_urls+=("$value"); shift ;;
    --token-file) text "$@"; token_file=$value; shift ;;
    --namespace) text "$@"; namespace=$value; shift ;;
    --wait) whole 1 3600 "$@"; wait=$value; shift ;;
    --help) help; exit ;;
    *) misused "unknown option '$1'" ;;
  esac
  shift
done
: "${hvs_url:=$url}"
((${#metrics_urls[@]})) || metrics_urls=(http://127.0.0.1:9464)
need curl awk
[[ -z $namespace ]] || need kubectl
work_folder
token_config "$work/token" "$token_file"

checks=0 failures=0 failed_apps=' '

# Shows a check that passed.
pass() {
  say "ok      $1"
  checks=$((checks + 1))
}

# Shows a check that failed: CHECK WHAT-WAS-FOUND WHAT-IT-MAY-MEAN [APP].
flunk() {
  say "FAILED  $1: $2"
  say "        $3"
  checks=$((checks + 1)) failures=$((failures + 1))
  [[ -z ${4-} || $failed_apps == *" $4 "* ]] || failed_apps+="$4 "
}

# What was answered, in a few words.
answer() {
  if [[ $status == 000 ]]; then say "$problem"; else say "$status $(head -c 160 "$work/body" | tr '\n' ' ')"; fi
}

# What the status of an answer may mean.
meaning() {
  case $status in
    000) say 'Nobody listens there: the program or pod is down, or the address or port-forward is wrong.' ;;
    401 | 403) say 'Something before the application asks for credentials; the application itself never does.' ;;
    404) say "This application has no such route there: see the routes in spin.toml, and \`components\` of the SpinApp." ;;
    500 | 502 | 504) say 'The component fails to start or a proxy does not reach it: does the host have the WASI version that it needs?' ;;
    503) say 'The model is not loaded, or no pod is ready.' ;;
    *) say 'This is not what the application answers: does the address lead to something else?' ;;
  esac
}

# Gets an address until it answers 200: CHECK APP URL.
get() {
  while true; do
    request "$work/body" "$3"
    [[ $status != 200 ]] || break
    if ((SECONDS >= ready_by)); then
      flunk "$1" "$(answer)" "$(meaning)" "$2"
      return
    fi
    sleep 0.5
  done
  pass "$1"
}

# Predicts, and holds the answer against the shape that it must have: CHECK APP URL BODY SHAPE.
predict() {
  request "$work/body" --header 'content-type: application/json' --data-binary "@$here/requests/$4" "$3"
  if [[ $status != 200 ]]; then
    flunk "$1" "$(answer)" "$(meaning)" "$2"
  elif ! tr -d '\n' <"$work/body" | grep -qE "$5"; then
    flunk "$1" "$(answer)" 'The answer does not have the shape of a prediction of this application.' "$2"
  else
    pass "$1"
  fi
}

# Writes what all aggregators expose to a file. Returns 1, with `status` and `where` set, if one does not answer.
scrape() {
  : >"$1"
  for where in "${metrics_urls[@]}"; do
    request "$work/body" --config "$work/token" --header 'accept: text/plain; version=0.0.4' "$where/metrics"
    [[ $status == 200 ]] || return 1
    cat -- "$work/body" >>"$1"
  done
}

# The predictions counted for an application: LABEL FILE.
counted() {
  awk -v app="app=\"$1\"" 'index($0, "predictions_total{") == 1 && index($0, app) { sum += $NF }
    END { printf "%.0f\n", sum }' "$2"
}

# Waits until an application's predictions are more than they were: CHECK APP LABEL.
watch() {
  local before after deadline=$((SECONDS + wait))
  before=$(counted "$3" "$work/before")
  while true; do
    if scrape "$work/after"; then
      after=$(counted "$3" "$work/after")
      ((after <= before)) || break
    fi
    if ((SECONDS >= deadline)); then
      flunk "$1" "predictions_total{app=\"$3\"} stays at $before" \
        'Events do not arrive: see the variables events, metrics_url and metrics_token, and the followed files.' "$2"
      return
    fi
    sleep 0.2
  done
  pass "$1"
}

# What kubectl knows of the pods of an application that failed, and of the aggregator.
explain_pods() {
  local app
  for app in $failed_apps; do
    say
    say "pods of $app in namespace $namespace:"
    local selector=core.spinkube.dev/app-name=$app
    [[ $app != host-metrics ]] || selector=app.kubernetes.io/name=host-metrics
    kubectl --namespace "$namespace" get pods --selector "$selector" >"$work/pods" 2>&1 || true
    sed 's/^/  /' "$work/pods"
    if grep -q '^No resources found' "$work/pods"; then
      say "  There is none: \`kubectl --namespace $namespace describe spinapp $app\` says why."
      continue
    fi
    kubectl --namespace "$namespace" logs --selector "$selector" --tail=50 >"$work/logs" 2>&1 || true
    tail -n 10 "$work/logs" | sed 's/^/  /'
    if grep -qE 'wasi:[a-z-]+/[a-z-]+@|matching implementation was not found' "$work/logs"; then
      say "  The node's shim lacks a WASI version that the component needs: deploy/versions.env names the least shim,"
      say '  and the WASI 0.2 build (spin.toml) runs on every one of them.'
    fi
  done
}

heart_shape='"prediction": *[01][,}].*"confidence": *(0\.[5-9][0-9]*|1(\.0*)?)[,}]'
hvs_shape='"error": *null.*"predictions": *\[.*"hazard_prediction": *[01][,}].*"hazard_probability": *[01](\.[0-9]+)?(e-[0-9]+)?[,}]'

if scrape "$work/before"; then
  if grep -q '^# TYPE predictions_total counter' "$work/before"; then
    pass "the aggregator answers scrapes"
  else
    flunk "the aggregator answers scrapes" "no predictions_total at $where/metrics" 'This is no host-metrics.'
  fi
else
  hint=$(meaning)
  [[ $status != 401 ]] || hint='The aggregator asks for a token: give --token-file, and the right one.'
  flunk "the aggregator answers scrapes" "$where: $(answer)" "$hint" host-metrics
fi
aggregator_failures=$failures

ready_by=$((SECONDS + wait))
get 'heart lives' heart "$url/health/live"
get 'heart has loaded its model' heart "$url/health/ready"
predict 'heart predicts' heart "$url/predict" heart-uci.json "$heart_shape"
get 'hvs lives' hvs "$hvs_url/hvs/health/live"
get 'hvs has loaded its model' hvs "$hvs_url/hvs/health/ready"
predict 'hvs predicts' hvs "$hvs_url/hvs/predict" hvs-raw.json "$hvs_shape"

if ((failures == 0)); then
  watch 'the prediction of heart is counted' heart heart-disease
  watch 'the prediction of hvs is counted' hvs hvs
elif ((failures > aggregator_failures)); then
  say 'skipped whether predictions are counted: not every application predicts'
else
  say 'skipped whether predictions are counted: the aggregator does not answer'
fi

if ((failures)); then
  [[ -z $namespace ]] || explain_pods
  fail "FAILED: $failures of $checks checks"
fi
say 'passed: both applications predict, and their predictions are counted'
