//! What was found.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::graph::context::is_configurable;
use crate::graph::sources::NEVER_SOURCES;
use crate::names::PackageName;

/// How a package reads something outside its own folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `include_str!`, `include_bytes!`, `include!`.
    Include,
    /// `#[path = "…"] mod …`.
    Module,
    /// A path made of `CARGO_MANIFEST_DIR`.
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
    /// A path that is an argument of some other macro or attribute.
    Macro,
    /// A symbolic link that leaves the package.
    Link,
    /// The repository itself: a commit, a tag, a date.
    Git,
    /// A submodule that is not checked out.
    Submodule,
}

impl Kind {
    /// The name in machine output.
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
            Self::Macro => "macro",
            Self::Link => "link",
            Self::Git => "git",
            Self::Submodule => "submodule",
        }
    }
}

/// Whether a build reads it for certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// The compiler or build script reads it, and fails without it.
    Certain,
    /// It may be read at run time, or by a macro that is not known here.
    Perhaps,
}

impl Certainty {
    /// The name in machine output.
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
    /// What is read, relative to the workspace root; begins with `..` when it lies outside. A file or a folder.
    pub path: Utf8PathBuf,
    /// Where this is said, relative to the workspace root.
    pub file: Utf8PathBuf,
    /// Counted from 1; `None` when the file as such says it, as a link does.
    pub line: Option<usize>,
    pub kind: Kind,
    /// What reads it, as it stands in the source, e.g. `include_str!`.
    pub by: String,
    pub certainty: Certainty,
    /// Whether there is such a file or folder now.
    pub exists: bool,
}

impl Finding {
    /// Whether `[inputs]` can name it: it is there, and in a place that can be in the Docker context.
    pub fn declarable(&self) -> bool {
        let never = |part: &str| part == ".." || NEVER_SOURCES.contains(&part);
        self.exists
            && !matches!(self.kind, Kind::Git | Kind::Submodule)
            && !self.path.iter().any(never)
            && self.path.as_str().chars().all(is_configurable)
    }

    /// Whether it is worth to be declared without asking: what a program may read when it runs, or people, is not.
    pub fn proposed(&self) -> bool {
        let at_run_time = matches!(self.kind, Kind::ManifestDir | Kind::Link);
        self.declarable() && (self.certainty == Certainty::Certain || !at_run_time)
    }

    /// How many levels above the context it lies, where it would be proposed if the context reached there.
    pub fn above(&self) -> Option<usize> {
        let inside: Utf8PathBuf = self.path.iter().skip_while(|part| *part == "..").collect();
        let up = self.path.components().count() - inside.components().count();
        let inside = Self {
            path: inside,
            ..self.clone()
        };
        (up > 0 && inside.proposed()).then_some(up)
    }

    /// File and line, as an editor opens them.
    pub fn place(&self) -> String {
        match self.line {
            Some(line) => format!("{}:{line}", self.file),
            None => self.file.to_string(),
        }
    }
}

/// The findings that no path of `declared`, by package, holds.
pub fn undeclared<'a>(
    findings: &'a [Finding],
    declared: &BTreeMap<PackageName, Vec<Utf8PathBuf>>,
) -> Vec<&'a Finding> {
    findings
        .iter()
        .filter(|finding| {
            let patterns = declared.get(&finding.package).into_iter().flatten();
            !patterns
                .into_iter()
                .any(|pattern| finding.path.starts_with(fixed_part(pattern)))
        })
        .collect()
}

/// The folder that a pattern such as `migrations/**` cannot leave.
pub fn fixed_part(pattern: &Utf8Path) -> Utf8PathBuf {
    pattern
        .components()
        .take_while(|part| !part.as_str().contains('*'))
        .collect()
}
