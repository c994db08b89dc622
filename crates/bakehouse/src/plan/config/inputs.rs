//! `[inputs]`: the files and variables that packages' builds read.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use super::check::{Check, sorted};
use super::raw::{RawConfig, RawInputs};
use super::spanned::Spanned;
use crate::names::PackageName;
use crate::problem::{Code, did_you_mean};

pub(super) type ByPackage<T> = BTreeMap<PackageName, Vec<T>>;

/// The inputs of each package's build.
#[derive(Default)]
pub(super) struct DeclaredInputs {
    /// The declared paths outside the package's folder.
    pub(super) paths: ByPackage<Utf8PathBuf>,
    /// The excluded paths in the package's folder.
    pub(super) excluded: ByPackage<Utf8PathBuf>,
    /// The only paths in the package's folder that count.
    pub(super) only: ByPackage<Utf8PathBuf>,
    /// Environment variables.
    pub(super) variables: ByPackage<String>,
}

impl Check<'_> {
    pub(super) fn inputs(&mut self, raw: &RawConfig) -> DeclaredInputs {
        let mut inputs = DeclaredInputs::default();
        for (package, declared) in &raw.inputs {
            let name = package.as_ref();
            let is_member = self.workspace.members.contains_key(name);
            if !is_member && self.is_third_party(name) {
                self.only_paths_and_variables(name, declared);
            } else if !is_member {
                let members = self.workspace.members.keys().map(PackageName::as_str);
                let locked = self.workspace.lock.packages().iter();
                let known = members.chain(locked.map(|entry| entry.name.as_str()));
                let hint = did_you_mean(name, known).unwrap_or_else(|| {
                    "[inputs.…] is named after a package of the workspace, or after a crate in Cargo.lock"
                        .to_owned()
                });
                self.problem(
                    Code::PackageUnknown,
                    format!("the workspace has no package `{name}`"),
                    package.span(),
                    hint,
                );
            }
            let paths = declared.paths.iter().map(|path| self.input(path)).collect();
            inputs.paths.insert(PackageName::new(name), paths);
            let names = declared.variables.iter();
            let names = sorted(names.map(|name| self.build_variable(name)));
            if !names.is_empty() {
                inputs.variables.insert(PackageName::new(name), names);
            }
            let excluded = declared.exclude.iter();
            let excluded = sorted(excluded.map(|path| self.excluded(name, path)));
            if !excluded.is_empty() {
                inputs.excluded.insert(PackageName::new(name), excluded);
            }
            if let Some(only) = &declared.only {
                let only = sorted(only.iter().map(|path| self.in_folder_of(name, path)));
                inputs.only.insert(PackageName::new(name), only);
            }
        }
        inputs
    }

    /// Returns whether the lock has a third-party crate of that name.
    fn is_third_party(&self, name: &str) -> bool {
        let mut entries = self.workspace.lock.packages().iter();
        entries.any(|entry| entry.name == name && entry.source.is_some())
    }

    /// Reports the keys that a third-party crate cannot have: its folder is not in the workspace.
    fn only_paths_and_variables(&mut self, name: &str, declared: &RawInputs) {
        let RawInputs {
            exclude,
            only,
            images,
            paths: _,
            variables: _,
        } = declared;
        let only = only.as_ref().and_then(|only| only.first());
        let spans = [
            ("exclude", exclude.first().map(Spanned::span)),
            ("only", only.map(Spanned::span)),
            ("images", images.as_ref().map(Spanned::span)),
        ];
        for (key, span) in spans {
            if let Some(span) = span {
                self.problem(
                    Code::ConfigValue,
                    format!("`{name}` is a third-party crate, for which there is no `{key}`"),
                    span,
                    "a third-party crate can have `paths` and `variables`",
                );
            }
        }
    }

    /// Checks a path in the folder of `package`.
    fn in_folder_of(&mut self, package: &str, path: &Spanned<String>) -> Utf8PathBuf {
        let inside = Utf8PathBuf::from(self.in_context(path));
        let member = self.workspace.members.get(package);
        if let Some(member) = member.filter(|m| !inside.starts_with(&m.dir) || inside == m.dir) {
            let name = path.as_ref().escape_debug();
            let folder = match member.dir.as_str() {
                "" => "the workspace's folder".to_owned(),
                dir => format!("{dir}, the folder of `{package}`"),
            };
            self.problem(
                Code::ConfigValue,
                format!("`{name}` is not a path below {folder}"),
                path.span(),
                "write a path in the package's folder, relative to the workspace; `paths` is for other places",
            );
        }
        inside
    }

    /// Checks a path in the folder of `package` that its build does not need.
    fn excluded(&mut self, package: &str, path: &Spanned<String>) -> Utf8PathBuf {
        let inside = self.in_folder_of(package, path);
        let member = self.workspace.members.get(package);
        if let Some(root) = member.and_then(|member| {
            let mut roots = member.roots.iter();
            roots.find(|root| root.starts_with(&inside))
        }) {
            let message = format!("`{package}` is compiled from {root}, which this excludes");
            self.problem(
                Code::ConfigValue,
                message,
                path.span(),
                "exclude only paths in which no target of the package lies",
            );
        }
        inside
    }
}
