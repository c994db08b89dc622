# What tools/bake and tools/test share: steps with progress, the generator, and the bases of this repository.
# shellcheck shell=bash

# Runs a command under a heading and says how long it took.
step() {
  local name=$1 begin=$SECONDS
  shift
  printf '==> %s\n' "$name"
  "$@"
  printf '    %s: %d s\n' "$name" $((SECONDS - begin))
}

# Runs the script again inside the pinned shell, where there is Nix and a flake.
enter_nix() {
  local script=$1
  shift
  if [ -f flake.nix ] && [ -z "${IN_NIX_SHELL:-}" ] && command -v nix >/dev/null; then
    printf '==> nix develop\n'
    exec nix develop --command "$script" "$@"
  fi
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
