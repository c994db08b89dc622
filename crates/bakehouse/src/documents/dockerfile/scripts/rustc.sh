# The compiler as Cargo calls it where flags would compile every crate again: what one binary needs beside Cargo's own
# arguments is added here, for it alone. Sourced by a step, it puts itself in front of the compiler.
if [ "${RUSTC_WRAPPER-}" != /tmp/rustc ]; then
  { echo '#!/bin/sh' && cat /run/rustc.sh; } >/tmp/rustc
  chmod +x /tmp/rustc
  export RUSTC_WRAPPER=/tmp/rustc
  # What `cargo auditable` would pass on of Cargo's options.
  [ ! -e /auditable/out ] || export CARGO_AUDITABLE_ORIG_ARGS='{"offline":true,"locked":true,"frozen":false,"config":[]}'
  if [ -d /as-is ]; then
    cp -R /as-is /tmp/as-is
    # With an older time than the results, or Cargo would take them for stale.
    find /tmp/as-is -type f -exec touch -d @1 {} +
  fi
  return
fi
case " $* " in
# Cargo asks about the target.
*" --crate-name ___ "*) ;;
# By the first crate Cargo has loaded all manifests and the lock: packages that read them find the repository's own.
*" --crate-name "*) [ ! -d /tmp/as-is ] || cp -a /tmp/as-is/. /build/ || exit 1 ;;
esac
case " $* " in
*" --crate-name $(echo "${BAKEHOUSE_BIN-}" | tr - _) "*" --crate-type bin "*)
  if [ -n "${BAKEHOUSE_STATIC-}" ]; then
    set -- "$@" -C target-feature=+crt-static
    # zig has no archive of the C library.
    [ ! -e /zig/out/env ] || set -- "$@" -C "linker=${linker-cc}"
  fi
  # It asks Cargo for the crates, which must not call it in turn.
  [ ! -e /auditable/out ] || exec env -u RUSTC_WRAPPER /auditable/out/cargo-auditable "$@"
  ;;
esac
exec "$@"
