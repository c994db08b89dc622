# lib.sh TARGETS FILE...: compiles internal libraries. TARGETS are Cargo's arguments for them, as one word. Their FILEs and
# the files that Cargo adds for them go to /delta/out.
set -eu
. /run/workspace.sh
. /run/kept.sh
take "$@"
compile $1 --message-format json-render-diagnostics >/tmp/units
keep
shift
if [ -d /as-is ]; then
  # Restores the manifests of the stage, which is what Cargo loads in later stages.
  cp -R --preserve=mode,links /manifests/. .
  touch -c -d @1 $BAKEHOUSE_AS_IS
fi
mkdir -p /delta/out
cp -a --parents "$@" /delta/out
xargs -0 cp -a --parents -t /delta/out </tmp/added
