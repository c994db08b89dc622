//! The stage that all images share: the third-party crates, fetched and compiled once.

use super::BUILD;
use super::cross;
use super::floor;
use super::layered::{arguments, source_mounts};
use super::model::{Instruction, Mount, Run, Stage};
use super::vendor::{self, CARGO_HOME};
use crate::plan::Plan;
use crate::plan::skeleton::{MemberSkeleton, RUNNER, Role};
use crate::plan::stage::Selection;

/// What the environment of every stage that compiles has, and no other: the toolchain is the same whatever the profile.
pub fn compiling(plan: &Plan) -> impl Iterator<Item = Instruction> {
    let cargo = [("CARGO_HOME", CARGO_HOME), ("CARGO_NET_OFFLINE", "true")];
    cargo
        .map(|(name, value)| Instruction::Env(name.to_owned(), value.to_owned()))
        .into_iter()
        .chain(debug_of_host(plan))
}

/// Cargo leaves debug information out of what only procedural macros and build scripts need, and what that is depends on
/// what is built together: the same crate would be another one in each stage. Where it is said, all stages agree.
fn debug_of_host(plan: &Plan) -> Option<Instruction> {
    let name = plan.config.profile.to_ascii_uppercase().replace('-', "_");
    let level = plan.host_debug.clone()?;
    Some(Instruction::Env(
        format!("CARGO_PROFILE_{name}_BUILD_OVERRIDE_DEBUG"),
        level,
    ))
}

/// `deps`: all third-party crates of a selection, compiled once. They are compiled in a mount, so that on a
/// builder that stays one added dependency compiles alone, and kept in a layer, for all others.
pub fn deps(plan: &Plan, selection: &Selection) -> Stage {
    let mut script = target_guard(plan);
    script.extend(skeleton(plan));
    script.extend(vendor::content_guard(plan));
    script.extend(ground_sources(plan, selection));
    script.extend(cargo_build(
        plan,
        selection,
        "--message-format json-render-diagnostics >/tmp/units",
    ));
    script.push(
        "# What the stubs left behind must go, or Cargo could take it for the real thing."
            .to_owned(),
    );
    let masked = plan.skeleton.with_role(Role::Masked);
    script.extend(clean(plan, masked.map(|(package, _)| package)));
    script.extend(no_stubs(plan.skeleton.masked()));
    script.extend(no_library(plan, selection));
    let keep = cross::keep(plan).unwrap_or(KEEP);
    script.extend(keep.lines().map(str::to_owned));
    if !plan.local_sources.is_empty() {
        script.push("rm -f /deps/out/target/sources".to_owned());
    }
    let mut mounts = vec![
        vendor::mount(),
        Mount::context(plan.skeleton_folder().join("deps"), "/skeleton"),
        target_mount(plan, &selection.deps(), cross::platform_of_compiler(plan)),
        Mount::Tmpfs {
            target: "/tmp".to_owned(),
        },
    ];
    mounts.extend(floor::mount(plan));
    mounts.extend(cargo_config_mounts(plan));
    mounts.extend(selection.path_dependencies.iter().flat_map(source_mounts));
    Stage {
        comment: vec![format!(
            "{}: every third-party crate of {}, compiled once for all of them.",
            selection.deps(),
            selection.packages.join(", ")
        )],
        from: cross::base(plan),
        name: selection.deps().into(),
        instructions: arguments([cross::platform_of_compiler(plan)])
            .chain(arguments(selection.path_dependency_variables()))
            .chain(compiling(plan))
            .chain([Instruction::Run(Run {
                network: false,
                mounts,
                script,
            })])
            .collect(),
    }
}

const KEEP: &str = r#"# Crates of earlier builds stay out of the layer, and leave the mount.
grep -o -E '[-/][0-9a-f]{16}\b' /tmp/units | cut -c 2- | sort -u >/tmp/used
find target -depth -regextype posix-extended -regex '.*-[0-9a-f]{16}(\.[^/]*)?' | grep -v -F -f /tmp/used | xargs -r -d '\n' rm -rf
mkdir -p /deps/out
cp -a . /deps/out"#;

/// Drops what the target folder has of `packages`.
fn clean<'a>(plan: &Plan, packages: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut lines = vec![cargo_clean(plan)];
    lines.extend(packages.map(|package| format!("  -p {}", spec(plan, package))));
    in_workspace(plan, continued(lines))
}

/// The `cargo clean` of all that is built.
pub fn cargo_clean(plan: &Plan) -> String {
    let target = cross::option(plan);
    format!("cargo clean --quiet{target} {CARGO} {}", profile(plan))
}

/// Lays out the local packages that third-party crates are compiled with, and drops what the mount has of them: it
/// would be judged by times.
fn ground_sources(plan: &Plan, selection: &Selection) -> Vec<String> {
    if selection.path_dependencies.is_empty() {
        return Vec::new();
    }
    let mut script = vec!["cp -R --preserve=mode,links /sources/. .".to_owned()];
    let packages = selection
        .path_dependencies
        .iter()
        .map(|stage| stage.package.as_str());
    script.extend(clean(plan, packages));
    script
}

/// Removes the stubs of `members`.
pub fn no_stubs<'a>(members: impl Iterator<Item = &'a MemberSkeleton>) -> Vec<String> {
    let dirs = words(members.map(|member| member.dir.as_str()));
    if dirs.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "for member in {dirs}; do rm -f $member/src/lib.rs $member/build.rs; done"
    )]
}

/// Folders as words of a shell.
fn words<'a>(dirs: impl Iterator<Item = &'a str>) -> String {
    let dirs: Vec<&str> = dirs
        .map(|dir| if dir.is_empty() { "." } else { dir })
        .collect();
    dirs.join(" ")
}

/// What tells Cargo which package is meant: its name, or its place where a third-party crate has the same name.
pub fn spec(plan: &Plan, package: &str) -> String {
    if plan.skeleton.ambiguous.contains(package) {
        let dir = &plan.skeleton.members[package].dir;
        format!("path+file://{BUILD}/{dir}")
    } else {
        package.to_owned()
    }
}

/// `script`, run in the workspace's folder.
pub fn in_workspace(plan: &Plan, mut script: Vec<String>) -> Vec<String> {
    if !plan.folder.as_str().is_empty() {
        script.insert(0, format!("cd {}", plan.folder));
        script.push(format!("cd {BUILD}"));
    }
    script
}

/// Id of a cache mount for what `made_by` made. BuildKit keeps mounts apart by nothing else.
pub fn mount_id(plan: &Plan, purpose: &str, made_by: &str, platform: &str) -> String {
    format!("{}-{purpose}-{made_by}-${{{platform}}}", plan.config.name)
}

/// The mount of a target folder, one for each value of the variable `platform`.
pub fn target_mount(plan: &Plan, purpose: &str, platform: &str) -> Mount {
    Mount::Cache {
        id: mount_id(plan, purpose, &plan.compiles_with(), platform),
        target: format!("{BUILD}/target"),
    }
}

/// Takes a target mount, and empties it if another compiler, or other system libraries, have filled it. BuildKit
/// lets one build at a time into the mount; but of what an engine left running that has crashed, a new one knows
/// nothing. A base without `flock` does without.
pub fn target_guard(plan: &Plan) -> Vec<String> {
    let mut script = Vec::from_iter(cross::enter(plan));
    script.extend(
        [
            "# What an engine left running when it crashed ends first.",
            "exec 9>>target/lock",
            "flock 9 2>/dev/null || true",
        ]
        .map(str::to_owned),
    );
    let identity = if let Some(builder) = cross::builder_identity_file(plan) {
        builder.to_owned()
    } else {
        let builder = builder_identity(&floor::identity(plan));
        script.push(format!("{builder} >/tmp/toolchain 2>/dev/null || true"));
        "/tmp/toolchain".to_owned()
    };
    let named = plan.cargo_config.named.iter().map(|named| &named.path);
    let named = named.chain(&plan.cargo_config.setting_env);
    let named: Vec<&str> = named.map(|path| path.as_str()).collect();
    let identity = if named.is_empty() {
        identity
    } else {
        // Cargo does not look into the files that linkers and flags name, and does not rerun a build script for a
        // variable that the script does not declare.
        script.extend([
            format!("cat {identity} >/tmp/filled-by"),
            format!(
                "( cd /cargo-config && find {} -type f -exec sha256sum {{}} + | sort -k 2 ) >>/tmp/filled-by",
                named.join(" ")
            ),
        ]);
        "/tmp/filled-by".to_owned()
    };
    script.extend([
        format!("if ! cmp -s {identity} target/toolchain; then"),
        "  find target -mindepth 1 ! -path target/lock -delete".to_owned(),
        format!("  cp {identity} target/toolchain"),
        "fi".to_owned(),
    ]);
    script.extend(cross::target_guard(plan));
    script
}

/// Prints what tells compilers apart, and `more`.
pub fn builder_identity(more: &str) -> String {
    format!(
        "{{ echo \"${{BAKEHOUSE_TOOLCHAIN_ID-}}\"; rustc -vV;{more} dpkg-query -W || apk info -v; }}"
    )
}

/// Lays out the skeleton with its stubs.
pub fn skeleton(plan: &Plan) -> Vec<String> {
    let mut script = vec![
        "cp -R /skeleton/. .".to_owned(),
        format!("cp {CARGO_HOME}/Cargo.lock {}", plan.folder.join(".")),
    ];
    script.extend(stubs(plan));
    script.extend(cargo_config(plan));
    script.extend(vendor::local_sources(plan));
    script
}

/// Lays out Cargo's configuration files.
pub fn cargo_config(plan: &Plan) -> Option<String> {
    (!plan.cargo_configs.is_empty()).then(|| "cp -R /cargo-config/. .".to_owned())
}

/// Cargo's configuration files, for [`cargo_config`].
pub fn cargo_config_mounts(plan: &Plan) -> impl Iterator<Item = Mount> {
    let configs = plan.cargo_configs.iter();
    configs.map(|path| Mount::context(path.as_str(), format!("/cargo-config/{path}")))
}

/// The same for the step that fetches crates. Nothing is linked there and no build script runs, so only certificates
/// count among the files that the configuration names.
pub fn fetching_config_mounts(plan: &Plan) -> impl Iterator<Item = Mount> {
    let configs = plan.cargo_configs.iter().filter(|path| {
        let named = plan.cargo_config.named.iter();
        let mut named = named
            .filter(|named| named.path.starts_with(path))
            .peekable();
        named.peek().is_none() || named.any(|named| named.key.starts_with("http."))
    });
    configs.map(|path| Mount::context(path.as_str(), format!("/cargo-config/{path}")))
}

/// Makes the services' skeletons binaries, so that `--lib` means the internal libraries.
fn no_library(plan: &Plan, selection: &Selection) -> Vec<String> {
    let services: Vec<String> = plan
        .skeleton
        .members
        .iter()
        .filter(|(package, member)| {
            selection.packages.contains(package) || member.only_named_as_library
        })
        .map(|(_, member)| member)
        .filter(|member| member.role == Role::Masked && !member.is_root)
        .map(|member| member.path("Cargo.toml").to_string())
        .collect();
    if services.is_empty() {
        return services;
    }
    vec![
        "# From here on a service's skeleton is no library, so that `--lib` means the internal libraries."
            .to_owned(),
        format!("sed -i 's/^\\[lib\\]$/[[bin]]/' {}", services.join(" ")),
    ]
}

/// Makes every compile step reproducible; the environment keeps it off the network.
pub const CARGO: &str = "--locked";

/// The `cargo build` of a selection, a package a line. All its stages name the same packages, so features are
/// the same in each.
pub fn cargo_build(plan: &Plan, selection: &Selection, target: &str) -> Vec<String> {
    let build =
        floor::cargo_build(plan).unwrap_or_else(|| format!("cargo build{}", cross::option(plan)));
    let mut lines = vec![format!("{build} {CARGO} {}", profile(plan))];
    lines.extend(
        selection
            .packages
            .iter()
            .map(|package| format!("  -p {}", spec(plan, package))),
    );
    if selection.no_default_features {
        lines.push("  --no-default-features".to_owned());
    }
    let features = selection.feature_arguments();
    if !features.is_empty() {
        lines.push(format!("  --features {}", features.join(",")));
    }
    if !target.is_empty() {
        lines.push(format!("  {target}"));
    }
    in_workspace(plan, continued(lines))
}

/// One command on several lines.
pub fn continued(mut lines: Vec<String>) -> Vec<String> {
    let last = lines.len() - 1;
    lines[..last]
        .iter_mut()
        .for_each(|line| line.push_str(" \\"));
    lines
}

pub fn profile(plan: &Plan) -> String {
    format!("--profile {}", plan.config.profile)
}

/// Gives every masked package the targets that its skeleton names, and those that are themselves everywhere the files
/// that Cargo looks for when it reads a manifest.
pub fn stubs(plan: &Plan) -> Vec<String> {
    let runner = plan.skeleton.runner.is_some();
    let runner = runner.then(|| plan.folder.join(RUNNER)).into_iter();
    let runner: Vec<String> = runner.map(|path| path.to_string()).collect();
    let members = plan.skeleton.masked().map(|member| member.dir.as_str());
    let dirs = words(members.chain(runner.iter().map(String::as_str)));
    let mut script = Vec::new();
    if !dirs.is_empty() {
        script.extend([
            format!("for member in {dirs}; do"),
            "  mkdir -p $member/src".to_owned(),
            "  : >$member/src/lib.rs".to_owned(),
            "done".to_owned(),
        ]);
    }
    let scripts: Vec<String> = plan
        .skeleton
        .masked()
        .filter(|member| member.build_script)
        .map(|member| member.path("build.rs").to_string())
        .chain(runner.iter().map(|folder| format!("{folder}/build.rs")))
        .collect();
    if !scripts.is_empty() {
        script.extend([
            format!("for script in {}; do", scripts.join(" ")),
            "  echo 'fn main() {}' >$script".to_owned(),
            "done".to_owned(),
        ]);
    }
    let path_dependencies = plan.skeleton.with_role(Role::PathDependency);
    let files = words(
        path_dependencies.flat_map(|(_, member)| member.roots.iter().map(|path| path.as_str())),
    );
    if !files.is_empty() {
        script.extend([
            format!("for file in {files}; do"),
            "  mkdir -p \"$(dirname $file)\"".to_owned(),
            "  : >$file".to_owned(),
            "done".to_owned(),
        ]);
    }
    script
}

/// Cargo's folder for the profile's outputs.
pub fn profile_folder(plan: &Plan) -> &str {
    if plan.config.profile == "dev" {
        "debug"
    } else {
        &plan.config.profile
    }
}
