# given.sh SCRIPT [ARGUMENT...]: runs SCRIPT, which compiles in a target folder that a cache mount keeps. Before that, it removes
# what was compiled with other files or variables than third-party crates are given now. Cargo does not notice a change
# of what a build script reads without saying so.
#
#   GIVEN=..    what they are given: CRATE=VARIABLE, CRATE=/given/FILE, or =VARIABLE for any crate that has it in its sources
set -eu
script=$1
shift
mkdir -p /build/target; cd /build
if [ -d /given ]; then
  cp -R --preserve=mode,links /given/. .
  # A layer and a checkout give them other times, for which Cargo would run build scripts again.
  (cd /given && find . -type f -print0) | xargs -r -0 touch -c -d @1
fi
exec 9>>target/lock; flock 9 2>/dev/null || true
for one in ${GIVEN-}; do
  what=${one#*=}
  case $what in
  /*) sum=$(tar -c -P --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner "$what" | sha256sum) ;;
  *) sum=$(eval "printf '%s\n' \"\${$what+set}\" \"\${$what-}\"" | sha256sum) ;;
  esac
  echo "$one ${sum%% *}"
done >/tmp/third-party
# Prints the crates that have the variable in their sources, and / for packages whose manifests are elsewhere.
readers() {
  for sources in /cargo-home/registry/src /cargo-home/git/checkouts /cargo-home/local /sources; do
    [ ! -d $sources ] || grep -r -l -w -F -e "$1" $sources || true
  done | while read -r file; do
    folder=${file%/*}
    while [ -n "$folder" ] && [ ! -e "$folder/Cargo.toml" ]; do folder=${folder%/*}; done
    [ -n "$folder" ] || echo /
    [ -z "$folder" ] || awk -F "[\"']" '/^\[/ { package = /^\[package\]/ } package && /^name *=/ { print $2; exit }' "$folder/Cargo.toml"
  done | sort -u
}
if ! cmp -s /tmp/third-party target/third-party; then
  touch target/third-party
  for one in $(sort /tmp/third-party target/third-party | uniq -u | cut -d ' ' -f 1 | sort -u); do
    crates=${one%%=*}
    if [ -z "$crates" ]; then
      # A package of the workspace may read it, too.
      rm -rf target/sums
      crates=$(readers "${one#*=}")
      # Its name may be put together.
      [ -n "$crates" ] || find target -mindepth 1 ! -path target/lock -delete
    fi
    for crate in $crates; do
      find target '(' -path "*/.fingerprint/$crate-[0-9a-f]*" -o -path "*/build/$crate-[0-9a-f]*" -o -path "*/build/$crate" ')' -prune -exec rm -rf {} +
    done
  done
  # Only now, so that a killed step removes them again.
  cp /tmp/third-party target/third-party
fi
exec 9>&-
sh "/run/$script" "$@"
# The script empties the folder for another toolchain.
for target in target /deps/out/target; do [ ! -d $target ] || cp /tmp/third-party $target/third-party; done
