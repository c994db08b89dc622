# Keeps what a step compiled in a cache mount, and takes it from there if the step has to compile the same again, as after
# a change of Cargo.lock that does not reach it. Sourced; then `take ARGUMENT...` runs before Cargo, and `keep` after it.
#
# What is taken was compiled from the same files, in the same environment, with the same bytes of each crate below. Whether it
# is up to date Cargo decides, as on the host: manifests and the lock are not compared here.
take() {
  touch /tmp/before # By the time of change: what a build script unpacks may have old times of modification.
  kept=/kept/$(echo "$* ${BAKEHOUSE_STATIC-} ${for_target-}" | sha256sum | cut -c -16)
  find /kept -mindepth 1 -maxdepth 1 -mtime +30 -exec rm -rf {} +
  exec 8>>"$kept.lock"; touch "$kept.lock"
  (cd /manifests && find . -name Cargo.toml) | cut -c 2- >/tmp/manifests
  set --
  for given in /sources /libraries/* /as-is /auditable/out; do
    [ -e "$given" ] || continue
    set -- "$@" "$given"
    cat /tmp/manifests /libraries/*/target/manifests-* 2>/dev/null | sed "s|^|$given|"
    case $given in /libraries/*) echo "$given/target" ;; esac
  done >/tmp/left-out
  {
    env | grep -v -E '^(BAKEHOUSE_BUILD|HOSTNAME|OLDPWD|OTEL_.*|PWD|SHLVL|TRACE.*|_)=' | LC_ALL=C sort
    cat /run/*.sh target/toolchain* target/path-sources 2>/dev/null || true
    tar -c -P --no-wildcards --anchored -X /tmp/left-out --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner "$@"
  } | sha256sum >/tmp/inputs
  LC_ALL=C sort -u target/digests* >/tmp/digests
  flock 8 2>/dev/null || true
  if cmp -s /tmp/inputs "$kept/inputs" && [ -z "$(LC_ALL=C comm -23 "$kept/needed" /tmp/digests)" ]; then
    touch "$kept"
    cp -a "$kept/out/." .
    (cd "$kept/out" && find target -type f) >/tmp/taken
    while read -r manifest; do
      ! cmp -s "$kept/manifests$manifest" ".$manifest" || cp -a "$kept/manifests$manifest" ".$manifest"
    done </tmp/manifests
  fi
  flock -u 8 2>/dev/null || true
}
# Lists in /tmp/added what Cargo compiled, or took for up to date.
keep() {
  hashes() { grep -o -E '[-/][0-9a-f]{16}\b' | cut -c 2-; }
  if [ -e /tmp/taken ]; then
    { cat /tmp/units; [ -z "${BAKEHOUSE_BIN-}" ] || find target -samefile "$built/$outputs/$BAKEHOUSE_BIN"; } | hashes >/tmp/used
    grep -E '[-/][0-9a-f]{16}(\.[^/]*)?(/|$)' /tmp/taken | grep -v -F -f /tmp/used | tr '\n' '\0' | xargs -0 rm -f
  fi
  grep -o "$PWD/target/[^\"]*\.\(rlib\|so\)\"" /tmp/units | sed "s|^$PWD/||; s|\"$||" |
    awk 'NR == FNR { compiled[$0]; next } $2 in compiled' - /tmp/digests >/tmp/needed
  find target -cnewer /tmp/before '(' -name '*.rlib' -o -name '*.so' ')' -type f -exec sha256sum {} + >"target/digests-${kept##*/}"
  cp /tmp/manifests "target/manifests-${kept##*/}"
  find target -cnewer /tmp/before '(' -type f -o -type l ')' -print0 >/tmp/added
  # What Cargo found up to date is kept already.
  if [ -e /tmp/taken ] && ! grep -q '"fresh":false' /tmp/units; then return; fi
  new=$(mktemp -d "$kept.XXXXXX")
  mkdir "$new/out" "$new/manifests"
  cp /tmp/inputs /tmp/needed "$new/"
  xargs -0 cp -a --parents -t "$new/out" </tmp/added
  # Cargo compares times of sources and manifests, too.
  sed 's|^|.|' /tmp/manifests | tee /tmp/left-out | xargs -r -d '\n' cp -a --parents -t "$new/manifests"
  [ ! -e /sources ] || (cd /sources && find . -mindepth 1 -print0) |
    tar -c --format=posix --no-recursion --no-wildcards --anchored -X /tmp/left-out --null -T - | tar -x -p -C "$new/out"
  flock 8 2>/dev/null || true
  rm -rf "$kept"
  mv "$new" "$kept"
  flock -u 8 2>/dev/null || true
}
