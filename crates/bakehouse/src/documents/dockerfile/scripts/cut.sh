# Cuts the index and the lock of a Cargo home to the crates that builds for Linux reach. A change of any other crate, such
# as one for another system or for a feature that is off, then changes nothing that later steps read. Sourced by vendor.sh.
#
# Nothing is cut if Cargo would choose other crates or features afterwards.
export CARGO_NET_OFFLINE=true
libc=gnu
case $(rustc -vV) in *-musl*) libc=musl ;; esac
set --
for triple in aarch64 armv5te:eabi armv7:eabihf i686 powerpc64le riscv64gc s390x x86_64; do
  abi=
  case $triple in *:*) abi=${triple#*:} ;; esac
  set -- "$@" --target "${triple%:*}-unknown-linux-$libc$abi"
done
# The crates with their features, for the platform that Cargo's configuration names and for the others.
chosen() {
  for features in --features= --all-features; do
    tree() { (cd "${lock%/*}" && cargo tree --quiet --locked --workspace "$features" --edges normal,build --prefix none --format '{p} {f}' "$@"); }
    tree || return
    tree "$@" || return
  done >/tmp/trees
  sed 's/ (\*)$//' /tmp/trees | LC_ALL=C sort -u
}
without_others() {
  awk '
    function value(object, key) {
      if (!match(object, "\"" key "\": *\"[^\"]*\"")) return ""
      object = substr(object, RSTART, RLENGTH - 1)
      sub(/^"[^"]*": *"/, "", object)
      return object
    }
    # Leaves out dependencies, and what features say of them. The features that there are stay the same.
    function cut(json,  head, object, kept, key, name, optional, stays, keys, count, at) {
      split("", optional); split("", stays); count = 0
      if (!match(json, /"deps": *\[/)) return json
      head = substr(json, 1, RSTART + RLENGTH - 1); json = substr(json, RSTART + RLENGTH)
      while (match(json, /^,? *[{][^{}]*[}]/)) {
        object = substr(json, 1, RLENGTH); json = substr(json, RLENGTH + 1)
        sub(/^,? */, "", object)
        key = value(object, "name")
        if ((name = value(object, "package")) == "") name = key
        if (name in chosen && object !~ /"kind": *"dev"/) { kept = kept (kept == "" ? "" : ",") object; stays[key] }
        else {
          if (!(key in optional)) keys[++count] = key
          optional[key] = optional[key] || object ~ /"optional": *true/
        }
      }
      for (at = 1; at <= count; at++) if (!(keys[at] in stays)) json = forgotten(json, keys[at], optional[keys[at]])
      return head kept json
    }
    function forgotten(json, key, optional,  feature, item) {
      feature = "\"" key "\": *\\["
      if (optional && json !~ feature && !index(json, "\"dep:" key "\"")) {
        sub(/"features": *[{]/, "&\"" key "\":[],", json)
        sub(/\[\], *[}]/, "[]}", json)
      }
      item = "\"(dep:" key "|" key "[?]?/[^\"]*)\""
      gsub(", *" item, "", json)
      gsub(item "(, *)?", "", json)
      return json
    }
    NR == FNR { chosen[$1]; next }
    FNR < 5 || FNR % 2 { print; next }
    { print cut($0) }' /tmp/chosen "$1"
}
cp -a "$CARGO_HOME/registry/index" /tmp/index
cp "$lock" /tmp/whole.lock
# The files of the indexes that Cargo fetches crate by crate.
entries() {
  for index in "$CARGO_HOME"/registry/index/*; do
    [ -d "$index/.cache" ] && [ ! -e "$index/.git" ] || continue
    find "$index/.cache" -type f
  done
}
cut_home() {
  chosen "$@" >/tmp/chosen || return
  entries | while read -r file; do
    [ "$(head -c 2 "$file")" = "$(printf '\003\002')" ] || continue
    tr '\0\n' '\n\0' <"$file" >/tmp/entries
    without_others /tmp/entries | tr '\0\n' '\n\0' >"$file"
  done
  (cd "${lock%/*}" && cargo metadata --quiet --format-version 1 >/dev/null) || return
  chosen "$@" >/tmp/chosen-after || return
  cmp -s /tmp/chosen /tmp/chosen-after
}
if cut_home "$@"; then
  names "$lock" >/tmp/resolved
  awk '{ print $1 "-" $2 }' /tmp/resolved >/tmp/crates
  for crate in "$CARGO_HOME"/registry/src/*/*; do
    grep -q -F -x "${crate##*/}" /tmp/crates || rm -rf "$crate" "$(echo "$crate" | sed 's|\(.*\)/src/|\1/cache/|').crate"
  done
  entries | awk -F / 'NR == FNR { split($0, word, " "); names[tolower(word[1])]; next } !($NF in names)' /tmp/resolved - | xargs -r rm -f
else
  echo "note: crates that no build reaches stay in the lock, since Cargo would choose others without them" >&2
  rm -rf "$CARGO_HOME/registry/index"
  cp -a /tmp/index "$CARGO_HOME/registry/"
  cp /tmp/whole.lock "$lock"
fi
