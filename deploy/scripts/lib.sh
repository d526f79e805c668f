# shellcheck shell=bash
# What the scripts of deploy/ share; it is sourced, never run.
#
# Exit statuses of all of them: 0 done, 1 a check or a step failed, 64 wrong usage (EX_USAGE of sysexits.h).

program=${0##*/}

# Prints a line.
say() { printf '%s\n' "$*"; }

# Prints a line about something wrong.
complain() { printf '%s: %s\n' "$program" "$*" >&2; }

# Ends the script: a check or a step failed.
fail() {
  complain "$@"
  exit 1
}

# Ends the script: it was called wrongly.
misused() {
  complain "$@"
  complain "$program --help lists the options"
  exit 64
}

# Readers of options: called with an option and what follows it, they leave its value in `value`, or end the script.

# Any value: `text "$@"`.
text() {
  (($# >= 2)) || misused "$1 needs a value"
  value=$2
}

# A whole number: `whole LEAST MOST "$@"`.
whole() {
  text "${@:3}"
  if [[ ! $value =~ ^(0|[1-9][0-9]{0,8})$ ]] || ((value < $1 || value > $2)); then
    misused "$3 takes a whole number from $1 to $2, not '$value'"
  fi
}

# An address without a path: `address "$@"`.
address() {
  text "$@"
  [[ $value =~ ^https?://[^/[:space:]\"\\?#]+/*$ ]] || misused "$1 takes http://HOST:PORT, not '$value'"
  while [[ $value == */ ]]; do value=${value%/}; done
}

# Ends the script where a program is absent.
need() {
  local name
  for name in "$@"; do
    command -v "$name" >/dev/null || fail "$name is not installed"
  done
}

# Makes a folder that disappears with the script, and names it in `work`.
work_folder() {
  work=$(mktemp -d "${TMPDIR:-/tmp}/portent.XXXXXX")
  trap 'rm -rf -- "$work"' EXIT
}

# Sends one request: `request BODY-FILE CURL-ARGUMENT…`. Sets `status`, which is 000 where nobody answered; curl's
# words about that are then in `problem`. The user's own .curlrc does not apply.
# shellcheck disable=SC2034 # they are for whoever calls
request() {
  local file=$1
  shift
  : >"$file"
  status=$(curl -q --silent --show-error --connect-timeout 5 --max-time 30 --output "$file" \
    --write-out '%{http_code}' "$@" 2>"$file.problem") || true
  problem=$(sed -e '1!d' -e 's/^curl: ([0-9]*) //' "$file.problem")
}

# Writes a file for curl's --config with the bearer token of a file, so that no list of processes shows it:
# `token_config CONFIG-FILE TOKEN-FILE`. Without a token file the configuration is empty.
token_config() {
  : >"$1"
  [[ -n $2 ]] || return 0
  local token
  token=$(awk 'NF { print $1; exit }' "$2") || fail "cannot read the token file $2"
  [[ -n $token ]] || fail "the token file $2 holds no token"
  (umask 077 && printf 'header = "Authorization: Bearer %s"\n' "${token//[\"\\]/\\&}" >"$1.new")
  mv -- "$1.new" "$1"
}
