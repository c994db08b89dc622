# Lays out the workspace for a step that compiles a part of it. Sourced; then `compile ARGUMENT...` runs Cargo's build.
cd /build
build="cargo build" built=target outputs=$BAKEHOUSE_PROFILE
for env in /cross/env /zig/out/env; do [ ! -e $env ] || . $env; done
case $outputs in dev | test) outputs=debug ;; bench) outputs=release ;; esac
for library in /libraries/*; do [ ! -d "$library" ] || cp -a "$library/." .; done
for folder in /sources /manifests; do [ ! -d $folder ] || cp -R --preserve=mode,links $folder/. .; done
# Layers keep whole seconds. A manifest is the newest file of its package: where a build script declares nothing, Cargo remembers
# the name and the time of that file.
stamp() { [ ! -d "$1" ] || (cd "$1" && find . -type f -print0) | xargs -r -0 touch -c -d "@$2"; }
stamp /sources $(($(date +%s) - 1)); stamp /manifests "$(date +%s)"
compile() { (cd "${BAKEHOUSE_WORKSPACE-.}" && $build $BAKEHOUSE_BUILD "$@"); }
# Replaces 0.0.0 in the lock by the members' own versions. `cargo update` would ask sources that are not fetched.
lock=${BAKEHOUSE_WORKSPACE-.}/Cargo.lock
(cd "${lock%/*}" && cargo metadata --no-deps --format-version 1) | grep -o '"name":"[^"]*","version":"[^"]*","id":"' >/tmp/versions
awk -F '"' '
  NR == FNR { version[$4] = $8; next }
  held { if (!/^source/) sub(/0\.0\.0/, version[name], held); print held; held = "" }
  /^name = / { name = $2 }
  /^version = "0\.0\.0"/ && name in version { held = $0; next }
  /^ "/ { split($2, part, " "); if (part[2] == "0.0.0" && part[1] in version) sub(/0\.0\.0/, version[part[1]]) }
  { print }
  END { if (held) { sub(/0\.0\.0/, version[name], held); print held } }' /tmp/versions "$lock" >/tmp/Cargo.lock
cp /tmp/Cargo.lock "$lock"
# Cargo sorts entries of the same name by their versions.
[ -z "${BAKEHOUSE_NAMESAKES-}" ] || (cd "${lock%/*}" && cargo metadata --format-version 1 >/dev/null)
# Manifests that are compiled into a package keep an old time, or Cargo would take its outputs for stale.
[ -z "${BAKEHOUSE_AS_IS-}" ] || touch -c -d @1 $BAKEHOUSE_AS_IS
[ ! -e /run/rustc.sh ] || . /run/rustc.sh
