//! `glibc` in `bakehouse.toml`: binaries are built for an older C library than the builder has. zig compiles and links
//! what is C, and links what is Rust, against the symbols of that version. All that a compile stage has to know is here:
//! where zig comes from, which target it compiles for, and where Cargo puts what it built.

use super::cross;
use super::model::{Instruction, Mount, Run, Stage};
use super::secrets;
use crate::plan::Plan;
use crate::plan::glibc::MIN_GLIBC_STAGE;
use crate::plan::zig::PINNED;

/// Where zig and what it keeps are found, here and in the stages that mount it: the same place, since Cargo remembers
/// how its linker is called.
const PLACE: &str = "/floor/out";

/// `glibc-floor`: zig and cargo-zigbuild, those of the builder base where it has them, and what zig compiles once for
/// each version of glibc.
pub fn stage(plan: &Plan) -> Option<Stage> {
    let floor = plan.config.min_glibc.as_ref()?;
    let fetch = FETCH
        .replace("VERSIONS", &versions())
        .replace("PINNED_FILES", &pinned());
    let run = |network, secrets: Vec<Mount>, script: &str| {
        let tmp = Mount::Tmpfs {
            target: "/tmp".to_owned(),
        };
        Instruction::Run(Run {
            network,
            mounts: [tmp].into_iter().chain(secrets).collect(),
            script: script.lines().map(str::to_owned).collect(),
        })
    };
    let settings: String = plan
        .linking
        .settings
        .iter()
        .map(|line| format!("{line}\n"))
        .collect();
    let target = if plan.config.cross() {
        ". /cross/env"
    } else {
        HOST
    };
    let first = FIRST
        .replace("TARGET\n", &format!("{target}\n"))
        .replace("FLOOR", floor)
        .replace("PROFILE", plan.linking.profile)
        .replace("SETTINGS\n", &settings);
    Some(Stage {
        comment: vec![format!(
            "{MIN_GLIBC_STAGE}: what compiles for glibc {floor}. Its first step has network: it fetches zig, which is pinned."
        )],
        from: cross::base(plan),
        name: MIN_GLIBC_STAGE.to_owned(),
        instructions: vec![
            run(true, secrets::files(plan), &fetch),
            run(false, Vec::new(), &first),
        ],
    })
}

/// zig, for a stage that compiles. What it writes there is thrown away.
pub fn mount(plan: &Plan) -> Option<Mount> {
    plan.config.min_glibc.as_ref()?;
    Some(Mount::Bind {
        from: Some(MIN_GLIBC_STAGE.to_owned()),
        source: PLACE.to_owned(),
        target: PLACE.to_owned(),
        writable: true,
    })
}

/// What a script that compiles begins with: it has the variable `target` from there.
pub fn enter(plan: &Plan) -> Option<String> {
    plan.config.min_glibc.as_ref()?;
    Some(format!(". {PLACE}/env"))
}

/// What else tells compilers apart, for what remembers who filled a mount.
pub fn identity(plan: &Plan) -> String {
    match plan.config.min_glibc {
        Some(_) => format!(" cat {PLACE}/env;"),
        None => String::new(),
    }
}

/// The file that says it, after others.
pub fn identity_file(plan: &Plan) -> Option<String> {
    plan.config.min_glibc.as_ref()?;
    Some(format!(" {PLACE}/env"))
}

/// What builds, where it is not Cargo by itself.
pub fn cargo_build(plan: &Plan) -> Option<String> {
    let floor = plan.config.min_glibc.as_ref()?;
    Some(format!("cargo zigbuild --target $target.{floor}"))
}

/// What makes the compiler link the C library into a binary: zig has no archive of it.
pub fn static_linker(plan: &Plan) -> &'static str {
    match plan.config.min_glibc {
        Some(_) if plan.config.cross() => " -C linker=$linker",
        Some(_) => " -C linker=cc",
        None => "",
    }
}

fn versions() -> String {
    let versions = PINNED.map(|pinned| format!("{} {}", pinned.package, pinned.version));
    versions.join(" and ")
}

/// The packages as pip takes them.
fn pinned() -> String {
    let packages = PINNED.map(|pinned| {
        let hashes = pinned.hashes.iter();
        let hashes: String = hashes
            .map(|hash| format!(" \\\n  --hash=sha256:{hash}"))
            .collect();
        format!("{}=={}{hashes}", pinned.package, pinned.version)
    });
    packages.join("\n")
}

const FETCH: &str = r#"mkdir -p /floor/out/cache
if cargo-zigbuild --version && { zig version || python3 -m ziglang version; }; then
  echo "these are BUILDER_BASE's own"
  exit 0
fi 2>/dev/null
fail() {
  echo "error: glibc in bakehouse.toml needs zig, and $1: let the engine reach PyPI, or name a BUILDER_BASE that has cargo-zigbuild and zig" >&2
  exit 1
}
if ! python3 -m pip --version >/dev/null 2>&1; then
  command -v apt-get >/dev/null || fail "BUILDER_BASE has neither pip nor apt-get to get it"
  { apt-get update -qq && apt-get install -qq -y --no-install-recommends python3-pip; } || fail "apt-get cannot install python3-pip"
  rm -rf /var/lib/apt/lists/*
fi
cat >/tmp/pinned <<'PINNED'
PINNED_FILES
PINNED
PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --no-cache-dir --no-compile --no-deps --only-binary :all: --require-hashes --target /floor/out -r /tmp/pinned ||
  fail "pip cannot install VERSIONS"
ln -s ../ziglang/zig /floor/out/bin/zig
# Other systems' headers are most of it.
cd /floor/out/ziglang/lib/libc
rm -rf darwin freebsd mingw musl netbsd openbsd wasi include/*windows* include/*darwin* include/*bsd* include/*wasi* include/*musl*
# zig compares times: what comes back from a registry, which knows whole seconds, must look as it did.
find /floor/out -exec touch -h -d @1 {} +"#;

/// Compiles for the builder itself.
const HOST: &str = "target=$(rustc -vV | sed -n 's/^host: //p')";

const FIRST: &str = r##"TARGET
case "$target" in
*-linux-gnu*) ;;
*) echo "error: bakehouse.toml asks for glibc FLOOR, but BUILDER_BASE compiles for $target, which has another C library; leave glibc out, or set bases.builder" >&2; exit 1 ;;
esac
{
  if [ -e /floor/out/ziglang ]; then
    echo 'export PATH=/floor/out/bin:$PATH CARGO_ZIGBUILD_ZIG_PATH=/floor/out/bin/zig CARGO_ZIGBUILD_PYTHON_PATH=false'
  fi
  echo 'export ZIG_GLOBAL_CACHE_DIR=/floor/out/cache CARGO_ZIGBUILD_CACHE_DIR=/floor/out/cache'
  echo "target=$target"
} >/floor/out/env
. /floor/out/env
echo "# $(cargo-zigbuild --version), zig $(zig version 2>/dev/null || python3 -m ziglang version)" | tee -a /floor/out/env
# What every program begins and ends with, zig compiles at its first, as the profile has it.
mkdir -p /tmp/first/src
cd /tmp/first
cat >Cargo.toml <<'MANIFEST'
[package]
name = "first"
edition = "2021"
[profile.PROFILE]
SETTINGS
MANIFEST
echo 'fn main() {}' >src/main.rs
CARGO_HOME=/tmp/cargo cargo zigbuild --quiet --offline --profile PROFILE --target-dir target --target $target.FLOOR"##;
