//! Strategy `mount`: all services compile in one target mount, on a builder that stays. Cargo judges freshness
//! by times, and a mount outlives the layers that feed it; so a guard judges by content before Cargo runs.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;

use super::auditable;
use super::cross;
use super::floor;
use super::glibc;
use super::layered::{
    adopt_versions, arguments, dist, files, manifest_mount, root_manifest_mount, source_mounts,
};
use super::model::{Instruction, Mount, Run, Stage};
use super::third_party::{
    cargo_build, cargo_clean, cargo_config_mounts, compiling, in_workspace, no_stubs, skeleton,
    spec, target_guard, target_mount,
};
use super::vendor;
use super::wrapper::{AS_IS, as_is_mounts, before_compiler};
use crate::plan::Plan;
use crate::plan::skeleton::Role;
use crate::plan::stage::{CompileStage, Selection};

/// `build-*` of a selection.
pub fn stages(plan: &Plan, selection: &Selection) -> Vec<Stage> {
    selection
        .binary_stages
        .iter()
        .map(|binary_stage| binary(plan, selection, binary_stage))
        .collect()
}

fn binary(plan: &Plan, selection: &Selection, binary_stage: &CompileStage) -> Stage {
    let bin = binary_stage.bin.as_deref().unwrap_or_default();
    let closure = closure(selection, binary_stage);
    let mut script = target_guard(plan);
    script.extend(skeleton(plan));
    // What the skeleton had for the members of the closure must not stay under their own sources.
    let members = closure
        .iter()
        .map(|stage| &plan.skeleton.members[&stage.package]);
    script.extend(no_stubs(
        members.filter(|member| member.role == Role::Masked),
    ));
    script.push("cp -R --preserve=mode,links /sources/. /manifests/. .".to_owned());
    script.extend(adopt_versions(plan));
    script.extend(vendor::content_guard(plan));
    script.extend(content_guard(plan, &closure));
    script.extend(before_compiler(plan, binary_stage, &as_is(&closure)));
    script.extend(cargo_build(plan, selection, &format!("--bin {bin}")));
    script.push("cp -a /tmp/sums/. target/sums/".to_owned());
    script.extend(dist(plan, bin));
    script.extend(glibc::check(plan, binary_stage));
    Stage {
        comment: vec![format!("{}: the binary {bin}.", binary_stage.name)],
        from: cross::base(plan),
        name: (&binary_stage.name).into(),
        instructions: arguments(["TARGETPLATFORM"])
            .chain(arguments(&binary_stage.variables))
            .chain(compiling(plan))
            .chain([Instruction::Run(Run {
                network: false,
                mounts: mounts(plan, selection, binary_stage, &closure),
                script,
            })])
            .collect(),
    }
}

/// Returns the manifests and locks that packages of a closure read unmodified.
fn as_is<'a>(closure: &[&'a CompileStage]) -> BTreeSet<&'a Utf8PathBuf> {
    closure.iter().flat_map(|stage| &stage.as_is).collect()
}

/// The libraries of a leaf in compile order, then the leaf itself.
fn closure<'a>(selection: &'a Selection, binary_stage: &'a CompileStage) -> Vec<&'a CompileStage> {
    let libraries: BTreeMap<&str, &CompileStage> = selection
        .path_dependencies
        .iter()
        .chain(&selection.libraries)
        .map(|library| (library.package.as_str(), library))
        .collect();
    let needed = binary_stage
        .needs
        .iter()
        .filter(|package| **package != binary_stage.package);
    needed
        .map(|package| libraries[package.as_str()])
        .chain([binary_stage])
        .collect()
}

fn mounts(
    plan: &Plan,
    selection: &Selection,
    binary_stage: &CompileStage,
    closure: &[&CompileStage],
) -> Vec<Mount> {
    let mut mounts = vec![
        Mount::Tmpfs {
            target: "/tmp".to_owned(),
        },
        vendor::mount(),
        // A package that is dropped is dropped for one platform.
        target_mount(
            plan,
            &format!("target{}{}", selection.suffix, auditable::in_a_name(plan)),
            "TARGETPLATFORM",
        ),
        Mount::context(plan.skeleton_folder().join("deps"), "/skeleton"),
        root_manifest_mount(plan, binary_stage),
    ];
    for stage in closure {
        mounts.extend(manifest_mount(plan, stage));
        mounts.extend(source_mounts(stage));
    }
    mounts.extend(as_is_mounts(&as_is(closure)));
    mounts.extend(floor::mount(plan));
    mounts.extend(auditable::mount(plan));
    mounts.extend(cargo_config_mounts(plan));
    mounts.extend(glibc::mounts(plan, binary_stage));
    mounts
}

/// A sum over each package's files and over the sums of the packages it needs, kept in the mount. A package whose
/// sum is another than at its last build loses what was built of it, whatever the times say. Its old sum goes
/// first: a build that is killed leaves no sum that its outputs do not have.
fn content_guard(plan: &Plan, closure: &[&CompileStage]) -> Vec<String> {
    let mut script = vec![
        "mkdir -p /tmp/sums target/sums".to_owned(),
        "# All files get one time, and outputs are dropped by content: times decide nothing.".to_owned(),
        "find . -path ./target -prune -o -type f -exec touch -d @1 {} +".to_owned(),
        "sum() { tar -c --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner \"$@\" | sha256sum; }".to_owned(),
    ];
    let configs = plan.cargo_configs.iter().map(|path| path.as_str());
    let configs: Vec<&str> = configs.collect();
    let root = format!("sum -P {}", plan.folder.join("Cargo.toml"));
    for stage in closure {
        let own = plan.config.variables.get(&stage.package);
        let given = own.map(|names| {
            let values: Vec<String> = names
                .iter()
                .map(|name| format!("\"${{{name}+set}}\" \"${{{name}-}}\""))
                .collect();
            let file = format!("/tmp/given-{}", stage.package);
            script.push(format!("printf '%s\\n' {} >{file}", values.join(" ")));
            file
        });
        let needed: Vec<String> = closure
            .iter()
            .filter(|other| stage.needs.contains(&other.package) && other.package != stage.package)
            .map(|other| format!("/tmp/sums/{}", other.package))
            .collect();
        let as_is = stage.as_is.iter().map(|path| format!("{AS_IS}/{path}"));
        let as_is: Vec<String> = as_is.collect();
        script.push(
            [
                &root,
                &configs.join(" "),
                &files(plan, stage).join(" "),
                &as_is.join(" "),
                &given.unwrap_or_default(),
                &needed.join(" "),
                ">/tmp/sums/",
            ]
            .into_iter()
            .filter(|words| !words.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
                + &stage.package,
        );
        if stage.linked_static {
            // Cargo does not know how its compiler is called.
            script.push(format!("echo static >>/tmp/sums/{}", stage.package));
        }
    }
    let packages: Vec<&str> = closure.iter().map(|stage| stage.package.as_str()).collect();
    script.push("changed=".to_owned());
    script.push(format!("for package in {}; do", packages.join(" ")));
    script.push(
        "  cmp -s /tmp/sums/$package target/sums/$package || changed=\"$changed -p $package\""
            .to_owned(),
    );
    script.push("done".to_owned());
    script.push("if [ -n \"$changed\" ]; then".to_owned());
    script.push("  for package in $changed; do rm -f target/sums/$package; done".to_owned());
    script.push("  sync target/sums".to_owned());
    for package in packages
        .iter()
        .filter(|package| plan.skeleton.ambiguous.contains(**package))
    {
        let spec = spec(plan, package);
        script.push(format!(
            "  changed=$(echo \"$changed \" | sed 's|-p {package} |-p {spec} |')"
        ));
    }
    let clean = format!("{} $changed", cargo_clean(plan));
    let clean = in_workspace(plan, vec![clean]).into_iter();
    script.extend(clean.map(|line| format!("  {line}")));
    script.push("fi".to_owned());
    script
}
