# found.sh SCRIPT LIBRARIES BINARY: runs the SCRIPT that compiles a binary. Then puts each of LIBRARIES, which are one word, below
# /dist/libraries/LIBRARY at its path in the image.
#
# A library is looked for where the build scripts of this build wrote and what they told the linker, then among the outputs that
# Cargo reports for this build, then where the builder's linker looks. Cargo's folders may hold what other builds left.
set -eu
script=$1 wanted=$2
shift 2
. "/run/$script"
. /run/shared.sh
[ -e /tmp/units ] || compile --bin "$1" --message-format json-render-diagnostics >/tmp/units
triple=${target-$(rustc -vV | sed -n 's/^host: //p')}
gnu=$(echo "$triple" | sed -e 's/-unknown-/-/' -e 's/-pc-/-/' -e 's/^armv[0-9a-z]*/arm/' -e 's/^riscv64gc/riscv64/')
debian=$(echo "$gnu" | sed 's/^i[56]86/i386/')
linker=cc
[ "$triple" = "$(rustc -vV | sed -n 's/^host: //p')" ] || linker=$gnu-gcc
scripts() { grep -F '"reason":"build-script-executed"' /tmp/units || true; }
scripts | grep -o '"out_dir":"[^"]*"' | cut -d '"' -f 4 | LC_ALL=C sort -u >/tmp/written
scripts | sed -n 's/.*"linked_paths":\[\([^]]*\)\].*/\1/p' | tr ',' '\n' | sed -e 's/"//g' -e 's/^[a-z]*=//' | LC_ALL=C sort -u >/tmp/told
sed -n 's/.*"filenames":\[\([^]]*\)\].*/\1/p' /tmp/units | tr ',' '\n' | tr -d '"' >/tmp/reported
# Prints the places of a library among those that come first.
places() {
  {
    while read -r folder; do find -L "$folder" -type f -name "$1" 2>/dev/null || true; done </tmp/written
    while read -r folder; do [ ! -f "$folder/$1" ] || echo "$folder/$1"; done </tmp/told
  } | grep . && return
  while read -r output; do [ "${output##*/}" != "$1" ] || { echo "$output" && return; }; done </tmp/reported
  # The compiler prints the name alone if it finds nothing.
  path=$("$linker" -print-file-name="$1" 2>/dev/null || true)
  case "$path" in /*) echo "$path" && return ;; esac
  for folder in "/usr/local/lib/$debian" "/usr/lib/$debian" "/lib/$debian" "/usr/$gnu/lib"; do
    [ ! -f "$folder/$1" ] || { echo "$folder/$1" && return; }
  done
  [ "$linker" != cc ] || ldconfig -p 2>/dev/null | sed -n "s|^[[:space:]]*$1 .* => ||p" | head -n 1
}
for file in $wanted; do
  places "$file" >/tmp/places || true
  [ -s /tmp/places ] || refuse "$file is not in BUILDER_BASE, and no build script of $1 makes it: install the package that has it by bases.packages in bakehouse.toml, or correct its name under libs"
  while read -r place; do sha256sum "$place" | cut -d ' ' -f 1; done </tmp/places | sort -u >/tmp/sums-of-places
  [ "$(wc -l </tmp/sums-of-places)" = 1 ] || refuse "build scripts of $1 make several files $file that differ: $(tr '\n' ' ' </tmp/places)"
  place "$(head -n 1 /tmp/places)" "$file" "/dist/libraries/$file" "/dist/image/usr/local/bin/$1"
done
