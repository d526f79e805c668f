#!/usr/bin/env bash
# Sends known traffic, and checks that the counters of the aggregator moved by exactly that.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib.sh
source "$here/lib.sh"

help() {
  cat <<'END'
usage: test-metrics.sh [OPTIONS]

Sends requests of every kind to the heart and the hvs application: valid, in batches, invalid, malformed, to an
unknown path, with a wrong method. Counts the statuses and the predictions that are answered. Then checks that
every counter of the two moved by exactly that: requests, errors, predictions, and the counts of the histograms of
durations and confidences. Nobody else may send requests meanwhile; whoever does is found out and named.

  --url URL                  the application; http://127.0.0.1:3000 by default
  --hvs-url URL              the hvs application, where it is served apart; the same as --url by default
  --metrics-url URL          the aggregator's listener for scrapes; http://127.0.0.1:9464 by default. Repeatable:
                             counts of several aggregators are added up
  --token-file FILE          file with the token that the aggregator asks for, if it does
  --requests N               requests of each kind; 20 by default, 0 sends none and checks that nothing moves
  --concurrency N            requests at once; 1 by default
  --ignore-endpoint ROUTE    leave this endpoint out of the comparison, such as /health/ready where Kubernetes
                             probes it; repeatable
  --wait SECONDS             how long events may take to arrive; 20 by default
  --help                     show this

Needs bash, curl and awk. Exit status: 0 all counters are right, 1 a check failed, 64 wrong usage.
END
}

url=http://127.0.0.1:3000 hvs_url='' token_file='' requests=20 concurrency=1 wait=20 ignored=' '
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
    --requests) whole 0 100000 "$@"; requests=$value; shift ;;
    --concurrency) whole 1 256 "$@"; concurrency=$value; shift ;;
    --ignore-endpoint) text "$@"; ignored+="$value "; shift ;;
    --wait) whole 1 3600 "$@"; wait=$value; shift ;;
    --help) help; exit ;;
    *) misused "unknown option '$1'" ;;
  esac
  shift
done
: "${hvs_url:=$url}"
((${#metrics_urls[@]})) || metrics_urls=(http://127.0.0.1:9464)
need curl awk
work_folder

# The kinds of requests. `rows` are the predictions that an answer must hold; `{model}` in a path stands for the name
# of the application's model.
kinds='
name             app  path                       endpoint                   body                  rows  status  error
heart-uci        heart  /predict                 /predict                   heart-uci.json        1     200     -
heart-kaggle     heart  /predict                 /predict                   heart-kaggle.json     1     200     -
heart-batch      heart  /predict/batch           /predict/batch             heart-batch.json      3     200     -
heart-infer      heart  /v2/models/{model}/infer /v2/models/{model}/infer   heart-infer.json      1     200     -
heart-invalid    heart  /predict                 /predict                   heart-invalid.json    0     422     ValidationError
heart-malformed  heart  /predict                 /predict                   heart-malformed.json  0     422     ValidationError
heart-unknown    heart  /no/such/path            other                      -                     0     404     NotFound
heart-method     heart  /predict                 /predict                   -                     0     405     MethodNotAllowed
heart-health     heart  /health                  /health                    -                     0     200     -
hvs-raw          hvs    /predict                 /predict                   hvs-raw.json          2     200     -
hvs-invalid      hvs    /predict                 /predict                   hvs-invalid.json      0     400     ValidationError
hvs-unknown      hvs    /no/such/path            other                      -                     0     404     NotFound
hvs-health       hvs    /health                  /health                    -                     0     200     -
'

# The `app` label of an application.
label_of() { if [[ $1 == heart ]]; then say heart-disease; else say hvs; fi; }

# The address that an application's routes begin with.
prefix_of() { if [[ $1 == heart ]]; then say "$url"; else say "$hvs_url/hvs"; fi; }

# --- What the aggregator counts ---

# Writes what the aggregators count of the two applications, `SERIES <tab> VALUE` a line, to a file; beside it, in
# FILE.text, all that they expose.
scrape() {
  local address
  : >"$1.text"
  for address in "${metrics_urls[@]}"; do
    request "$work/scrape" --config "$work/token" --header 'accept: text/plain; version=0.0.4' "$address/metrics"
    case $status in
      200) ;;
      000) fail "the aggregator at $address does not answer: $problem" ;;
      401)
        [[ -n $token_file ]] || fail "the aggregator at $address asks for a token: give --token-file (401)"
        fail "the aggregator at $address refuses the token of $token_file (401)"
        ;;
      *) fail "the aggregator at $address answers a scrape with $status" ;;
    esac
    grep -q '^# TYPE api_requests_total counter' "$work/scrape" ||
      fail "$address/metrics has no api_requests_total: it is no host-metrics"
    cat -- "$work/scrape" >>"$1.text"
  done
  awk -v ignored="$ignored" '
    function label(name,    text) {
      if (!match($0, "[{,]" name "=\"[^\"]*\"")) return ""
      text = substr($0, RSTART, RLENGTH)
      return substr(text, length(name) + 4, length(text) - length(name) - 4)
    }
    BEGIN {
      labels["api_requests_total"] = "app method endpoint status_code"
      labels["api_request_duration_seconds_count"] = "app method endpoint"
      labels["api_errors_total"] = "app error_type endpoint"
      labels["predictions_total"] = "app model_name prediction_result"
      labels["prediction_duration_seconds_count"] = "app endpoint"
      labels["prediction_confidence_score_count"] = "app prediction_result"
    }
    /^#/ { next }
    {
      name = $0
      sub(/[{ ].*/, "", name)
      if (!(name in labels)) next
      app = label("app")
      if (app != "heart-disease" && app != "hvs") next
      endpoint = label("endpoint")
      if (endpoint != "" && index(ignored, " " endpoint " ")) next
      number = split(labels[name], names, " ")
      series = ""
      for (i = 1; i <= number; i++) series = series (i > 1 ? "," : "") names[i] "=\"" label(names[i]) "\""
      sum[name "{" series "}"] += $NF
    }
    END { for (series in sum) printf "%s\t%.0f\n", series, sum[series] }
  ' "$1.text" | sort >"$1"
}

# The sum of a family, from a scrape with everything.
total() { awk -v name="$1" '$0 ~ "^" name "[{ ]" { sum += $NF } END { printf "%.0f\n", sum }' "$2"; }

# Writes `VERDICT <tab> EXPECTED <tab> MOVED <tab> SERIES`, a line for each series that moved or should have, between
# two scrapes. Once an answer was not as expected, errors are compared without their types, which no status tells.
compare() {
  awk -F '\t' -v untyped="$unexpected" '
    untyped { sub(/error_type="[^"]*"/, "error_type=~\".*\"", $1) }
    FILENAME == ARGV[1] { expected[$1] += $2; seen[$1]; next }
    FILENAME == ARGV[2] { before[$1] += $2; seen[$1]; next }
    { after[$1] += $2; seen[$1] }
    END {
      for (series in seen) {
        moved = after[series] - before[series]
        wanted = expected[series] + 0
        if (moved == 0 && wanted == 0) continue
        verdict = moved < wanted ? "few" : moved > wanted ? "many" : "ok"
        printf "%s\t%.0f\t%.0f\t%s\n", verdict, wanted, moved, series
      }
    }
  ' "$work/expected" "$1" "$2" | sort -t "$(printf '\t')" -k 4
}

# --- What is sent ---

# Adds to what a series is expected to move by.
expect() { printf '%s\t%s\n' "$1" "$2" >>"$work/expected"; }

# Expects what answers with a status add to the counts of requests: APP METHOD ENDPOINT STATUS ERROR NUMBER.
expect_answers() {
  [[ $ignored != *" $3 "* ]] || return 0
  expect "api_requests_total{app=\"$1\",method=\"$2\",endpoint=\"$3\",status_code=\"$4\"}" "$6"
  expect "api_request_duration_seconds_count{app=\"$1\",method=\"$2\",endpoint=\"$3\"}" "$6"
  [[ $5 == - ]] || expect "api_errors_total{app=\"$1\",error_type=\"$5\",endpoint=\"$3\"}" "$6"
}

# Asks an application for the name and the classes of its model, which is a request that is counted too.
describe() {
  local address file="$work/info.$1"
  address=$(prefix_of "$1")/model/info
  request "$file" "$address"
  case $status in
    200) ;;
    000) fail "the application at $address does not answer: $problem" ;;
    404) fail "$address answers 404: is the $1 application served there?" ;;
    *) fail "$address answers $status: $(head -c 200 "$file")" ;;
  esac
  tr -d '\n' <"$file" | sed -n 's/.*"model_name" *: *"\([^"]*\)".*/\1/p' >"$work/model.$1"
  tr -d '\n' <"$file" | sed -n 's/.*"classes" *: *\[\([^]]*\)\].*/\1/p' | tr -d '" ' | tr ',' '\n' >"$work/classes.$1"
  [[ -s $work/model.$1 && -s $work/classes.$1 ]] || fail "$address does not describe a model"
  expect_answers "$(label_of "$1")" GET /model/info 200 - 1
}

# Sends the requests of a kind: NAME APP PATH BODY. Statuses go to NAME.statuses, a line each, bodies of answers to
# files of their own.
send() {
  local address arguments=()
  address=$(prefix_of "$2")${3//'{model}'/$(<"$work/model.$2")}
  mkdir -- "$work/answers.$1"
  awk -v url="$address" -v file="$work/answers.$1" -v number="$requests" 'BEGIN {
    for (i = 1; i <= number; i++) printf "url = \"%s\"\noutput = \"%s/%d\"\n", url, file, i
  }' >"$work/$1.config"
  [[ $4 == - ]] || arguments+=(--header 'content-type: application/json' --data-binary "@$here/requests/$4")
  ((concurrency == 1)) || arguments+=(--parallel --parallel-max "$concurrency")
  # An address for every request and nothing beside: without one curl would complain, so none is run for none.
  ((requests == 0)) || curl -q --globoff --silent --show-error --connect-timeout 5 --max-time 30 \
    --write-out '%{http_code}\n' "${arguments[@]}" --config "$work/$1.config" \
    >"$work/$1.statuses" 2>"$work/$1.problems" || true
  touch -- "$work/$1.statuses"
}

# Expects what the answers to a kind say: NAME APP METHOD ENDPOINT ROWS STATUS ERROR.
tally() {
  local label model number code error class result rows=0 answered
  label=$(label_of "$2") model=$(<"$work/model.$2")
  while read -r number code; do
    if [[ $code == "$6" ]]; then
      expect_answers "$label" "$3" "$4" "$code" "$7" "$number"
    elif ((10#$code)); then
      unexpected=1
      error=-
      ((10#$code < 400)) || error=any
      expect_answers "$label" "$3" "$4" "$code" "$error" "$number"
    fi
  done < <(sort "$work/$1.statuses" | uniq -c)
  answered=$(grep -cx "$6" "$work/$1.statuses" || true)
  (($5)) || return 0
  if ((answered)) && [[ $ignored != *" $4 "* ]]; then
    expect "prediction_duration_seconds_count{app=\"$label\",endpoint=\"$4\"}" "$answered"
  fi
  # The classes that the answers name: in the applications' own dialects, and in the Open Inference Protocol.
  while read -r number class; do
    result=$(sed -n "$((class + 1))p" "$work/classes.$2")
    expect "predictions_total{app=\"$label\",model_name=\"$model\",prediction_result=\"$result\"}" "$number"
    expect "prediction_confidence_score_count{app=\"$label\",prediction_result=\"$result\"}" "$number"
    rows=$((rows + number))
  done < <(find "$work/answers.$1" -type f -exec cat -- {} + |
    grep -oE '"(hazard_)?prediction": *[0-9]+|"name": *"predict",[^]]*\],[^]]*"data": *\[[0-9]+' |
    sed 's/.*[^0-9]//' | sort | uniq -c)
  ((rows == answered * $5)) || note "$1: $answered answers hold $rows predictions instead of $((answered * $5))"
}

# Notes a failure; the script goes on, to show all of them.
note() {
  complain "$@"
  failures=$((failures + 1))
}

# --- The course of it ---

failures=0 unexpected=0
: >"$work/expected"
token_config "$work/token" "$token_file"

# Nothing may move while nothing is sent; what is still on its way from before may arrive first.
deadline=$((SECONDS + wait))
scrape "$work/before"
while true; do
  sleep 1
  scrape "$work/again"
  ! cmp -s "$work/before" "$work/again" || break
  if ((SECONDS >= deadline)); then
    complain "somebody else sends requests: these series move while nothing is sent here"
    compare "$work/before" "$work/again" | awk -F '\t' '{ print "  " $4 " +" $3 }' >&2
    exit 1
  fi
  mv -- "$work/again" "$work/before"
  mv -- "$work/again.text" "$work/before.text"
done

if ((requests)); then
  describe heart
  describe hvs
  printf '%-16s %-6s %-26s %8s %8s  %s\n' KIND METHOD PATH SENT EXPECTED RECEIVED
fi
while read -r name app path endpoint body rows expected error; do
  method=POST
  [[ $body != - ]] || method=GET
  ((requests)) || continue
  send "$name" "$app" "$path" "$body"
  tally "$name" "$app" "$method" "$endpoint" "$rows" "$expected" "$error"
  received=$(sort "$work/$name.statuses" | uniq -c | awk '{ printf "%s%s x %s", sep, $1, $2; sep = ", " }')
  printf '%-16s %-6s %-26s %8s %8s  %s\n' "$name" "$method" "$path" "$requests" "$expected" "${received:-nothing}"
  if [[ $(grep -cx "$expected" "$work/$name.statuses" || true) != "$requests" ]]; then
    note "$name: not every request was answered $expected"
    sed -n 's/^curl: ([0-9]*) /  /p' "$work/$name.problems" | sort -u | head -n 3 >&2
  fi
done < <(awk 'NF == 8 && $1 != "name"' <<<"$kinds")

# Waits until everything has arrived. What moved too far never comes back, so that ends it at once; and what is right
# must still be right a second later, or something is counted twice or by somebody else.
deadline=$((SECONDS + wait)) settled=0
while true; do
  scrape "$work/after"
  compare "$work/before" "$work/after" >"$work/verdicts"
  if grep -q '^many' "$work/verdicts" || ((SECONDS >= deadline)); then break; fi
  if ! grep -q '^few' "$work/verdicts"; then
    ((!settled)) || break
    settled=1
    sleep 1
  else
    settled=0
    sleep 0.2
  fi
done

[[ ! -s $work/verdicts ]] || awk -F '\t' '
  BEGIN { print ""; printf "%8s %8s           %s\n", "EXPECTED", "MOVED", "SERIES" }
  { printf "%8s %8s %-9s %s\n", $2, $3, $1 == "ok" ? "ok" : "TOO " toupper($1), $4 }
  END { print "" }
' "$work/verdicts"

starts_before=$(grep '^process_start_time_seconds ' "$work/before.text" || true)
starts_after=$(grep '^process_start_time_seconds ' "$work/after.text" || true)
if [[ $starts_before != "$starts_after" ]]; then
  note "the aggregator was restarted meanwhile, or one address leads to several of them"
fi
few=$(grep -c '^few' "$work/verdicts" || true) many=$(grep -c '^many' "$work/verdicts" || true)
right=$(grep -c '^ok' "$work/verdicts" || true)
if ((few)); then
  note "$few series moved by too little within $wait s: events were lost, or are still on their way"
  for family in portent_events_dropped_total portent_events_rejected_total portent_requests_refused_total; do
    moved=$(($(total "$family" "$work/after.text") - $(total "$family" "$work/before.text")))
    ((moved == 0)) || complain "  $family moved by $moved"
  done
  if ((right == 0 && many == 0)); then
    complain "  nothing arrived at all: are events switched off, or sent to another aggregator?"
  fi
fi
((!many)) || note "$many series moved by too much: somebody else sends requests, or events are counted twice"

((failures == 0)) || fail "FAILED as said above; $right of $((right + few + many)) series moved by exactly what was sent"
if ((requests)); then
  say "passed: $right series moved by exactly what was sent"
else
  say "passed: nothing was sent, and nothing moved"
fi
