//! Checks of the flake, as values: each runs on the flake as it is and on a broken one.

use bakehouse::toolchain::{Toolchain, files};
use bakehouse_testkit::Ran;
use camino::Utf8PathBuf;
use serde_json::Value;

use crate::Flake;

/// A requirement on the flake.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// Every file is valid in Nix's language.
    Parse,
    /// `flake.lock` matches the inputs of `flake.nix`.
    Lock,
    /// `.#toolchain`, `bakehouse pin` and `toolchain.json` agree.
    Toolchain,
    /// `nix flake check --no-build` with the stand-ins succeeds for all systems.
    Evaluation,
    /// The outputs have the names in the documentation.
    Outputs,
}

pub const CHECKS: [Check; 5] = [
    Check::Parse,
    Check::Lock,
    Check::Toolchain,
    Check::Evaluation,
    Check::Outputs,
];

impl Check {
    /// Checks the flake and returns the error, if any.
    pub fn of(self, flake: &Flake) -> Result<(), String> {
        match self {
            Self::Parse => {
                let files = flake.nix_files();
                let mut arguments = vec!["--parse".as_ref()];
                arguments.extend(files.iter().map(|file| file.as_os_str()));
                done(&flake.run("nix-instantiate", arguments)).map(drop)
            }
            Self::Lock => {
                let own = flake.reference("");
                done(&flake.nix(["flake", "metadata", "--json", "--no-update-lock-file", &own]))
                    .map(drop)
            }
            Self::Toolchain => {
                let own = flake.reference("") + "#toolchain";
                let said = done(&flake.nix(["eval", "--json", "--no-update-lock-file", &own]))?;
                same("the flake", &said, &compact(&pinned(flake, "")))?;
                same(
                    "toolchain.json",
                    &flake.read("toolchain.json"),
                    &pinned(flake, ""),
                )
            }
            Self::Evaluation => evaluates(flake, "", flake.stubs("")),
            Self::Outputs => {
                let mut found = String::new();
                for output in ["apps", "checks", "devShells", "packages"] {
                    found += &names(flake, output, "builtins.mapAttrs (_: builtins.attrNames)")?;
                }
                let format = "builtins.mapAttrs (_: formatter: [ formatter.name ])";
                found += &names(flake, "formatter", format)?;
                for output in ["lib", "templates"] {
                    found += &names(flake, output, "builtins.attrNames")?;
                }
                same("the flake", &found, OUTPUTS)
            }
        }
    }
}

const OUTPUTS: &str = r#"apps.aarch64-darwin: default
apps.aarch64-linux: default
apps.x86_64-darwin: default
apps.x86_64-linux: default
checks.aarch64-darwin: bakehouse nix-files shell toolchain-json
checks.aarch64-linux: bakehouse nix-files shell toolchain-json
checks.x86_64-darwin: bakehouse nix-files shell toolchain-json
checks.x86_64-linux: bakehouse nix-files shell toolchain-json
devShells.aarch64-darwin: bare default
devShells.aarch64-linux: bare default
devShells.x86_64-darwin: bare default
devShells.x86_64-linux: bare default
packages.aarch64-darwin: bakehouse default
packages.aarch64-linux: bakehouse builder-image default runtime-image
packages.x86_64-darwin: bakehouse default
packages.x86_64-linux: bakehouse builder-image default runtime-image
formatter.aarch64-darwin: nixfmt-tree
formatter.aarch64-linux: nixfmt-tree
formatter.x86_64-darwin: nixfmt-tree
formatter.x86_64-linux: nixfmt-tree
lib: workspace
templates: default
"#;

/// Returns the names below an output, one line for each list of them.
fn names(flake: &Flake, output: &str, list: &str) -> Result<String, String> {
    let json = evaluate(
        flake,
        "",
        flake.stubs(""),
        output,
        &["--json", "--apply", list],
    )?;
    let line = |of: &str, names: &Value| {
        let names = names.as_array().expect("names").iter();
        let names: Vec<&str> = names.filter_map(Value::as_str).collect();
        format!("{of}: {}\n", names.join(" "))
    };
    Ok(match serde_json::from_str(&json).expect("JSON") {
        Value::Object(systems) => systems
            .iter()
            .map(|(system, names)| line(&format!("{output}.{system}"), names))
            .collect(),
        list => line(output, &list),
    })
}

/// Runs `nix flake check --no-build` on the flake in `folder`.
pub fn evaluates(flake: &Flake, folder: &str, stubs: Vec<String>) -> Result<(), String> {
    let mut arguments = vec![
        "flake".to_owned(),
        "check".to_owned(),
        "--no-build".to_owned(),
    ];
    // Older versions evaluate all systems anyway.
    if flake
        .nix(["flake", "check", "--help"])
        .stdout
        .contains("--all-systems")
    {
        arguments.push("--all-systems".to_owned());
    }
    arguments.extend(stubs);
    arguments.push(flake.reference(folder));
    done(&flake.nix(arguments)).map(drop)
}

/// Evaluates an attribute of the flake in `folder` by `nix eval`.
pub fn evaluate(
    flake: &Flake,
    folder: &str,
    stubs: Vec<String>,
    attribute: &str,
    options: &[&str],
) -> Result<String, String> {
    let mut arguments = vec![
        "eval".to_owned(),
        format!("{}#{attribute}", flake.reference(folder)),
    ];
    arguments.extend(stubs);
    arguments.extend(options.iter().map(|&option| option.to_owned()));
    done(&flake.nix(arguments))
}

/// Returns the output of the process, or its error.
fn done(ran: &Ran) -> Result<String, String> {
    if ran.code == Some(0) {
        // Newer versions end a value with a newline.
        Ok(ran.stdout.trim_end().to_owned())
    } else {
        Err(ran.stderr.clone())
    }
}

fn same(who: &str, found: &str, expected: &str) -> Result<(), String> {
    let (found, expected) = (found.trim_end(), expected.trim_end());
    if found == expected {
        Ok(())
    } else {
        Err(format!("{who} says\n{found}\nand not\n{expected}"))
    }
}

/// Returns the file that `bakehouse pin` writes for the workspace in `folder`.
pub fn pinned(flake: &Flake, folder: &str) -> String {
    let root = Utf8PathBuf::from_path_buf(flake.dir().join(folder)).expect("UTF-8");
    let sources = files::read(&root).unwrap_or_else(|problems| panic!("{problems:?}"));
    Toolchain::new(&sources)
        .unwrap_or_else(|problems| panic!("{problems:?}"))
        .text()
}

/// Formats JSON as Nix prints it: sorted and without spaces.
pub fn compact(json: &str) -> String {
    serde_json::from_str::<Value>(json)
        .expect("JSON")
        .to_string()
}
