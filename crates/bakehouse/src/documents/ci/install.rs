//! The step that puts this program on a runner.

use crate::documents::yaml::scalar;
use crate::plan::config::install::{Install, RUNNERS, Release};

/// The place of the program on a service's runners.
pub struct Runner {
    /// The folder that a release is unpacked into.
    pub folder: &'static str,
    /// The line that makes later steps find programs of that folder, if nothing else does.
    pub on_path: Option<&'static str>,
    /// The words after a command of the configuration, which name the folder that it installs into.
    pub into: &'static str,
}

/// Returns whether the program is built from the work tree, as in bakehouse's own repository.
pub fn is_own(install: &Install) -> bool {
    matches!(install, Install::Command(command) if command.contains(" --path "))
}

/// Returns whether a command installs the program, and a later run finds it in a kept folder.
pub fn is_kept(install: &Install) -> bool {
    matches!(install, Install::Command(_)) && !is_own(install)
}

/// Returns the step as a YAML value. Further lines of it are indented by `indent`.
pub fn step(install: &Install, runner: &Runner, indent: usize) -> String {
    match install {
        Install::Command(text) if is_own(install) => command(text),
        Install::Command(text) => command(&format!(
            "command -v bakehouse || {text}{into}",
            into = runner.into
        )),
        Install::Release(release) => {
            let space = " ".repeat(indent);
            let lines = script(release, runner);
            let lines = lines.lines().map(|line| format!("\n{space}{line}"));
            format!("|{}", lines.collect::<String>())
        }
    }
}

/// Returns the script that downloads a release and compares it with its checksum. It needs a POSIX shell, curl,
/// sha256sum and tar.
fn script(release: &Release, runner: &Runner) -> String {
    let mut cases = String::new();
    for (machine, target) in RUNNERS {
        if let Some(sum) = release.sha256.get(target) {
            cases += &format!("  \"Linux {machine}\") target={target} sum={sum} ;;\n");
        }
    }
    let url = release.url.replace("{target}", "${target}");
    let Runner {
        folder, on_path, ..
    } = runner;
    let on_path = on_path.map(|line| format!("{line}\n")).unwrap_or_default();
    format!(
        r#"set -e
case "$(uname -sm)" in
{cases}  *) echo "install of [ci] in bakehouse.toml has no checksum for $(uname -sm)" >&2; exit 1 ;;
esac
folder={folder}
mkdir -p "$folder"
curl -fsSL --retry 3 -o "$folder/bakehouse.tar.gz" "{url}"
echo "$sum  $folder/bakehouse.tar.gz" | sha256sum -c -
tar -xzf "$folder/bakehouse.tar.gz" -C "$folder" --strip-components 1
{on_path}"$folder/bakehouse" --version
"#
    )
}

/// Formats a command as a YAML text, without quotes if YAML takes none of its characters as syntax.
fn command(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || " -_./@|=".contains(c);
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic());
    if text.contains(' ') && !text.ends_with(' ') && starts && text.chars().all(plain) {
        text.to_owned()
    } else {
        scalar(text)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn commands_are_read_back_as_they_were() {
        for text in [
            "command -v bakehouse || cargo install --locked bakehouse@0.1.0",
            "curl -fsS 'https://example.com/a?b=1&c=2' | sh",
            "install: it #1",
            "a ",
            "- a",
            "true",
        ] {
            let line = format!("run: {}\n", command(text));
            let read: BTreeMap<String, String> = serde_saphyr::from_str(&line).unwrap();
            assert_eq!(read["run"], text, "{line}");
        }
        assert!(!command("cargo install --locked --path crates/a").contains('"'));
    }
}
