# Adapts a target folder that several platforms share, so that each leaves the parts of others alone. Sourced by target.sh,
# and by deps.sh, for which it redefines `keep`.
if [ ! -e /tmp/used ]; then
  cat /cross/env /cross/packages /zig/out/env >/tmp/toolchain 2>/dev/null || true
  cmp -s /tmp/toolchain "target/toolchain-$target" || rm -rf "target/$target"
  cp /tmp/toolchain "target/toolchain-$target"
fi
keep() {
  # Crates that no platform uses are removed from the mount. The layer is for one platform.
  mkdir -p target/used /deps/out/target/used
  cp /tmp/used "target/used/$target"
  cp /tmp/used "/deps/out/target/used/$target"
  sort -u target/used/* >/tmp/used-by-any
  drop_unused /tmp/used-by-any
  find . -mindepth 1 -maxdepth 1 ! -name target -exec cp -a -t /deps/out {} +
  find target -mindepth 1 -maxdepth 1 ! -name used ! -name '*-linux-*' -exec cp -a -t /deps/out/target {} +
  [ ! -e "target/$target" ] || cp -a "target/$target" /deps/out/target/
  cd /deps/out
  drop_unused /tmp/used
}
