# Fetches the third-party crates into /vendor/out, a Cargo home, as the repository's own configuration says.
set -eu
if [ -n "${TOOLCHAIN-}" ] && [ "${BAKEHOUSE_TOOLCHAIN_ID:-$TOOLCHAIN}" != "$TOOLCHAIN" ]; then
  echo "error: toolchain.json has the toolchain $TOOLCHAIN, but BUILDER_BASE was built from $BAKEHOUSE_TOOLCHAIN_ID; build that image again, or check out what it was built from" >&2
  exit 1
fi
mkdir -p /build /vendor/out; cd /build
lock=${BAKEHOUSE_WORKSPACE-.}/Cargo.lock
cp -R /skeleton/. .
cp /lock/Cargo.lock "$lock"
[ ! -d /cargo-config ] || cp -R /cargo-config/. .
grep -v '^#' stubs.txt | while read -r _ _ file; do mkdir -p "${file%/*}"; : >"$file"; done
[ ! -e /run/folders.sh ] || . /run/folders.sh
export CARGO_HOME=/vendor/out CARGO_NET_OFFLINE=false CARGO_CACHE_AUTO_CLEAN_FREQUENCY=never
# Downloads are kept in the mount. Git databases are copied, since Cargo links the objects of a checkout to them.
mkdir -p /downloads/index /downloads/cache /downloads/db $CARGO_HOME/registry $CARGO_HOME/git
ln -s /downloads/index /downloads/cache $CARGO_HOME/registry/
cp -a /downloads/db $CARGO_HOME/git/
(cd "${lock%/*}" && cargo fetch)
names() { awk '/^name = /{n=$3} /^version = "/{print n, $3}' "$1" | tr -d '"' | sort -u; }
names /lock/Cargo.lock >/tmp/locked
names "$lock" >/tmp/resolved
! grep -Fvx -f /tmp/locked /tmp/resolved || {
  echo "error: Cargo needs these crates, but Cargo.lock does not have them: run 'cargo update --workspace', then 'bakehouse generate'" >&2
  exit 1
}
cp -a $CARGO_HOME/git/db/. /downloads/db/
for database in "$CARGO_HOME"/git/db/*; do [ -e "$CARGO_HOME/git/checkouts/${database##*/}" ] || rm -rf "$database"; done
# The layer has only those parts of archives and indexes that an offline Cargo reads, so that it is reproducible:
# a mark that an unpacked crate has an archive, and the entries of the locked versions.
rm -rf $CARGO_HOME/registry/index $CARGO_HOME/registry/cache
cd $CARGO_HOME/registry; mkdir index cache
for registry in src/*; do
  [ -d "$registry" ] || continue
  kept=index/${registry#src/} index=/downloads/index/${registry#src/}
  mkdir "cache/${registry#src/}"
  for crate in "$registry"/*; do echo >"cache/${crate#src/}.crate"; done
  if [ -e "$index/.git" ] || [ -e "$index/HEAD" ]; then cp -a "$index" "$kept"; continue; fi
  (cd "$index" && find ./.cache ./config.json -type f) |
    awk -F '[/ ]' 'NR == FNR { names[tolower($1)]; next } $NF in names || $NF == "config.json"' /tmp/resolved - | while read -r file; do
    mkdir -p "$kept/${file%/*}"
    cp "$index/$file" "$kept/$file"
    # The file has the version of the format and a tag, then a pair of fields for each version of the crate.
    [ "$(head -c 2 "$index/$file")" != "$(printf '\003\002')" ] || tr '\0\n' '\n\0' <"$index/$file" | awk -v name="${file##*/}" '
      NR == FNR { if (tolower($1) == name) locked[$2] = 1; next }
      FNR == 4 { $0 = "locked" }
      FNR < 5 { print; next }
      FNR % 2 { version = $0; next }
      version in locked { print version; print }' /tmp/resolved - | tr '\0\n' '\n\0' >"$kept/$file"
  done
done
cd /build
[ ! -e /run/cut.sh ] || . /run/cut.sh
# Without the header, which has a sum of the lock before it was cut.
grep -v '^#' "$lock" >$CARGO_HOME/Cargo.lock
rm -rf $CARGO_HOME/.package-cache* $CARGO_HOME/.global-cache
# Build scripts compare times: a crate that is fetched again must not look newer than its outputs.
find /vendor/out -exec touch -h -d @1 {} +
