# shellcheck shell=bash
# The engine (containerd and dockerd) and the registry: start, report, stop.

engine_up() {
    if engine_answers; then
        check_engine
        say "engine: Docker $(engine_version) answers already ($(engine_owner))"
        return
    fi
    [[ -z ${DOCKER_HOST:-} ]] || fail "DOCKER_HOST is $DOCKER_HOST and no engine answers there" "start that engine, or unset DOCKER_HOST"
    local remedy="install Docker Engine $engine_minimum or later with buildx and compose, and start it"
    need_root "an engine, and none answers" "$remedy"
    need_debian "an engine" "$remedy"
    install_engine
    mount_cgroups
    say "will start containerd and dockerd on $engine_socket, with their data in $state/engine"
    start_engine engine "$engine_socket" ""
    check_engine
    say "engine: Docker $(engine_version) is ready on unix://$engine_socket"
}

engine_owner() {
    case ${DOCKER_HOST:-unix://$engine_socket} in
        "unix://$engine_socket") if own_pid engine-dockerd >/dev/null; then echo ours; else echo found; fi ;;
        "unix://$state/fresh-"*) echo ours ;;
        *) echo found ;;
    esac
}

mount_cgroups() {
    grep -q '^cgroup' /proc/mounts && return
    say "will mount cgroup2 on /sys/fs/cgroup"
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
}

# start_engine NAME SOCKET NETNS: starts containerd, then dockerd, with their data in $state/NAME.
start_engine() {
    local name=$1 socket=$2 netns=$3 folder=$state/$1 began=$SECONDS
    mkdir -p "$folder"
    if ! own_pid "$name-containerd" >/dev/null; then
        # The state of running containers is useless without the process that ran them.
        unmount_under "$folder/run"
        rm -rf "$folder/run"
        write_containerd_config "$folder"
        start_daemon "$name-containerd" "$netns" containerd --config "$folder/containerd.toml"
        wait_for "$name-containerd" 30 test -S "$folder/run/containerd.sock"
    fi
    if ! own_pid "$name-dockerd" >/dev/null; then
        write_dockerd_config "$folder" "$socket"
        start_daemon "$name-dockerd" "$netns" dockerd --config-file "$folder/dockerd.json"
    fi
    wait_for "$name-dockerd" 60 docker -H "unix://$socket" version
    say "  started in $((SECONDS - began)) s"
}

write_containerd_config() {
    cat >"$1/containerd.toml" <<TOML
version = 2
root = "$1/containerd"
state = "$1/run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri"]

[grpc]
address = "$1/run/containerd.sock"
TOML
}

# By default BuildKit drops cache as soon as less than a fifth of the disk is free. Tests rely on what they baked before.
write_dockerd_config() {
    local mtu
    mtu=$(uplink_mtu)
    cat >"$1/dockerd.json" <<JSON
{
  "hosts": ["unix://$2"],
  "data-root": "$1/docker",
  "exec-root": "$1/run/docker",
  "pidfile": "$1/run/docker.pid",
  "containerd": "$1/run/containerd.sock",
  "features": { "containerd-snapshotter": true },
  "builder": { "gc": { "enabled": true, "defaultReservedSpace": "24GB", "defaultMinFreeSpace": "512MB" } },
  "insecure-registries": ["127.0.0.0/8"],
  "mtu": $mtu,
  "default-network-opts": { "bridge": { "com.docker.network.driver.mtu": "$mtu" } }
}
JSON
}

# A bridge with a larger MTU than the uplink loses packets if nothing reports the smaller size.
uplink_mtu() {
    local device
    device=$(ip -o route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)
    if [[ -n $device ]]; then cat "/sys/class/net/$device/mtu"; else echo 1500; fi
}

registry_answers() { curl -fsS --noproxy '*' -m 5 -o /dev/null "http://$registry/v2/"; }

registry_up() {
    if registry_answers 2>/dev/null; then
        say "registry: $registry answers already ($(registry_owner))"
        return
    fi
    need_program curl curl
    need_program docker-registry docker-registry
    say "will start a registry on $registry, with its data in $state/registry"
    mkdir -p "$state/registry"
    cat >"$state/registry.yml" <<YAML
version: 0.1
log:
  level: warn
storage:
  filesystem:
    rootdirectory: $state/registry
  delete:
    enabled: true
http:
  addr: $registry
YAML
    start_daemon registry "" docker-registry serve "$state/registry.yml"
    wait_for registry 20 registry_answers
    say "registry: ready on $registry"
}

registry_owner() { if own_pid registry >/dev/null; then echo ours; else echo found; fi; }

engine_env() {
    if own_pid engine-dockerd >/dev/null; then echo "export DOCKER_HOST=unix://$engine_socket"; fi
    if registry_answers 2>/dev/null; then echo "export BAKEHOUSE_REGISTRY=$registry"; fi
}

engine_status() {
    local pid_file name
    if engine_answers; then
        echo "engine       $(engine_version) ($(engine_owner)) at ${DOCKER_HOST:-unix://$engine_socket}"
        echo "image store  $(docker info --format '{{.Driver}} {{.DriverStatus}}')"
        echo "buildx       $(docker buildx version 2>/dev/null || echo missing)"
        echo "compose      $(docker compose version --short 2>/dev/null || echo missing)"
    else
        echo "engine       none answers"
    fi
    if registry_answers 2>/dev/null; then
        echo "registry     $registry ($(registry_owner))"
    else
        echo "registry     none on $registry"
    fi
    for pid_file in "$state"/pids/fresh-*-dockerd; do
        [[ -e $pid_file ]] || continue
        name=$(basename "${pid_file%-dockerd}")
        if own_pid "$name-dockerd" >/dev/null; then printf '%-12s unix://%s\n' "$name" "$state/$name/docker.sock"; fi
    done
    echo "state        $state"
}

engine_down() {
    if [[ ! -e $state/.bakehouse-state ]]; then
        say "nothing was started here: $state does not exist"
        return
    fi
    take_lock
    local folder
    for folder in "$state"/fresh-*; do
        [[ ! -d $folder ]] || fresh_stop "$(basename "${folder#"$state"/fresh-}")"
    done
    emulation_down
    stop_daemon registry
    stop_daemon engine-dockerd
    stop_daemon engine-containerd
    if [[ ${1:-} == --purge ]]; then
        say "deleting $state"
        unmount_under "$state"
        rm -rf "${state:?}"
    fi
}
