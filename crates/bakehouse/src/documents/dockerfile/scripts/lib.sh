# Compiles internal libraries. Their files, and what Cargo adds for them, go to /delta/out.
#
#   lib.sh TARGETS FILE...    arguments of Cargo as one word, and what the libraries are compiled from
set -eu
. /cargo-home/workspace.sh
targets=$1
shift
touch /tmp/before
compile $targets
if [ -d /as-is ]; then
  # For Cargo, those that it loads are there again.
  cp -R --preserve=mode,links /manifests/. .
  touch -c -d @1 $BAKEHOUSE_AS_IS
fi
mkdir -p /delta/out
cp -a --parents "$@" /delta/out
find target -newer /tmp/before '(' -type f -o -type l ')' -print0 | xargs -0 cp -a --parents -t /delta/out
