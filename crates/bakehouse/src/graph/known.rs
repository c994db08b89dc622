//! Files and folders whose names show that the build of the package that contains them does not read them.

/// Names of files for people, whatever their extension.
const FOR_PEOPLE: [&str; 28] = [
    "ARCHITECTURE",
    "AUTHORS",
    "BUILDING",
    "CHANGELOG",
    "CHANGES",
    "CITATION",
    "CODEOWNERS",
    "CODE_OF_CONDUCT",
    "CONTRIBUTING",
    "CONTRIBUTORS",
    "COPYING",
    "COPYRIGHT",
    "CREDITS",
    "DCO",
    "GOVERNANCE",
    "HISTORY",
    "INSTALL",
    "LICENCE",
    "LICENSE",
    "MAINTAINERS",
    "NOTICE",
    "README",
    "RELEASES",
    "RELEASE_NOTES",
    "ROADMAP",
    "SECURITY",
    "SUPPORT",
    "UNLICENSE",
];

/// Extensions of such files.
const TEXTS: [&str; 7] = ["adoc", "cff", "html", "md", "org", "rst", "txt"];

/// Extensions of files that are for people whatever their names.
const PROSE: [&str; 4] = ["adoc", "markdown", "md", "rst"];

/// Folders for people and for development.
const FOLDERS: [&str; 11] = [
    "benches", "book", "devdocs", "doc", "docs", "examples", "fuzz", "man", "tests", "website",
    "www",
];

/// Files and folders of forges, editors, formatters and other tools that no build runs. This includes files that
/// configure Rust's own tools, and files that are handled elsewhere.
const OF_TOOLS: [&str; 86] = [
    ".buildkite",
    ".cargo",
    ".ci",
    ".cirrus.yml",
    ".circleci",
    ".clippy.toml",
    ".codecov.yml",
    ".codespellrc",
    ".config",
    ".coveragerc",
    ".devcontainer",
    ".devcontainer.json",
    ".direnv",
    ".dockerignore",
    ".dprint.json",
    ".drone.yml",
    ".editorconfig",
    ".envrc",
    ".forgejo",
    ".fleet",
    ".helix",
    ".idea",
    ".ignore",
    ".mailmap",
    ".markdownlint.json",
    ".markdownlint.yaml",
    ".markdownlint.yml",
    ".mise.toml",
    ".nvim.lua",
    ".pre-commit-config.yaml",
    ".prettierignore",
    ".prettierrc",
    ".release-please-manifest.json",
    ".release-plz.toml",
    ".rgignore",
    ".rustfmt.toml",
    ".taplo.toml",
    ".tool-versions",
    ".travis.yml",
    ".typos.toml",
    ".vscode",
    ".woodpecker",
    ".woodpecker.yml",
    ".yamllint",
    ".yamllint.yml",
    ".zed",
    "Containerfile",
    "Cross.toml",
    "Earthfile",
    "HomebrewFormula",
    "Jenkinsfile",
    "Procfile",
    "Tiltfile",
    "Vagrantfile",
    "_typos.toml",
    "about.toml",
    "appveyor.yml",
    "azure-pipelines.yml",
    "bakehouse.toml",
    "bors.toml",
    "ci",
    "cliff.toml",
    "clippy.toml",
    "codecov.yml",
    "compose.yaml",
    "compose.yml",
    "crowdin.yml",
    "default.nix",
    "deny.toml",
    "dist-workspace.toml",
    "docker-compose.yaml",
    "docker-compose.yml",
    "dprint.json",
    "flake.lock",
    "flake.nix",
    "mise.toml",
    "release-please-config.json",
    "release-plz.toml",
    "release.toml",
    "renovate.json",
    "rust-toolchain",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "shell.nix",
    "triagebot.toml",
    "wix",
];

/// Name prefixes of such files and folders.
const OF_TOOLS_BEGIN: [&str; 6] = [
    ".git",
    ".semaphore",
    "Dockerfile",
    "docker-bake.",
    "docker-compose.",
    "typos.",
];

/// The reason why something is known not to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It is for people, though a build script that walks folders may encounter it.
    People,
    /// It belongs to a tool that no build runs.
    Tool,
}

/// Classifies `name`, which is the name of a folder if `folder`.
pub fn known(name: &str, folder: bool) -> Option<Known> {
    if OF_TOOLS.contains(&name) || OF_TOOLS_BEGIN.iter().any(|begin| name.starts_with(begin)) {
        return Some(Known::Tool);
    }
    if folder {
        return FOLDERS.contains(&name).then_some(Known::People);
    }
    let (stem, ending) = match name.split_once('.') {
        Some((stem, _)) => (stem, name.rsplit('.').next().unwrap_or_default()),
        None => (name, ""),
    };
    let stem = stem.to_uppercase();
    let people = FOR_PEOPLE.iter().any(|known| {
        let rest = stem.strip_prefix(known);
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
    });
    let text = ending.is_empty() || TEXTS.contains(&ending.to_lowercase().as_str());
    // `LICENSE.MIT` has an extension without a meaning.
    let licence = stem.starts_with("LICEN");
    let prose = PROSE.contains(&ending.to_lowercase().as_str());
    (prose || people && (text || licence)).then_some(Known::People)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_build_may_read_is_not_known() {
        let unknown = [
            "proto",
            "migrations",
            "build.rs",
            "Makefile",
            "CMakeLists.txt",
            "package.json",
            "Rocket.toml",
            "installer.rs",
            "install.sh",
            "notices",
            "changes.sql",
            "licenses",
            ".sqlx",
            ".env",
            "wrapper.h",
        ];
        for name in unknown {
            assert_eq!(known(name, false), None, "{name}");
        }
        assert_eq!(known("security", true), None);
    }

    #[test]
    fn what_is_for_people_or_tools_is_known() {
        let people = [
            "README.md",
            "RELEASE-CHECKLIST.md",
            "README-de.md",
            "readme",
            "LICENSE",
            "LICENSE-MIT",
            "LICENSE.Apache",
            "CHANGELOG.md",
            "CODE_OF_CONDUCT.md",
        ];
        for name in people {
            assert_eq!(known(name, false), Some(Known::People), "{name}");
        }
        let tools = [
            ".gitignore",
            "Dockerfile.dev",
            "clippy.toml",
            "compose.yaml",
        ];
        for name in tools {
            assert_eq!(known(name, false), Some(Known::Tool), "{name}");
        }
        assert_eq!(known("tests", true), Some(Known::People));
        assert_eq!(known(".github", true), Some(Known::Tool));
    }
}
