# Puts packs into the volume that services mount: `sh init-packs.sh UID:GID [FROM [TO]]`.
#
# Each folder of FROM is a pack. A pack is copied beside the one that services see, and replaces it by one rename:
# services see either the old one or the new one, even if this script is killed. Files in the volume that this script
# did not put there are kept: a binary in any case, another file unless the pack has one of that name. A binary
# that the pack no longer has is kept, too.
set -eu
owner=$1 from=${2:-/from} to=${3:-/to}
umask 022
copies=$to/.init-packs
# Paths that cannot be lines of a list.
odd='*[\\
]*'

say() { echo "init-packs: $*"; }

# Prints the kind, mode, owner and content of everything in a folder.
state() (
  cd "$1" || exit
  find . -exec stat -c '%N %f %u:%g' {} + | LC_ALL=C sort
  find . -type f -exec sha256sum {} + | LC_ALL=C sort
)

# Prints the sum and path of every file in a folder whose path is not odd.
sums() (
  cd "$1" || exit
  find . -type f ! -path "$odd" -exec sha256sum {} + | LC_ALL=C sort
)

is_binary() { [ "$(head -c 4 "$1" | od -An -tx1 | tr -d ' \n')" = 7f454c46 ]; }

# Links the files of the folder $1 that have to be kept into the folder $2; $3 lists the files that this script put there.
keep() {
  sums "$1" >"$2.found"
  # The pattern / matches no line. Without any pattern, busybox's grep matches every line.
  grep -Fvx -e / -f "$3" "$2.found" >"$2.foreign" || true
  while IFS= read -r line; do
    path=${line#*  }
    if [ -e "$2/$path" ] || [ -L "$2/$path" ]; then
      if cmp -s "$1/$path" "$2/$path" || ! is_binary "$1/$path"; then continue; fi
      say "$name: keeping ${path#./} in the volume, which this script did not put there; delete it there to get the pack's"
    fi
    take "$path" "$1" "$2"
  done <"$2.foreign"
  while IFS= read -r line; do
    path=${line#*  }
    if ! [ -e "$2/$path" ] && is_binary "$1/$path"; then take "$path" "$1" "$2"; fi
  done <"$2.found"
  rm "$2.found" "$2.foreign"
  (
    cd "$1" || exit
    # shellcheck disable=SC2016
    new=$2 find . -type f -path "$odd" -exec sh -c '
      set -e
      for path; do
        if [ -e "$new/$path" ] || [ -L "$new/$path" ]; then continue; fi
        mkdir -p "$new/${path%/*}"
        ln "$path" "$new/$path"
      done' sh {} +
  )
}

take() {
  mkdir -p "$3/${1%/*}"
  ln -f "$2/$1" "$3/$1"
}

# Copies the pack $name.
put() {
  seen=$to/$name old='' record=/dev/null
  # A killed run may have moved away a folder that somebody else created.
  if [ -e "$seen" ]; then
    rm -rf "$copies/$name.moved"
  elif [ -d "$copies/$name.moved" ]; then
    mv "$copies/$name.moved" "$seen"
  fi
  current=$(readlink "$seen" || true)
  case $current in
  .init-packs/"$name.a") next=$name.b ;;
  .init-packs/"$name.b") next=$name.a ;;
  *) next=$name.a current='' ;;
  esac
  new=$copies/$next
  rm -rf "$new" "$new".* "$copies/$name.link"
  mkdir "$new"
  cp -a "$from/$name/." "$new"
  sums "$new" >"$new.sums"
  if [ -d "$seen" ]; then
    old=$seen
    if [ -n "$current" ]; then
      old=$to/$current
      if [ -f "$old.sums" ]; then record=$old.sums; fi
    fi
    keep "$old" "$new" "$record"
  fi
  chown -Rh "$owner" "$new"
  # After `=`, busybox's `X` would not see which files are executable.
  chmod -R u+rwX,go+rX,go-w,a-st "$new"
  if [ -n "$current" ] && [ -n "$old" ] && [ "$(state "$old")" = "$(state "$new")" ]; then
    mv "$new.sums" "$old.sums"
    rm -rf "$new"
    say "$name: nothing changed"
    return
  fi
  ln -s ".init-packs/$next" "$copies/$name.link"
  chown -h "$owner" "$copies/$name.link"
  if [ -d "$seen" ] && ! [ -L "$seen" ]; then mv "$seen" "$copies/$name.moved"; fi
  mv -fT "$copies/$name.link" "$seen"
  rm -rf "$copies/$name.moved"
  if [ -n "$current" ]; then rm -rf "${to:?}/$current" "$to/$current.sums"; fi
  say "$name: put into the volume"
}

mkdir -p "$copies"
chown "$owner" "$to" "$copies"
# Two runs at once would remove each other's copies.
if command -v flock >/dev/null; then
  exec 9>"$copies/lock"
  flock 9
fi
failed=0
for pack in "$from"/*/; do
  [ -d "$pack" ] || continue
  name=$(basename "$pack")
  # In a condition, `set -e` would have no effect.
  set +e
  (set -e; put)
  result=$?
  set -e
  if [ $result -ne 0 ]; then
    say "$name: could not be copied; the volume is unchanged" >&2
    failed=1
  fi
done
exit $failed
