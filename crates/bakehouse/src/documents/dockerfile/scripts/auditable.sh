# auditable.sh VERSION: fetches and compiles cargo-auditable, which adds the list of its crates to a binary. Its command
# would compile every package of the workspace again, so rustc.sh calls its wrapper, for the binary only.
set -eu
export CARGO_HOME=/tmp/cargo CARGO_TARGET_DIR=/tmp/target
cargo install --quiet --locked --root /tmp/installed --version "$1" cargo-auditable || {
  echo "error: auditable in bakehouse.toml needs cargo-auditable $1, and Cargo cannot fetch and compile it: let the engine reach crates.io" >&2
  exit 1
}
mkdir -p /auditable/out
cp /tmp/installed/bin/cargo-auditable /auditable/out/
