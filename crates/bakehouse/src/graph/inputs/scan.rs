//! Looks for hidden inputs in the files of packages.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashSet};
use std::ops::Bound;

use camino::{Utf8Path, Utf8PathBuf};

use super::depth;
use super::finding::{Certainty, Finding, Kind};
use super::reference::{Place, Reference, Role};
use super::resolve::{PackagePlaces, normal};
use super::rust::references_if;
use super::signs::{has_sign, may_leave};
use super::tests_only::declares_for_tests;
use crate::graph::parallel::parallel_map;
use crate::graph::sources::{DEVELOPMENT, FileKind};
use crate::graph::{Member, Sources, Workspace};

/// Names of files in a package that are for people.
const FOR_PEOPLE: [&str; 8] = [
    "AUTHORS",
    "CHANGELOG",
    "CODE_OF_CONDUCT",
    "CONTRIBUTING",
    "COPYING",
    "LICENCE",
    "LICENSE",
    "NOTICE",
];

/// Returns the hidden inputs of `packages`, sorted. `sources` contains the files that they are compiled from.
pub fn scan(workspace: &Workspace, sources: &Sources, packages: &BTreeSet<&str>) -> Vec<Finding> {
    scan_files(workspace, sources, packages, true)
}

/// Returns the same as [`scan`]. Without `by_signs` every file is parsed, which takes long and finds nothing more.
pub fn scan_files(
    workspace: &Workspace,
    sources: &Sources,
    packages: &BTreeSet<&str>,
    by_signs: bool,
) -> Vec<Finding> {
    let members: Vec<&Member> = packages
        .iter()
        .filter_map(|name| workspace.members.get(*name))
        .collect();
    let dirs: BTreeSet<&Utf8Path> = workspace
        .members
        .values()
        .map(|member| member.dir.as_path())
        .collect();
    let found = parallel_map(&members, |member| {
        Scan::new(workspace, sources, &dirs, member, by_signs).run()
    });
    let found: BTreeSet<Finding> = found.into_iter().flatten().collect();
    let submodules = submodules(workspace, &members, &found);
    let all: BTreeSet<Finding> = found.into_iter().chain(submodules).collect();
    let mut all: Vec<Finding> = all.into_iter().collect();
    // One statement can refer to a path twice, for example as a list of files and of the folders that they import from.
    all.dedup_by(|b, a| {
        (&a.package, &a.path, &a.file, a.line) == (&b.package, &b.path, &b.file, b.line)
            && a.kind != Kind::Git
    });
    all
}

struct Scan<'a> {
    workspace: &'a Workspace,
    sources: &'a Sources,
    member: &'a Member,
    /// Computed on the first finding: most packages read nothing outside.
    package: OnceCell<PackagePlaces<'a>>,
    /// Folders of other packages within this one.
    nested: HashSet<&'a str>,
    /// The file of the build script, relative to the workspace root.
    build_script: Utf8PathBuf,
    /// Whether only files with a sign are parsed.
    by_signs: bool,
}

impl<'a> Scan<'a> {
    /// Creates it. `dirs` are the folders of all packages.
    fn new(
        workspace: &'a Workspace,
        sources: &'a Sources,
        dirs: &BTreeSet<&'a Utf8Path>,
        member: &'a Member,
        by_signs: bool,
    ) -> Self {
        let build = member
            .manifest
            .get("package")
            .and_then(|package| package.get("build"))
            .and_then(toml::Value::as_str)
            .unwrap_or("build.rs");
        let dir = member.dir.as_path();
        let after = dirs.range::<Utf8Path, _>((Bound::Excluded(dir), Bound::Unbounded));
        Self {
            workspace,
            sources,
            member,
            package: OnceCell::new(),
            nested: after
                .take_while(|other| other.starts_with(dir))
                .map(|other| other.as_str())
                .collect(),
            build_script: normal(&member.path(build)),
            by_signs,
        }
    }

    fn findings(&self, reference: &Reference, file: &Utf8Path) -> Vec<Finding> {
        let package = self
            .package
            .get_or_init(|| PackagePlaces::new(self.workspace, self.member));
        package.findings(reference, file)
    }

    fn run(&self) -> BTreeSet<Finding> {
        let mut found = BTreeSet::new();
        let files = self.member.sources.iter();
        for (file, state) in files.flat_map(|path| self.sources.below(path)) {
            if self.is_nested(file) {
                continue;
            }
            if state.kind == FileKind::Link {
                found.extend(self.link(file));
            }
            let name = file.file_name().unwrap_or_default();
            if file.extension() == Some("rs") && !self.is_development(file) {
                found.extend(self.source(file, state.kind));
            } else if matches!(name, "askama.toml" | "rinja.toml")
                && file.parent() == Some(&self.member.dir)
            {
                found.extend(self.templates(file));
            }
        }
        found
    }

    /// Returns whether a path is in the folder of another package.
    fn is_nested(&self, path: &Utf8Path) -> bool {
        // Strings are found faster than paths.
        let mut folders = path.ancestors();
        !self.nested.is_empty() && folders.any(|folder| self.nested.contains(folder.as_str()))
    }

    fn is_development(&self, file: &Utf8Path) -> bool {
        let inside = file.strip_prefix(&self.member.dir).unwrap_or(file);
        inside
            .iter()
            .next()
            .is_some_and(|first| DEVELOPMENT.contains(&first))
    }

    fn source(&self, file: &Utf8Path, kind: FileKind) -> Vec<Finding> {
        let linked;
        let text = if kind == FileKind::Link {
            linked = std::fs::read_to_string(self.workspace.root.join(file)).ok();
            linked.as_ref()
        } else {
            self.sources.rust.get(file).map(AsRef::as_ref)
        };
        let Some(text) = text else { return Vec::new() };
        let role = self.role(file);
        let by_signs = self.by_signs && role == Role::Source;
        if by_signs && !has_sign(text) {
            return Vec::new();
        }
        let beside = file.parent().unwrap_or(file);
        let is_own = |path: &str| self.is_own(&beside.join(path));
        let found: Vec<Finding> =
            references_if(text, role, |tokens| !by_signs || may_leave(tokens, is_own))
                .iter()
                .flat_map(|reference| self.findings(reference, file))
                .collect();
        if found.is_empty() || self.is_tests_only(file) {
            return Vec::new();
        }
        found
    }

    /// Returns whether a path is a file among the sources of the package.
    fn is_own(&self, path: &Utf8Path) -> bool {
        let path = normal(path);
        let file = self.sources.files.get(&path);
        let is_file =
            file.is_some_and(|file| matches!(file.kind, FileKind::Plain | FileKind::Executable));
        let mut sources = self.member.sources.iter();
        is_file && sources.any(|source| path.starts_with(source)) && !self.is_nested(&path)
    }

    fn role(&self, file: &Utf8Path) -> Role {
        let dir = &self.member.dir;
        let beside = self
            .build_script
            .parent()
            .filter(|folder| *folder != dir && *folder != dir.join("src"));
        if *file == self.build_script
            || file.starts_with(dir.join("build"))
            || beside.is_some_and(|folder| file.starts_with(folder))
        {
            Role::BuildScript
        } else {
            Role::Source
        }
    }

    /// Returns whether the file, or a module around it, is declared for tests only.
    fn is_tests_only(&self, file: &Utf8Path) -> bool {
        let mut module = file.to_owned();
        loop {
            let name = module.file_stem().unwrap_or_default().to_owned();
            let Some(folder) = module.parent() else {
                return false;
            };
            let (name, folder) = if name == "mod" {
                let name = folder.file_name().unwrap_or_default().to_owned();
                (name, folder.parent().unwrap_or(folder))
            } else {
                (name, folder)
            };
            let candidates = ["mod.rs", "lib.rs", "main.rs"].map(|file| folder.join(file));
            let candidates = candidates.into_iter().chain([folder.with_extension("rs")]);
            let parent = candidates
                .filter(|candidate| *candidate != module && candidate.starts_with(&self.member.dir))
                .find_map(|candidate| {
                    let text = self.sources.rust.get(&candidate)?;
                    let names_it = text.contains(&format!("mod {name}"));
                    names_it.then_some((candidate, text))
                });
            let Some((parent, text)) = parent else {
                return false;
            };
            let tests = text.contains("test")
                && depth::parsing(
                    text,
                    |_| true,
                    || syn::parse_file(text).is_ok_and(|file| declares_for_tests(&file, &name)),
                )
                .unwrap_or_default();
            if tests {
                return true;
            }
            module = parent;
        }
    }

    fn link(&self, file: &Utf8Path) -> Vec<Finding> {
        let name = file.file_stem().unwrap_or_default();
        let for_people = FOR_PEOPLE
            .iter()
            .any(|known| name.to_uppercase().starts_with(known));
        if for_people || self.is_development(file) {
            return Vec::new();
        }
        let Ok(target) = self.workspace.root.join(file).read_link_utf8() else {
            return Vec::new();
        };
        let read = if name.eq_ignore_ascii_case("readme") {
            Certainty::Perhaps
        } else {
            Certainty::Certain
        };
        let reference = |place| Reference {
            line: 0,
            kind: Kind::Link,
            by: "a symbolic link".to_owned(),
            place,
            certainty: read,
        };
        if target.is_absolute() {
            return Vec::new();
        }
        self.findings(&reference(Place::File(target.into_string())), file)
    }

    /// Returns folders of templates outside the package.
    fn templates(&self, file: &Utf8Path) -> Vec<Finding> {
        let Ok(text) = std::fs::read_to_string(self.workspace.root.join(file)) else {
            return Vec::new();
        };
        let Ok(table) = text.parse::<toml::Table>() else {
            return Vec::new();
        };
        let dirs = table
            .get("general")
            .and_then(|general| general.get("dirs"))
            .and_then(toml::Value::as_array);
        let mut found = Vec::new();
        for dir in dirs.into_iter().flatten().filter_map(toml::Value::as_str) {
            let line = text.lines().position(|line| line.contains(dir));
            let reference = Reference {
                line: line.map_or(0, |line| line + 1),
                kind: Kind::Templates,
                by: "dirs".to_owned(),
                place: Place::Package(dir.to_owned()),
                certainty: Certainty::Certain,
            };
            found.extend(self.findings(&reference, file));
        }
        found
    }
}

/// Returns submodules that are not checked out and that a package is built from, or is found to read.
fn submodules(
    workspace: &Workspace,
    members: &[&Member],
    found: &BTreeSet<Finding>,
) -> Vec<Finding> {
    let Ok(text) = std::fs::read_to_string(workspace.root.join(".gitmodules")) else {
        return Vec::new();
    };
    let mut missing = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let Some(("path", path)) = line
            .split_once('=')
            .map(|(key, value)| (key.trim(), value.trim()))
        else {
            continue;
        };
        let path = Utf8PathBuf::from(path);
        let empty = workspace
            .root
            .join(&path)
            .read_dir()
            .map_or(true, |mut entries| entries.next().is_none());
        if !empty {
            continue;
        }
        let own = members
            .iter()
            .filter(|member| member.sources.iter().any(|source| path.starts_with(source)))
            .map(|member| &member.name);
        let read = found
            .iter()
            .filter(|finding| finding.path.starts_with(&path))
            .map(|finding| &finding.package);
        missing.extend(
            own.chain(read)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .map(|package| Finding {
                    package: package.clone(),
                    path: path.clone(),
                    file: ".gitmodules".into(),
                    line: Some(index + 1),
                    kind: Kind::Submodule,
                    by: "a submodule".to_owned(),
                    certainty: Certainty::Certain,
                    exists: false,
                }),
        );
    }
    missing
}
