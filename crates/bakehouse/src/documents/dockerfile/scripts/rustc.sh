# A wrapper of the compiler that adds options for one binary. As flags, they would compile every crate again.
# A step that sources this script puts it in front of the compiler.
if [ "${RUSTC_WRAPPER-}" != /tmp/rustc ]; then
  { echo '#!/bin/sh' && cat /run/rustc.sh; } >/tmp/rustc
  chmod +x /tmp/rustc
  export RUSTC_WRAPPER=/tmp/rustc
  # The options of Cargo that `cargo auditable` would pass on.
  [ ! -e /auditable/out ] || export CARGO_AUDITABLE_ORIG_ARGS='{"offline":true,"locked":true,"frozen":false,"config":[]}'
  if [ -d /as-is ]; then
    cp -R /as-is /tmp/as-is
    # They get an older time than the results, or Cargo would take the results for stale.
    find /tmp/as-is -type f -exec touch -d @1 {} +
  fi
  return
fi
case " $* " in
# Cargo asks the compiler about the target.
*" --crate-name ___ "*) ;;
# When the first crate compiles, Cargo has loaded all manifests and the lock, so the repository's own can replace them.
*" --crate-name "*) [ ! -d /tmp/as-is ] || cp -a /tmp/as-is/. /build/ || exit 1 ;;
esac
case " $* " in
*" --crate-name $(echo "${BAKEHOUSE_BIN-}" | tr - _) "*" --crate-type bin "*)
  if [ -n "${BAKEHOUSE_STATIC-}" ]; then
    set -- "$@" -C target-feature=+crt-static
    # zig has no static C library.
    [ ! -e /zig/out/env ] || set -- "$@" -C "linker=${linker-cc}"
  fi
  # cargo-auditable asks Cargo for the crates, and Cargo must not call this wrapper in turn.
  [ ! -e /auditable/out ] || exec env -u RUSTC_WRAPPER /auditable/out/cargo-auditable "$@"
  ;;
esac
exec "$@"
