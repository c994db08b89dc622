//! `glibc-zig`: zig and cargo-zigbuild, which compile and link for an older C library than the builder's, as `glibc` in
//! `bakehouse.toml` asks. Those of the builder base are used if it has them. The stage also contains the parts that zig
//! compiles once for each version of glibc.

use crate::documents::dockerfile::environment::run;
use crate::documents::dockerfile::model::{Instruction, Mount, Stage};
use crate::documents::dockerfile::script::{Call, Script};
use crate::documents::dockerfile::{platform, secrets};
use crate::names::StageName;
use crate::plan::Plan;
use crate::plan::glibc::MIN_GLIBC_STAGE;
use crate::plan::profile::Linking;
use crate::plan::zig::PINNED;

/// Renders the stage.
pub fn stage(plan: &Plan) -> Option<Stage> {
    let version = plan.config.min_glibc.as_ref()?;
    let with_tmp = |more: Vec<Mount>| [Mount::Temporary].into_iter().chain(more).collect();
    let fetch = Call::of(Script::Zig)
        .argument("fetch")
        .input("PINNED", pinned());
    let one = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
    let mut linkings: Vec<&Linking> = plan.linking.values().collect();
    linkings.dedup();
    let first = one("BAKEHOUSE_PROFILE", linkings.first()?.profile);
    let mut instructions = vec![
        Instruction::Env(vec![one("BAKEHOUSE_GLIBC", version), first]),
        run(plan, true, with_tmp(secrets::files(plan)), fetch),
    ];
    for (at, linking) in linkings.into_iter().enumerate() {
        if at > 0 {
            instructions.push(Instruction::env("BAKEHOUSE_PROFILE", linking.profile));
        }
        let prepare = Call::of(Script::Zig)
            .argument("prepare")
            .input("SETTINGS", linking.settings.clone());
        instructions.push(run(plan, false, with_tmp(Vec::new()), prepare));
    }
    Some(Stage {
        comment: vec![format!(
            "{MIN_GLIBC_STAGE}: the tools that compile for glibc {version}. The first step has network, to fetch zig, which is pinned."
        )],
        from: platform::base(plan).to_owned(),
        name: StageName::new(MIN_GLIBC_STAGE),
        instructions,
    })
}

/// Returns the packages in pip's syntax.
fn pinned() -> Vec<String> {
    let packages = PINNED.iter().flat_map(|pinned| {
        let hashes = pinned.hashes.iter();
        let hashes = hashes.map(|hash| format!("--hash=sha256:{hash}"));
        let mut lines = vec![format!("{}=={}", pinned.package, pinned.version)];
        lines.extend(hashes);
        let last = lines.len() - 1;
        for line in &mut lines[..last] {
            line.push_str(" \\");
        }
        lines
    });
    packages.collect()
}
