//! Strategy `layer`: each internal library and each binary has a stage of its own, laid upon `deps` and the
//! outputs of exactly the libraries it needs, so a change runs what depends on it and nothing else. Libraries of a group
//! share a stage.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;

use super::auditable;
use super::cross;
use super::floor;
use super::glibc;
use super::model::{Instruction, Mount, Run, Stage};
use super::third_party::{cargo_build, compiling, deps, in_workspace, spec};
use super::vendor;
use super::wrapper::{as_is_mounts, before_compiler};
use super::{BINARIES, BUILD, IMAGE};
use crate::names::StageName;
use crate::plan::Plan;
use crate::plan::skeleton::{RUNNER, Role};
use crate::plan::stage::{CompileStage, LibraryStage, Selection};

/// `deps`, `lib-*` and `build-*` of a selection.
pub fn stages(plan: &Plan, selection: &Selection) -> Vec<Stage> {
    let mut stages = vec![deps(plan, selection)];
    let libraries = selection.library_stages();
    stages.extend(
        libraries
            .iter()
            .map(|stage| library(plan, selection, stage)),
    );
    stages.extend(
        selection
            .binary_stages
            .iter()
            .map(|stage| binary(plan, selection, stage)),
    );
    stages
}

/// One internal library, or those of a group; its layer holds their sources and what Cargo added for them.
fn library(plan: &Plan, selection: &Selection, stage: &LibraryStage<'_>) -> Stage {
    let on = selection.below(stage);
    let mut script = lay_out(plan, !on.is_empty(), true);
    let as_is: BTreeSet<&Utf8PathBuf> = stage
        .libraries
        .iter()
        .flat_map(|library| &library.as_is)
        .collect();
    script.push("touch /tmp/before".to_owned());
    script.extend(before_compiler(plan, stage.libraries[0], &as_is));
    script.extend(cargo_build(
        plan,
        selection,
        &library_targets(plan, selection, stage),
    ));
    if !as_is.is_empty() {
        script.push("# For Cargo, those that it loads are there again.".to_owned());
        script.push("cp -R --preserve=mode,links /manifests/. .".to_owned());
        script.extend(old(&plan.as_is));
    }
    script.push("mkdir -p /delta/out".to_owned());
    let files = stage
        .libraries
        .iter()
        .flat_map(|library| files(plan, library));
    script.push(format!(
        "cp -a --parents {} /delta/out",
        files.collect::<Vec<_>>().join(" ")
    ));
    script.push(
        "find target -newer /tmp/before '(' -type f -o -type l ')' -print0 | xargs -0 cp -a --parents -t /delta/out"
            .to_owned(),
    );
    let packages = stage
        .libraries
        .iter()
        .map(|library| library.package.as_str());
    let packages = packages.collect::<Vec<_>>().join(", ");
    let what = match &stage.libraries[..] {
        [_] => "library",
        _ => "libraries",
    };
    let laid = match &on[..] {
        [] => String::new(),
        on => format!(", laid upon {}", on.join(", ")),
    };
    let comment = format!("{}: the {what} {packages}{laid}.", stage.name);
    let mut mounts = grounds(selection);
    mounts.extend(floor::mount(plan));
    mounts.extend(as_is_mounts(&as_is));
    mounts.extend(deltas(on.into_iter().map(Into::into)));
    let with_root = stage.libraries.iter().find(|library| library.with_root);
    mounts.push(root_manifest_mount(
        plan,
        with_root.unwrap_or(&stage.libraries[0]),
    ));
    for library in &stage.libraries {
        mounts.extend(manifest_mount(plan, library));
        mounts.extend(source_mounts(library));
    }
    let variables: BTreeSet<&String> = stage
        .libraries
        .iter()
        .flat_map(|library| &library.variables)
        .collect();
    compile(plan, stage.name, variables, comment, mounts, script)
}

/// Libraries as those who link them and those who run them want them.
fn library_targets(plan: &Plan, selection: &Selection, stage: &LibraryStage<'_>) -> String {
    let needed = stage
        .libraries
        .iter()
        .filter(|library| library.used.run || selection.linked_by_runner(library));
    let needed: Vec<String> = needed
        .map(|library| format!("{RUNNER}/{}", library.package))
        .collect();
    let mut words = String::new();
    if !needed.is_empty() {
        words += &format!("-p {RUNNER} --features {} ", needed.join(","));
    }
    for library in &stage.libraries {
        if library.is_linked() && !selection.by_runner {
            words += &format!("-p {} ", spec(plan, &library.package));
        }
    }
    words + "--lib"
}

/// One binary, and nothing but the binary in its layer.
fn binary(plan: &Plan, selection: &Selection, stage: &CompileStage) -> Stage {
    let bin = stage.bin.as_deref().unwrap_or_default();
    let on: Vec<StageName> = selection.laid_upon(stage).collect();
    let mut script = lay_out(plan, !on.is_empty(), !has_own_output(stage));
    let as_is: BTreeSet<&Utf8PathBuf> = stage.as_is.iter().collect();
    script.extend(before_compiler(plan, stage, &as_is));
    script.extend(cargo_build(plan, selection, &format!("--bin {bin}")));
    script.extend(dist(plan, bin));
    script.extend(glibc::check(plan, stage));
    let comment = format!("{}: the binary {bin}.", stage.name);
    let mut mounts = mounts(plan, selection, stage);
    mounts.extend(as_is_mounts(&as_is));
    compile(plan, &stage.name, &stage.variables, comment, mounts, script)
}

/// Puts a binary where the image has it, with the time that all has in an image: a layer would be another each time.
pub fn dist(plan: &Plan, bin: &str) -> [String; 3] {
    [
        format!("mkdir -p {BINARIES}"),
        format!("cp {}/{bin} {BINARIES}/", cross::outputs(plan)),
        format!("find {IMAGE} -exec touch -h -d @0 {{}} +"),
    ]
}

fn compile(
    plan: &Plan,
    name: &str,
    variables: impl IntoIterator<Item = impl AsRef<str>>,
    comment: String,
    mounts: Vec<Mount>,
    script: Vec<String>,
) -> Stage {
    Stage {
        comment: vec![comment],
        from: cross::base(plan),
        name: name.to_owned(),
        instructions: arguments(variables)
            .chain(compiling(plan))
            .chain([Instruction::Run(Run {
                network: false,
                mounts,
                script,
            })])
            .collect(),
    }
}

/// Variables from outside. In a step they are there when they were given, and count for whether it runs.
pub fn arguments(
    variables: impl IntoIterator<Item = impl AsRef<str>>,
) -> impl Iterator<Item = Instruction> {
    let variables = variables.into_iter();
    variables.map(|name| Instruction::Arg(name.as_ref().to_owned()))
}

/// What every stage stands on: the third-party crates, their sources, and a place for what is not kept.
fn grounds(selection: &Selection) -> Vec<Mount> {
    vec![
        Mount::Tmpfs {
            target: "/tmp".to_owned(),
        },
        vendor::mount(),
        Mount::Bind {
            from: Some(selection.deps().into()),
            source: "/deps/out".to_owned(),
            target: BUILD.to_owned(),
            writable: true,
        },
    ]
}

/// The outputs of library stages.
fn deltas(stages: impl Iterator<Item = String>) -> impl Iterator<Item = Mount> {
    stages.map(|stage| Mount::stage(&stage, "/delta/out", &format!("/libraries/{stage}")))
}

fn mounts(plan: &Plan, selection: &Selection, stage: &CompileStage) -> Vec<Mount> {
    let mut mounts = grounds(selection);
    mounts.extend(floor::mount(plan));
    mounts.extend(auditable::mount(plan));
    mounts.extend(deltas(selection.laid_upon(stage).map(Into::into)));
    mounts.push(root_manifest_mount(plan, stage));
    if !has_own_output(stage) {
        mounts.extend(manifest_mount(plan, stage));
        mounts.extend(source_mounts(stage));
    } else if plan.skeleton.members[&stage.package].library.is_some() {
        mounts.extend(manifest_mount(plan, stage));
    }
    mounts.extend(glibc::mounts(plan, stage));
    mounts
}

/// The compile stages' manifest of the workspace: with its own package as it is where that is compiled.
pub fn root_manifest_mount(plan: &Plan, stage: &CompileStage) -> Mount {
    let path = plan.folder.join("Cargo.toml");
    let source = if stage.with_root {
        format!("{}/root/Cargo.toml", plan.skeleton_folder())
    } else {
        format!("{}/own/{path}", plan.skeleton_folder())
    };
    Mount::context(source, format!("/manifests/{path}"))
}

/// The compile stages' manifest of a member.
pub fn manifest_mount(plan: &Plan, stage: &CompileStage) -> Option<Mount> {
    let path = stage.dir.join("Cargo.toml");
    let member = &plan.skeleton.members[&stage.package];
    let folder = match (&stage.bin, &member.library) {
        (None, Some(_)) => "library",
        _ => "own",
    };
    (!member.is_root && member.role == Role::Masked).then(|| {
        Mount::context(
            format!("{}/{folder}/{path}", plan.skeleton_folder()),
            format!("/manifests/{path}"),
        )
    })
}

/// What a package is compiled from: its sources, and its manifest where it does not lie in their folder.
pub fn files(plan: &Plan, stage: &CompileStage) -> Vec<String> {
    let manifest = stage.dir.join("Cargo.toml");
    let apart = !plan.skeleton.members[&stage.package].is_root
        && !stage.reads.iter().any(|path| manifest.starts_with(path));
    let sources = stage.reads.iter().map(ToString::to_string);
    sources.chain(apart.then(|| manifest.to_string())).collect()
}

/// A package's sources and declared inputs.
pub fn source_mounts(stage: &CompileStage) -> impl Iterator<Item = Mount> {
    stage
        .reads
        .iter()
        .map(|path| Mount::context(path.as_str(), format!("/sources/{path}")))
}

/// A package that is a library of others too: its sources come with that library's output.
fn has_own_output(stage: &CompileStage) -> bool {
    stage.bin.is_some() && stage.needs.contains(&stage.package)
}

/// Puts the workspace together: libraries, then the package's sources with the time of now, which is older than
/// whatever Cargo builds from them.
fn lay_out(plan: &Plan, has_libraries: bool, has_sources: bool) -> Vec<String> {
    let mut script = Vec::from_iter(cross::enter(plan));
    if has_libraries {
        script.push("for library in /libraries/*; do cp -a $library/. .; done".to_owned());
    }
    let own = if has_sources { "/sources/. " } else { "" };
    script.push(format!("cp -R --preserve=mode,links {own}/manifests/. ."));
    script.extend(adopt_versions(plan));
    script.extend(old(&plan.as_is));
    script
}

/// Sets the modification time of manifests that are compiled into something to a fixed old time, so that Cargo does not
/// take the result for stale: as far as Cargo can tell, they are unchanged since then.
fn old(as_is: &BTreeSet<Utf8PathBuf>) -> Option<String> {
    let paths: Vec<&str> = as_is.iter().map(|path| path.as_str()).collect();
    let script = format!("touch -c -d @1 {}", paths.join(" "));
    (!paths.is_empty()).then_some(script)
}

/// Puts the members' own versions into the masked lock. `cargo update` would ask every source for that, even those that
/// a patch replaces and nobody fetched. With namesakes of members the order of the entries depends on their versions, so
/// Cargo puts them in order.
pub fn adopt_versions(plan: &Plan) -> Vec<String> {
    let mut script = vec![format!("sh {}", vendor::ADOPT_VERSIONS)];
    if !plan.skeleton.ambiguous.is_empty() {
        script.push("cargo metadata --format-version 1 >/dev/null".to_owned());
    }
    in_workspace(plan, script)
}
