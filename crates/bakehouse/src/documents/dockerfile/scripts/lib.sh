# lib.sh TARGETS FILE...: compiles internal libraries. TARGETS are Cargo's arguments for them, as one word. Their FILEs and
# the files that Cargo adds for them go to /delta/out.
set -eu
. /run/workspace.sh
touch /tmp/before # By the time of change: what a build script unpacks may have old times of modification.
compile $1
shift
if [ -d /as-is ]; then
  # Restores the manifests of the stage, which is what Cargo loads in later stages.
  cp -R --preserve=mode,links /manifests/. .
  touch -c -d @1 $BAKEHOUSE_AS_IS
fi
mkdir -p /delta/out
cp -a --parents "$@" /delta/out
find target -cnewer /tmp/before '(' -type f -o -type l ')' -print0 | xargs -0 cp -a --parents -t /delta/out
