# shellcheck shell=bash
# Base images: pulled if the registry can be reached, otherwise built from Debian packages under the same name, so
# that Dockerfiles use the same names everywhere.

standin_label=dev.bakehouse.standin
path_of_images=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
declare -A unreachable_hosts=()

bases_up() {
    engine_answers || fail "no Docker Engine answers" "run 'tools/engine up' first"
    local image
    for image in "$@"; do
        ensure_base "$(full_name "$image")"
    done
}

# full_name IMAGE: prints the full name, to which the engine expands a short one.
full_name() {
    local name=$1 last
    case ${name%%/*} in
        "$name") name=docker.io/library/$name ;;
        *.* | *:* | localhost) ;;
        *) name=docker.io/$name ;;
    esac
    last=${name##*/}
    [[ $last == *:* || $last == *@* ]] || name=$name:latest
    printf '%s\n' "$name"
}

ensure_base() {
    local image=$1 standin
    if standin=$(docker image inspect --format "{{index .Config.Labels \"$standin_label\"}}" "$image" 2>/dev/null); then
        if [[ $standin == true ]]; then say "$image: here already (a stand-in)"; else say "$image: here already"; fi
    elif pull "$image"; then
        say "$image: pulled"
    else
        make_standin "$image"
    fi
}

# pull IMAGE: a pull may take long, but a registry that can be reached answers within 20 s. A registry that cannot
# be reached is tried once per run.
pull() {
    local image=$1 host=${1%%/*} log=$state/logs/pull.log pid began=$SECONDS
    [[ -z ${unreachable_hosts[$host]:-} ]] || return 1
    say "$image: pulling ..."
    : >"$log"
    docker pull "$image" >"$log" 2>&1 &
    pid=$!
    while kill -0 "$pid" 2>/dev/null && ((SECONDS - began < 20)) && ! grep -q 'Pulling' "$log"; do sleep 0.2; done
    if ! grep -q 'Pulling' "$log"; then kill "$pid" 2>/dev/null || true; fi
    wait "$pid" && return
    if ! grep -qiE 'manifest unknown|not found|denied|unauthorized|toomanyrequests' "$log"; then
        unreachable_hosts[$host]=1
        say "  $host cannot be reached ($((SECONDS - began)) s); it is not asked again in this run"
    fi
    tail -n 1 "$log" | cut -c 1-300 | sed 's/^/  /' >&2
    return 1
}

make_standin() {
    local image=$1 slim='^docker\.io/library/'
    if [[ $image =~ ${slim}debian:([a-z]+)(-slim)?$ ]]; then
        debian_standin "$image" "${BASH_REMATCH[1]}"
    elif [[ $image =~ ${slim}rust:([0-9]+\.[0-9]+\.[0-9]+)-slim-([a-z]+)$ ]]; then
        rust_standin "$image" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
    elif [[ $image =~ ${slim}python:([0-9]+\.[0-9]+)-slim-([a-z]+)$ ]]; then
        scripts_standin "$image" "${BASH_REMATCH[2]}" "${BASH_REMATCH[1]}" ""
    elif [[ $image =~ ${slim}node:([0-9]+)-([a-z]+)-slim$ ]]; then
        scripts_standin "$image" "${BASH_REMATCH[2]}" "" "${BASH_REMATCH[1]}"
    elif [[ $image =~ ^docker\.io/nikolaik/python-nodejs:python([0-9.]+)-nodejs([0-9]+)-slim$ ]]; then
        scripts_standin "$image" bookworm "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
    else
        fail "$image cannot be pulled, and no stand-in is known for it" \
            "load it by hand: 'docker save $image | docker load' from a machine that has it" \
            "stand-ins are known for debian:SUITE-slim, rust:X.Y.Z-slim-SUITE, python:X.Y-slim-SUITE, node:N-SUITE-slim and nikolaik/python-nodejs:pythonX.Y-nodejsN-slim"
    fi
    say "$image: made as a stand-in from Debian packages; it is not the published image"
}

# debian_standin IMAGE SUITE
debian_standin() {
    local image=$1 suite=$2 archive=$state/bases/debian-$2.tar
    if [[ ! -e $archive ]]; then
        need_root "debootstrap, which makes $image" "load the image by hand"
        need_program debootstrap debootstrap
        [[ $suite != sid && -e /usr/share/debootstrap/scripts/$suite ]] || fail "$image: debootstrap has no Debian suite '$suite'"
        step "$image: debootstrap of $suite" quietly debian_archive_of "$suite" "$archive"
    fi
    step "$image: importing" quietly docker import --change 'CMD ["bash"]' --change "ENV PATH=$path_of_images" \
        --change "LABEL $standin_label=true" "$archive" "$image"
}

# debian_archive_of SUITE TARBALL
debian_archive_of() {
    local suite=$1 tarball=$2 root=$state/bases/$1 mirror
    mirror=$(debian_archive "")
    [[ -n $mirror ]] || { apt-get update -q && mirror=$(debian_archive ""); }
    [[ -n $mirror ]] || { echo "this machine's apt sources have no Debian archive"; return 1; }
    rm -rf "$root"
    mkdir -p "$root"
    debootstrap --variant=minbase "$suite" "$root" "$mirror"
    write_apt_sources "$suite" "$mirror" "$root/etc/apt"
    write_slim_rules "$root/etc"
    tar -C "$root" -cf "$tarball.part" --numeric-owner \
        --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' --exclude='./usr/share/info/*' \
        --exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' --exclude='./var/log/*' --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' \
        --exclude='./etc/resolv.conf' --exclude='./etc/hostname' .
    mv "$tarball.part" "$tarball"
    rm -rf "$root"
}

# write_apt_sources SUITE MIRROR FOLDER: writes the file of the published image, but with this machine's archive.
write_apt_sources() {
    local suite=$1 mirror=$2 apt=$3 security
    rm -f "$apt/sources.list"
    cat >"$apt/sources.list.d/debian.sources" <<SOURCES
Types: deb
URIs: $mirror
Suites: $suite $suite-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
    security=$(debian_archive "" Debian-Security)
    [[ -z $security ]] || cat >>"$apt/sources.list.d/debian.sources" <<SOURCES

Types: deb
URIs: $security
Suites: $suite-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
    # The image also needs this machine's settings for a proxy, or for an archive that is frozen in time.
    apt-config dump | grep -E '^Acquire::(https?::Proxy|Check-(Valid-Until|Date)) ' >"$apt/apt.conf.d/90machine" || true
    if [[ $mirror == https:* ]]; then
        mkdir -p "$apt/../ssl/certs"
        cp /etc/ssl/certs/ca-certificates.crt "$apt/../ssl/certs/"
    fi
}

# write_slim_rules FOLDER: writes the rules of the published image, which Dockerfiles rely on.
write_slim_rules() {
    cat >"$1/dpkg/dpkg.cfg.d/docker" <<'RULES'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
RULES
    cat >"$1/apt/apt.conf.d/docker-clean" <<'RULES'
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::Languages "none";
RULES
}

# install_lines PACKAGE...: prints Dockerfile lines that install packages. The machine's certificates are copied
# last, since the package writes its own. They are needed where a proxy decrypts TLS.
install_lines() {
    cat <<LINES
RUN --mount=type=bind,from=machine,target=/machine \\
    apt-get -o Acquire::https::CaInfo=/machine/ca-certificates.crt update && \\
    apt-get -o Acquire::https::CaInfo=/machine/ca-certificates.crt install -y --no-install-recommends $* && \\
    rm -rf /var/lib/apt/lists/* && \\
    cp /machine/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
LINES
}

# build_standin IMAGE DOCKERFILE BUILD-OPTION...
build_standin() {
    local image=$1 dockerfile=$2 machine=$state/bases/machine
    shift 2
    mkdir -p "$machine"
    cp -L /etc/ssl/certs/ca-certificates.crt "$machine/"
    step "$image: building" quietly docker buildx build --builder default --load --provenance=false --progress=plain --tag "$image" \
        --build-context "machine=$machine" --label "$standin_label=true" "$@" - <<<"$dockerfile"
}

# rust_standin IMAGE VERSION SUITE
rust_standin() {
    local image=$1 version=$2 suite=$3 sysroot host name rustup
    rustup=$(command -v rustup) || fail "$image: a stand-in needs this machine's rustup, and there is none" "install rustup and Rust $version"
    sysroot=$(cd / && rustup run "$version" rustc --print sysroot 2>/dev/null) ||
        fail "$image: a stand-in needs Rust $version on this machine, and rustup has none" \
            "rustup toolchain install $version" "or name an image of a version that 'rustup toolchain list' shows"
    host=$(rustup run "$version" rustc -vV | sed -n 's/^host: //p')
    name=$version-$host
    ensure_base "docker.io/library/debian:$suite-slim"
    build_standin "$image" "$(rust_dockerfile "$suite" "$version" "$name")" \
        --build-context "toolchain=$(readlink -f "$sysroot")" --build-context "rustup=$(dirname "$(readlink -f "$rustup")")"
}

# rust_dockerfile SUITE VERSION TOOLCHAIN
rust_dockerfile() {
    cat <<DOCKERFILE
FROM docker.io/library/debian:$1-slim
ENV RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/usr/local/cargo RUST_VERSION=$2 PATH=/usr/local/cargo/bin:$path_of_images
$(install_lines ca-certificates gcc libc6-dev pkg-config)
COPY --from=toolchain bin/ /usr/local/rustup/toolchains/$3/bin/
COPY --from=toolchain lib/ /usr/local/rustup/toolchains/$3/lib/
COPY --from=rustup rustup /usr/local/cargo/bin/rustup
RUN --network=none cd /usr/local/cargo/bin && \\
    for tool in cargo cargo-clippy cargo-fmt clippy-driver rustc rustdoc rustfmt; do ln -s rustup \$tool; done && \\
    rustup set profile minimal && rustup default $3 && chmod a+w /usr/local/cargo /usr/local/rustup && \\
    rustc --version && cargo --version && cargo clippy --version && cargo fmt --version
DOCKERFILE
}

# scripts_standin IMAGE SUITE PYTHON NODE: an empty version leaves that language out.
scripts_standin() {
    local image=$1 suite=$2 python=$3 node=$4 packages=(ca-certificates) lines=""
    if [[ -n $python ]]; then
        packages+=(python3 python3-pip python3-venv)
        lines+="RUN ln -s /usr/bin/python3 /usr/local/bin/python && rm -f /usr/lib/python3*/EXTERNALLY-MANAGED"
        lines+=" && python --version && python --version | grep -q '^Python $python\\.'"$'\n'
    fi
    if [[ -n $node ]]; then
        packages+=(nodejs)
        lines+="RUN node --version && node --version | grep -q '^v$node\\.'"$'\n'
    fi
    ensure_base "docker.io/library/debian:$suite-slim"
    build_standin "$image" "FROM docker.io/library/debian:$suite-slim
$(install_lines "${packages[@]}")
$lines"
}
