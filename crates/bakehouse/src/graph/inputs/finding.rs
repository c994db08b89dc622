//! Findings: things that a package reads outside its own folder.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::graph::context::is_configurable;
use crate::graph::sources::NEVER_SOURCES;
use crate::names::PackageName;

/// The way in which a package reads something outside its own folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `include_str!`, `include_bytes!`, `include!`.
    Include,
    /// `#[path = "…"] mod …`.
    Module,
    /// A path that is built from `CARGO_MANIFEST_DIR`.
    ManifestDir,
    /// `sqlx::migrate!`, `embed_migrations!`.
    Migrations,
    /// `.sqlx`, or a file named in `query_file!`.
    Queries,
    /// `rust-embed` or `include_dir!`.
    Folder,
    /// A folder of templates, named in askama's configuration.
    Templates,
    /// A `.proto` file or folder in a build script.
    Proto,
    /// Another path in a build script.
    BuildScript,
    /// A folder above the package, in a build script that goes up until it finds something.
    Unfollowed,
    /// A path that is an argument of some other macro or attribute.
    Macro,
    /// A symbolic link that leaves the package.
    Link,
    /// The repository itself: a commit, a tag, a date.
    Git,
    /// Something on the network, which a build script of the workspace fetches.
    Network,
    /// A submodule that is not checked out.
    Submodule,
}

impl Kind {
    /// Returns the name in machine-readable output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Include => "include",
            Self::Module => "module",
            Self::ManifestDir => "manifest-dir",
            Self::Migrations => "migrations",
            Self::Queries => "queries",
            Self::Folder => "folder",
            Self::Templates => "templates",
            Self::Proto => "proto",
            Self::BuildScript => "build-script",
            Self::Unfollowed => "unfollowed",
            Self::Macro => "macro",
            Self::Link => "link",
            Self::Git => "git",
            Self::Network => "network",
            Self::Submodule => "submodule",
        }
    }
}

/// The certainty that a build reads something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// The compiler or build script reads it, and fails without it.
    Certain,
    /// It may be read at run time, or by an unknown macro.
    Perhaps,
}

impl Certainty {
    /// Returns the name in machine-readable output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Perhaps => "perhaps",
        }
    }
}

/// Something that a package's build reads outside its own folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub package: PackageName,
    /// The file or folder that is read, relative to the workspace root. Begins with `..` if it is outside.
    pub path: Utf8PathBuf,
    /// The file that refers to it, relative to the workspace root.
    pub file: Utf8PathBuf,
    /// The line in that file, counted from 1; `None` for the file as a whole, such as a link.
    pub line: Option<usize>,
    pub kind: Kind,
    /// The construct that reads it, as written in the source, e.g. `include_str!`.
    pub by: String,
    pub certainty: Certainty,
    /// Whether the file or folder exists now.
    pub exists: bool,
}

impl Finding {
    /// Returns whether `[inputs]` can name it: it exists, and in a place that can be in the Docker context.
    pub fn declarable(&self) -> bool {
        let never = |part: &str| part == ".." || NEVER_SOURCES.contains(&part);
        self.exists
            && !matches!(
                self.kind,
                Kind::Git | Kind::Network | Kind::Submodule | Kind::Unfollowed
            )
            && !self.path.iter().any(never)
            && self.path.as_str().chars().all(is_configurable)
    }

    /// Returns whether to declare it without asking. Paths that may be read only at run time, or by people, are not.
    pub fn proposed(&self) -> bool {
        let at_run_time = matches!(self.kind, Kind::ManifestDir | Kind::Link);
        self.declarable() && (self.certainty == Certainty::Certain || !at_run_time)
    }

    /// Returns how many levels above the context it is, if it would be proposed in a context that extends that far.
    pub fn above(&self) -> Option<usize> {
        let inside: Utf8PathBuf = self.path.iter().skip_while(|part| *part == "..").collect();
        let up = self.path.components().count() - inside.components().count();
        let inside = Self {
            path: inside,
            ..self.clone()
        };
        (up > 0 && inside.proposed()).then_some(up)
    }

    /// Returns the file and line in the form that editors open.
    pub fn place(&self) -> String {
        match self.line {
            Some(line) => format!("{}:{line}", self.file),
            None => self.file.to_string(),
        }
    }
}

/// Returns the findings that are not inside a path of `declared`, which lists paths by package. Where anything is declared,
/// somebody has looked at what a build script seeks above its package.
pub fn undeclared<'a>(
    findings: &'a [Finding],
    declared: &BTreeMap<PackageName, Vec<Utf8PathBuf>>,
) -> Vec<&'a Finding> {
    findings
        .iter()
        .filter(|finding| {
            let mut patterns = declared.get(&finding.package).into_iter().flatten();
            !patterns.any(|pattern| {
                finding.kind == Kind::Unfollowed || finding.path.starts_with(fixed_part(pattern))
            })
        })
        .collect()
}

/// Returns the folder that contains all matches of a pattern such as `migrations/**`.
pub fn fixed_part(pattern: &Utf8Path) -> Utf8PathBuf {
    pattern
        .components()
        .take_while(|part| !part.as_str().contains('*'))
        .collect()
}
