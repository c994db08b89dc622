# Installs by rustup the parts of a toolchain file that the builder base lacks. If it lacks nothing, no network is used.
#
#   FILE=NAME [CHANNEL=.. VERSION=REGEX] [COMPONENTS=..] [TARGETS=..] toolchain.sh
set -eu
# Checks that the compiler belongs to the channel, by the folder that rustup named, or by the version that it prints.
has_channel() {
  [ -n "${CHANNEL-}" ] || return 0
  ! rustc --print sysroot 2>/dev/null | grep -Eq -e "/toolchains/$CHANNEL-[^0-9]" || return 0
  [ -n "${VERSION-}" ] && rustc --version 2>/dev/null | grep -Eq -e "$VERSION"
}
# Checks that it has a component, by the list that Rust's installer and rustup write.
has_component() { grep -qxE "$1(-preview)?(-$host)?" "$(rustc --print sysroot)/lib/rustlib/components" 2>/dev/null; }
has_target() { ls "$(rustc --print target-libdir --target "$1" 2>/dev/null)"/libcore-*.rlib >/dev/null 2>&1; }
found=$(rustc --version 2>/dev/null || echo 'no rustc')
host=$(rustc -vV 2>/dev/null | sed -n 's/^host: //p')
lacks='' components='' targets=''
has_channel || lacks=" $CHANNEL"
for component in ${COMPONENTS-}; do
  components="$components --component $component"
  has_component "$component" || lacks="$lacks $component"
done
for target in ${TARGETS-}; do
  targets="$targets --target $target"
  has_target "$target" || lacks="$lacks $target"
done
[ -n "$lacks" ] || exit 0
fail() {
  echo "error: $FILE names" ${CHANNEL-} ${COMPONENTS-} ${TARGETS-}", but BUILDER_BASE has $found and lacks$lacks: $1. Another base is named with bases.builder in bakehouse.toml" >&2
  exit 1
}
command -v rustup >/dev/null || fail "it has no rustup to install that"
if ! has_channel; then
  rustup toolchain install "$CHANNEL" --profile minimal --no-self-update $components $targets &&
    rustup default "$CHANNEL"
else
  { [ -z "$components" ] || rustup component add $COMPONENTS; } && { [ -z "$targets" ] || rustup target add $TARGETS; }
fi || fail "rustup cannot install that; see above what its server says"
has_channel || fail "it is installed now and not used; RUSTUP_TOOLCHAIN, or a compiler earlier on PATH, decides otherwise"
