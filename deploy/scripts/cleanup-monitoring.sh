#!/usr/bin/env bash
# Takes off a cluster what deploy-monitoring.sh brought onto it.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib.sh
source "$here/lib.sh"
# shellcheck source=cluster.sh
source "$here/cluster.sh"

help() {
  cat <<'END'
usage: cleanup-monitoring.sh [OPTIONS]

Deletes the objects of an overlay of deploy/spinkube. The counts that the aggregator has kept are deleted with them,
and so is everything else in its namespaces; that needs --yes, or an answer at the terminal. To run it again is safe.

  --overlay NAME       kind or prod: the one that was deployed; kind by default
  --keep-state         keep the namespaces and the volumes with the counts: the next deployment goes on from them
  --yes                delete the counts without asking
  --context NAME       context of kubectl's configuration; the current one by default
  --timeout SECONDS    how long deleting may take; 300 by default
  --dry-run            show what would be deleted; change nothing
  --help               show this

Needs bash, awk and kubectl 1.27 or newer. Exit status: 0 nothing of it is left, 1 a step failed or was not agreed to,
64 wrong usage.
END
}

overlay=kind context='' timeout=300 dry_run='' keep_state='' yes=''
while (($#)); do
  case $1 in
    --*=*)
      set -- "${1%%=*}" "${1#*=}" "${@:2}"
      continue
      ;;
    --overlay) text "$@"; overlay=$value; shift ;;
    --context) text "$@"; context=$value; shift ;;
    --timeout) whole 1 86400 "$@"; timeout=$value; shift ;;
    --keep-state) keep_state=yes ;;
    --yes) yes=yes ;;
    --dry-run) dry_run=yes ;;
    --help) help; exit ;;
    *) misused "unknown option '$1'" ;;
  esac
  shift
done
need kubectl awk
work_folder
render "$overlay"

# The kinds that hold what cannot be made again.
precious='Namespace PersistentVolumeClaim'

# Kinds whose definition the cluster does not have: no object of them can be left, and kubectl would stumble over them.
unknown_kinds() {
  local definition
  while read -r definition _; do
    exists customresourcedefinition "$definition" || say "$definition"
  done < <(needed_definitions) | awk '
    # spinapps.core.spinkube.dev and SpinApp: the plural, without its s and without capitals
    NR == FNR { sub(/s\..*/, ""); gone[$1]; next }
    tolower($1) in gone && !seen[$1]++ { print $1 }
  ' - "$work/objects"
}

# Writes the rendered objects but those of some kinds: KIND…
without() {
  awk -v kinds=" $* " '
    function flush() { if (text != "" && !index(kinds, " " kind " ")) printf "---\n%s", text; text = kind = "" }
    /^---/ { flush(); next }
    /^kind: / { kind = $2 }
    { text = text $0 "\n" }
    END { flush() }
  ' "$work/rendered.yaml"
}

kept=''
[[ -z $keep_state ]] || kept=$precious
if [[ -n $dry_run ]] && ! kube version >"$work/output" 2>&1; then
  say 'No cluster answers, so this is what could be there.'
else
  need_cluster
  unknown_kinds >"$work/unknown"
  kept+=" $(xargs <"$work/unknown")"
fi
# shellcheck disable=SC2086 # a list of words
without $kept >"$work/doomed.yaml"
list "$work/doomed.yaml" >"$work/doomed"

say "${dry_run:+would }delete:"
awk '{ printf "  %-20s %-14s %s\n", $1, $2, $3 }' "$work/doomed"
[[ -z $dry_run ]] || exit 0

if grep -qE "^(${precious// /|}) " "$work/doomed" && [[ -z $yes ]]; then
  [[ -t 0 ]] || fail 'the counts would be deleted: give --yes, or --keep-state'
  read -r -p "Delete the counts and all else in these namespaces? Type yes: " yes
  [[ $yes == yes ]] || fail 'nothing was deleted'
fi
kube delete --ignore-not-found --timeout="${timeout}s" --filename "$work/doomed.yaml"
say "Nothing of it is left${keep_state:+ but the namespaces and the volumes with the counts}."
