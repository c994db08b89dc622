//! `auditable` in `bakehouse.toml`: each binary holds the list of the crates that it is made of, as `cargo auditable build`
//! links it. That command itself would compile every package of the workspace anew; so its wrapper is called for the
//! binary alone.

use super::model::{Instruction, Mount, Run, Stage};
use super::secrets;
use crate::plan::Plan;
use crate::plan::auditable::CARGO_AUDITABLE;

const STAGE: &str = "auditable";

/// `auditable`: cargo-auditable, compiled once.
pub fn stage(plan: &Plan) -> Option<Stage> {
    let mut mounts = vec![Mount::Tmpfs {
        target: "/tmp".to_owned(),
    }];
    mounts.extend(secrets::of_vendor(plan));
    let script = secrets::only_given(plan)
        .chain(
            INSTALL
                .replace("VERSION", CARGO_AUDITABLE)
                .lines()
                .map(str::to_owned),
        )
        .collect();
    plan.config.auditable.then(|| Stage {
        comment: vec![format!(
            "{STAGE}: what puts the list of its crates into a binary. Its step has network: it fetches cargo-auditable, which is pinned."
        )],
        from: "toolchain".to_owned(),
        name: STAGE.to_owned(),
        instructions: vec![Instruction::Run(Run {
            network: true,
            mounts,
            script,
        })],
    })
}

const INSTALL: &str = r#"export CARGO_HOME=/tmp/cargo CARGO_TARGET_DIR=/tmp/target
cargo install --quiet --locked --root /tmp/installed --version VERSION cargo-auditable || {
  echo "error: auditable in bakehouse.toml needs cargo-auditable VERSION, and Cargo cannot fetch and compile it: let the engine reach crates.io" >&2
  exit 1
}
mkdir -p /auditable/out
cp /tmp/installed/bin/cargo-auditable /auditable/out/"#;

/// cargo-auditable, for a stage that links a binary.
pub fn mount(plan: &Plan) -> Option<Mount> {
    plan.config
        .auditable
        .then(|| Mount::stage(STAGE, "/auditable/out", "/auditable/out"))
}

/// What stands before the call of the compiler. It asks Cargo for the crates, which must not call it in turn.
pub fn before_compiler(plan: &Plan) -> Option<String> {
    plan.config
        .auditable
        .then(|| "env -u RUSTC_WRAPPER /auditable/out/cargo-auditable ".to_owned())
}

/// What it has to know of Cargo's options, as it tells them to itself.
pub fn enter(plan: &Plan) -> Option<String> {
    let options = r#"{"offline":true,"locked":true,"frozen":false,"config":[]}"#;
    plan.config
        .auditable
        .then(|| format!("export CARGO_AUDITABLE_ORIG_ARGS='{options}'"))
}

/// Tells mounts with such binaries from those without: Cargo takes the one for the other.
pub fn in_a_name(plan: &Plan) -> String {
    if plan.config.auditable {
        format!("-auditable-{CARGO_AUDITABLE}")
    } else {
        String::new()
    }
}
