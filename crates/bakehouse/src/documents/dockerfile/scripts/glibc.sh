# Compares the C library that a binary was linked for with those of the bases that it will run on.
# `glibc.sh read BASE [VERSION]` writes facts about the base at /runtime, or its declared version, to /glibc/out/facts.
# `glibc.sh check BINARY` compares a binary with the facts beside this script.
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
elf=$(LC_ALL=C readelf -W -l -V --dyn-syms "$2")
printf '%s\n' "$elf" | awk -v name="${2##*/}" -v min_glibc="${BAKEHOUSE_GLIBC-}" '
function number(version, parts) { split(version, parts, "."); return version ~ /^[0-9.]+$/ ? parts[1] * 1000000 + parts[2] * 1000 + parts[3] : 0 }
function fail(what) { print "error: " name " " what > "/dev/stderr"; exit 1 }
function needs(version) { return "needs GLIBC_" version (version in symbol ? " (symbol " symbol[version] ")" : "") }
FNR == 1 { file++ }
file == 1 {
  if ($1 == "base") base = $2
  if ($1 == "system") base = base " (" substr($0, 8) ")"
  if ($1 == "loader") { loaders[$2] = 1; known = known " " $2 }
  if ($1 == "declared") { has = $2; declared = 1 }
  if ($1 == "defines") { defined[$2] = 1; if (number($2) > number(has)) has = $2 }
  next
}
/Requesting program interpreter: / { loader = $NF; sub(/\]$/, "", loader) }
/ Name: GLIBC_[^ ]*  Flags: / && !/Flags: WEAK/ { sub(/.*Name: GLIBC_/, ""); needed[$1] = 1 }
/ UND [^ ]*@GLIBC_/ { split($8, parts, /@+GLIBC_/); if (!(parts[2] in symbol)) symbol[parts[2]] = parts[1] }
END {
  if (loader == "") { print name " is static, and needs no C library of " base; exit 0 }
  sub(/^\/usr\//, "/", loader)
  if (!declared && !(loader in loaders)) {
    if (known == "") fail("is linked dynamically and needs the loader " loader ", and " base " has no C library: run it on a base that has one, or set static = true for it in bakehouse.toml")
    fail("needs the loader " loader ", and " base " has another C library, with" known ": build and run it on bases of one kind")
  }
  for (version in needed) {
    if (number(version) > number(most)) most = version
    if (number(version) ? number(version) > number(has) : !(version in defined) && !declared)
      if (worst == "" || number(version) > number(worst)) worst = version
  }
  if (min_glibc != "" && number(most) > number(min_glibc))
    fail(needs(most) ", and bakehouse.toml asks for glibc " min_glibc ": find the crate that links a library of BUILDER_BASE, or raise glibc there")
  if (worst != "")
    fail(needs(worst) ", and " base " has " (has == "" ? "no glibc" : "glibc " has) ": " (min_glibc == "" ? "build it on a base with no newer glibc (bases.builder)" : "lower glibc in bakehouse.toml") ", or run it on a newer one (runtime)")
  print name (most == "" ? " needs no version of glibc" : " needs GLIBC_" most) ", and " base " has " (has == "" ? "no glibc" : has)
}' "${0%/*}/facts" -
