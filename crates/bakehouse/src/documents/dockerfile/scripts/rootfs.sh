# Lays out the folders and files that images have beside their binary, below /rootfs/out. An instruction of the image
# would give them the time of the build or of the checkout.
#
#   rootfs.sh {folder PATH OWNER | file FROM TO}...    as WORKDIR and COPY do it
set -eu
mkdir -p /rootfs/out
cd /rootfs/out
# The path that $1 is in the base, whose links count: a folder cannot be copied over one.
real() {
  at= rest=${1#/}
  while [ -n "$rest" ]; do
    part=${rest%%/*}
    case "$rest" in */*) rest=${rest#*/} ;; *) rest= ;; esac
    if [ "$part" = .. ]; then
      at=${at%/*}
    elif [ -L "/base$at/$part" ]; then
      link=$(readlink "/base$at/$part")
      case "$link" in /*) at= ;; esac
      rest=${link#/}${rest:+/$rest}
    elif [ -n "$part" ] && [ "$part" != . ]; then
      at=$at/$part
    fi
  done
  echo ".$at"
}
while [ $# -gt 0 ]; do
  if [ "$1" = folder ]; then
    to=$(real "$2")
    mkdir -p "$to"
    chown "$3" "$to"
  else
    to=$(real "$3")
    case "$3" in */) [ -d "/context/$2" ] || to=$to/${2##*/} ;; esac
    mkdir -p "${to%/*}"
    # A folder's content is copied, as COPY does it.
    [ ! -d "/context/$2" ] || mkdir -p "$to"
    cp -R -T "/context/$2" "$to"
    chmod -R u=rwX,go=rX "$to"
  fi
  shift 3
done
# Folders of the base stay as they are there.
find . -type d | while read -r folder; do
  [ ! -d "/base/$folder" ] || { chmod "$(stat -c %a "/base/$folder")" "$folder" && chown "$(stat -c %u:%g "/base/$folder")" "$folder"; }
done
find . -exec touch -h -d @0 {} +
