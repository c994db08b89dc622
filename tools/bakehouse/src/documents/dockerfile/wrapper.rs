//! What one binary's compilation is given beside what Cargo gives it. Compiler flags would compile every crate again:
//! with a wrapper that looks for the binary alone, all that it needs stays what it is for the others. Cargo passes flags to
//! a package that is built by itself, which would have other features.

use super::auditable;
use super::floor;
use crate::plan::Plan;
use crate::plan::stage::CompileStage;

/// Puts the wrapper before the compiler, where `stage` builds a binary that needs one.
pub fn before_compiler(plan: &Plan, stage: &CompileStage) -> Vec<String> {
    let Some(bin) = &stage.bin else {
        return Vec::new();
    };
    let linked_static = stage.linked_static;
    if !linked_static && !plan.config.auditable {
        return Vec::new();
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
    let mut script = vec![
        format!("# {why}"),
        "cat >/tmp/rustc <<'WRAPPER'".to_owned(),
        "#!/bin/sh".to_owned(),
        "case \" $* \" in".to_owned(),
        format!(
            "*\" --crate-name {} \"*\" --crate-type bin \"*) {call} ;;",
            bin.replace('-', "_")
        ),
        "esac".to_owned(),
        "exec \"$@\"".to_owned(),
        "WRAPPER".to_owned(),
        "chmod +x /tmp/rustc".to_owned(),
        "export RUSTC_WRAPPER=/tmp/rustc".to_owned(),
    ];
    script.extend(auditable::enter(plan));
    script
}
