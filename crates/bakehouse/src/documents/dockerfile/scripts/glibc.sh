# Compares the C library that binaries and shared libraries were linked for with that of a base that they will run on.
# `glibc.sh read BASE [VERSION]` writes facts about the base at /runtime, or its declared version, to /glibc/out/facts.
# `glibc.sh check PATH` compares a file, or all files below a folder, with the facts beside this script. Those in /usr/local/lib of an
# image are libraries, the others are binaries.
set -eu
if [ "$1" = read ]; then
  command -v readelf >/dev/null || {
    echo "error: BUILDER_BASE has no readelf, which shows what glibc a binary needs: put binutils into it, on Debian by bases.packages in bakehouse.toml" >&2
    exit 1
  }
  mkdir -p /glibc/out; cp "$0" /glibc/out/
  exec >/glibc/out/facts
  echo "base $2"
  [ -z "${3-}" ] || { echo "declared $3" && exit; }
  cd /runtime
  sed -n 's/^PRETTY_NAME="\{0,1\}\([^"]*\)"\{0,1\}$/system \1/p' usr/lib/os-release 2>/dev/null || true
  found() { find lib lib32 lib64 usr/lib usr/lib32 usr/lib64 nix/store -maxdepth 3 "$@" 2>/dev/null || true; }
  # If /lib is a link to /usr/lib, both names are the same.
  found '(' -name 'ld-linux*.so.*' -o -name 'ld64.so.*' -o -name 'ld.so.1' -o -name 'ld-musl-*.so.1' ')' |
    sed -e 's|^usr/||' -e 's|^|loader /|' | sort -u
  for libc in $(found -name libc.so.6); do
    # An absolute link is relative to the root of the base.
    while to=$(readlink "$libc"); do case "$to" in /*) libc=/runtime$to ;; *) libc=${libc%/*}/$to ;; esac; done
    LC_ALL=C readelf -W -V "$libc" | sed -n 's/.*Name: GLIBC_\([^ ]*\)$/defines \1/p'
  done | sort -u
  exit
fi
files=$(find "$2" -type f | LC_ALL=C sort)
printf '%s\n' "$files" | while read -r file; do
  case "$file" in */usr/local/lib/*) library=true ;; *) library= ;; esac
  elf=$(LC_ALL=C readelf -W -l -d -V --dyn-syms "$file")
  printf '%s\n' "$elf" | awk -v name="${file##*/}" -v library="$library" -v min_glibc="${BAKEHOUSE_GLIBC-}" '
function number(version, parts) { split(version, parts, "."); return version ~ /^[0-9.]+$/ ? parts[1] * 1000000 + parts[2] * 1000 + parts[3] : 0 }
function fail(what) { print "error: " name " " what > "/dev/stderr"; exit 1 }
function needs(version) { return "needs GLIBC_" version (version in symbol ? " (symbol " symbol[version] ")" : "") }
function lacks(what, remedy) {
  fail(what ", and " base (known == "" ? " has no C library: run it on a base that has one" remedy : " has another C library, with" known ": build and run it on bases of one kind"))
}
FNR == 1 { file++ }
file == 1 {
  if ($1 == "base") base = $2
  if ($1 == "system") base = base " (" substr($0, 8) ")"
  if ($1 == "loader") { loaders[$2] = 1; known = known " " $2; if ($2 ~ /ld-musl/) has_musl = 1; else has_gnu = 1 }
  if ($1 == "declared") { has = $2; declared = 1 }
  if ($1 == "defines") { defined[$2] = 1; if (number($2) > number(has)) has = $2 }
  next
}
/Requesting program interpreter: / { loader = $NF; sub(/\]$/, "", loader) }
/\(NEEDED\).*\[libc\.so\.6\]/ { gnu = 1 }
/\(NEEDED\).*\[libc\.(musl-.*|so)\]/ { musl = 1 }
/ Name: GLIBC_[^ ]*  Flags: / && !/Flags: WEAK/ { sub(/.*Name: GLIBC_/, ""); needed[$1] = 1 }
/ UND [^ ]*@GLIBC_/ { split($8, parts, /@+GLIBC_/); if (!(parts[2] in symbol)) symbol[parts[2]] = parts[1] }
END {
  if (!library && loader == "") { print name " is static, and needs no C library of " base; exit 0 }
  sub(/^\/usr\//, "/", loader)
  if (library && !declared && (gnu && !has_gnu || musl && !has_musl)) lacks("needs " (gnu ? "glibc" : "musl"))
  if (!library && !declared && !(loader in loaders))
    lacks((known == "" ? "is linked dynamically and " : "") "needs the loader " loader, ", or set static = true for it in bakehouse.toml")
  for (version in needed) {
    if (number(version) > number(most)) most = version
    if (number(version) ? number(version) > number(has) : !(version in defined) && !declared)
      if (worst == "" || number(version) > number(worst)) worst = version
  }
  if (min_glibc != "" && number(most) > number(min_glibc))
    fail(needs(most) ", and bakehouse.toml asks for glibc " min_glibc ": " (library ? "leave it out of libs" : "find the crate that links a library of BUILDER_BASE") ", or raise glibc there")
  older = "with no newer glibc (bases.builder)"
  remedy = library ? "take it from a builder " older : min_glibc == "" ? "build it on a base " older : "lower glibc in bakehouse.toml"
  if (worst != "")
    fail(needs(worst) ", and " base " has " (has == "" ? "no glibc" : "glibc " has) ": " remedy ", or run it on a newer one (runtime)")
  print name (most == "" ? " needs no version of glibc" : " needs GLIBC_" most) ", and " base " has " (has == "" ? "no glibc" : has)
}' "${0%/*}/facts" -
done
