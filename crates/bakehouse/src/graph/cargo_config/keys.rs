//! Every key that Cargo 1.95 knows, and how an image treats it.

/// The treatment of a key in an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// Cargo reads it in the builder, and behaves as on the host.
    Honoured,
    /// It does not change build results.
    Idle,
    /// It concerns a developer's machine and does not change build results. The builder has a value of its own.
    Replaced,
    /// `generate` refuses it, since the image would differ from a build on the host.
    Refused,
}

impl Treatment {
    /// Returns the word for it in the table of the reference page.
    pub fn word(self) -> &'static str {
        match self {
            Self::Honoured => "honoured",
            Self::Idle => "changes no build",
            Self::Replaced => "replaced",
            Self::Refused => "refused",
        }
    }
}

/// A key, or a table of keys with the same treatment.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The parts of the key, joined by dots. `<…>` stands for any part.
    pub pattern: &'static str,
    pub treatment: Treatment,
    /// The reason for the treatment, or its details.
    pub about: &'static str,
}

const fn key(pattern: &'static str, treatment: Treatment, about: &'static str) -> Key {
    Key {
        pattern,
        treatment,
        about,
    }
}

use Treatment::{Honoured, Idle, Refused, Replaced};

const FLAGS: &str = "files that they name (linker scripts, response files, profiles, folders of `-L`) are inputs of every step that compiles";

/// All keys in the order of Cargo's reference. The first pattern that matches a key counts.
pub const KEYS: &[Key] = &[
    key(
        "include",
        Honoured,
        "a list of paths, or of tables with `path` and `optional`",
    ),
    key(
        "paths",
        Refused,
        "replace the crate by `[patch]` in the workspace's `Cargo.toml`",
    ),
    key("alias", Idle, "the build uses Cargo's own commands"),
    key("build.jobs", Honoured, ""),
    key(
        "build.rustc",
        Refused,
        "the compiler is that of the builder base; `\"rustc\"` is accepted",
    ),
    key(
        "build.rustc-wrapper",
        Replaced,
        "by none if it is a cache (`sccache`, `ccache`, `cachepot`, `kache`, `fcc`); any other is refused: it may change what is compiled",
    ),
    key(
        "build.rustc-workspace-wrapper",
        Replaced,
        "as `build.rustc-wrapper`",
    ),
    key("build.rustdoc", Idle, "no image has documentation"),
    key(
        "build.target",
        Refused,
        "images are built for `platforms` of `bakehouse.toml`",
    ),
    key("build.target-dir", Replaced, "by the builder's folder"),
    key("build.build-dir", Replaced, "by the builder's folder"),
    key("build.rustflags", Honoured, FLAGS),
    key("build.rustdocflags", Idle, "no image has documentation"),
    key("build.incremental", Honoured, ""),
    key("build.dep-info-basedir", Honoured, ""),
    key("build.pipelining", Idle, "Cargo ignores it"),
    key(
        "build.warnings",
        Honoured,
        "with `-Zwarnings` of a nightly toolchain",
    ),
    key("build.artifact-dir", Idle, "copies what was built"),
    key(
        "build.sbom",
        Honoured,
        "with `-Zsbom` of a nightly toolchain",
    ),
    key(
        "build.analysis",
        Honoured,
        "with `-Zbuild-analysis` of a nightly toolchain",
    ),
    key(
        "credential-alias",
        Idle,
        "no credential provider runs in the builder",
    ),
    key("doc", Idle, ""),
    key("cargo-new", Idle, ""),
    key("env.CARGO_HOME", Refused, "Cargo refuses it, too"),
    key("env.RUSTUP_HOME", Refused, "Cargo refuses it, too"),
    key("env.RUSTUP_TOOLCHAIN", Refused, "Cargo refuses it, too"),
    key(
        "env.<name>",
        Honoured,
        "with `force` and `relative`; a file or folder that a `relative` one names is an input of every step that compiles",
    ),
    key("future-incompat-report", Idle, ""),
    key("cache", Idle, ""),
    key(
        "http.cainfo",
        Honoured,
        "where crates are fetched; a file in the repository is there",
    ),
    key("http.proxy-cainfo", Honoured, "as `http.cainfo`"),
    key("http", Honoured, "where crates are fetched"),
    key("install", Idle, ""),
    key("net.retry", Honoured, "where crates are fetched"),
    key(
        "net.git-fetch-with-cli",
        Honoured,
        "the builder must have `git`: `bases.packages`",
    ),
    key(
        "net.offline",
        Replaced,
        "crates are fetched in the one step that has network",
    ),
    key("net.ssh", Honoured, "where crates are fetched"),
    key(
        "patch",
        Refused,
        "move it into the workspace's `Cargo.toml`",
    ),
    key(
        "profile",
        Honoured,
        "overrides `Cargo.toml`, for third-party crates and members",
    ),
    key("publish", Idle, ""),
    key(
        "resolver.incompatible-rust-versions",
        Idle,
        "versions are locked",
    ),
    key(
        "resolver.feature-unification",
        Refused,
        "on a nightly toolchain; `\"selected\"` is accepted. See `unify` in `bakehouse.toml`",
    ),
    key(
        "resolver.lockfile-path",
        Refused,
        "on a nightly toolchain: the lock is beside the workspace's `Cargo.toml`",
    ),
    key("registries.<name>.index", Honoured, ""),
    key("registries.<name>.protocol", Honoured, ""),
    key(
        "registries.<name>.token",
        Refused,
        "a secret does not belong in the repository: `[secrets]` in `bakehouse.toml`",
    ),
    key(
        "registries.<name>.secret-key",
        Refused,
        "as `registries.<name>.token`",
    ),
    key(
        "registries.<name>.secret-key-subject",
        Refused,
        "as `registries.<name>.token`",
    ),
    key(
        "registries.<name>.credential-provider",
        Replaced,
        "by `cargo:token`, which `[secrets]` in `bakehouse.toml` gives its token",
    ),
    key("registry.index", Refused, "Cargo refuses it, too"),
    key("registry.default", Idle, "for commands that publish"),
    key("registry.token", Refused, "as `registries.<name>.token`"),
    key(
        "registry.secret-key",
        Refused,
        "as `registries.<name>.token`",
    ),
    key(
        "registry.secret-key-subject",
        Refused,
        "as `registries.<name>.token`",
    ),
    key(
        "registry.credential-provider",
        Replaced,
        "as `registries.<name>.credential-provider`",
    ),
    key(
        "registry.global-credential-providers",
        Replaced,
        "as `registries.<name>.credential-provider`",
    ),
    key("source", Honoured, "where crates are fetched"),
    key(
        "target.<triple or cfg>.linker",
        Honoured,
        "one that is in the repository is an input of every step that compiles; any other must be in the builder: `bases.packages`",
    ),
    key("target.<triple or cfg>.rustflags", Honoured, FLAGS),
    key(
        "target.<triple or cfg>.rustdocflags",
        Idle,
        "no image has documentation",
    ),
    key(
        "target.<triple or cfg>.runner",
        Idle,
        "nothing is run by Cargo",
    ),
    key("target.<triple or cfg>.ar", Idle, "Cargo ignores it"),
    key(
        "target.<triple or cfg>.<links>",
        Honoured,
        "in place of a build script; folders of `rustc-link-search` in the repository are inputs of every step that compiles",
    ),
    key("target-applies-to-host", Honoured, "on a nightly toolchain"),
    key("host", Honoured, "on a nightly toolchain; as `target`"),
    key("term", Honoured, ""),
    key(
        "unstable.build-std",
        Refused,
        "on a nightly toolchain: the standard library's own crates are not fetched",
    ),
    key("unstable", Honoured, "on a nightly toolchain"),
];

/// Returns the key that a name, given in parts, belongs to.
pub fn of(name: &[String]) -> Option<&'static Key> {
    KEYS.iter().find(|key| {
        let mut parts = key.pattern.split('.').zip(name);
        let long_enough = key.pattern.split('.').count() <= name.len();
        long_enough && parts.all(|(wanted, part)| wanted.starts_with('<') || wanted == part)
    })
}

/// Returns whether Cargo has keys in a top-level table of that name.
pub fn has_table(name: &str) -> bool {
    let mut tables = KEYS.iter().filter_map(|key| key.pattern.split('.').next());
    tables.any(|table| table == name)
}

/// Renders the table of the reference page.
pub fn table() -> String {
    let mut text = "| key | in an image | |\n|---|---|---|\n".to_owned();
    for key in KEYS {
        text += &format!(
            "| `{}` | {} | {} |\n",
            key.pattern,
            key.treatment.word(),
            key.about
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_hides_behind_a_shorter_one() {
        for key in KEYS {
            let name: Vec<String> = key.pattern.split('.').map(str::to_owned).collect();
            let found = of(&name).unwrap();
            assert_eq!(found.pattern, key.pattern);
        }
        assert!(of(&["build".to_owned(), "rustflag".to_owned()]).is_none());
        assert!(of(&["wrong".to_owned()]).is_none());
    }
}
