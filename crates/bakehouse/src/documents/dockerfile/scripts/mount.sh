# Compiles a binary in a target folder that a cache mount keeps, puts it where the image has it, below /dist/image, and
# checks that it runs on its bases.
#
#   mount.sh BINARY <CLOSURE    a line for each package: PACKAGE | FILE... | VARIABLE... | NEEDED PACKAGE...
#
# Cargo judges by times, and the mount outlives the files that fed it. So files get one time, and a package whose sum,
# over its files and the sums of what it needs, is not the one of its last build loses what was built of it.
set -eu
export BAKEHOUSE_BIN="$1"
cat >/tmp/closure
. /run/target.sh
grep -E '^(lib|bin|build) ' /skeleton/stubs.txt | while read -r _ package file; do
  ! grep -q "^$package |" /tmp/closure || rm -f "$file"
done
. /cargo-home/workspace.sh
mkdir -p /tmp/sums target/sums
find . -path ./target -prune -o -type f -exec touch -d @1 {} +
sum() { tar -c -P --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner "$@" | sha256sum; }
config=
[ ! -d /cargo-config ] || config=/cargo-config
while IFS='|' read -r package files variables needed; do
  name=${package%%[= ]*}
  for variable in $variables; do
    eval "printf '%s\n' \"\${$variable+set}\" \"\${$variable-}\""
  done >"/tmp/given-$name"
  [ -z "${needed# }" ] || needed=$(printf '/tmp/sums/%s ' $needed)
  sum "${BAKEHOUSE_WORKSPACE-.}/Cargo.toml" $config $files "/tmp/given-$name" $needed >"/tmp/sums/$name"
done </tmp/closure
# Cargo does not know how its compiler is called.
[ -z "${BAKEHOUSE_STATIC-}" ] || echo static >>"/tmp/sums/$name"
changed=
while read -r package _; do
  name=${package%%=*}
  if ! cmp -s "/tmp/sums/$name" "target/sums/$name"; then
    # The old sum goes first: a build that is killed leaves no sum that its outputs do not have.
    rm -f "target/sums/$name"
    changed="$changed -p ${package#*=}"
  fi
done </tmp/closure
if [ -n "$changed" ]; then
  sync target/sums
  clean $changed
fi
compile --bin "$1"
cp -a /tmp/sums/. target/sums/
mkdir -p /dist/image/usr/local/bin
cp "$built/$outputs/$1" /dist/image/usr/local/bin/
# A layer has the same bytes whenever it is built.
find /dist/image -exec touch -h -d @0 {} +
for base in /glibc/*; do [ ! -d "$base" ] || sh "$base/glibc.sh" check "/dist/image/usr/local/bin/$1"; done
