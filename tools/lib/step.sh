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
