//! The stages that compile the workspace's own crates. Each is laid upon `deps` and the outputs of exactly the
//! libraries it needs, so a change runs what depends on it and nothing else.

use super::BUILD;
use super::model::{Instruction, Mount, Run, Stage};
use super::third_party::cargo_build;
use crate::plan::Plan;
use crate::plan::build::SKELETON;
use crate::plan::stage::{CompileStage, Selection};

/// `lib-*`: one internal library; its layer holds its sources and what Cargo added for it.
pub fn library(plan: &Plan, selection: &Selection, stage: &CompileStage) -> Stage {
    let mut script = lay_out(stage);
    script.push("touch /tmp/before".to_owned());
    script.extend(cargo_build(
        plan,
        selection,
        &format!("-p {} --lib", stage.package),
    ));
    script.push("mkdir -p /delta/out".to_owned());
    let kept: Vec<&str> = stage.reads.iter().map(|path| path.as_str()).collect();
    script.push(format!("cp -a --parents {} /delta/out", kept.join(" ")));
    script.push(
        "find target -newer /tmp/before '(' -type f -o -type l ')' -print0 | xargs -0 cp -a --parents -t /delta/out"
            .to_owned(),
    );
    let on = if stage.needs.is_empty() {
        String::new()
    } else {
        format!(", laid upon {}", stage.needs.join(", "))
    };
    compile_stage(
        selection,
        stage,
        format!("{}: the library {}{on}.", stage.name, stage.package),
        script,
    )
}

/// `build-*`: one binary, and nothing but the binary in its layer.
pub fn binary(plan: &Plan, selection: &Selection, stage: &CompileStage) -> Stage {
    let bin = stage.bin.as_deref().unwrap_or_default();
    let mut script = lay_out(stage);
    script.extend(cargo_build(plan, selection, &format!("--bin {bin}")));
    // One level down: BuildKit checksums the whole folder that a copied path stands in.
    script.push("mkdir -p /dist/bin".to_owned());
    script.push(format!(
        "cp target/{}/{bin} /dist/bin/",
        profile_folder(&plan.config.profile)
    ));
    compile_stage(
        selection,
        stage,
        format!("{}: the binary {bin}.", stage.name),
        script,
    )
}

fn compile_stage(
    selection: &Selection,
    stage: &CompileStage,
    comment: String,
    script: Vec<String>,
) -> Stage {
    Stage {
        comment: vec![comment],
        from: "toolchain".to_owned(),
        name: stage.name.clone(),
        instructions: vec![
            Instruction::Env("CARGO_HOME".to_owned(), "/tmp/cargo".to_owned()),
            Instruction::Run(Run {
                network: false,
                mounts: mounts(selection, stage),
                script,
            }),
        ],
    }
}

fn mounts(selection: &Selection, stage: &CompileStage) -> Vec<Mount> {
    let mut mounts = vec![
        Mount::Tmpfs {
            target: "/tmp".to_owned(),
        },
        Mount::stage("vendor", "/vendor/out", "/vendor"),
        Mount::Bind {
            from: Some(selection.deps.clone()),
            source: BUILD.to_owned(),
            target: BUILD.to_owned(),
            writable: true,
        },
    ];
    mounts.extend(
        stage
            .needs
            .iter()
            .map(|lib| Mount::stage(lib, "/delta/out", &format!("/libraries/{lib}"))),
    );
    for manifest in manifests(stage) {
        mounts.push(Mount::context(
            format!("{SKELETON}/own/{manifest}"),
            format!("/manifests/{manifest}"),
        ));
    }
    mounts.extend(
        stage
            .reads
            .iter()
            .map(|path| Mount::context(path.as_str(), format!("/sources/{path}"))),
    );
    mounts
}

/// The root manifest and the package's own. Those of the libraries come with their outputs.
fn manifests(stage: &CompileStage) -> Vec<String> {
    let mut manifests = vec!["Cargo.toml".to_owned()];
    if !stage.dir.as_str().is_empty() {
        manifests.push(stage.dir.join("Cargo.toml").to_string());
    }
    manifests
}

/// Puts the workspace together: libraries, then the package's sources with the time of now, which is older than
/// whatever Cargo builds from them.
fn lay_out(stage: &CompileStage) -> Vec<String> {
    let mut script = Vec::new();
    if !stage.needs.is_empty() {
        script.push("for library in /libraries/*; do cp -a $library/. .; done".to_owned());
    }
    script.push("cp -R --preserve=mode,links /sources/. /manifests/. .".to_owned());
    script
        .push("cargo update --quiet --workspace --offline --config /vendor/config.toml".to_owned());
    script
}

/// Cargo's folder for a profile's outputs.
fn profile_folder(profile: &str) -> &str {
    if profile == "dev" { "debug" } else { profile }
}
