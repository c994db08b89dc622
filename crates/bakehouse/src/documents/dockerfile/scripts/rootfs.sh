# rootfs.sh {folder PATH OWNER | file FROM TO}...: lays out the files of images beside their binary, below /rootfs/out, as
# WORKDIR and COPY would, but with fixed times instead of those of the build or of the checkout.
set -eu
mkdir -p /rootfs/out; cd /rootfs/out
while [ $# -gt 0 ]; do
  if [ "$1" = folder ]; then
    mkdir -p ".$2"; chown "$3" ".$2"
  else
    to=.$3
    case "$to" in */) [ -d "/context/$2" ] || to=$to${2##*/} ;; esac
    mkdir -p "$(dirname "$to")"
    cp -R -T "/context/$2" "$to"
    chmod -R u=rwX,go=rX "$to"
  fi
  shift 3
done
# Nothing can be copied over a link of the base, so it goes to the target of the link.
while link=$(find . -exec test -L '/base/{}' ';' -print -quit) && [ -n "$link" ]; do
  to=$(readlink "/base/$link")
  case "$to" in /*) ;; *) to=/${link%/*}/$to ;; esac
  to=.$(echo "$to/" | sed -e ':a; s|/\./|/|; ta; :b; s|^/\.\./|/|; s|/[^/]*/\.\./|/|; tb; s|/*$||')
  mkdir -p "$(dirname "$to")"
  cp -a -T "$link" "$to"; rm -r "$link"
done
# Folders of the base keep their mode and owner.
find . -type d | while read -r folder; do
  [ -d "/base/$folder" ] || continue
  chmod "$(stat -c %a "/base/$folder")" "$folder"; chown "$(stat -c %u:%g "/base/$folder")" "$folder"
done
find . -exec touch -h -d @0 {} +
