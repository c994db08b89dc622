cat >/tmp/closure
. /run/target.sh
grep -E '^(lib|bin|build) ' /skeleton/stubs.txt | while read -r _ package file; do
  ! grep -q "^$package |" /tmp/closure || rm -f "$file"
done
. /run/workspace.sh
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
# Cargo does not know the options that rustc.sh adds.
[ -z "${BAKEHOUSE_STATIC-}" ] || echo static >>"/tmp/sums/$name"
changed=
while read -r package _; do
  name=${package%%=*}
  if ! cmp -s "/tmp/sums/$name" "target/sums/$name"; then
    # The old sum is removed first, so that a killed build leaves no sum that differs from its outputs.
    rm -f "target/sums/$name"
    changed="$changed -p ${package#*=}"
  fi
done </tmp/closure
if [ -n "$changed" ]; then
  sync target/sums
  clean $changed
fi
