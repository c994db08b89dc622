//! Each binary is held against the C library of the bases that it will run on, while it is built. What a base has is
//! read in a stage of its own, which leaves a few lines: a base that changes otherwise runs no other stage, and no
//! leaf has to look through a whole base.

use super::BINARIES;
use super::model::{Instruction, Mount, Run, Stage};
use crate::plan::Plan;
use crate::plan::glibc::{DEFAULT_BASE, GLIBC, RuntimeBase};
use crate::plan::stage::CompileStage;

/// `glibc` and `glibc-*`.
pub fn stages(plan: &Plan) -> Vec<Stage> {
    let bases = plan.runtime_bases();
    if bases.is_empty() {
        return Vec::new();
    }
    let mut stages = vec![tools(plan)];
    if bases.iter().any(|base| base.image.is_none()) {
        stages.push(Stage {
            comment: vec![format!(
                "{DEFAULT_BASE}: what services run on, as a stage: a mount cannot name a variable."
            )],
            from: "${RUNTIME_BASE}".to_owned(),
            name: DEFAULT_BASE.to_owned(),
            instructions: Vec::new(),
        });
    }
    stages.extend(bases.iter().map(base));
    stages
}

/// The scripts that read a base and a binary.
fn tools(plan: &Plan) -> Stage {
    let check = match &plan.config.min_glibc {
        Some(floor) => CHECK
            .replace(
                "  if (worst != \"\")",
                &(floor_check(floor) + "  if (worst != \"\")"),
            )
            .replace(
                "build it on a base with no newer glibc (bases.builder)",
                "lower glibc in bakehouse.toml",
            ),
        None => CHECK.to_owned(),
    };
    let script = TOOLS
        .replace("READ_SCRIPT", READ)
        .replace("CHECK_SCRIPT", &check);
    Stage {
        comment: vec![
            "glibc: what tells whether a binary finds the C library that it was linked for."
                .to_owned(),
        ],
        from: "toolchain".to_owned(),
        name: GLIBC.to_owned(),
        instructions: vec![Instruction::Run(Run {
            network: false,
            mounts: Vec::new(),
            script: script.lines().map(str::to_owned).collect(),
        })],
    }
}

/// What a base has.
fn base(base: &RuntimeBase<'_>) -> Stage {
    let mut mounts = vec![Mount::stage(GLIBC, "/glibc/out", "/glibc/tools")];
    let read = if let Some(version) = base.declared {
        format!("echo declared {version} >/glibc/out/facts")
    } else {
        let image = base.image.unwrap_or(DEFAULT_BASE);
        mounts.push(Mount::stage(image, "/", "/runtime"));
        "sh /glibc/tools/read >/glibc/out/facts".to_owned()
    };
    Stage {
        comment: vec![format!("{}: what {} has.", base.stage, base.name)],
        from: "toolchain".to_owned(),
        name: base.stage.clone(),
        instructions: vec![Instruction::Run(Run {
            network: false,
            mounts,
            script: vec![
                "mkdir -p /glibc/out".to_owned(),
                "cp /glibc/tools/check /glibc/out/".to_owned(),
                read,
            ],
        })],
    }
}

/// What bases have, for [`check`].
pub fn mounts(plan: &Plan, binary_stage: &CompileStage) -> impl Iterator<Item = Mount> {
    let bases = binary_stage
        .bin
        .as_ref()
        .map(|_| plan.met_by(&binary_stage.name));
    bases
        .into_iter()
        .flatten()
        .map(|base| Mount::stage(&base.stage, "/glibc/out", &folder(&base)))
}

/// Holds the binary of a leaf against each base that it will run on.
pub fn check(plan: &Plan, binary_stage: &CompileStage) -> Vec<String> {
    let bin = binary_stage.bin.as_deref().unwrap_or_default();
    let bases = plan.met_by(&binary_stage.name);
    bases
        .iter()
        .map(|base| format!("sh {}/check {BINARIES}/{bin} {}", folder(base), base.name))
        .collect()
}

fn folder(base: &RuntimeBase<'_>) -> String {
    let name = base.stage.trim_start_matches(GLIBC);
    format!("/glibc/{}", name.trim_start_matches('-'))
}

/// Of the check, what tells a binary that was not built for the floor.
fn floor_check(floor: &str) -> String {
    format!(
        r#"  if (number(most) > number("{floor}")) {{
    which = ("GLIBC_" most) in symbol ? " (symbol " symbol["GLIBC_" most] ")" : ""
    fail("needs GLIBC_" most which ", and bakehouse.toml asks for glibc {floor}: find the crate that links a library of BUILDER_BASE, or raise glibc there")
  }}
"#
    )
}

const TOOLS: &str = r#"if ! command -v readelf >/dev/null; then
  echo "error: BUILDER_BASE has no readelf, which tells what glibc a binary needs: put binutils into it, on Debian by bases.packages in bakehouse.toml" >&2
  exit 1
fi
mkdir -p /glibc/out
cat >/glibc/out/read <<'READ'
READ_SCRIPT
READ
cat >/glibc/out/check <<'CHECK'
CHECK_SCRIPT
CHECK"#;

/// Prints what the base at `/runtime` has: the name of its system, a line for each loader, and one for each version of glibc's
/// symbols. Links are followed by hand, since an absolute one means the base. Where `/lib` is a link to `/usr/lib`, both
/// names are the same.
const READ: &str = r#"set -eu
cd /runtime
echo facts
sed -n 's/^PRETTY_NAME="\{0,1\}\([^"]*\)"\{0,1\}$/system \1/p' usr/lib/os-release 2>/dev/null || true
found() { find lib lib32 lib64 usr/lib usr/lib32 usr/lib64 nix/store -maxdepth 3 "$@" 2>/dev/null || true; }
found '(' -name 'ld-linux*.so.*' -o -name 'ld64.so.*' -o -name 'ld.so.1' -o -name 'ld-musl-*.so.1' ')' |
  sed -e 's|^usr/||' -e 's|^|loader /|' | sort -u
for libc in $(found -name libc.so.6); do
  while [ -L "$libc" ]; do
    to=$(readlink "$libc")
    case "$to" in /*) libc=/runtime$to ;; *) libc=${libc%/*}/$to ;; esac
  done
  readelf -W -V "$libc" | sed -n 's/.*Name: \(GLIBC_[^ ]*\)$/defines \1/p'
done | sort -u"#;

/// `check BINARY BASE`: whether the binary finds in the base what it was linked for.
const CHECK: &str = r#"set -eu
elf=$(readelf -W -l -V --dyn-syms "$1")
printf '%s\n' "$elf" | awk -v name="${1##*/}" -v base="$2" '
function number(version, parts) { split(version, parts, "."); return parts[1] * 1000000 + parts[2] * 1000 + parts[3] }
function fail(what) { print "error: " name " " what > "/dev/stderr"; failed = 1; exit 1 }
FNR == 1 { file++ }
file == 1 && $1 == "system" { base = base " (" substr($0, 8) ")" }
file == 1 && $1 == "loader" { loaders[$2] = 1; known = known " " $2 }
file == 1 && $1 == "declared" { has = $2; declared = 1 }
file == 1 && $1 == "defines" {
  defined[$2] = 1
  version = substr($2, 7)
  if (version ~ /^[0-9.]+$/ && number(version) > number(has)) has = version
}
file == 1 { next }
/Requesting program interpreter: / { loader = $NF; sub(/\]$/, "", loader) }
/ Name: GLIBC_[^ ]*  Flags: / && !/Flags: WEAK/ { for (i = 1; i < NF; i++) if ($i == "Name:") needed[$(i + 1)] = 1 }
/ UND [^ ]*@GLIBC_/ {
  split($8, parts, /@+/)
  if (!(parts[2] in symbol)) symbol[parts[2]] = parts[1]
}
END {
  if (failed) exit 1
  if (loader == "") { print name " is static, and needs no C library of " base; exit 0 }
  plain = loader
  sub(/^\/usr\//, "/", plain)
  if (!declared && !(plain in loaders)) {
    if (known == "") fail("is linked dynamically and wants the loader " loader ", and " base " has no C library: run it on a base that has one, or set static = true for it in bakehouse.toml")
    fail("wants the loader " loader ", and " base " has another C library, with" known ": build and run it on bases of one kind")
  }
  for (need in needed) {
    version = substr(need, 7)
    counts = version ~ /^[0-9.]+$/
    if (counts && number(version) > number(most)) most = version
    if (counts ? number(version) > number(has) : !(need in defined) && !declared) {
      if (worst == "" || number(version) > number(worst)) worst = version
    }
  }
  if (worst != "") {
    which = ("GLIBC_" worst) in symbol ? " (symbol " symbol["GLIBC_" worst] ")" : ""
    fail("needs GLIBC_" worst which ", and " base " has " (has == "" ? "no glibc" : "glibc " has) ": build it on a base with no newer glibc (bases.builder), or run it on a newer one (runtime)")
  }
  print name (most == "" ? " needs no version of glibc" : " needs GLIBC_" most) ", and " base " has " (has == "" ? "no glibc" : has)
}' "${0%/*}/facts" -"#;
