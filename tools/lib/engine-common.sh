# shellcheck shell=bash
# Shared by all parts of tools/engine: messages, the state folder, processes that it starts. Results go to stdout,
# messages to stderr.

if [[ $(id -u) -eq 0 ]]; then
    state=${BAKEHOUSE_STATE:-/var/lib/bakehouse}
else
    # Without root, only a lock and the logs are stored.
    state=${BAKEHOUSE_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/bakehouse}
fi
registry_port=${BAKEHOUSE_REGISTRY_PORT:-5000}
registry=127.0.0.1:$registry_port
engine_socket=/var/run/docker.sock

say() { printf '%s\n' "$*" >&2; }

# fail WHAT [REMEDY...]
fail() {
    say "error: $1"
    shift
    local remedy
    for remedy in "$@"; do say "  hint: $remedy"; done
    exit 1
}

# Allows one run at a time, since two would install and start the same things twice.
take_lock() {
    [[ $state == /* ]] || fail "BAKEHOUSE_STATE is not an absolute path: $state"
    # The path of a unix socket is limited to 108 bytes, of which the engine adds some.
    [[ ${#state} -le 60 ]] || fail "BAKEHOUSE_STATE is longer than 60 characters: $state" "choose a shorter path"
    mkdir -p "$state/logs" "$state/pids"
    # Purging requires this file before it deletes a folder.
    touch "$state/.bakehouse-state"
    exec 9>"$state/lock"
    flock -n 9 || { say "another tools/engine is running: waiting for it"; flock -w 900 9; } ||
        fail "another tools/engine has been running for 15 minutes" "see who holds $state/lock"
}

# quietly COMMAND...: captures the output of a command, and shows the end of it if the command fails. Like `step`,
# never call it in a condition.
quietly() {
    local log status
    log=$(mktemp "$state/logs/step.XXXXXX")
    set +e
    (set -e; "$@") >"$log" 2>&1
    status=$?
    set -e
    if [[ $status -ne 0 ]]; then
        tail -n 20 "$log" >&2
        say "  the full output is in $log"
        exit "$status"
    fi
    rm -f "$log"
}

# need_root WHAT REMEDY
need_root() { [[ $(id -u) -eq 0 ]] || fail "only root can start or install $1" "run this as root, or $2"; }

# start_daemon NAME NETNS COMMAND...: NETNS is a network namespace of `ip netns`, or "". Only the network is
# separate, since mounts must stay visible to the parents of containers.
start_daemon() {
    local name=$1 netns=$2 enter=()
    shift 2
    [[ -z $netns ]] || enter=(nsenter "--net=/run/netns/$netns")
    setsid "${enter[@]}" "$@" >"$state/logs/$name.log" 2>&1 </dev/null 9>&- &
    printf '%s\n%s\n' "$!" "$*" >"$state/pids/$name"
}

# own_pid NAME: prints the pid of a daemon that was started here and still runs. It also compares the command, since
# the pid may belong to another process by now.
own_pid() {
    local file=$state/pids/$1 pid command
    [[ -r $file ]] || return 1
    { read -r pid; read -r command; } <"$file"
    [[ -r /proc/$pid/cmdline && $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") == "$command " ]] || return 1
    printf '%s\n' "$pid"
}

# stop_daemon NAME
stop_daemon() {
    local name=$1 pid tries
    if pid=$(own_pid "$name"); then
        say "stopping $name (pid $pid)"
        kill "$pid" 2>/dev/null || true
        for ((tries = 0; tries < 300; tries++)); do
            own_pid "$name" >/dev/null || break
            sleep 0.1
        done
        if own_pid "$name" >/dev/null; then
            say "  $name did not stop within 30 s: killing it"
            kill -KILL "$pid" 2>/dev/null || true
        fi
    fi
    rm -f "$state/pids/$name"
}

# wait_for NAME SECONDS COMMAND...: waits until COMMAND succeeds, while the daemon NAME is alive.
wait_for() {
    local name=$1 limit=$2 deadline=$((SECONDS + $2))
    shift 2
    sleep 0.1
    until "$@" >/dev/null 2>&1; do
        if ! own_pid "$name" >/dev/null; then
            tail -n 15 "$state/logs/$name.log" >&2
            fail "$name ended while starting" "its log is $state/logs/$name.log"
        fi
        [[ $SECONDS -lt $deadline ]] || fail "$name does not answer after $limit s" "its log is $state/logs/$name.log"
        sleep 0.2
    done
}

# unmount_under FOLDER: unmounts what killed containers left mounted, deepest first.
unmount_under() {
    local mount
    while read -r mount; do
        umount -l "$mount" || true
    done < <(cut -d' ' -f5 /proc/self/mountinfo | grep -F "$1/" | sort -r)
}
