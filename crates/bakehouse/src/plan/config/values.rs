//! Checks of single values, so that every generated file can contain them.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use super::check::Check;
use super::image_name::{self, Fault, Form};
use super::spanned::Spanned;
use super::valid::{INPUT_HASH_LABEL, TOOLCHAIN_LABEL};
use crate::context_path::ContextPath;
use crate::graph::context::is_configurable;
use crate::graph::inputs::fixed_part;
use crate::plan::zig::{NEWEST, OLDEST, ZIG};
use crate::problem::{Code, did_you_mean};
use crate::toolchain::pins::is_glibc;

/// The limits of a path and of a name in it, in bytes. File systems and the keys of registries allow more, which leaves
/// room for prefixes.
const LONGEST_PATH: usize = 1024;
const LONGEST_NAME: usize = 255;

/// The limit of a target's name, in bytes: it is part of image names, stages and ids of mounts.
const LONGEST_TARGET: usize = 100;

/// The largest number of a user or group that engines take.
const LARGEST_ID: u32 = i32::MAX as u32;

/// The usual platforms, for suggestions.
const PLATFORMS: [&str; 6] = [
    "linux/386",
    "linux/amd64",
    "linux/arm/v7",
    "linux/arm64",
    "linux/ppc64le",
    "linux/riscv64",
];

/// Variables that affect all compile steps, or that the generated files use themselves.
const TAKEN: [&str; 17] = [
    "BUILDER_BASE",
    "FEATURES",
    "HOME",
    "PATH",
    "PLATFORMS",
    "PROFILE",
    "PROVENANCE",
    "REGISTRY",
    "REVISION",
    "RUNTIME_BASE",
    "RUSTC",
    "RUSTDOCFLAGS",
    "RUSTFLAGS",
    "SBOM",
    "SSH_AUTH_SOCK",
    "TAG",
    "TMPDIR",
];
const TAKEN_STARTS: [&str; 8] = [
    "BAKE_",
    "BUILDKIT_",
    "BUILDPLATFORM",
    "CACHE_",
    "CARGO_",
    "RUSTC_",
    "RUSTUP_",
    "TARGET",
];
const TAKEN_ENDS: [&str; 1] = ["_PROXY"];

/// Returns whether a variable has a meaning of its own for Cargo, Docker or the generated files.
pub fn is_taken(name: &str) -> bool {
    TAKEN.contains(&name)
        || TAKEN_STARTS.iter().any(|start| name.starts_with(start))
        || TAKEN_ENDS.iter().any(|end| name.ends_with(end))
}

/// The architectures that Docker's platforms have.
const ARCHITECTURES: [&str; 11] = [
    "386", "amd64", "arm", "arm64", "loong64", "mips64", "mips64le", "ppc64", "ppc64le", "riscv64",
    "s390x",
];

/// Returns Docker's name of a platform that is named as Rust or the kernel names it.
pub fn docker_name(platform: &str) -> Option<String> {
    let (_, architecture) = platform.split_once('/')?;
    let name = match architecture {
        "x86_64" | "x86-64" | "x64" => "amd64",
        "aarch64" | "arm64v8" => "arm64",
        "i386" | "i686" | "x86" => "386",
        "armv7" | "armhf" | "armv7l" => "arm/v7",
        _ => return None,
    };
    Some(format!("linux/{name}"))
}

/// Returns a platform without the variant that its architecture has anyway.
fn without_usual_variant(platform: &str) -> &str {
    match platform {
        "linux/amd64/v1" => "linux/amd64",
        "linux/arm64/v8" => "linux/arm64",
        "linux/arm/v7" => "linux/arm",
        other => other,
    }
}

impl Check<'_> {
    pub(super) fn target_name(&mut self, name: &Spanned<String>) {
        let text = name.as_ref();
        // Names of Bake targets contain no `.`.
        let valid = !text.is_empty()
            && !text.contains('.')
            && image_name::is_component(text)
            && text.len() <= LONGEST_TARGET;
        if !valid {
            let lower = text.to_lowercase();
            let hint = if lower != *text && image_name::is_component(&lower) {
                format!("write `{lower}`")
            } else {
                format!(
                    "use lower-case letters and digits, between them some `-`, or one or two `_`, {LONGEST_TARGET} characters at most"
                )
            };
            let message = format!("`{}` cannot name an image", text.escape_debug());
            self.problem(Code::ConfigValue, message, name.span(), hint);
        }
    }

    /// Reports values that a list names again.
    pub(super) fn once<T: PartialEq + ToString>(&mut self, list: &[Spanned<T>]) {
        for (at, value) in list.iter().enumerate() {
            if list[..at]
                .iter()
                .any(|other| other.as_ref() == value.as_ref())
            {
                let text = value.as_ref().to_string();
                self.problem(
                    Code::ConfigValue,
                    format!("`{}` is listed twice", text.escape_debug()),
                    value.span(),
                    "leave one of them out",
                );
            }
        }
    }

    /// Checks an image's name, or the part of one that `form` names.
    pub(super) fn image_name(&mut self, name: &Spanned<String>, form: Form) -> String {
        if let Err(Fault { what, hint }) = image_name::check(name.as_ref(), form) {
            let message = format!("`{}` {what}", name.as_ref().escape_debug());
            self.problem(Code::ConfigValue, message, name.span(), hint);
        }
        name.as_ref().clone()
    }

    pub(super) fn platform(&mut self, platform: &Spanned<String>) -> String {
        let parts: Vec<&str> = platform.as_ref().split('/').collect();
        let valid = matches!(parts.len(), 2 | 3)
            && parts[0] == "linux"
            && ARCHITECTURES.contains(&parts[1])
            && parts
                .iter()
                .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()));
        if !valid {
            self.problem(
                Code::ConfigValue,
                format!("`{}` is not a platform", platform.as_ref().escape_debug()),
                platform.span(),
                docker_name(platform.as_ref())
                    .map(|name| format!("did you mean `{name}`?"))
                    .or_else(|| did_you_mean(platform.as_ref(), PLATFORMS))
                    .unwrap_or_else(|| "write it as `linux/amd64` or `linux/arm/v7`".to_owned()),
            );
        }
        platform.as_ref().clone()
    }

    /// Reports platforms that another one of the list is, by another name.
    pub(super) fn distinct_platforms(&mut self, platforms: &[Spanned<String>]) {
        for (at, platform) in platforms.iter().enumerate() {
            let own = platform.as_ref();
            let usual = without_usual_variant(own);
            let mut before = platforms[..at].iter().map(AsRef::as_ref);
            let other = before.find(|other| {
                let other: &String = other;
                other != own && without_usual_variant(other) == usual
            });
            if let Some(other) = other {
                self.problem(
                    Code::ConfigValue,
                    format!("`{own}` and `{other}` are one platform"),
                    platform.span(),
                    "leave one of them out",
                );
            }
        }
    }

    /// Checks a platform that all images are built for. A builder that does not emulate it has to know Rust's name for it.
    pub(super) fn platform_of_images(
        &mut self,
        platform: &Spanned<String>,
        emulate: bool,
    ) -> String {
        let before = self.problems.len();
        let name = self.platform(platform);
        let parts: Vec<&str> = name.split('/').skip(1).collect();
        // As `cross.sh` knows them.
        let is_known = matches!(
            parts[..],
            ["386" | "amd64" | "arm64" | "arm" | "ppc64le" | "riscv64" | "s390x"]
                | ["386" | "amd64" | "arm64", _]
                | ["arm", "v5" | "v7"]
        );
        if self.problems.len() == before && !emulate && !is_known {
            let hint = did_you_mean(&name, PLATFORMS).unwrap_or_else(|| {
                "leave it out, or set `emulate = true` if the builder can emulate it".to_owned()
            });
            self.problem(
                Code::ConfigValue,
                format!("no builder cross-compiles for `{name}`"),
                platform.span(),
                hint,
            );
        }
        name
    }

    pub(super) fn profile(&mut self, profile: Option<&Spanned<String>>) -> String {
        let Some(profile) = profile else {
            return "release".to_owned();
        };
        let name = profile.as_ref();
        let declared: Vec<&str> = self
            .workspace
            .profiles
            .get("profile")
            .and_then(toml::Value::as_table)
            .map(|table| table.keys().map(String::as_str).collect())
            .unwrap_or_default();
        let known = ["release", "dev"].into_iter().chain(declared);
        if !known.clone().any(|known| known == name) {
            let hint = did_you_mean(name, known)
                .unwrap_or_else(|| format!("declare [profile.{name}] in the root Cargo.toml"));
            self.problem(
                Code::ConfigValue,
                format!("there is no profile `{}`", name.escape_debug()),
                profile.span(),
                hint,
            );
        }
        name.clone()
    }

    /// Checks the glibc that binaries are built for.
    pub(super) fn min_glibc(&mut self, version: &Spanned<String>) -> String {
        let text = version.as_ref();
        let known: Vec<String> = (OLDEST..=NEWEST)
            .map(|minor| format!("2.{minor}"))
            .collect();
        if !known.contains(text) {
            let begun = known.iter().find(|known| text.starts_with(*known));
            let meant = match begun {
                Some(begun) => Some(format!("did you mean `{begun}`?")),
                None if is_glibc(text) => None,
                None => did_you_mean(text, known.iter().map(String::as_str)),
            };
            let hint = meant.unwrap_or_else(|| {
                format!(
                    "write a version from \"2.{OLDEST}\", the oldest that Rust runs on, to \"2.{NEWEST}\", the newest that zig {ZIG} supports"
                )
            });
            self.problem(
                Code::ConfigValue,
                format!(
                    "`{}` is not a version of glibc to build for",
                    text.escape_debug()
                ),
                version.span(),
                hint,
            );
        }
        text.clone()
    }

    /// Checks a package of a distribution, which may have a version: `libssl3=3.0.17-1~deb12u2`.
    pub(super) fn package(&mut self, package: &Spanned<String>) -> String {
        let text = package.as_ref();
        let (name, version) = match text.split_once('=') {
            Some((name, version)) => (name, Some(version)),
            None => (text.as_str(), None),
        };
        let named = name.len() > 1
            && name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.:_".contains(&b));
        let versioned = version.is_none_or(|version| {
            !version.is_empty()
                && version
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"+-.:~_".contains(&b))
        });
        if !named || !versioned {
            self.problem(
                Code::ConfigValue,
                format!("`{}` is not the name of a package", text.escape_debug()),
                package.span(),
                "write it as in `apt-get install`: `name`, or `name=version`",
            );
        }
        text.clone()
    }

    /// Checks the name of a variable that a compilation gets from the environment.
    pub(super) fn build_variable(&mut self, name: &Spanned<String>) -> String {
        let text = name.as_ref();
        self.variable_name(name);
        if is_taken(text) {
            self.problem(
                Code::ConfigValue,
                format!("`{text}` is a variable of Cargo's, Docker's or bakehouse's own"),
                name.span(),
                "let the build script read another variable",
            );
        }
        text.clone()
    }

    pub(super) fn variable(&mut self, key: &Spanned<String>, value: &Spanned<String>) {
        self.variable_name(key);
        self.one_line(value);
    }

    pub(super) fn variable_name(&mut self, key: &Spanned<String>) {
        let name = key.as_ref();
        let valid = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !valid {
            self.problem(
                Code::ConfigValue,
                format!(
                    "`{}` is not the name of an environment variable",
                    name.escape_debug()
                ),
                key.span(),
                "use letters, digits and `_`, not beginning with a digit",
            );
        }
    }

    pub(super) fn label(&mut self, key: &Spanned<String>, value: &Spanned<String>) {
        let name = key.as_ref();
        let valid = !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b))
            && name.len() <= LONGEST_NAME;
        let own = [INPUT_HASH_LABEL, TOOLCHAIN_LABEL];
        if !valid || own.contains(&name.as_str()) {
            self.problem(
                Code::ConfigValue,
                format!("`{}` cannot be the key of a label", name.escape_debug()),
                key.span(),
                format!(
                    "use letters, digits, `.`, `-`, `_` and `/`; `{}` are bakehouse's own",
                    own.join("` and `")
                ),
            );
        }
        self.one_line(value);
    }

    /// Checks a command, which must be on one line.
    pub(super) fn line(&mut self, value: &Spanned<String>) -> String {
        self.one_line(value);
        if value.as_ref().trim().is_empty() {
            self.problem(
                Code::ConfigValue,
                "there is no command".to_owned(),
                value.span(),
                "write a shell command, or remove the key",
            );
        }
        value.as_ref().clone()
    }

    /// Checks a name that needs no quotes in YAML and a shell.
    pub(super) fn word(&mut self, value: Option<&Spanned<String>>, default: &str) -> String {
        let Some(value) = value else {
            return default.to_owned();
        };
        self.plain_name(value);
        value.as_ref().clone()
    }

    pub(super) fn plain_name(&mut self, value: &Spanned<String>) {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        let text = value.as_ref();
        let valid = text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(plain)
            && text.len() <= LONGEST_NAME;
        if !valid {
            self.problem(
                Code::ConfigValue,
                format!("`{}` is not a plain name", text.escape_debug()),
                value.span(),
                format!("use letters, digits, `.`, `-`, `_` and `/`, {LONGEST_NAME} at most, beginning with a letter or digit"),
            );
        }
    }

    /// Checks a flag of the compiler. `RUSTFLAGS` is split at spaces.
    pub(super) fn rustflag(&mut self, flag: &Spanned<String>) -> String {
        let text = flag.as_ref();
        if text.is_empty() || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            self.problem(
                Code::ConfigValue,
                format!("`{}` is not one flag", text.escape_debug()),
                flag.span(),
                "write each word as a string of its own, such as [\"-C\", \"target-cpu=x86-64-v3\"]",
            );
        }
        text.clone()
    }

    pub(super) fn one_line(&mut self, value: &Spanned<String>) {
        if value.as_ref().chars().any(char::is_control) {
            self.problem(
                Code::ConfigValue,
                "the value contains a line break or another control character".to_owned(),
                value.span(),
                "write it on one line: a Dockerfile cannot contain such characters",
            );
        }
    }

    pub(super) fn user(&mut self, user: &Spanned<String>) -> String {
        let text = user.as_ref();
        // A leading zero makes the number octal for some programs.
        let is_id = |id: &str| {
            let plain = id == "0" || !id.starts_with(['+', '0']);
            plain && id.parse::<u32>().is_ok_and(|id| id <= LARGEST_ID)
        };
        let valid = text
            .split_once(':')
            .is_some_and(|(uid, gid)| is_id(uid) && is_id(gid));
        if !valid {
            self.problem(
                Code::ConfigValue,
                format!("`{}` is not a user", text.escape_debug()),
                user.span(),
                format!("write `UID:GID` in numbers up to {LARGEST_ID}, e.g. `10001:10001`: names need not exist in a base"),
            );
        }
        text.clone()
    }

    /// Checks a path or pattern, which must begin with a folder or file, because that is what is mounted.
    pub(super) fn input(&mut self, path: &Spanned<String>) -> Utf8PathBuf {
        let before = self.problems.len();
        if path
            .as_ref()
            .split('/')
            .next()
            .is_some_and(|first| first.contains('*'))
        {
            self.problem(
                Code::ConfigValue,
                format!("`{}` begins with a wildcard", path.as_ref().escape_debug()),
                path.span(),
                "begin it with the name of a folder or file, e.g. `proto/**`",
            );
        }
        let found = self.in_context_with(path, "*");
        if self.problems.len() == before {
            let fixed = fixed_part(&found);
            self.exists(path, &fixed);
            self.is_sent(path, &fixed);
        }
        found
    }

    /// Checks that Docker is sent what lies at a path of the context.
    pub(super) fn is_sent(&mut self, path: &Spanned<String>, found: &Utf8Path) {
        let written = path.as_ref().escape_debug();
        let (message, hint) = if found.as_str().is_empty() {
            (
                format!("`{written}` is all that Docker can be sent"),
                "name the files and folders in it that are read",
            )
        } else if self.workspace.is_never_sent(found) {
            (
                format!("Docker is never sent `{written}`"),
                "name the files and folders in it that are read, or move them elsewhere",
            )
        } else {
            return;
        };
        self.problem(Code::ConfigValue, message, path.span(), hint);
    }

    /// Checks a path relative to the workspace. It may lead to a folder above, but not out of the context.
    pub(super) fn in_context(&mut self, path: &Spanned<String>) -> ContextPath {
        ContextPath::new(self.in_context_with(path, ""))
    }

    /// Returns a path whose mistakes are reported elsewhere, or the part of a pattern before its first `*`.
    pub(super) fn quietly_in_context(&mut self, path: &Spanned<String>) -> Utf8PathBuf {
        let before = self.problems.len();
        let found = self.in_context_with(path, "*");
        self.problems.truncate(before);
        fixed_part(&found)
    }

    /// Reports a path at which nothing is. In the files of a revision those are missing that git ignores.
    pub(super) fn exists(&mut self, written: &Spanned<String>, path: &Utf8Path) {
        let full = self.workspace.root.join(path);
        if !self.workspace.is_of_revision && full.symlink_metadata().is_err() {
            self.problem(
                Code::InputMissing,
                format!("`{}` does not exist", written.as_ref().escape_debug()),
                written.span(),
                "create it, or correct the path, which is relative to the workspace",
            );
        }
    }

    fn in_context_with(&mut self, path: &Spanned<String>, further: &str) -> Utf8PathBuf {
        let mut folder = self.workspace.folder.clone();
        let mut rest = path.as_ref().as_str();
        while let Some(above) = rest.strip_prefix("../").filter(|_| folder.pop()) {
            rest = above;
        }
        folder.join(self.inside_with(&Spanned::new(path.span(), rest.to_owned()), further))
    }

    /// Checks a path that stays in the folder that it is relative to.
    pub(super) fn inside(&mut self, path: &Spanned<String>) -> Utf8PathBuf {
        self.inside_with(path, "")
    }

    fn inside_with(&mut self, path: &Spanned<String>, further: &str) -> Utf8PathBuf {
        let plain =
            |c: Utf8Component<'_>| matches!(c, Utf8Component::Normal(_) | Utf8Component::CurDir);
        let text = path.as_ref();
        if !Utf8Path::new(text).components().all(plain) || text.is_empty() {
            self.problem(
                Code::PathOutside,
                format!(
                    "`{}` is not a path inside the folder it is relative to",
                    text.escape_debug()
                ),
                path.span(),
                "write a relative path without `..`",
            );
        } else {
            self.characters(path, further);
        }
        Utf8Path::new(text)
            .components()
            .filter(|c| *c != Utf8Component::CurDir)
            .collect()
    }

    pub(super) fn absolute(
        &mut self,
        path: Option<&Spanned<String>>,
        default: &str,
    ) -> Utf8PathBuf {
        let Some(path) = path else {
            return default.into();
        };
        let text = path.as_ref();
        if !text.starts_with('/') || text.split('/').any(|part| part == "..") {
            self.problem(
                Code::ConfigValue,
                format!(
                    "`{}` is not an absolute path in the image",
                    text.escape_debug()
                ),
                path.span(),
                "begin it with `/`, without `..`",
            );
        } else {
            self.characters(path, "");
        }
        text.into()
    }

    /// Checks that a path needs no quotes in a Dockerfile's mount, a shell and HCL, and is short enough for every file
    /// system.
    fn characters(&mut self, path: &Spanned<String>, further: &str) {
        let text = path.as_ref();
        let plain = |c: char| is_configurable(c) || further.contains(c);
        if !text.chars().all(plain) {
            self.problem(
                Code::ConfigValue,
                format!(
                    "`{}` cannot be written as a path in every generated file",
                    text.escape_debug()
                ),
                path.span(),
                "use letters from a to z, digits, `-`, `_`, `.`, `/`, `+`, `@` and `=`: BuildKit cannot mount other paths",
            );
        } else if text.starts_with('-') {
            self.problem(
                Code::ConfigValue,
                format!("programs would take `{text}` for an option"),
                path.span(),
                "begin it with another character than `-`",
            );
        } else if text.len() > LONGEST_PATH || text.split('/').any(|part| part.len() > LONGEST_NAME)
        {
            self.problem(
                Code::ConfigValue,
                format!("a path of {} bytes is too long", text.len()),
                path.span(),
                format!("write at most {LONGEST_PATH} bytes, and {LONGEST_NAME} between two `/`"),
            );
        }
    }
}
