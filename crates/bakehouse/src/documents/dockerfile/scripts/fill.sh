# Fills the cache mounts of an empty builder from the seed of an earlier build, so that Cargo compiles what has changed since.
set -eu
seed=/deps-seed/target
cd /build/target
exec 9>>lock; flock 9 2>/dev/null || true
# Files named `toolchain` come last: what has none is taken for incomplete.
if [ ! -e toolchain ] && [ -e $seed/toolchain ]; then
  find . -mindepth 1 ! -path ./lock -delete
  find $seed -mindepth 1 -maxdepth 1 ! -name lock ! -name 'toolchain*' -exec cp -a -t . {} +
  sync
  cp -a $seed/toolchain* .
fi
# Several platforms share the folder.
for toolchain in "$seed"/toolchain-*; do
  target=${toolchain#"$seed/toolchain-"}
  if [ -e "$toolchain" ] && [ ! -e "toolchain-$target" ]; then
    rm -rf "$target"
    [ ! -d "$seed/$target" ] || cp -a "$seed/$target" .
    mkdir -p used
    cp -a "$seed/used/$target" used/
    sync
    cp -a "$toolchain" .
  fi
done
[ -d /kept ] || exit 0
for entry in /deps-seed/kept/*; do
  if [ -d "$entry" ] && [ ! -e "/kept/${entry##*/}" ]; then
    new=$(mktemp -d "/kept/${entry##*/}.XXXXXX")
    cp -a "$entry/." "$new"
    mv "$new" "/kept/${entry##*/}"
  fi
done
