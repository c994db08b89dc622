# What tools/bake and tools/test share: steps with progress, the generator, and the bases of this repository.
# shellcheck shell=bash

# What tells how the files in Nix's language are written.
nixfmt_version=0.5.3
deadnix_version=1.3.1

# What tells whether a workflow for CI is one.
check_jsonschema_version=0.39.0

# Runs a command under a heading and says how long it took.
step() {
  local name=$1 begin=$SECONDS
  shift
  printf '==> %s\n' "$name"
  "$@"
  printf '    %s: %d s\n' "$name" $((SECONDS - begin))
}

# Whether there is a Nix that the user has set up for flakes and that is new enough for nixpkgs. Debian's, which the
# flake's tests install, is neither.
nix_is_set_up() {
  local version features
  command -v nix >/dev/null || return 1
  version=$(nix --version | sed -n 's/.* \([0-9]*\.[0-9]*\).*/\1/p')
  printf '2.18\n%s\n' "$version" | sort -C -V || return 1
  features=$(nix config show experimental-features 2>/dev/null || nix show-config 2>/dev/null) || return 1
  # Before 2.20 there is only the whole list.
  features=${features##*experimental-features = }
  features=${features%%$'\n'*}
  [[ " $features " == *" flakes "* && " $features " == *" nix-command "* ]]
}

# Runs the script again inside the pinned shell, where there is such a Nix and the shell can be had.
enter_nix() {
  local script=$1
  shift
  if [ -n "${IN_NIX_SHELL:-}" ] || ! nix_is_set_up; then
    return
  fi
  printf '==> nix develop\n'
  if nix develop .#bare --command true; then
    exec nix develop .#bare --command "$script" "$@"
  fi
  printf '    the pinned shell cannot be had: going on with the tools of this machine\n'
}

# The generator of this work tree, built by the step before.
bakehouse() {
  "${CARGO_TARGET_DIR:-target}/debug/bakehouse" "$@"
}

# The base images that the generated Dockerfile begins from.
base_names() {
  sed -n 's/^ARG [A-Z_]*_BASE=//p; s/^FROM \([a-z0-9.]*\.[a-z]*\/[^ ]*\) AS .*/\1/p' docker/Dockerfile | sort -u
}

# Pulls them, or makes them where nothing can be pulled.
base_images() {
  local names
  mapfile -t names < <(base_names)
  tools/engine bases "${names[@]}"
}

# The unit and snapshot tests. Where they can be had, the script that copies packs is tried with busybox's tools, too, and
# pages are opened in a browser.
unit_tests() {
  schema_tool
  tools/engine chromium || printf '    tests of pages are skipped: there is no browser, and it cannot be installed here\n'
  tools/engine busybox || printf '    tests with busybox are skipped: there is none, and it cannot be installed here\n'
  tools/engine strace || printf '    tests that kill at each system call are skipped: there is no strace, and it cannot be installed here\n'
  cargo test --no-fail-fast --workspace --exclude bakehouse-e2e --exclude bakehouse-flake -- "$@"
}

# What holds workflows against their public schemas, beside the build's own output: nothing else on the machine uses it.
schema_tool() {
  local root
  root=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}/check-jsonschema")
  if [ ! -x "$root/bin/check-jsonschema" ]; then
    printf '    will install into %s, from PyPI: check-jsonschema %s\n' "$root" "$check_jsonschema_version"
    if ! { python3 -m venv "$root" && "$root/bin/pip" install --quiet "check-jsonschema==$check_jsonschema_version"; }; then
      rm -rf "$root"
      printf '    workflows are not held against their schemas: it cannot be installed here\n'
      return
    fi
  fi
  export BAKEHOUSE_CHECK_JSONSCHEMA=$root/bin/check-jsonschema
}

# Tests the flake, formatting too when asked for; says why, where no Nix can be had.
flake_tests() {
  local nix_format=${1:-} format=()
  shift
  if ! tools/engine nix; then
    printf '    skipped: there is no nix, and it cannot be installed here\n'
    return
  fi
  if [ -n "$nix_format" ]; then
    format=(--include-ignored)
    nix_format_tools
  fi
  cargo test --package bakehouse-flake --test checks --test outputs -- "$@"
  cargo test --package bakehouse-flake --test format -- "${format[@]}"
}

# nixfmt and deadnix, compiled once. They stay beside the build's own output: nothing else on the machine uses them.
nix_format_tools() {
  local root
  root=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}/nix-format")
  printf '    will install into %s, from crates.io: nixfmt_rs %s, deadnix %s\n' "$root" "$nixfmt_version" "$deadnix_version"
  cargo install --quiet --locked --root "$root" "nixfmt_rs@$nixfmt_version" "deadnix@$deadnix_version"
  PATH=$root/bin:$PATH
}
