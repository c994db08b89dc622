# bin.sh BINARY: compiles a binary, puts it below /dist/image at its path in the image, and checks that it runs on its bases.
set -eu
export BAKEHOUSE_BIN="$1"
. /run/workspace.sh
. /run/kept.sh
take "$@"
compile --bin "$1" --message-format json-render-diagnostics >/tmp/units
keep
mkdir -p /dist/image/usr/local/bin
cp "$built/$outputs/$1" /dist/image/usr/local/bin/
# Fixed times make the bytes of the layer reproducible.
find /dist/image -exec touch -h -d @0 {} +
for base in /glibc/*; do [ ! -d "$base" ] || sh "$base/glibc.sh" check "/dist/image/usr/local/bin/$1"; done
