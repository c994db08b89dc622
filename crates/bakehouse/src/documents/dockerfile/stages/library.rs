//! `lib-*`: an internal library, or a group of them. Its layer has their sources and the files that Cargo added for
//! them. It is placed on top of `deps` and the outputs of exactly the libraries that it needs.

use std::collections::BTreeSet;

use crate::context_path::ContextPath;
use crate::documents::dockerfile::environment::{Environment, Step, spec};
use crate::documents::dockerfile::model::{Mount, Stage};
use crate::documents::dockerfile::mounts::{BUILD, kept};
use crate::documents::dockerfile::platform;
use crate::documents::dockerfile::script::{Call, Script};
use crate::plan::Plan;
use crate::plan::config::valid::{Embedded, stage_of};
use crate::plan::skeleton::{RUNNER, Role};
use crate::plan::stage::{CompileStage, LibraryStage, Selection};

/// Renders the stage.
pub fn stage(environment: &Environment<'_>, stage: &LibraryStage<'_>) -> Stage {
    let (plan, selection) = (environment.plan, environment.selection);
    let libraries = &stage.libraries;
    let as_is: BTreeSet<&ContextPath> = libraries
        .iter()
        .flat_map(|library| &library.as_is)
        .collect();
    let below = selection.below(stage);
    let mut mounts = vec![third_party(selection), kept(plan, selection)];
    mounts.extend(outputs(below.iter()));
    let with_root = libraries.iter().find(|library| library.with_root);
    mounts.push(root_manifest_mount(
        plan,
        with_root.unwrap_or(&libraries[0]),
    ));
    for library in libraries {
        mounts.extend(manifest_mount(plan, library));
        mounts.extend(source_mounts(library));
    }
    mounts.extend(as_is_mounts(&as_is));
    let packages: Vec<&str> = libraries
        .iter()
        .map(|library| library.package.as_str())
        .collect();
    let what = match &libraries[..] {
        [_] => "library",
        _ => "libraries",
    };
    let upon = match &below[..] {
        [] => String::new(),
        below => format!(", on top of {}", below.join(", ")),
    };
    let variables: BTreeSet<&String> = libraries
        .iter()
        .flat_map(|library| &library.variables)
        .collect();
    environment.compile(Step {
        name: stage.name.clone(),
        comment: format!("{}: the {what} {}{upon}.", stage.name, packages.join(", ")),
        platform: platform::of_compiler(plan),
        arguments: variables.into_iter().cloned().collect(),
        mounts,
        scripts: keeping_scripts(!as_is.is_empty()),
        call: Call::of(Script::Library)
            .argument(targets(plan, selection, stage))
            .arguments(libraries.iter().flat_map(|library| files(plan, library))),
    })
}

/// Returns the arguments of Cargo that name the libraries, both for crates that link them and for build scripts and
/// macros that run them.
fn targets(plan: &Plan, selection: &Selection, stage: &LibraryStage<'_>) -> String {
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

/// Returns the mount of the output of `deps`.
pub fn third_party(selection: &Selection) -> Mount {
    Mount::Stage {
        from: String::from(selection.deps()),
        source: "/deps/out".to_owned(),
        target: BUILD.to_owned(),
        writable: true,
    }
}

/// Returns the mounts of the outputs of library stages.
pub fn outputs(stages: impl Iterator<Item = impl AsRef<str>>) -> impl Iterator<Item = Mount> {
    stages.map(|stage| {
        let stage = stage.as_ref();
        Mount::stage(stage, "/delta/out", &format!("/libraries/{stage}"))
    })
}

/// Returns the scripts of a step that compiles beside its own: with the one that wraps the compiler, if that is needed.
pub fn compile_scripts(wrapped: bool) -> Vec<Script> {
    let wrapper = wrapped.then_some(Script::Rustc);
    [Script::Workspace].into_iter().chain(wrapper).collect()
}

/// Returns the same for a step that keeps its outputs.
pub fn keeping_scripts(wrapped: bool) -> Vec<Script> {
    let mut scripts = compile_scripts(wrapped);
    scripts.push(Script::Kept);
    scripts
}

/// Returns the mounts of the manifests and locks that packages read unmodified.
pub fn as_is_mounts(as_is: &BTreeSet<&ContextPath>) -> impl Iterator<Item = Mount> {
    as_is
        .iter()
        .map(|path| Mount::context(path, format!("/as-is/{path}")))
}

/// Returns the mount of the workspace's manifest for compile stages. It contains the root package only in the stages
/// that compile that.
pub fn root_manifest_mount(plan: &Plan, stage: &CompileStage) -> Mount {
    let path = plan.folder.join("Cargo.toml");
    let source = if stage.with_root {
        plan.skeleton_folder().join("root/Cargo.toml")
    } else {
        plan.skeleton_folder().join("own").join(&path)
    };
    Mount::context(&source, format!("/manifests/{path}"))
}

/// Returns the mount of a member's manifest for compile stages.
pub fn manifest_mount(plan: &Plan, stage: &CompileStage) -> Option<Mount> {
    let path = stage.dir.join("Cargo.toml");
    let member = &plan.skeleton.members[&stage.package];
    let folder = match (&stage.bin, &member.library) {
        (None, Some(_)) => "library",
        _ => "own",
    };
    (!member.is_root && member.role == Role::Masked).then(|| {
        Mount::context(
            &plan.skeleton_folder().join(folder).join(&path),
            format!("/manifests/{path}"),
        )
    })
}

/// Returns the mounts of a package's sources, of its declared inputs and of the files of images that it embeds.
pub fn source_mounts(stage: &CompileStage) -> impl Iterator<Item = Mount> {
    let reads = stage.reads.iter();
    let reads = reads.map(|path| Mount::context(path, format!("/sources/{path}")));
    let embedded = stage.embedded.iter().map(|Embedded { image, source, to }| {
        Mount::stage(&stage_of(image), source.as_str(), &format!("/sources/{to}"))
    });
    reads.chain(embedded)
}

/// Returns the paths that a package is compiled from: its sources, and its manifest if that lies outside of them.
pub fn files(plan: &Plan, stage: &CompileStage) -> Vec<String> {
    let manifest = stage.dir.join("Cargo.toml");
    let apart = !plan.skeleton.members[&stage.package].is_root
        && !stage.reads.iter().any(|path| manifest.starts_with(path));
    let sources = stage.reads.iter();
    let embedded = stage.embedded.iter().map(|embedded| &embedded.to);
    let sources = sources.chain(embedded).map(ToString::to_string);
    sources.chain(apart.then(|| manifest.to_string())).collect()
}
