//! `platforms` in `bakehouse.toml`: what is for another platform than the builder's is compiled on the builder's own, by a
//! cross compiler. All that a compile stage has to know is here: what it begins with, and where Cargo puts what it built
//! for whom.

use super::BUILD;
use super::floor;
use super::model::{Instruction, Run, Stage};
use super::secrets;
use super::third_party::{builder_identity, profile_folder};
use crate::plan::Plan;

/// The stage that has what compiles for the platform.
const CROSS: &str = "cross";

/// `cross`: the toolchain, and for another platform than the builder's what compiles for that.
pub fn stage(plan: &Plan) -> Option<Stage> {
    plan.config.cross().then(|| {
        let libraries = plan.config.builder_packages.iter();
        let libraries: Vec<&str> = libraries
            .map(String::as_str)
            .filter(|name| name.ends_with("-dev"))
            .collect();
        let mut script = TARGET.replace("BUILDER_IDENTITY", &builder_identity(""));
        script += STANDARD_LIBRARY;
        if needs_gcc(plan) {
            script += LINKER;
            if !libraries.is_empty() {
                script += &LIBRARIES.replace("NAMES", &libraries.join(" "));
            }
        }
        script += INSTALL;
        script += match (&plan.config.min_glibc, needs_gcc(plan)) {
            (None, _) => ENV,
            (Some(_), true) => FLOOR_AND_STATIC_ENV,
            (Some(_), false) => FLOOR_ENV,
        };
        let linkers = &plan.cargo_config.linkers;
        if plan.config.min_glibc.is_none() && !linkers.is_empty() {
            let linkers = Vec::from_iter(linkers.iter().map(String::as_str)).join(" | ");
            script += &OWN_LINKER.replace("TRIPLES", &linkers);
        }
        Stage {
            comment: vec![format!(
                "{CROSS}: what compiles for TARGETPLATFORM. Where the builder is of another, it fetches a standard library and a linker."
            )],
            from: "toolchain".to_owned(),
            name: CROSS.to_owned(),
            instructions: ["TARGETPLATFORM", "TARGETARCH", "TARGETVARIANT"]
                .map(|name| Instruction::Arg(name.to_owned()))
                .into_iter()
                .chain([Instruction::Run(Run {
                    network: true,
                    mounts: secrets::of_rustup(plan),
                    script: secrets::only_given_to_rustup(plan)
                        .chain(script.lines().map(str::to_owned))
                        .collect(),
                })])
                .collect(),
        }
    })
}

/// zig compiles and links, but what has the C library linked in.
fn needs_gcc(plan: &Plan) -> bool {
    let mut binary_stages = plan
        .selections
        .iter()
        .flat_map(|selection| &selection.binary_stages);
    plan.config.min_glibc.is_none() || binary_stages.any(|binary_stage| binary_stage.linked_static)
}

/// What the stages that compile begin with.
pub fn base(plan: &Plan) -> String {
    let name = if plan.config.cross() {
        CROSS
    } else {
        "toolchain"
    };
    name.to_owned()
}

/// Where the builder base comes from: of the builder's own platform, unless another is emulated.
pub fn builder_base(plan: &Plan) -> String {
    let platform = if plan.config.cross() {
        "--platform=$BUILDPLATFORM "
    } else {
        ""
    };
    format!("{platform}${{BUILDER_BASE}}")
}

/// The variable that tells mounts apart whose content is for one platform: that of what is compiled there, or of what
/// compiles.
pub fn platform_of_compiler(plan: &Plan) -> &'static str {
    if plan.config.cross() {
        "BUILDPLATFORM"
    } else {
        "TARGETPLATFORM"
    }
}

/// What a script that compiles begins with. It has the variables `target`, what it compiles for; `for_target`, the option
/// that tells Cargo so, if it has to be told; and `built`, the folder of what was built for it.
pub fn enter(plan: &Plan) -> impl Iterator<Item = String> {
    let cross = plan.config.cross().then(|| ". /cross/env".to_owned());
    [format!("cd {BUILD}")]
        .into_iter()
        .chain(cross)
        .chain(floor::enter(plan))
}

/// What tells Cargo whom it builds, or drops outputs, for. A variable of Cargo's would do for one, and not for the other.
pub fn option(plan: &Plan) -> &'static str {
    if plan.config.min_glibc.is_some() {
        " --target $target"
    } else if plan.config.cross() {
        " $for_target"
    } else {
        ""
    }
}

/// The folder of the binaries.
pub fn outputs(plan: &Plan) -> String {
    let folder = profile_folder(plan);
    if plan.config.min_glibc.is_some() {
        format!("target/$target/{folder}")
    } else if plan.config.cross() {
        format!("$built/{folder}")
    } else {
        format!("target/{folder}")
    }
}

/// The file that tells who the builder's compiler is: all platforms share what runs in the builder.
pub fn builder_identity_file(plan: &Plan) -> Option<&'static str> {
    plan.config.cross().then_some("/cross/builder")
}

/// Drops what a target mount has for the platform, if another cross compiler has filled it.
pub fn target_guard(plan: &Plan) -> Vec<String> {
    if !plan.config.cross() {
        return Vec::new();
    }
    let floor = floor::identity_file(plan).unwrap_or_default();
    [
        format!("cat /cross/env /cross/packages{floor} >/tmp/toolchain 2>/dev/null || true"),
        "if ! cmp -s /tmp/toolchain target/toolchain-$target; then".to_owned(),
        "  rm -rf target/$target".to_owned(),
        "  cp /tmp/toolchain target/toolchain-$target".to_owned(),
        "fi".to_owned(),
    ]
    .into()
}

/// What `deps` keeps in its mount, which is for all platforms, and in its layer, which is for one.
pub fn keep(plan: &Plan) -> Option<&'static str> {
    plan.config.cross().then_some(KEEP)
}

const KEEP: &str = r#"# Crates of earlier builds leave the mount, which all platforms share. The layer is for one.
mkdir -p target/used /deps/out/target
grep -o -E '[-/][0-9a-f]{16}\b' /tmp/units | cut -c 2- | sort -u >target/used/$target
cp target/used/$target /tmp/used
sort -u target/used/* >/tmp/used-by-any
outputs() { find target -depth -regextype posix-extended -regex '.*-[0-9a-f]{16}(\.[^/]*)?'; }
outputs | grep -v -F -f /tmp/used-by-any | xargs -r -d '\n' rm -rf
find . -mindepth 1 -maxdepth 1 ! -name target -exec cp -a -t /deps/out {} +
find target -mindepth 1 -maxdepth 1 ! -name used ! -name '*-linux-*' -exec cp -a -t /deps/out/target {} +
[ ! -e target/$target ] || cp -a target/$target /deps/out/target/
cd /deps/out
outputs | grep -v -F -f /tmp/used | xargs -r -d '\n' rm -rf"#;

/// Writes down who the compiler is, for what remembers who filled a mount, and works out the target.
const TARGET: &str = r#"mkdir -p /cross
BUILDER_IDENTITY >/cross/builder 2>/dev/null || true
fail() {
  echo "error: BUILDER_BASE cannot compile for $TARGETPLATFORM: $1. Name one that can with bases.builder in bakehouse.toml, or set emulate = true there" >&2
  exit 1
}
host=$(rustc -vV | sed -n 's/^host: //p')
abi=
case "$TARGETARCH$TARGETVARIANT" in
amd64*) cpu=x86_64 debian=amd64 multiarch=x86_64-linux-gnu ;;
arm64*) cpu=aarch64 debian=arm64 multiarch=aarch64-linux-gnu ;;
386*) cpu=i686 debian=i386 multiarch=i386-linux-gnu ;;
arm | armv7) cpu=armv7 abi=eabihf debian=armhf multiarch=arm-linux-gnueabihf ;;
armv5) cpu=armv5te abi=eabi debian=armel multiarch=arm-linux-gnueabi ;;
ppc64le) cpu=powerpc64le debian=ppc64el multiarch=powerpc64le-linux-gnu ;;
riscv64) cpu=riscv64gc debian=riscv64 multiarch=riscv64-linux-gnu ;;
s390x) cpu=s390x debian=s390x multiarch=s390x-linux-gnu ;;
*) fail "it is not known what Rust calls that" ;;
esac
case "$host" in
$cpu-*)
  printf 'target=%s\nfor_target=\nbuilt=target\nexport linker=cc\n' "$host" >/cross/env
  exit 0
  ;;
esac
case "$host" in
*-musl*) target=$cpu-unknown-linux-musl$abi ;;
*) target=$cpu-unknown-linux-gnu$abi ;;
esac
needs=
"#;

const STANDARD_LIBRARY: &str = r#"has_std() { ls "$(rustc --print target-libdir --target $target)"/libstd-*.rlib >/dev/null 2>&1; }
if ! has_std; then
  if command -v rustup >/dev/null; then
    rustup target add $target || fail "rustup cannot fetch the standard library for $target"
  elif version=$(dpkg-query -W -f '${Version}' libstd-rust-dev 2>/dev/null); then
    needs="$needs libstd-rust-dev:$debian=$version"
  else
    fail "it has no standard library for $target"
  fi
fi
"#;

/// Libraries of the system are installed for the target, too; what has another name is a tool, which runs in the builder.
const LINKER: &str = r#"gnu=$multiarch
[ $debian != i386 ] || gnu=i686-linux-gnu
case "$target" in *-musl*) gnu=${gnu%-gnu*}-musl$abi ;; esac
if ! command -v $gnu-gcc >/dev/null; then
  case "$target" in *-musl*) fail "it has no $gnu-gcc" ;; esac
  package=$(echo $gnu | tr _ -)
  needs="$needs gcc-$package libc6-dev-$debian-cross"
  ! command -v g++ >/dev/null || needs="$needs g++-$package"
fi
"#;

const LIBRARIES: &str = r#"for library in NAMES; do needs="$needs $library:$debian"; done
"#;

const INSTALL: &str = r#"if [ -n "$needs" ]; then
  command -v apt-get >/dev/null || fail "it lacks$needs, and has no apt-get to get that"
  case "$needs" in *:$debian*) dpkg --add-architecture $debian ;; esac
  { apt-get update -qq && apt-get install -qq -y --no-install-recommends $needs; } || fail "apt-get cannot install$needs"
  rm -rf /var/lib/apt/lists/*
fi
has_std || fail "it has no standard library for $target"
{ dpkg-query -W || apk info -v; } >/cross/packages 2>/dev/null || true
"#;

const ENV: &str = r#"name=$(echo $target | tr - _)
cat >/cross/env <<ENV
target=$target
for_target="--target $target"
built=target/$target
export CARGO_TARGET_$(echo $name | tr a-z A-Z)_LINKER=$gnu-gcc
export CC_$name=$gnu-gcc CXX_$name=$gnu-g++ AR_$name=$gnu-ar
export PKG_CONFIG_ALLOW_CROSS=1 PKG_CONFIG_LIBDIR_$name=/usr/lib/$multiarch/pkgconfig:/usr/share/pkgconfig
ENV"#;

/// The environment variable would override the linker that Cargo's configuration names.
const OWN_LINKER: &str = r#"
case "$target" in TRIPLES) sed -i '/_LINKER=/d' /cross/env ;; esac"#;

const FLOOR_ENV: &str = r#"echo target=$target >/cross/env"#;

const FLOOR_AND_STATIC_ENV: &str =
    r#"printf 'target=%s\nexport linker=%s\n' $target $gnu-gcc >/cross/env"#;
