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
  for base in /glibc/*; do
    [ ! -d "$base" ] || LC_ALL=C readelf -W -d -V --dyn-syms "$1" | fits "$name" "$base/facts"
  done
}
# fits NAME FACTS <ELF: compares the C library that a library was linked for with that of a base, as glibc.sh does for binaries.
fits() {
  awk -v name="$1" -v min_glibc="${BAKEHOUSE_GLIBC-}" '
function number(version, parts) { split(version, parts, "."); return version ~ /^[0-9.]+$/ ? parts[1] * 1000000 + parts[2] * 1000 + parts[3] : 0 }
function fail(what) { print "error: " name " " what > "/dev/stderr"; exit 1 }
function needs(version) { return "needs GLIBC_" version (version in symbol ? " (symbol " symbol[version] ")" : "") }
FNR == 1 { file++ }
file == 1 {
  if ($1 == "base") base = $2
  if ($1 == "system") base = base " (" substr($0, 8) ")"
  if ($1 == "loader") { known = known " " $2; if ($2 ~ /ld-musl/) has_musl = 1; else has_gnu = 1 }
  if ($1 == "declared") { has = $2; declared = 1 }
  if ($1 == "defines") { defined[$2] = 1; if (number($2) > number(has)) has = $2 }
  next
}
/\(NEEDED\).*\[libc\.so\.6\]/ { gnu = 1 }
/\(NEEDED\).*\[libc\.(musl-.*|so)\]/ { musl = 1 }
/ Name: GLIBC_[^ ]*  Flags: / && !/Flags: WEAK/ { sub(/.*Name: GLIBC_/, ""); needed[$1] = 1 }
/ UND [^ ]*@GLIBC_/ { split($8, parts, /@+GLIBC_/); if (!(parts[2] in symbol)) symbol[parts[2]] = parts[1] }
END {
  if (!declared && (gnu && !has_gnu || musl && !has_musl))
    fail("needs " (gnu ? "glibc" : "musl") ", and " base (known == "" ? " has no C library: run it on a base that has one" : " has another C library, with" known ": build and run it on bases of one kind"))
  for (version in needed) {
    if (number(version) > number(most)) most = version
    if (number(version) ? number(version) > number(has) : !(version in defined) && !declared)
      if (worst == "" || number(version) > number(worst)) worst = version
  }
  if (min_glibc != "" && number(most) > number(min_glibc))
    fail(needs(most) ", and bakehouse.toml asks for glibc " min_glibc ": leave it out of libs, or raise glibc there")
  if (worst != "")
    fail(needs(worst) ", and " base " has " (has == "" ? "no glibc" : "glibc " has) ": take it from a builder with no newer glibc (bases.builder), or run it on a newer one (runtime)")
  print name (most == "" ? " needs no version of glibc" : " needs GLIBC_" most) ", and " base " has " (has == "" ? "no glibc" : has)
}' "$2" -
}
