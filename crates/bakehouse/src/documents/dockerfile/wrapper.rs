//! What one binary's compilation is given beside what Cargo gives it. Compiler flags would compile every crate again:
//! with a wrapper that looks for the binary alone, all that it needs stays what it is for the others. Cargo passes flags to
//! a package that is built by itself, which would have other features.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;

use super::BUILD;
use super::auditable;
use super::floor;
use super::model::Mount;
use crate::plan::Plan;
use crate::plan::stage::CompileStage;

/// Puts the wrapper in front of the compiler if `stage` builds a binary that needs one, or if `as_is` names files that
/// are read unmodified.
pub fn before_compiler(
    plan: &Plan,
    stage: &CompileStage,
    as_is: &BTreeSet<&Utf8PathBuf>,
) -> Vec<String> {
    let linked_static = stage.linked_static;
    let Some(bin) = &stage.bin else {
        return as_is_alone(as_is);
    };
    if !linked_static && !plan.config.auditable {
        return as_is_alone(as_is);
    }
    let why = match (linked_static, plan.config.auditable) {
        (true, true) => {
            "The C library and the list of its crates are linked into this binary, and nothing else is compiled for that."
        }
        (true, false) => {
            "The C library is linked into this binary, and nothing else is compiled for that."
        }
        (false, _) => {
            "The list of its crates is linked into this binary, and nothing else is compiled for that."
        }
    };
    let mut call = String::from("exec ");
    call += &auditable::before_compiler(plan).unwrap_or_default();
    call += "\"$@\"";
    if linked_static {
        call += &format!(
            " -C target-feature=+crt-static{}",
            floor::static_linker(plan)
        );
    }
    let mut script = begin(as_is);
    script.insert(0, format!("# {why}"));
    script.extend([
        "case \" $* \" in".to_owned(),
        format!(
            "*\" --crate-name {} \"*\" --crate-type bin \"*) {call} ;;",
            bin.replace('-', "_")
        ),
        "esac".to_owned(),
    ]);
    script.extend(END.map(str::to_owned));
    script.extend(auditable::enter(plan));
    script
}

const END: [&str; 4] = [
    "exec \"$@\"",
    "WRAPPER",
    "chmod +x /tmp/rustc",
    "export RUSTC_WRAPPER=/tmp/rustc",
];

/// Folder in the stages for the manifests and locks that are read unmodified.
pub const AS_IS: &str = "/as-is";

fn as_is_alone(as_is: &BTreeSet<&Utf8PathBuf>) -> Vec<String> {
    if as_is.is_empty() {
        return Vec::new();
    }
    let end = END.iter().map(|line| (*line).to_owned());
    begin(as_is).into_iter().chain(end).collect()
}

/// Starts the wrapper's script, which puts the repository's own manifests and lock in place. When Cargo compiles the
/// first crate, it has loaded all manifests and the lock, but not yet when it asks the compiler about the target. The
/// files get an old modification time, or Cargo would take the results for stale.
fn begin(as_is: &BTreeSet<&Utf8PathBuf>) -> Vec<String> {
    let mut script = Vec::new();
    if !as_is.is_empty() {
        script.push(
            "# A package reads manifests: they are the real ones as soon as Cargo has loaded its own."
                .to_owned(),
        );
    }
    script.push("cat >/tmp/rustc <<'WRAPPER'".to_owned());
    script.push("#!/bin/sh".to_owned());
    if !as_is.is_empty() {
        script.push("case \" $* \" in".to_owned());
        script.push("*\" --crate-name ___ \"*) ;;".to_owned());
        let lay = as_is
            .iter()
            .map(|path| format!("cp {AS_IS}/{path} {BUILD}/{path} && touch -d @1 {BUILD}/{path}"));
        let lay = lay.collect::<Vec<_>>().join(" && ");
        script.push(format!("*\" --crate-name \"*) {lay} || exit 1 ;;"));
        script.push("esac".to_owned());
    }
    script
}

/// Returns the mounts of the files that are read unmodified, for [`before_compiler`].
pub fn as_is_mounts(as_is: &BTreeSet<&Utf8PathBuf>) -> impl Iterator<Item = Mount> {
    as_is
        .iter()
        .map(|path| Mount::context(path.as_str(), format!("{AS_IS}/{path}")))
}
