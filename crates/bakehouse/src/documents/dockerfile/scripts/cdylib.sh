# cdylib.sh PACKAGE FILE: compiles a shared library, and puts it below /dist/image at its path in the image.
set -eu
. /run/workspace.sh
. /run/kept.sh
take "$@"
compile -p "$1" --lib --message-format json-render-diagnostics >/tmp/units
# Cargo's record of the file has a hash in its path, and the file has none. `keep` reads the hashes of what is used from here.
find target -path '*/.fingerprint/*' -name "lib-$(basename "${2#lib}" .so)" >>/tmp/units
keep
. /run/shared.sh
place "$built/$outputs/$2" "$2" /dist/image
