# shellcheck shell=bash
# A second, empty engine. It has a containerd of its own, since a shared one would already have every layer, and a
# network namespace of its own, since a second dockerd would take docker0 from the first. The host's registry has the
# same address inside: two forwarders are connected by a unix socket, which is visible in all namespaces.

fresh_up() {
    local name=fresh-$1 folder=$state/fresh-$1 netns
    if ! own_pid "$name-dockerd" >/dev/null; then
        need_root "a second engine" "do without one"
        need_debian "a second engine" "do without one"
        install_engine
        need_program socat socat
        say "will start an empty engine in $folder, in a network namespace of its own"
        mkdir -p "$folder"
        fresh_network "$folder"
        netns=$(cat "$folder/network")
        fresh_forward "$name" "$registry_port" registry
        start_engine "$name" "$folder/docker.sock" "$netns"
    else
        say "$name: already running, with its contents"
    fi
    echo "DOCKER_HOST=unix://$folder/docker.sock"
}

# fresh_forward ENGINE PORT WORD: gives a port of the host's 127.0.0.1 the same address in the engine's network.
fresh_forward() {
    local name=$1 port=$2 word=$3 folder=$state/$1
    start_daemon "$name-$word-host" "" socat "UNIX-LISTEN:$folder/$word.sock,fork,unlink-early" "TCP:127.0.0.1:$port"
    start_daemon "$name-$word" "$(cat "$folder/network")" socat "TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr" "UNIX-CONNECT:$folder/$word.sock"
}

# fresh_reach NAME PORT: lets the engine reach a server of the host.
fresh_reach() {
    local name=fresh-$1
    own_pid "$name-dockerd" >/dev/null || fail "$name does not run" "start it with \`tools/engine fresh $1\`"
    fresh_forward "$name" "$2" "port-$2"
}

# fresh_network FOLDER: creates a veth pair to a namespace of the same name, which reaches the outside through the
# host's address. The addresses are from the range for benchmarks, which is not routed anywhere.
fresh_network() {
    local folder=$1 number=0 network mtu
    fresh_network_delete "$folder"
    while [[ -e /sys/class/net/bakehouse$number || -e /run/netns/bakehouse$number ]]; do number=$((number + 1)); done
    network=bakehouse$number
    echo "$network" >"$folder/network"
    mtu=$(uplink_mtu)
    ip netns add "$network"
    ip link add "$network" mtu "$mtu" type veth peer name eth0 mtu "$mtu" netns "$network"
    ip address add "198.18.$number.1/30" dev "$network"
    ip link set "$network" up
    ip -n "$network" link set lo up
    ip -n "$network" address add "198.18.$number.2/30" dev eth0
    ip -n "$network" link set eth0 up
    ip -n "$network" route add default via "198.18.$number.1"
    echo 1 >/proc/sys/net/ipv4/ip_forward
    fresh_rules -I "$network"
}

# fresh_rules -I|-D NETWORK: inserts or deletes the rules that give the network access to the outside.
fresh_rules() {
    iptables -t nat "$1" POSTROUTING -s "198.18.${2#bakehouse}.0/30" ! -o "$2" -j MASQUERADE
    iptables "$1" FORWARD -i "$2" -j ACCEPT
    iptables "$1" FORWARD -o "$2" -j ACCEPT
}

fresh_network_delete() {
    local folder=$1 network
    [[ -e $folder/network ]] || return 0
    network=$(cat "$folder/network")
    fresh_rules -D "$network" 2>/dev/null || true
    ip link delete "$network" 2>/dev/null || true
    ip netns delete "$network" 2>/dev/null || true
    rm -f "$folder/network"
}

fresh_stop() {
    local name=fresh-$1 folder=$state/fresh-$1 part
    if [[ ! -d $folder ]]; then
        say "$name: does not exist"
        return
    fi
    # Containers are killed, since a normal stop would take ten seconds for nothing.
    docker -H "unix://$folder/docker.sock" ps -q 2>/dev/null | xargs -r docker -H "unix://$folder/docker.sock" kill >/dev/null || true
    for part in dockerd containerd registry registry-host; do stop_daemon "$name-$part"; done
    for part in "$state/pids/$name-port-"*; do
        [[ ! -e $part ]] || stop_daemon "${part##*/}"
    done
    fresh_network_delete "$folder"
    unmount_under "$folder"
    rm -rf "$folder" "$state/logs/$name"-*.log
    say "$name: stopped, and its data deleted"
}
