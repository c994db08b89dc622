# deps.sh [PACKAGE...]: compiles the third-party crates in a cache mount, with local PACKAGEs that they need, and copies
# those that this workspace uses to /deps/out.
set -eu
. /run/target.sh
# An empty mount begins with what another chain compiled.
if [ -d /earlier ] && [ -z "$(find target -mindepth 1 -maxdepth 1 -type d)" ]; then
  cp -a /earlier/*/ target/
  rm -rf target/used
fi
if [ $# -gt 0 ]; then
  cp -R --preserve=mode,links /sources/. .
  # Cargo would compare times, but the mount outlives the files. So all have the same time, and a sum tells whether they changed.
  find . -path ./target -prune -o -exec touch -h -d @1 {} +
  {
    env | grep -v -E '^(HOSTNAME|OLDPWD|OTEL_.*|PWD|SHLVL|TRACE.*|_)=' | LC_ALL=C sort
    tar -c -P --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner /sources
  } | sha256sum >/tmp/path-sources
  if ! cmp -s /tmp/path-sources target/path-sources; then
    rm -f target/path-sources # Before anything compiles, so that a killed build leaves none that differs from its outputs.
    clean $(printf -- '-p %s ' "$@")
  fi
fi
(cd "${BAKEHOUSE_WORKSPACE-.}" && ${build-cargo build} $BAKEHOUSE_BUILD --message-format json-render-diagnostics >/tmp/units)
[ $# -eq 0 ] || cp /tmp/path-sources target/
# The outputs of stubs are removed, or Cargo could take them for those of the real packages.
stubs=$(sed -n 's/^\(lib\|bin\) \([^ ]*=\)\{0,1\}\([^ ]*\) .*/-p \3/p' /skeleton/stubs.txt)
[ -z "$stubs" ] || clean $stubs
grep -E '^(lib|bin|build) ' /skeleton/stubs.txt | while read -r kind _ file; do
  rm -f "$file"
  # The skeletons of services become binaries, so that --lib selects only the internal libraries.
  [ "$kind" != bin ] || sed -i 's/^\[lib\]$/[[bin]]/' "${file%src/lib.rs}Cargo.toml"
done
# Unused crates of earlier builds are left out of the layer, and removed from the mount.
grep -o -E '[-/][0-9a-f]{16}\b' /tmp/units | cut -c 2- | sort -u >/tmp/used
drop_unused() { find target -depth -regextype posix-extended -regex '.*[-/][0-9a-f]{16}(\.[^/]*)?' | grep -v -F -f "$1" | xargs -r -d '\n' rm -rf; }
keep() {
  drop_unused /tmp/used
  mkdir -p /deps/out; cp -a . /deps/out
}
[ ! -e /run/platforms.sh ] || . /run/platforms.sh
keep
cd /deps/out
[ ! -e /cargo-home/sources ] || cp /cargo-home/sources target/
# Later steps compare these with what their outputs were compiled with.
find target '(' -name '*.rlib' -o -name '*.so' ')' -type f -exec sha256sum {} + >target/digests
