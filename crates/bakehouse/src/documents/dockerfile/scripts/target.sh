# Locks the target folder that a cache mount keeps, and lays out the skeleton of the workspace. Sourced.
cd /build
for_target=
for env in /cross/env /zig/out/env; do [ ! -e $env ] || . $env; done
clean() { (cd "${BAKEHOUSE_WORKSPACE-.}" && cargo clean --quiet $for_target --locked --profile "$BAKEHOUSE_PROFILE" "$@"); }
# Waits for steps that a crashed engine left running. Without flock, the step does not wait.
exec 9>>target/lock; flock 9 2>/dev/null || true
# Another compiler, or other system libraries, get an empty folder. Cargo does not notice changes in files that flags name.
{
  cat /cross/builder || { echo "${BAKEHOUSE_TOOLCHAIN_ID-}" && rustc -vV && cat /zig/out/env; dpkg-query -W || apk info -v; }
  [ -z "${BAKEHOUSE_NAMED_FILES-}" ] || (cd /cargo-config && find $BAKEHOUSE_NAMED_FILES -type f -exec sha256sum {} + | sort -k 2)
} >/tmp/toolchain 2>/dev/null || true
if ! cmp -s /tmp/toolchain target/toolchain; then
  find target -mindepth 1 ! -path target/lock -delete
  cp /tmp/toolchain target/toolchain
fi
[ ! -e /run/platforms.sh ] || . /run/platforms.sh
cp -R /skeleton/. .
cp /cargo-home/Cargo.lock "${BAKEHOUSE_WORKSPACE-.}/"
[ ! -d /cargo-config ] || cp -R /cargo-config/. .
grep -v '^#' stubs.txt | while read -r _ _ file; do mkdir -p "${file%/*}"; echo '#[allow(dead_code)] fn main() {}' >"$file"; done
rm stubs.txt
[ ! -e /run/folders.sh ] || . /run/folders.sh
