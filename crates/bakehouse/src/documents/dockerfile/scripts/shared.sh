# Functions for shared libraries of images. Sourced.
refuse() {
  echo "error: $1" >&2
  exit 1
}
# place FILE NAME FOLDER [BINARY]: copies the library FILE to /usr/local/lib in FOLDER by the name that programs ask the loader for. If NAME is
# another one, it is a link to that. The library is to be for the same machine as BINARY, and to find its C library on the bases.
place() {
  machine() { LC_ALL=C readelf -W -h "$1" 2>/dev/null | grep -E '^ *(Class|Machine):' || true; }
  header=$(LC_ALL=C readelf -W -h "$1" 2>/dev/null) || header=
  case "$header" in *' DYN '*) ;; *) refuse "$1 is no shared library" ;; esac
  if [ -n "${4-}" ] && [ "$(machine "$1")" != "$(machine "$4")" ]; then
    refuse "$1 is for another machine than ${4##*/}: $(machine "$1" | sed -n 's/.*Machine: *//p')"
  fi
  name=$(LC_ALL=C readelf -W -d "$1" | sed -n 's/.*(SONAME).*\[\(.*\)\]$/\1/p')
  case "$name" in */* | '') name=$2 ;; esac
  mkdir -p "$3/usr/local/lib"
  cp -L "$1" "$3/usr/local/lib/$name"
  chmod 644 "$3/usr/local/lib/$name"
  [ "$name" = "$2" ] || ln -s "$name" "$3/usr/local/lib/$2"
  # Fixed times make the bytes of the layer reproducible.
  find "$3" -exec touch -h -d @0 {} +
  for base in /glibc/*; do [ ! -d "$base" ] || sh "$base/glibc.sh" check "$3/usr/local/lib/$name"; done
}
