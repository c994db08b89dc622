# Determines how to compile for TARGETPLATFORM, installs the tools for that, and writes the settings to /cross/env.
#
#   cross.sh    LINKER=gcc unless zig links everything; LIBRARIES=.. of the system to install for the target; OWN_LINKERS=..
#               for triples whose linker is in Cargo's configuration
set -eu
mkdir -p /cross
{
  echo "${BAKEHOUSE_TOOLCHAIN_ID-}"
  rustc -vV
  dpkg-query -W || apk info -v
} >/cross/builder 2>/dev/null || true
fail() {
  echo "error: BUILDER_BASE cannot compile for $TARGETPLATFORM: $1. Name one that can with bases.builder in bakehouse.toml, or set emulate = true there" >&2
  exit 1
}
host=$(rustc -vV | sed -n 's/^host: //p')
abi=
case "$TARGETARCH$TARGETVARIANT" in
amd64*) cpu=x86_64 debian=amd64 multiarch=x86_64-linux-gnu ;;
arm64*) cpu=aarch64 debian=arm64 multiarch=aarch64-linux-gnu ;;
386*) cpu=i686 debian=i386 multiarch=i386-linux-gnu ;;
arm | armv7) cpu=armv7 abi=eabihf debian=armhf multiarch=arm-linux-gnueabihf ;;
armv5) cpu=armv5te abi=eabi debian=armel multiarch=arm-linux-gnueabi ;;
ppc64le) cpu=powerpc64le debian=ppc64el multiarch=powerpc64le-linux-gnu ;;
riscv64) cpu=riscv64gc debian=riscv64 multiarch=riscv64-linux-gnu ;;
s390x) cpu=s390x debian=s390x multiarch=s390x-linux-gnu ;;
*) fail "it is not known what Rust calls that" ;;
esac
case "$host" in
"$cpu"-*)
  printf 'target=%s\nexport linker=cc\n' "$host" >/cross/env
  exit 0
  ;;
*-musl*) target=$cpu-unknown-linux-musl$abi ;;
*) target=$cpu-unknown-linux-gnu$abi ;;
esac
needs=
has_std() { ls "$(rustc --print target-libdir --target "$target")"/libstd-*.rlib >/dev/null 2>&1; }
if ! has_std; then
  if command -v rustup >/dev/null; then
    rustup target add "$target" || fail "rustup cannot fetch the standard library for $target"
  elif version=$(dpkg-query -W -f '${Version}' libstd-rust-dev 2>/dev/null); then
    needs="$needs libstd-rust-dev:$debian=$version"
  else
    fail "it has no standard library for $target"
  fi
fi
gnu=$multiarch
[ $debian != i386 ] || gnu=i686-linux-gnu
case "$target" in *-musl*) gnu=${gnu%-gnu*}-musl$abi ;; esac
if [ -n "${LINKER-}" ]; then
  if ! command -v "$gnu-gcc" >/dev/null; then
    case "$target" in *-musl*) fail "it has no $gnu-gcc" ;; esac
    package=$(echo "$gnu" | tr _ -)
    needs="$needs gcc-$package libc6-dev-$debian-cross"
    ! command -v g++ >/dev/null || needs="$needs g++-$package"
  fi
  # Packages without -dev are tools, which run in the builder.
  for library in ${LIBRARIES-}; do needs="$needs $library:$debian"; done
fi
if [ -n "$needs" ]; then
  command -v apt-get >/dev/null || fail "it lacks$needs, and has no apt-get to get that"
  case "$needs" in *":$debian"*) dpkg --add-architecture $debian ;; esac
  { apt-get update -qq && apt-get install -qq -y --no-install-recommends $needs; } || fail "apt-get cannot install$needs"
  rm -rf /var/lib/apt/lists/*
fi
has_std || fail "it has no standard library for $target"
{ dpkg-query -W || apk info -v; } >/cross/packages 2>/dev/null || true
if [ -n "${ZIG-}" ]; then
  printf 'target=%s\nexport linker=%s\n' "$target" "$gnu-gcc" >/cross/env
  exit 0
fi
name=$(echo "$target" | tr - _)
cat >/cross/env <<ENV
target=$target for_target="--target $target" built=target/$target
build="cargo build --target $target"
export CARGO_TARGET_$(echo "$name" | tr '[:lower:]' '[:upper:]')_LINKER=$gnu-gcc
export CC_$name=$gnu-gcc CXX_$name=$gnu-g++ AR_$name=$gnu-ar
export PKG_CONFIG_ALLOW_CROSS=1 PKG_CONFIG_LIBDIR_$name=/usr/lib/$multiarch/pkgconfig:/usr/share/pkgconfig
ENV
# The variable would override a linker in Cargo's configuration.
for triple in ${OWN_LINKERS-}; do
  [ "$target" != "$triple" ] || sed -i '/_LINKER=/d' /cross/env
done
