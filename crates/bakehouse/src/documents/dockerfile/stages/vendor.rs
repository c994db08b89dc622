//! `vendor`: a Cargo home with the sources of the third-party crates, as `cargo fetch` leaves them under the
//! repository's own configuration. It contains everything that Cargo on the host reads of a crate: complete git
//! repositories, mirrors, and folders of the repository that replace a registry.

use crate::documents::dockerfile::environment::run;
use crate::documents::dockerfile::model::{Instruction, Mount, Stage};
use crate::documents::dockerfile::script::{Call, Script};
use crate::documents::dockerfile::{mounts, platform, secrets};
use crate::names::StageName;
use crate::plan::Plan;
use crate::plan::stage::Selection;

/// Renders the stage. Among the stages that build binaries, only this one has a step with network access.
pub fn stage(plan: &Plan) -> Stage {
    let mut mounts = vec![
        Mount::Cache {
            // Cargo fetches the same files for every C library.
            id: mounts::cache_id(
                plan,
                "downloads",
                plan.compiler(),
                platform::of_compiler(plan),
            ),
            target: "/downloads".to_owned(),
            shared: false,
        },
        Mount::context(&plan.skeleton_folder().join("deps"), "/skeleton"),
        Mount::context(&plan.skeleton_folder().join("lock"), "/lock"),
    ];
    mounts.extend(config_mounts(plan));
    let folders = plan.local_sources.iter();
    mounts.extend(folders.map(|path| Mount::context(path, format!("/sources/{path}"))));
    mounts.extend(secrets::of_vendor(plan));
    let toolchain = plan.toolchain.as_ref();
    let mut call = Call::of(Script::Vendor)
        .after(secrets::only_given(plan))
        .variable("TOOLCHAIN", toolchain.map_or("", |toolchain| &toolchain.id));
    if !plan.local_sources.is_empty() {
        mounts.push(mounts::script(plan, Script::Folders));
        let folders: Vec<&str> = plan
            .local_sources
            .iter()
            .map(|path| path.as_str())
            .collect();
        call = call.variable("FOLDERS", folders.join(" "));
    }
    if is_cut(plan) {
        mounts.push(mounts::script(plan, Script::Cut));
    }
    Stage {
        comment: vec![
            "vendor: a Cargo home with the sources of the third-party crates, and their lock. The only build step with network access."
                .to_owned(),
        ],
        from: "toolchain".to_owned(),
        name: StageName::new("vendor"),
        instructions: vec![
            Instruction::Arg(platform::of_compiler(plan).to_owned()),
            run(plan, true, mounts, call),
        ],
    }
}

/// Returns whether later steps see only the crates that builds reach. A package that reads the lock itself has to see
/// what the host's Cargo shows.
fn is_cut(plan: &Plan) -> bool {
    let mut stages = plan.selections.iter().flat_map(Selection::stages);
    stages.all(|stage| stage.as_is.is_empty())
}

/// Returns the mounts of Cargo's configuration files. This stage links nothing and runs no build script, so only
/// certificates are needed among the files that the configuration names.
fn config_mounts(plan: &Plan) -> impl Iterator<Item = Mount> {
    let configs = plan.cargo_configs.iter().filter(|path| {
        let named = plan.cargo_config.named.iter();
        let mut named = named
            .filter(|named| named.path.starts_with(path))
            .peekable();
        named.peek().is_none() || named.any(|named| named.key.starts_with("http."))
    });
    configs.map(|path| Mount::context(path, format!("/cargo-config/{path}")))
}
