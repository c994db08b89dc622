# Puts zig and cargo-zigbuild into /zig/out, unless the builder base has them, and compiles there the parts that every
# program begins and ends with. Compile steps mount it at the same place, since Cargo's fingerprints contain that path.
#
#   zig.sh fetch <REQUIREMENTS     in pip's syntax
#   zig.sh prepare <SETTINGS       of the profile, in the syntax of Cargo's manifest
set -eu
if [ "$1" = fetch ]; then
  mkdir -p /zig/out/cache
  if cargo-zigbuild --version && { zig version || python3 -m ziglang version; }; then
    echo "these are BUILDER_BASE's own"
    exit 0
  fi 2>/dev/null
  fail() {
    echo "error: glibc in bakehouse.toml needs zig, and $1: let the engine reach PyPI, or name a BUILDER_BASE that has cargo-zigbuild and zig" >&2
    exit 1
  }
  if ! python3 -m pip --version >/dev/null 2>&1; then
    command -v apt-get >/dev/null || fail "BUILDER_BASE has neither pip nor apt-get to get it"
    { apt-get update -qq && apt-get install -qq -y --no-install-recommends python3-pip; } || fail "apt-get cannot install python3-pip"
    rm -rf /var/lib/apt/lists/*
  fi
  cat >/tmp/pinned
  PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --no-cache-dir --no-compile --no-deps --only-binary :all: --require-hashes --target /zig/out -r /tmp/pinned ||
    fail "pip cannot install $(sed -n 's/^\([^ ]*\)==\([^ ]*\).*/\1 \2/p' /tmp/pinned | sed 'N; s/\n/ and /')"
  ln -s ../ziglang/zig /zig/out/bin/zig
  # Most of the files are headers of other systems.
  cd /zig/out/ziglang/lib/libc
  rm -rf darwin freebsd mingw musl netbsd openbsd wasi include/*windows* include/*darwin* include/*bsd* include/*wasi* include/*musl*
  # zig compares times. Registries keep whole seconds, so files have to keep their times through a registry cache.
  find /zig/out -exec touch -h -d @1 {} +
  exit
fi
if [ -e /cross/env ]; then
  . /cross/env
else
  target=$(rustc -vV | sed -n 's/^host: //p')
fi
case "$target" in
*-linux-gnu*) ;;
*)
  echo "error: bakehouse.toml asks for glibc $BAKEHOUSE_GLIBC, but BUILDER_BASE compiles for $target, which has another C library; leave glibc out, or set bases.builder" >&2
  exit 1
  ;;
esac
{
  if [ -e /zig/out/ziglang ]; then
    echo 'export PATH=/zig/out/bin:$PATH CARGO_ZIGBUILD_ZIG_PATH=/zig/out/bin/zig CARGO_ZIGBUILD_PYTHON_PATH=false'
  fi
  echo 'export ZIG_GLOBAL_CACHE_DIR=/zig/out/cache CARGO_ZIGBUILD_CACHE_DIR=/zig/out/cache'
  echo "target=$target for_target='--target $target' built=target/$target"
  echo "build='cargo zigbuild --target $target.$BAKEHOUSE_GLIBC'"
} >/zig/out/env
. /zig/out/env
echo "# $(cargo-zigbuild --version), zig $(zig version 2>/dev/null || python3 -m ziglang version)" | tee -a /zig/out/env
mkdir -p /tmp/first/src
cd /tmp/first
{
  printf '[package]\nname = "first"\nedition = "2021"\n[profile.%s]\n' "$BAKEHOUSE_PROFILE"
  cat
} >Cargo.toml
echo 'fn main() {}' >src/main.rs
CARGO_HOME=/tmp/cargo $build --quiet --offline --profile "$BAKEHOUSE_PROFILE" --target-dir target
