//! Comparison of this machine's toolchain with the pinned one.

use std::process::Command;

use camino::Utf8Path;

use super::{Check, Verdict};
use crate::graph::toolchain_file::Channel;
use crate::plan::Plan;
use crate::toolchain::written::FILE;
use crate::toolchain::{Toolchain, files};

pub fn checks(root: &Utf8Path, plan: &Plan) -> Vec<Check> {
    let mut checks = vec![rust(root, plan)];
    checks.extend(pins(root, plan));
    checks
}

/// Checks the compiler of this machine, which developers use. Images are compiled in the builder base.
fn rust(root: &Utf8Path, plan: &Plan) -> Check {
    let said = Command::new("rustc")
        .arg("--version")
        .current_dir(root)
        .output();
    let said = said.ok().filter(|output| output.status.success());
    let said = said.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let file = plan.toolchain_file.as_ref();
    let file = file
        .and_then(|file| file.path.file_name())
        .unwrap_or("rust-toolchain.toml");
    let needed = match plan.channel().map(Channel::as_str) {
        Some(channel) => format!("Rust {channel}, which {file} pins"),
        None => "the Rust of the builder base, pinned in rust-toolchain.toml".to_owned(),
    };
    let Some(said) = said else {
        return Check::new(
            "rust",
            Verdict::Warning,
            "no rustc on PATH",
            needed,
            "install Rust by rustup, or enter `nix develop`; `docker buildx bake` needs none",
        );
    };
    let Some(channel) = plan.channel() else {
        return Check::new(
            "rust",
            Verdict::Warning,
            format!("{said}, and no rust-toolchain.toml"),
            needed,
            "write the release of the builder base into rust-toolchain.toml, so that both are the same",
        );
    };
    if channel.has_made(&said) != Some(false) {
        return Check::good("rust", said, needed);
    }
    let channel = channel.as_str();
    Check::new(
        "rust",
        Verdict::Warning,
        said,
        needed,
        format!(
            "`rustup toolchain install {channel}`; check whether RUSTUP_TOOLCHAIN or PATH selects another"
        ),
    )
}

/// Checks that `toolchain.json` agrees with the files that pin the toolchain.
fn pins(root: &Utf8Path, plan: &Plan) -> Option<Check> {
    plan.toolchain.as_ref()?;
    let needed = format!("{FILE} that matches rust-toolchain.toml, flake.lock and pins.toml");
    let pinned = files::read(root).and_then(|files| Toolchain::new(&files));
    Some(match pinned {
        Ok(pinned) => {
            let written = fs_err::read_to_string(root.join(FILE)).unwrap_or_default();
            if written == pinned.text() {
                Check::good("pins", format!("toolchain {}", pinned.id), needed)
            } else {
                let found = format!("{FILE} is out of date");
                Check::new(
                    "pins",
                    Verdict::Bad,
                    found,
                    needed,
                    "`bakehouse pin`, then `bakehouse generate`",
                )
            }
        }
        Err(problems) => Check::bad("pins", &problems.0[0], needed),
    })
}
