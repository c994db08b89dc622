# shellcheck shell=bash
# Shows the steps of every script.

# step NAME COMMAND...: runs a command under a heading, and prints how long it took. Headings go to standard error,
# since some scripts print results. Never call it in a condition: bash would ignore errors inside COMMAND.
step() {
  local name=$1 began=$SECONDS status
  shift
  printf '==> %s\n' "$name" >&2
  set +e
  (
    set -e
    "$@"
  )
  status=$?
  set -e
  if [ "$status" -ne 0 ]; then
    printf "error: '%s' failed after %d s\n" "$name" $((SECONDS - began)) >&2
    exit "$status"
  fi
  printf '    %s: %d s\n' "$name" $((SECONDS - began)) >&2
}

# begin NAME COMMAND...: runs a command beside the steps that follow. `finish` waits for it.
begin() {
  begun=$1
  shift
  printf '==> %s (in the background)\n' "$begun" >&2
  begun_log=$(mktemp)
  (
    set -e
    "$@"
  ) >"$begun_log" 2>&1 &
  begun_job=$!
}

# Waits for the command of `begin`, and prints its output under its heading.
finish() {
  local status=0
  printf '==> %s\n' "$begun" >&2
  wait "$begun_job" || status=$?
  cat "$begun_log" >&2
  rm -f "$begun_log"
  if [ "$status" -ne 0 ]; then
    printf "error: '%s' failed\n" "$begun" >&2
    exit "$status"
  fi
}
