//! Cargo's configuration.

use super::super::edits::Edit;
use super::super::model::Model;
use super::super::package::{join, parent};
use super::super::shape::{Flavour, Part, Reference, Seat, Setting, Where};
use super::git;

/// Links as Cargo does by default. The name of the file must not look like that of another linker.
const LINKER: &str = "#!/bin/sh\n# linker_A_\nexec cc \"$@\"\n";

pub fn config(model: &mut Model, seat: Seat, at: Where, setting: Setting) {
    let in_workspace = model.config();
    let nested = model.shape.nested;
    let mut parts = model.shape.parts.iter();
    let has_git = parts.any(|part| matches!(part, Part::Git { .. }));
    let package = model.seat(seat);
    let path = match at {
        Where::Above if nested => ".cargo/config.toml".to_owned(),
        // Cargo does look there if the package is the root package.
        Where::Member => package.path(".cargo/config.toml"),
        Where::Toml | Where::Plain | Where::Both | Where::Above => in_workspace.clone(),
    };
    let setting = match setting {
        // It would not compile without the configuration.
        Setting::RelativeFile if at == Where::Member => Setting::Environment,
        // There is a git crate already.
        Setting::GitByProgram if has_git => Setting::Environment,
        setting => setting,
    };
    let (text, label, tells) = match setting {
        Setting::Flags => (
            "[build]\nrustflags = [\"--cfg\", \"oracle_flag\"]\n",
            "flag",
            "cfg!(oracle_flag)",
        ),
        Setting::TargetFlags => (
            "[target.'cfg(unix)']\nrustflags = [\"--cfg\", \"oracle_flag\"]\n",
            "flag",
            "cfg!(oracle_flag)",
        ),
        Setting::Environment => (
            "[env]\nORACLE_ENV = \"env_A_\"\n",
            "environment",
            "option_env!(\"ORACLE_ENV\").unwrap_or(\"unset\")",
        ),
        Setting::RelativeFile => (
            "[env]\nORACLE_FILE = { value = \"etc/oracle.txt\", relative = true }\n",
            "relative file",
            "include_str!(env!(\"ORACLE_FILE\")).trim()",
        ),
        Setting::Linker => (
            "[target.'cfg(unix)']\nlinker = \"etc/oracle-cc.sh\"\n",
            "linked",
            "\"linked_A_\"",
        ),
        Setting::GitByProgram => (
            "[net]\ngit-fetch-with-cli = true\n",
            "fetched",
            "\"fetched_A_\"",
        ),
        Setting::Profile => (
            "[profile.release]\noverflow-checks = true\ndebug-assertions = true\n",
            "assertions by configuration",
            "cfg!(debug_assertions)",
        ),
    };
    package.tell(label, tells);
    match setting {
        Setting::Linker => {
            let folder = parent(parent(&path));
            model.add(&join(folder, "etc/oracle-cc.sh"), LINKER);
        }
        Setting::GitByProgram => {
            git::git(model, seat, Flavour::Plain, Reference::Default);
        }
        _ => {}
    }
    model.add(&path, text);
    if setting == Setting::RelativeFile {
        let file = join(parent(parent(&path)), "etc/oracle.txt");
        model.add(&file, "relative_A_\n");
    }
    if at == Where::Both {
        let other = in_workspace.replace(".cargo/config", ".cargo/config.toml");
        let wrong = text
            .replace("_A_", "_Z_")
            .replace("oracle_flag", "oracle_other")
            .replace("debug-assertions = true", "debug-assertions = false");
        // A file of this name would be the same file.
        model.add(&other, &wrong);
    }
    for (old, new) in [
        ("\"oracle_flag\"", "\"oracle_unflag\""),
        ("debug-assertions = true", "debug-assertions = false"),
    ] {
        if text.contains(old) {
            model.edits.push(Edit::Replace {
                path: path.clone(),
                old: old.to_owned(),
                new: new.to_owned(),
                lock: false,
            });
        }
    }
}
