//! The differences between two states of an output.

use std::collections::BTreeSet;

use camino::Utf8Path;

use super::files::{Files, file_changes};
use super::reason::{Explained, Reason, turned};
use super::{Output, WorkspaceState, manifest};
use crate::graph::toolchain_file::Channel;
use crate::plan::about;
use crate::plan::inherit;
use crate::plan::inputs::{Part, file_text};
use crate::toolchain::written;

/// Returns the reasons why `now` differs from `then`, the shortest explanations first. The list is never empty if the
/// input hashes differ.
pub fn reasons(
    (then, was): (WorkspaceState<'_>, Output<'_>),
    (now, is): (WorkspaceState<'_>, Output<'_>),
    config: &str,
) -> Vec<Reason> {
    let explained = Explained {
        then,
        was,
        now,
        is,
        config,
    };
    let mut reasons: BTreeSet<Reason> = explained.lock().chain(explained.files()).collect();
    let parts: BTreeSet<&Part> = was.inputs.0.keys().chain(is.inputs.0.keys()).collect();
    for part in parts {
        let (old, new) = (was.inputs.0.get(part), is.inputs.0.get(part));
        if old != new {
            explained.part(
                part,
                old.map(|value| &**value),
                new.map(|value| &**value),
                &mut reasons,
            );
        }
    }
    if reasons.is_empty() {
        reasons.extend(explained.reached());
    }
    if reasons.is_empty() {
        reasons.extend(explained.all_features());
    }
    let mut reasons: Vec<Reason> = reasons.into_iter().collect();
    reasons.sort_by(|a, b| (a.chain.len(), a).cmp(&(b.chain.len(), b)));
    reasons
}

impl<'a> Explained<'a> {
    /// Returns whether `key` is a profile that the manifest has as before. Another one is used.
    fn is_same_profile(&self, key: &str) -> bool {
        let of = |state: &WorkspaceState<'_>| {
            let profiles = state.workspace.manifest.get("profile")?;
            profiles.get(key.strip_prefix("profile.")?).cloned()
        };
        let then = of(&self.then);
        then.is_some() && then == of(&self.now)
    }

    fn part(
        &self,
        part: &Part,
        old: Option<&str>,
        new: Option<&str>,
        reasons: &mut BTreeSet<Reason>,
    ) {
        let here = || vec![self.is.name.to_owned()];
        let mut push = |file: &str, what: String, chain: Vec<String>| {
            reasons.insert(Reason {
                file: file.to_owned(),
                what,
                chain,
            });
        };
        match part {
            Part::Setting(key) => {
                if let Some(field) = about::field(key) {
                    reasons.extend(self.label(field, old, new));
                    return;
                }
                let file = if self.by_toolchain(key, old, new) {
                    self.toolchain_file()
                } else {
                    self.config
                };
                let of_all = self.then.plan.config.profile != self.now.plan.config.profile;
                let key = match key.as_str() {
                    "profile" if of_all => key.clone(),
                    "package" | "bin" | "to" | "profile" | "rustflags" => {
                        format!("{}.{}.{key}", self.is.table, self.is.table_of)
                    }
                    _ => key.clone(),
                };
                push(file, format!("{key}: {}", turned(old, new)), here());
            }
            Part::Toolchain => push(self.toolchain_file(), turned(old, new), here()),
            Part::Identity => push(written::FILE, self.pinned(old, new), here()),
            Part::Workspace(file, key) if self.only_its_heirs_changed(file, key, old, new) => {}
            Part::Workspace(_, key) if self.is_same_profile(key) => {}
            Part::Workspace(file, key) => {
                let (state, output) = self.side(new.is_some());
                let heir = key.strip_prefix("workspace.").and_then(|key| {
                    let heirs = output.closure.iter().filter(|package| {
                        let member = &state.workspace.members[*package];
                        member.workspace.join("Cargo.toml") == *file
                            && inherit::keys(state.plan.development.manifest(&member.name))
                                .contains(key)
                    });
                    heirs
                        .map(|package| state.chain(output, package))
                        .min_by_key(Vec::len)
                });
                let field = key.strip_prefix("workspace.package.");
                let what = field.and_then(|field| manifest::inherited(field, old, new));
                let what = what.unwrap_or_else(|| format!("[{key}]"));
                push(file.as_str(), what, heir.unwrap_or_else(here));
            }
            Part::Package(package) => self.package(package, &mut push),
            Part::Features(package) => {
                // If the outputs ask for the same features as before, a manifest explains the change, and manifests are
                // inputs, too.
                let was = self.then.asked(self.was, package);
                if was != self.now.asked(self.is, package) {
                    reasons.insert(self.features(package, old, new));
                }
            }
            Part::FeatureRequests(package) => {
                let (state, _) = self.side(new.is_some());
                push(
                    state.manifest(package).as_str(),
                    "features are unified with it".to_owned(),
                    vec![package.to_string(), self.is.name.to_owned()],
                );
            }
            Part::Crate(folder) => {
                // A crate that was added or removed is reported with the lock.
                if old.is_some() && new.is_some() {
                    self.third_party(folder, &mut push);
                }
            }
            // These parts are compared together elsewhere.
            Part::CargoConfig(_)
            | Part::Shipped(_)
            | Part::Dockerfile(_)
            | Part::Sent(_)
            | Part::Locked(_) => {}
            // An image that is new here, or no longer read, is reported with its setting.
            Part::Embedded(image) => reasons.extend(self.embedded(image)),
            Part::Image(image) => reasons.extend(self.of_image(image, &here())),
        }
    }

    fn features(&self, package: &str, old: Option<&str>, new: Option<&str>) -> Reason {
        let (state, output) = self.side(new.is_some());
        Reason {
            file: self.config.to_owned(),
            what: format!("features of {package}: {}", turned(old, new)),
            chain: state.chain(output, package),
        }
    }

    /// Returns the changes of features that follow from the selection of outputs.
    fn all_features(&self) -> Vec<Reason> {
        let parts = self.is.inputs.0.iter();
        parts
            .filter_map(|(part, new)| match part {
                Part::Features(package) => {
                    let old = self.was.inputs.0.get(part);
                    let differ = old != Some(new);
                    differ.then(|| self.features(package, old.map(|old| &**old), Some(new)))
                }
                _ => None,
            })
            .collect()
    }

    /// Returns the current state, or the former one.
    fn side(&self, is_now: bool) -> (WorkspaceState<'a>, Output<'a>) {
        if is_now {
            (self.now, self.is)
        } else {
            (self.then, self.was)
        }
    }

    /// Returns the name of the toolchain file, which may exist in only one of the states.
    fn toolchain_file(&self) -> &str {
        let states = [self.now, self.then].into_iter();
        let mut files = states.filter_map(|state| state.plan.toolchain_file.as_ref());
        let name = files.find_map(|file| file.path.file_name());
        name.unwrap_or("rust-toolchain.toml")
    }

    /// Describes the changes of `toolchain.json`.
    fn pinned(&self, old: Option<&str>, new: Option<&str>) -> String {
        let (then, now) = (&self.then.plan.toolchain, &self.now.plan.toolchain);
        match (then, now) {
            (Some(then), Some(now)) => then.differences(now).join(", "),
            _ => turned(old, new),
        }
    }

    /// Returns whether the builder base moved because it follows the pinned toolchain.
    fn by_toolchain(&self, key: &str, old: Option<&str>, new: Option<&str>) -> bool {
        let follows = |value: Option<&str>, state: WorkspaceState<'_>| {
            let channel = state.plan.channel().map(Channel::as_str);
            value.is_some_and(|value| channel.is_some_and(|channel| value.contains(channel)))
        };
        key == "bases.builder"
            && self.then.plan.channel() != self.now.plan.channel()
            && follows(old, self.then)
            && follows(new, self.now)
    }

    fn package(&self, package: &str, push: &mut impl FnMut(&str, String, Vec<String>)) {
        let (was, is) = (
            self.was.closure.contains(package),
            self.is.closure.contains(package),
        );
        if was && is {
            let chain = self.now.chain(self.is, package);
            let old = &self.then.plan.packages[package];
            let new = &self.now.plan.packages[package];
            if old.manifest != new.manifest {
                let file = self.now.manifest(package);
                for what in manifest::changes(&old.manifest, &new.manifest) {
                    push(file.as_str(), what, chain.clone());
                }
            }
            let others: BTreeSet<_> = old.others.keys().chain(new.others.keys()).collect();
            for path in others {
                if old.others.get(path) != new.others.get(path) {
                    push(path.as_str(), "modified".to_owned(), chain.clone());
                }
            }
            for (file, what) in file_changes(&old.texts(), &new.texts()) {
                push(file.as_str(), what, chain.clone());
            }
            return;
        }
        // If a package was added or removed, the nearest changed manifest explains it.
        let (state, output) = self.side(is);
        let other = if is { self.was } else { self.is };
        let way = state.way(output, package);
        let Some((_, above)) = way.split_last() else {
            return;
        };
        let Some(parent) = above.last() else { return };
        // If the package replaces or replaced a third-party crate, the change of the patch explains it.
        let (otherwise, _) = self.side(!is);
        if !other.closure.contains(*parent) || otherwise.lock.has_third_party(package) {
            return;
        }
        let changed = |package: &&&str| {
            let manifest = |state: WorkspaceState<'_>| {
                state
                    .plan
                    .packages
                    .get(**package)
                    .map(|inputs| inputs.manifest.clone())
            };
            manifest(self.then) != manifest(self.now)
        };
        let file = above.iter().rev().find(changed).map_or_else(
            || self.config.to_owned(),
            |package| state.manifest(package).to_string(),
        );
        let what = if is {
            format!("adds {package}")
        } else {
            format!("no longer adds {package}")
        };
        push(&file, what, state.chain(output, package));
    }

    /// Reports the files of the third-party crate in `folder` that changed.
    fn third_party(&self, folder: &Utf8Path, push: &mut impl FnMut(&str, String, Vec<String>)) {
        let files = |state: WorkspaceState<'a>| -> Files<'a> {
            let all = state.plan.crate_files.iter();
            let inside = all.filter(|(file, _)| file.starts_with(folder));
            inside
                .map(|(file, state)| (file, file_text(state)))
                .collect()
        };
        let mut chain = vec![self.is.name.to_owned()];
        let sources = &self.now.workspace.local_sources;
        let named = sources.crates.iter().find(|(_, at)| *at == folder);
        if let Some(((name, version), _)) = named {
            let entry = format!("{name} {version}");
            let way = self.is.way_in_lock(self.now.lock, &entry);
            let way = way.into_iter().rev();
            let mut crates: Vec<String> = way
                .map(|index| self.now.lock.entry(index).name.clone())
                .collect();
            crates.append(&mut chain);
            crates.dedup();
            chain = crates;
        }
        for (file, what) in file_changes(&files(self.then), &files(self.now)) {
            push(file.as_str(), what, chain.clone());
        }
    }

    /// Returns whether a key of a workspace's manifest kept its value, and only counts now, or no longer does, because
    /// of a package that inherits it.
    fn only_its_heirs_changed(
        &self,
        file: &Utf8Path,
        key: &str,
        old: Option<&str>,
        new: Option<&str>,
    ) -> bool {
        let value = |state: WorkspaceState<'a>| {
            let workspace = state.workspace;
            let folder = file.parent().unwrap_or(Utf8Path::new(""));
            let foreign = workspace.foreign.get(folder);
            let shared = foreign.unwrap_or(&workspace.manifest).get("workspace")?;
            inherit::value(shared.as_table()?, key.strip_prefix("workspace.")?)
        };
        key.starts_with("workspace.")
            && (old.is_none() || new.is_none())
            && value(self.then) == value(self.now)
    }

    /// Returns the changes of an image whose files a package reads, both then and now.
    fn embedded(&self, image: &str) -> Vec<Reason> {
        let embedded = self.now.plan.config.embedded.iter();
        let readers = embedded.filter(|(package, images)| {
            self.is.closure.contains(*package) && images.iter().any(|one| *one.image == *image)
        });
        let chains = readers.map(|(package, _)| self.now.chain(self.is, package));
        let chain = chains.min_by_key(Vec::len);
        chain.map_or_else(Vec::new, |chain| self.of_image(image, &chain))
    }

    /// Returns the changes of an image of another Dockerfile, which reaches the output by `chain`, both then and now.
    fn of_image(&self, image: &str, chain: &[String]) -> Vec<Reason> {
        let of =
            |state: WorkspaceState<'a>| Output::all(state.plan).find(|output| output.name == image);
        let (Some(was), Some(is)) = (of(self.then), of(self.now)) else {
            return Vec::new();
        };
        let mut changes = reasons((self.then, was), (self.now, is), self.config);
        for change in &mut changes {
            change.chain.extend(chain.iter().cloned());
        }
        changes
    }

    /// Returns the changes of files that belong to no package: shipped ones, those of contexts, and Cargo's
    /// configuration.
    fn files(&self) -> impl Iterator<Item = Reason> {
        fn files(output: Output<'_>) -> Files<'_> {
            let parts = output.inputs.0.iter();
            parts
                .filter_map(|(part, text)| match part {
                    Part::CargoConfig(path)
                    | Part::Shipped(path)
                    | Part::Dockerfile(path)
                    | Part::Sent(path) => Some((path.as_path(), text.to_string())),
                    _ => None,
                })
                .collect()
        }
        let changes = file_changes(&files(self.was), &files(self.is));
        changes.into_iter().map(|(file, what)| Reason {
            file: file.into_string(),
            what,
            chain: vec![self.is.name.to_owned()],
        })
    }
}
