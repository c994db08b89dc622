//! Files and programs that configuration files name.

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::cargo_platform::Platform;

use super::file::{ConfigFile, Entry};
use super::flags::Flags;
use crate::graph::context;
use crate::graph::patch::normalised;
use crate::graph::platform::may_apply;
use crate::problem::{Code, Problem};

/// A file or folder in the repository that a configuration file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Absolute until the workspace is read, then relative to the context.
    pub path: Utf8PathBuf,
    /// The key that names it.
    pub key: String,
}

/// A program that the builder must have.
#[derive(Clone, Debug)]
pub struct Tool {
    pub program: String,
    /// The Debian package that contains it, if known.
    pub package: Option<String>,
    /// The key that asks for it.
    pub key: String,
    /// A triple or a `cfg(…)` if it is only needed for some targets.
    pub target: Option<String>,
    /// File and line of that key.
    pub place: String,
}

/// A request to compile for the native processor.
#[derive(Clone, Debug)]
pub struct Native {
    pub key: String,
    pub target: Option<String>,
    pub place: String,
}

/// Everything that the files name.
#[derive(Clone, Debug, Default)]
pub struct Names {
    pub paths: Vec<Named>,
    pub tools: Vec<Tool>,
    pub native: Vec<Native>,
}

/// Returns whether a setting for `target`, a triple or a `cfg(…)`, applies to one of `platforms`.
pub fn applies(target: Option<&str>, platforms: &[String]) -> bool {
    let parsed = target.and_then(|target| target.parse::<Platform>().ok());
    parsed.is_none_or(|target| may_apply(&target, platforms))
}

/// Folders that names are resolved against.
pub struct Folders<'a> {
    /// The folder of the workspace manifest.
    pub workspace: &'a Utf8Path,
    /// The topmost folder that an image can contain files of.
    pub limit: &'a Utf8Path,
}

impl Folders<'_> {
    /// Returns everything that `files` name; earlier files take precedence.
    ///
    /// # Errors
    /// `cargo-config` for something that no image can contain.
    pub fn names(&self, files: &[ConfigFile]) -> Result<Names, Vec<Problem>> {
        let (mut names, mut problems) = (Names::default(), Vec::new());
        for (at, file) in files.iter().enumerate() {
            for entry in &file.entries {
                let key: Vec<&str> = entry.key.iter().map(String::as_str).collect();
                let target = match key[..] {
                    ["target", target, ..] => Some(target),
                    _ => None,
                };
                if !applies(target, &[]) && target.is_some_and(|target| !on_linux(target)) {
                    continue;
                }
                let hidden = || {
                    let nearer = files[..at].iter().flat_map(|file| &file.entries);
                    nearer.into_iter().any(|other| other.key == entry.key)
                };
                let about = About {
                    file,
                    entry,
                    target,
                };
                let found = match key[..] {
                    ["env", _, "relative"]
                        if entry.value == super::Value::Flag(true) && !hidden() =>
                    {
                        let mut value = entry.key.clone();
                        value[2] = "value".to_owned();
                        let value = file.entries.iter().find(|other| other.key == value);
                        match value.and_then(|value| Some((value, value.text()?))) {
                            Some((entry, text)) => {
                                let about = About {
                                    file,
                                    entry,
                                    target,
                                };
                                self.exists(&about, file.base(), text, true, &mut names)
                            }
                            None => Ok(()),
                        }
                    }
                    ["http", "cainfo" | "proxy-cainfo"] if !hidden() => {
                        let text = entry.text().unwrap_or_default();
                        self.exists(&about, file.base(), text, false, &mut names)
                    }
                    ["target" | "host", _, "linker"] | ["host", "linker"] if !hidden() => {
                        self.linker(&about, &mut names)
                    }
                    ["target" | "host", _, _, "rustc-link-search"] => {
                        let paths = entry.words().into_iter();
                        let paths =
                            paths.map(|path| path.split_once('=').map_or(path, |(_, path)| path));
                        let mut paths = paths;
                        paths.try_for_each(|path| {
                            self.exists(&about, self.workspace, path, true, &mut names)
                        })
                    }
                    // Cargo joins the lists of several files.
                    [.., "rustflags"] => self.flags(&about, &mut names),
                    _ => Ok(()),
                };
                problems.extend(found.err());
            }
        }
        match problems.is_empty() {
            true => Ok(names),
            false => Err(problems),
        }
    }

    /// Records the file or folder that `text` names, if it exists.
    fn exists(
        &self,
        about: &About<'_>,
        base: &Utf8Path,
        text: &str,
        folder: bool,
        names: &mut Names,
    ) -> Result<(), Problem> {
        let path = normalised(&base.join(text));
        if text.is_empty() || !path.exists() || (path.is_dir() && !folder) {
            return Ok(());
        }
        // Build output is not a source, and a folder around the workspace is only a location.
        let built = path.starts_with(self.workspace.join("target"));
        if built || self.workspace.starts_with(&path) {
            return Ok(());
        }
        if Utf8Path::new(text).is_absolute() && !path.starts_with(self.limit) {
            // A system path, which the host and the builder both have.
            return Ok(());
        }
        if !path.starts_with(self.limit) {
            return Err(about.refused(
                &format!("{path}, outside {}", self.limit),
                "an image cannot contain it: move it into the repository",
            ));
        }
        let inside = path.strip_prefix(self.limit).unwrap_or(&path);
        context::check_plain(inside)?;
        let key = about.entry.name();
        if names.paths.iter().all(|named| named.path != path) {
            names.paths.push(Named { path, key });
        }
        Ok(())
    }

    fn linker(&self, about: &About<'_>, names: &mut Names) -> Result<(), Problem> {
        let Some(text) = about.entry.text() else {
            return Ok(());
        };
        if !text.contains('/') || Utf8Path::new(text).is_absolute() {
            about.program(text, names);
            return self.exists(about, about.file.base(), text, false, names);
        }
        let path = normalised(&about.file.base().join(text));
        if !path.is_file() {
            return Err(about.refused(
                &format!("{path}, which does not exist"),
                "commit it: a linker that is named by a path has to be in the repository, so that the image can use it",
            ));
        }
        self.exists(about, about.file.base(), text, false, names)
    }

    fn flags(&self, about: &About<'_>, names: &mut Names) -> Result<(), Problem> {
        let flags = Flags::of(&about.entry.words());
        for program in &flags.programs {
            about.program(program, names);
        }
        if flags.native {
            names.native.push(Native {
                key: about.entry.name(),
                target: about.target.map(str::to_owned),
                place: about.file.place(about.entry),
            });
        }
        // For members, the compiler runs in the workspace folder.
        for path in &flags.paths {
            self.exists(about, self.workspace, &path.text, path.folder, names)?;
        }
        Ok(())
    }
}

/// Returns whether some image platform could have this target.
fn on_linux(target: &str) -> bool {
    const PLATFORMS: [&str; 7] = [
        "linux/386",
        "linux/amd64",
        "linux/arm",
        "linux/arm64",
        "linux/ppc64le",
        "linux/riscv64",
        "linux/s390x",
    ];
    applies(Some(target), &PLATFORMS.map(str::to_owned))
}

/// The context of a value that is being checked.
struct About<'a> {
    file: &'a ConfigFile,
    entry: &'a Entry,
    target: Option<&'a str>,
}

impl About<'_> {
    fn refused(&self, what: &str, hint: &str) -> Problem {
        let message = format!("`{}` in {} names {what}", self.entry.name(), self.file.path);
        Problem::new(Code::CargoConfig, message)
            .at(&self.file.source, self.entry.span.clone())
            .hint(hint)
    }

    fn program(&self, program: &str, names: &mut Names) {
        if is_always_there(program) {
            return;
        }
        names.tools.push(Tool {
            program: program.to_owned(),
            package: package_of(program),
            key: self.entry.name(),
            target: self.target.map(str::to_owned),
            place: self.file.place(self.entry),
        });
    }
}

/// Returns whether every builder base has a program: a C compiler, its linker, and the programs that come with Rust.
fn is_always_there(program: &str) -> bool {
    let name = Utf8Path::new(program).file_name().unwrap_or(program);
    let plain = ["cc", "gcc", "ld", "ld.bfd", "rust-lld"].contains(&name);
    // Cross-compilers are installed by the stage `cross`.
    plain || name.ends_with("-gcc") && name.contains("-linux-")
}

/// Returns the Debian package that contains a linker or a linker driver.
fn package_of(program: &str) -> Option<String> {
    let name = Utf8Path::new(program).file_name().unwrap_or(program);
    let versioned = |name: &str, stem: &str| {
        let version = name.strip_prefix(stem)?;
        let number = version.strip_prefix('-').unwrap_or("0");
        number
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| version.to_owned())
    };
    for (stem, package) in [
        ("clang", "clang"),
        ("clang++", "clang"),
        ("ld.lld", "lld"),
        ("lld", "lld"),
        ("ld.mold", "mold"),
        ("mold", "mold"),
        ("g++", "g++"),
        ("c++", "g++"),
        ("musl-gcc", "musl-tools"),
    ] {
        if let Some(version) = versioned(name, stem) {
            return Some(format!("{package}{version}"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linkers_are_known_by_their_packages() {
        for (program, package) in [
            ("clang", Some("clang")),
            ("clang-19", Some("clang-19")),
            ("/usr/bin/clang", Some("clang")),
            ("ld.lld", Some("lld")),
            ("ld.lld-16", Some("lld-16")),
            ("mold", Some("mold")),
            ("ld.wild", None),
            ("clang-tidy", None),
        ] {
            assert_eq!(package_of(program).as_deref(), package, "{program}");
        }
        assert!(is_always_there("aarch64-linux-gnu-gcc"));
        assert!(!is_always_there("musl-gcc"));
    }
}
