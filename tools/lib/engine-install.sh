# shellcheck shell=bash
# Packages: finds missing ones, and installs them from this machine's own apt sources.

# The first engine whose built-in Dockerfile frontend has all features that our Dockerfiles use.
engine_minimum=28

engine_answers() { timeout 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }
engine_version() { docker version --format '{{.Server.Version}}'; }

# need_debian WHAT REMEDY
need_debian() {
    local ID="" ID_LIKE=""
    # shellcheck source=/dev/null
    [[ ! -r /etc/os-release ]] || source /etc/os-release
    case " $ID $ID_LIKE " in
        *" debian "* | *" ubuntu "*) ;;
        *) fail "$1 can only be installed here on Debian or Ubuntu, and this is '${ID:-unknown}'" "$2" ;;
    esac
}

# shellcheck source=/dev/null
os_release() { (source /etc/os-release && printf '%s\n' "${!1:-}"); }

check_engine() {
    local version
    version=$(engine_version)
    if [[ ${version%%.*} -lt $engine_minimum ]]; then
        fail "the Docker Engine is $version, and $engine_minimum or later is needed" "update it; this script never changes an engine that it did not install"
    fi
    docker buildx version >/dev/null 2>&1 || fail "the docker client has no buildx" "install the buildx plugin (docker-buildx-plugin or docker-buildx)"
    docker compose version >/dev/null 2>&1 || fail "the docker client has no compose" "install the compose plugin (docker-compose-plugin, docker-compose or docker-compose-v2)"
}

engine_installed() {
    local program
    for program in docker dockerd containerd runc iptables ip curl; do
        command -v "$program" >/dev/null || return 1
    done
    docker buildx version >/dev/null 2>&1 && docker compose version >/dev/null 2>&1
}

install_engine() {
    engine_installed && return
    local ordinary=(runc iptables iproute2 curl ca-certificates)
    if [[ $(os_release ID) == debian ]]; then
        say "will install, from Debian: ${ordinary[*]}; from Debian sid, since older engines lack what is needed: docker.io docker-cli docker-buildx docker-compose containerd tini-static"
        step "reading the package lists" quietly apt-get update -q
        local options=()
        add_sid_to "$state/apt"
        options=(-o "Dir::Etc::SourceParts=$state/apt/sources.list.d" -o "Dir::Etc::PreferencesParts=$state/apt/preferences.d")
        step "reading sid's package list" quietly apt-get "${options[@]}" update -q
        step "installing the engine" quietly apt_install "${options[@]}" "${ordinary[@]}" \
            docker.io/sid docker-cli/sid docker-buildx/sid docker-compose/sid containerd/sid tini-static/sid
    else
        say "will install, from this machine's apt sources: ${ordinary[*]} docker.io docker-buildx docker-compose-v2"
        step "reading the package lists" quietly apt-get update -q
        step "installing the engine" quietly apt_install "${ordinary[@]}" docker.io docker-buildx docker-compose-v2
    fi
}

# need_program PROGRAM PACKAGE
need_program() {
    command -v "$1" >/dev/null && return
    need_root "$2" "install $2 by hand"
    need_debian "$2" "install $2 by hand"
    say "will install: $2"
    step "reading the package lists" quietly apt-get update -q
    step "installing $2" quietly apt_install "$2"
}

# apt_install PACKAGE...: packages would start their services right after installation, but this script starts the
# daemons itself. So a policy forbids it for the time being.
apt_install() {
    local policy=/usr/sbin/policy-rc.d
    if [[ ! -e $policy ]]; then
        # shellcheck disable=SC2064
        trap "rm -f $policy" EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
    fi
    DEBIAN_FRONTEND=noninteractive apt-get -y -q --no-install-recommends install "$@"
}

# debian_archive CODENAME [LABEL]: prints the address from which this machine gets a Debian suite.
debian_archive() {
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(CODENAME)|$(REPO_URI)' 'Created-By: Packages' |
        awk -F'|' -v codename="$1" -v label="${2:-Debian}" \
            '$1 == "Debian" && $2 == label && (codename == "" || $3 == codename) { print $4; exit }'
}

# add_sid_to FOLDER: copies the apt configuration and adds sid at a low priority. The machine's own configuration
# is not changed.
add_sid_to() {
    local copy=$1 archive
    archive=$(debian_archive "$(os_release VERSION_CODENAME)")
    [[ -n $archive ]] || fail "this machine's apt sources have no Debian archive" "add one, so that sid can be fetched from it"
    rm -rf "$copy"
    mkdir -p "$copy"
    cp -r /etc/apt/sources.list.d /etc/apt/preferences.d "$copy/"
    cat >"$copy/sources.list.d/sid.sources" <<SOURCES
Types: deb
URIs: $archive
Suites: sid
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
Check-Valid-Until: no
SOURCES
    printf 'Package: *\nPin: release n=sid\nPin-Priority: 50\n' >"$copy/preferences.d/sid"
}
