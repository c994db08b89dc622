//! The files that say what a repository ships, known by their names.

use camino::Utf8Path;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Dockerfile,
    Bake,
    Compose,
    Workflow,
    /// The values of a Helm chart.
    Chart,
    Script,
    Document,
}

/// Words in paths of files about development, which ship nothing.
const DEVELOPMENT: [&str; 17] = [
    "bdd",
    "coverage",
    "e2e",
    "example",
    "examples",
    "fixture",
    "fixtures",
    "fuzz",
    "integration",
    "interop-tests",
    "sample",
    "samples",
    "test",
    "testdata",
    "testing",
    "tests",
    "testutil",
];

/// Words in paths of files that ship something only if nothing else does.
const DOUBTFUL: [&str; 14] = [
    "bench",
    "benches",
    "benchmark",
    "benchmarks",
    "ci",
    "cross",
    "debug",
    "dev",
    "devcontainer",
    "develop",
    "development",
    "local",
    "regression",
    "tilt",
];

/// The weight of a file's word about what is shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    Full,
    /// It counts only if nothing else does.
    Doubtful,
    None,
}

/// Returns the kind of a file; none if it says nothing about images.
pub fn kind(path: &Utf8Path) -> Option<Kind> {
    let name = path.file_name()?;
    let small = name.to_ascii_lowercase();
    if is_dockerfile(name) {
        return Some(Kind::Dockerfile);
    }
    let (stem, extension) = small.rsplit_once('.').unwrap_or((&small, ""));
    let yaml = matches!(extension, "yml" | "yaml");
    let in_workflows = path.as_str().starts_with(".github/") && stem != "dependabot";
    match extension {
        "hcl" | "json" if stem.contains("bake") => Some(Kind::Bake),
        _ if yaml && in_workflows => Some(Kind::Workflow),
        _ if yaml && (stem.starts_with("docker-compose") || stem.starts_with("compose")) => {
            Some(Kind::Compose)
        }
        _ if yaml && stem == "values" => Some(Kind::Chart),
        "sh" => Some(Kind::Script),
        _ if matches!(small.as_str(), "makefile" | "justfile" | ".justfile") => Some(Kind::Script),
        "md" if stem == "readme" || path.starts_with("docs") => Some(Kind::Document),
        _ => None,
    }
}

/// Returns whether a name is that of a Dockerfile: `Dockerfile`, `Dockerfile.dev`, `api.Dockerfile`. Lower case counts
/// only at the end of the name, because `dockerfile.rs` is a source file.
pub fn is_dockerfile(name: &str) -> bool {
    if name.ends_with(".dockerignore") {
        return false;
    }
    let small = name.to_ascii_lowercase();
    ["Dockerfile", "Containerfile"].into_iter().any(|usual| {
        let begins = name
            .strip_prefix(usual)
            .is_some_and(|rest| rest.starts_with(['.', '-']));
        let ends = small.strip_suffix(&usual.to_ascii_lowercase());
        begins || ends.is_some_and(|rest| rest.is_empty() || rest.ends_with(['.', '-']))
    })
}

/// Returns how much the word of a file counts.
pub fn weight(path: &Utf8Path) -> Weight {
    let small = path.as_str().to_ascii_lowercase();
    let words = || small.split(['/', '-', '_', '.']);
    if words().any(|word| DEVELOPMENT.contains(&word)) {
        Weight::None
    } else if words().any(|word| DOUBTFUL.contains(&word))
        || (path.starts_with(".github") && kind(path) == Some(Kind::Dockerfile))
    {
        Weight::Doubtful
    } else {
        Weight::Full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dockerfiles_are_known_by_their_names() {
        for name in [
            "Dockerfile",
            "api.Dockerfile",
            "Dockerfile.dev",
            "Containerfile",
            "dockerfile",
        ] {
            assert!(is_dockerfile(name), "{name}");
        }
        for name in [
            "Dockerfile.dockerignore",
            "dockerfiles.rs",
            "mydockerfile",
            "dockerfile.rs",
            "dockerfile_parser",
        ] {
            assert!(!is_dockerfile(name), "{name}");
        }
    }

    #[test]
    fn files_are_known_and_weighed_by_their_paths() {
        let table = [
            ("docker-bake.hcl", Some(Kind::Bake), Weight::Full),
            ("docker/bake.json", Some(Kind::Bake), Weight::Full),
            ("package.json", None, Weight::Full),
            (
                "deploy/docker-compose.prod.yml",
                Some(Kind::Compose),
                Weight::Full,
            ),
            ("compose.yaml", Some(Kind::Compose), Weight::Full),
            (
                ".github/workflows/release.yml",
                Some(Kind::Workflow),
                Weight::Full,
            ),
            (".github/dependabot.yml", None, Weight::Full),
            ("charts/api/values.yaml", Some(Kind::Chart), Weight::Full),
            ("tests/e2e/Dockerfile", Some(Kind::Dockerfile), Weight::None),
            (
                ".devcontainer/Dockerfile",
                Some(Kind::Dockerfile),
                Weight::Doubtful,
            ),
            ("Dockerfile.dev", Some(Kind::Dockerfile), Weight::Doubtful),
            ("docs/run.md", Some(Kind::Document), Weight::Full),
            ("CHANGELOG.md", None, Weight::Full),
        ];
        for (path, expected, weighs) in table {
            assert_eq!(
                (kind(path.into()), weight(path.into())),
                (expected, weighs),
                "{path}"
            );
        }
    }
}
