//! What all images share: the toolchain, and the third-party crates fetched and compiled once.

use super::BUILD;
use super::model::{Instruction, Mount, Run, Stage};
use crate::plan::Plan;
use crate::plan::build::SKELETON;
use crate::plan::stage::Selection;

/// `toolchain`: what every compile stage begins with.
pub fn toolchain(plan: &Plan) -> Stage {
    let mut instructions = Vec::new();
    if !plan.config.builder_packages.is_empty() {
        instructions.push(Instruction::Run(Run {
            network: true,
            mounts: Vec::new(),
            script: vec![
                "apt-get update -qq".to_owned(),
                format!(
                    "apt-get install -qq -y --no-install-recommends {}",
                    plan.config.builder_packages.join(" ")
                ),
                "rm -rf /var/lib/apt/lists/*".to_owned(),
            ],
        }));
    }
    if let Some(channel) = plan
        .channel
        .as_ref()
        .filter(|c| c.starts_with(|c: char| c.is_ascii_digit()))
    {
        instructions.push(Instruction::Run(Run {
            network: false,
            mounts: Vec::new(),
            script: vec![
                "found=$(rustc --version)".to_owned(),
                "case \"$found\" in".to_owned(),
                format!("\"rustc {channel}\"[.\\ ]* | \"rustc {channel}\") ;;"),
                format!(
                    "*) echo \"error: rust-toolchain.toml pins rustc {channel}, but BUILDER_BASE has $found; set bases.builder in bakehouse.toml\" >&2; exit 1 ;;"
                ),
                "esac".to_owned(),
            ],
        }));
    }
    instructions.push(Instruction::Workdir(BUILD.to_owned()));
    Stage {
        comment: vec![
            "toolchain: the builder base. rust-toolchain.toml stays out of the build, so that rustup fetches nothing."
                .to_owned(),
        ],
        from: "${BUILDER_BASE}".to_owned(),
        name: "toolchain".to_owned(),
        instructions,
    }
}

/// `vendor`: the sources of the third-party crates, in a layer. The only compile-side step with network.
pub fn vendor(plan: &Plan) -> Stage {
    let run = Run {
        network: true,
        mounts: vec![
            Mount::Cache {
                id: mount_id(plan, "cargo-home"),
                target: "/cargo-home".to_owned(),
            },
            Mount::context(format!("{SKELETON}/deps"), "/skeleton"),
        ],
        script: lines(
            r#"cp -R /skeleton/. .
export CARGO_HOME=/cargo-home
STUBS
mkdir -p /vendor/out
cargo vendor --versioned-dirs /vendor/out/crates >/vendor/out/config.toml
names() { awk '/^name = /{n=$3} /^version = "/{print n, $3}' "$1" | sort; }
names /skeleton/Cargo.lock >/tmp/locked
names Cargo.lock >/tmp/resolved
if grep -Fvx -f /tmp/locked /tmp/resolved; then
  echo "error: Cargo wants these crates, and Cargo.lock does not have them: run 'cargo update --workspace', then 'bakehouse generate'" >&2
  exit 1
fi
cp Cargo.lock /vendor/out/Cargo.lock
sed -i 's|^directory = .*|directory = "/vendor/crates"|' /vendor/out/config.toml
# Build scripts compare times: a crate that is fetched again must not look newer than what was built from it.
find /vendor/out -exec touch -h -d @1 {} +"#,
            plan,
        ),
    };
    Stage {
        comment: vec![
            "vendor: the third-party crates' sources, and the lock cut to them. The only step of the builder with network."
                .to_owned(),
        ],
        from: "toolchain".to_owned(),
        name: "vendor".to_owned(),
        instructions: vec![Instruction::Arg("TARGETPLATFORM".to_owned()), Instruction::Run(run)],
    }
}

/// `deps`: all third-party crates of a selection, compiled once. They are compiled in a mount, so that on a
/// builder that stays one added dependency compiles alone, and kept in a layer, for all others.
pub fn deps(plan: &Plan, selection: &Selection) -> Stage {
    let mut script = target_guard();
    script.extend(skeleton(plan));
    let mut build = cargo_build(plan, selection, "--message-format json-render-diagnostics");
    if let Some(last) = build.last_mut() {
        last.push_str(" >/tmp/units");
    }
    script.extend(build);
    script.push(
        "# What the stubs left behind must go, or Cargo could take it for the real thing."
            .to_owned(),
    );
    let mut clean = vec![format!("cargo clean --quiet {CARGO} {}", profile(plan))];
    clean.extend(
        plan.skeleton
            .members
            .keys()
            .map(|package| format!("  -p {package}")),
    );
    script.extend(continued(clean));
    script.push(
        "find . -path ./target -prune -o '(' -name lib.rs -o -name build.rs ')' -exec rm {} +"
            .to_owned(),
    );
    script.extend(no_library(plan, selection));
    script.extend(
        r#"# Crates of earlier builds stay out of the layer, and leave the mount.
grep -o -E '[-/][0-9a-f]{16}\b' /tmp/units | cut -c 2- | sort -u >/tmp/used
find target -depth -regextype posix-extended -regex '.*-[0-9a-f]{16}(\.[^/]*)?' | grep -v -F -f /tmp/used | xargs -r -d '\n' rm -rf
mkdir -p /deps/out
cp -a . /deps/out"#
            .lines()
            .map(str::to_owned),
    );
    let mut mounts = vec![
        Mount::stage("vendor", "/vendor/out", "/vendor"),
        Mount::context(format!("{SKELETON}/deps"), "/skeleton"),
        Mount::Cache {
            id: mount_id(plan, &selection.deps()),
            target: format!("{BUILD}/target"),
        },
        Mount::Tmpfs {
            target: "/tmp".to_owned(),
        },
    ];
    mounts.extend(cargo_config_mount(plan));
    Stage {
        comment: vec![format!(
            "{}: every third-party crate of {}, compiled once for all of them.",
            selection.deps(),
            selection.packages.join(", ")
        )],
        from: "toolchain".to_owned(),
        name: selection.deps(),
        instructions: vec![
            Instruction::Arg("TARGETPLATFORM".to_owned()),
            Instruction::Env("CARGO_HOME".to_owned(), "/tmp/cargo".to_owned()),
            Instruction::Run(Run {
                network: false,
                mounts,
                script,
            }),
        ],
    }
}

/// Id of a cache mount. BuildKit keeps mounts apart by nothing else.
pub fn mount_id(plan: &Plan, purpose: &str) -> String {
    let channel = plan.channel.as_deref().unwrap_or("unpinned");
    format!(
        "{}-{purpose}-{channel}-${{TARGETPLATFORM}}",
        plan.config.name
    )
}

/// Empties a target mount that another compiler, or other system libraries, have filled.
pub fn target_guard() -> Vec<String> {
    [
        "{ rustc -vV; dpkg-query -W || apk info -v; } >/tmp/toolchain 2>/dev/null || true",
        "if ! cmp -s /tmp/toolchain target/toolchain; then",
        "  find target -mindepth 1 -delete",
        "  cp /tmp/toolchain target/toolchain",
        "fi",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// Lays out the skeleton with its stubs.
pub fn skeleton(plan: &Plan) -> Vec<String> {
    let mut script = lines("cp -R /skeleton/. .\ncp /vendor/Cargo.lock .\nSTUBS", plan);
    if let Some(path) = &plan.cargo_config {
        script.push(format!(
            "mkdir -p {}",
            path.parent().map_or(".", |parent| parent.as_str())
        ));
        script.push(format!("cp /cargo-config {path}"));
    }
    script
}

/// The workspace's Cargo configuration, for [`skeleton`].
pub fn cargo_config_mount(plan: &Plan) -> Option<Mount> {
    plan.cargo_config
        .as_ref()
        .map(|path| Mount::context(path.as_str(), "/cargo-config"))
}

/// Makes the services' skeletons binaries, so that `--lib` means the internal libraries.
fn no_library(plan: &Plan, selection: &Selection) -> Vec<String> {
    let services: Vec<String> = selection
        .packages
        .iter()
        .map(|package| {
            plan.skeleton.members[package]
                .dir
                .join("Cargo.toml")
                .to_string()
        })
        .collect();
    vec![
        "# From here on a service's skeleton is no library, so that `--lib` means the internal libraries."
            .to_owned(),
        format!("sed -i 's/^\\[lib\\]$/[[bin]]/' {}", services.join(" ")),
    ]
}

/// What makes every compile step independent of the network and of the moment.
pub const CARGO: &str = "--locked --offline --config /vendor/config.toml";

/// The `cargo build` of a selection, a package a line. All its stages name the same packages, so features are
/// the same in each.
pub fn cargo_build(plan: &Plan, selection: &Selection, target: &str) -> Vec<String> {
    let mut lines = vec![format!("cargo build {CARGO} {}", profile(plan))];
    lines.extend(
        selection
            .packages
            .iter()
            .map(|package| format!("  -p {package}")),
    );
    if !selection.features.is_empty() {
        lines.push(format!("  --features {}", selection.features.join(",")));
    }
    if !target.is_empty() {
        lines.push(format!("  {target}"));
    }
    continued(lines)
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

/// The lines of a script, `STUBS` replaced by what gives every member the targets that its skeleton names.
fn lines(script: &str, plan: &Plan) -> Vec<String> {
    let members = &plan.skeleton.members;
    let dirs: Vec<&str> = members
        .values()
        .map(|member| {
            if member.dir.as_str().is_empty() {
                "."
            } else {
                member.dir.as_str()
            }
        })
        .collect();
    let mut stubs = format!(
        "for member in {}; do\n  mkdir -p $member/src\n  : >$member/src/lib.rs\ndone",
        dirs.join(" ")
    );
    let scripts: Vec<String> = members
        .values()
        .filter(|member| member.build_script)
        .map(|member| member.dir.join("build.rs").to_string())
        .collect();
    if !scripts.is_empty() {
        stubs += &format!(
            "\nfor script in {}; do\n  echo 'fn main() {{}}' >$script\ndone",
            scripts.join(" ")
        );
    }
    script
        .replace("STUBS", &stubs)
        .lines()
        .map(str::to_owned)
        .collect()
}

/// Cargo's folder for the profile's outputs.
pub fn profile_folder(plan: &Plan) -> &str {
    if plan.config.profile == "dev" {
        "debug"
    } else {
        &plan.config.profile
    }
}
