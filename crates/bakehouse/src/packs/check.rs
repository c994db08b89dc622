//! Checks of a pack: finds every problem in the content of its folder.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use super::folder::{Entry, File, Folder, Found, Link};
use super::glibc::Floor;
use super::manifest::{ActionFile, Manifest, PackFile, Reader, SensorFile, Text};
use super::platform::Platform;
use super::program::{Binary, Program};
use super::yaml::shown;
use crate::pages::page;
use crate::problem::{Code, Problem, Source};

/// The requirements that a pack is checked against.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The platforms that the pack is mounted on. Each binary has to run on one of them.
    pub platforms: Vec<Platform>,
    /// The oldest glibc of the bases that mount the pack, if it is known.
    pub glibc: Option<Floor>,
    /// Binaries that are built into the pack: path in the pack → name of the pack.
    pub built: BTreeMap<Utf8PathBuf, String>,
}

/// The content of a pack, as far as it can be read.
#[derive(Clone, Debug, Default)]
pub struct Pack {
    pub reference: Option<String>,
    pub name: Option<String>,
    pub version: Option<String>,
    pub actions: Vec<Item>,
    pub sensors: Vec<Item>,
}

/// An action or a sensor.
#[derive(Clone, Debug)]
pub struct Item {
    pub reference: String,
    /// The interpreter of an action.
    pub runner: Option<String>,
    /// The path in the pack.
    pub entry_point: Utf8PathBuf,
    /// Whether it is a binary that is not built yet.
    pub unbuilt: bool,
}

/// Checks a pack and goes on after a mistake. Returns the pack's content and all problems, sorted by file and place.
pub fn check(folder: &Folder, expected: &Expected) -> (Pack, Vec<Found>) {
    let mut check = Check {
        folder,
        expected,
        found: folder.problems.clone(),
    };
    let pack = check.pack();
    check.links();
    check.binaries(&pack);
    let mut found = check.found;
    found.sort_by(|a, b| (&a.file, a.problem.start()).cmp(&(&b.file, b.problem.start())));
    (pack, found)
}

struct Check<'a> {
    folder: &'a Folder,
    expected: &'a Expected,
    found: Vec<Found>,
}

impl Check<'_> {
    fn pack(&mut self) -> Pack {
        let mut pack = Pack::default();
        let path = Utf8Path::new("pack.yaml");
        let file: Option<PackFile> = match self.folder.entries.get(path) {
            Some(entry) => self.manifest(path, entry, |check, reader, file: &PackFile| {
                if let Some(reference) = &file.reference {
                    check.pack_reference(reader, reference);
                }
            }),
            None => {
                let message = format!("{} has no pack.yaml", self.folder.path);
                let hint = format!(
                    "write one with `ref`, `name` and `version`; {} shows it",
                    page("packs")
                );
                self.tell(path, Code::PackMissing, message, hint);
                None
            }
        };
        if let Some(file) = file {
            let value = |text: Option<Text>| text.map(|text| text.value);
            pack.reference = value(file.reference);
            pack.name = value(file.name);
            pack.version = value(file.version);
        }
        let owner = pack.reference.clone();
        let owner = owner.as_deref().filter(|reference| is_name(reference));
        pack.actions = self.items("actions", owner, |file: &ActionFile| ItemFile {
            reference: file.reference.clone(),
            runner: file.runner.clone(),
            entry_point: file.entry_point.clone(),
        });
        pack.sensors = self.items("sensors", owner, |file: &SensorFile| ItemFile {
            reference: file.reference.clone(),
            runner: None,
            entry_point: file.entry_point.clone(),
        });
        pack
    }

    fn pack_reference(&self, reader: &mut Reader<'_>, reference: &Text) {
        let value = &reference.value;
        if !is_name(value) {
            let message = format!("`{}` cannot be a pack's ref", shown(value));
            reader.problem(Code::PackValue, message, reference.span.clone(), NAME_RULE);
        } else if self.folder.name != *value {
            let message = format!("the ref `{value}` is not the name of the pack's folder");
            let name = &self.folder.name;
            let hint = if is_name(name) {
                format!("write `ref: {name}`, or rename the folder")
            } else {
                format!("rename the folder to {value}")
            };
            reader.problem(Code::PackValue, message, reference.span.clone(), hint);
        }
    }

    /// Reads all manifests of one kind.
    fn items<F: Manifest>(
        &mut self,
        kind: &str,
        owner: Option<&str>,
        read: impl Fn(&F) -> ItemFile,
    ) -> Vec<Item> {
        let path = Utf8Path::new(kind);
        if let Some(entry) = self.folder.entries.get(path)
            && !matches!(entry, Entry::Folder)
        {
            let message = format!("{} is not a folder", self.folder.path.join(path));
            self.tell(
                path,
                Code::PackValue,
                message,
                "make it a folder of its own",
            );
            return Vec::new();
        }
        let mut items: Vec<Item> = Vec::new();
        let mut taken: BTreeMap<String, Utf8PathBuf> = BTreeMap::new();
        let folder = self.folder;
        for (path, entry) in folder.manifests(kind) {
            let mut item = None;
            self.manifest(path, entry, |check, reader, file: &F| {
                let file = read(file);
                if let Some(reference) = &file.reference {
                    check.item_reference(reader, reference, owner);
                    if let Some(other) = taken.get(&reference.value) {
                        let message =
                            format!("{other} has the ref `{}`, too", shown(&reference.value));
                        let hint = "give one of them another name";
                        reader.problem(Code::PackRefTaken, message, reference.span.clone(), hint);
                    } else {
                        let at = folder.path.join(path);
                        taken.insert(reference.value.clone(), at);
                    }
                }
                let entry_point = file.entry_point.as_ref();
                let place = entry_point.and_then(|text| {
                    check.entry_point(reader, path, text, kind, file.runner.as_ref())
                });
                if let (Some(reference), Some((entry_point, unbuilt))) = (file.reference, place) {
                    item = Some(Item {
                        reference: reference.value,
                        runner: file.runner.map(|runner| runner.value),
                        entry_point,
                        unbuilt,
                    });
                }
            });
            items.extend(item);
        }
        items.sort_by(|a, b| a.reference.cmp(&b.reference));
        items
    }

    fn item_reference(&self, reader: &mut Reader<'_>, reference: &Text, owner: Option<&str>) {
        let value = &reference.value;
        let (pack, name) = value.split_once('.').unwrap_or(("", value));
        let hint = match owner {
            Some(owner) if pack != owner && is_name(name) => format!("write `ref: {owner}.{name}`"),
            _ if is_name(pack) && is_name(name) => return,
            _ => format!("write <pack>.<name>; {NAME_RULE}"),
        };
        let message = format!(
            "`{}` cannot be the ref of something in this pack",
            shown(value)
        );
        reader.problem(Code::PackValue, message, reference.span.clone(), hint);
    }

    /// Returns the file that an entry point names, and whether it is still to be built; `None` if something is wrong.
    fn entry_point(
        &self,
        reader: &mut Reader<'_>,
        manifest: &Utf8Path,
        text: &Text,
        kind: &str,
        runner: Option<&Text>,
    ) -> Option<(Utf8PathBuf, bool)> {
        let value = &text.value;
        let named = shown(value);
        let mut wrong = |code, message: String, hint: &str| {
            reader.problem(code, message, text.span.clone(), hint);
        };
        if !is_inside(value) {
            let message = format!("the entry point `{named}` is not a path inside this folder");
            wrong(
                Code::PackPathOutside,
                message,
                "name a file in the manifest's folder or below, without `..`",
            );
            return None;
        }
        let folder = manifest.parent().unwrap_or(manifest);
        let path: Utf8PathBuf = folder
            .join(value)
            .components()
            .filter(|part| *part != Utf8Component::CurDir)
            .collect();
        let Some((place, entry)) = self.folder.at(&path) else {
            if self.expected.built.contains_key(&path) {
                return Some((path, true));
            }
            let message = format!("the entry point `{named}` does not exist");
            let hint = self.near(&path).unwrap_or_else(|| {
                "add the file; if it is a binary of this workspace, name it under [packs] in bakehouse.toml"
                    .to_owned()
            });
            wrong(Code::PackEntryMissing, message, &hint);
            return None;
        };
        let file = match entry {
            Entry::File(file) => file,
            Entry::Link(Link::Nowhere) => {
                let message = format!("the entry point `{named}` is a link to nothing");
                wrong(
                    Code::PackEntryMissing,
                    message,
                    "copy the file into the pack",
                );
                return None;
            }
            Entry::Link(_) => {
                let message = format!("the entry point `{named}` is a link that leaves the pack");
                wrong(
                    Code::PackPathOutside,
                    message,
                    "copy the file into the pack: files outside it are not mounted",
                );
                return None;
            }
            Entry::Folder | Entry::Other => {
                let message = format!("the entry point `{named}` is not a file");
                wrong(Code::PackEntryMissing, message, "name an executable file");
                return None;
            }
        };
        let what = format!("the entry point `{named}`");
        if let Some((code, message, hint)) = self.runnable(&what, &place, file, kind, runner) {
            wrong(code, message, &hint);
        }
        Some((path, false))
    }

    /// Returns the reason why a file cannot be run, if there is one: code, message and hint.
    fn runnable(
        &self,
        what: &str,
        place: &Utf8Path,
        file: &File,
        kind: &str,
        runner: Option<&Text>,
    ) -> Option<(Code, String, String)> {
        let Some(program) = &file.program else {
            let path = self.folder.path.join(place);
            let hint = format!("run `chmod +x {path}`, and commit the mode");
            let code = Code::PackEntryNotExecutable;
            return Some((code, format!("{what} is not executable"), hint));
        };
        let (message, hint) = match program {
            Program::Broken(why) => {
                let hint = match self.expected.built.get(place) {
                    Some(pack) => format!("`bakehouse packs build {pack}` builds it again"),
                    None => "fix the file".to_owned(),
                };
                (format!("{what} cannot be run: {why}"), hint)
            }
            Program::Text if kind == "sensors" => (
                format!("{what} is neither a binary nor a script"),
                "begin it with `#!` and the interpreter, such as `#!/bin/sh`".to_owned(),
            ),
            Program::Binary(_) if kind == "actions" => {
                let runner = runner.map_or("its runner", |runner| runner.value.as_str());
                (
                    format!("{what} is a binary, and `{runner}` interprets a script"),
                    "let a script start the binary".to_owned(),
                )
            }
            Program::Binary(binary) => return self.runs(what, place, binary),
            Program::Script(_) | Program::Text => return None,
        };
        Some((Code::PackProgram, message, hint))
    }

    /// Returns the reason why a binary does not run where the pack is mounted, if there is one: code, message and hint.
    fn runs(
        &self,
        what: &str,
        place: &Utf8Path,
        binary: &Binary,
    ) -> Option<(Code, String, String)> {
        let Expected {
            platforms,
            glibc,
            built,
        } = self.expected;
        if !platforms
            .iter()
            .any(|platform| platform.runs(binary.machine))
        {
            let names: Vec<&str> = platforms.iter().map(Platform::as_str).collect();
            let names = names.join(",");
            let message = format!("{what} is for {}, not for {names}", binary.machine);
            let hint = match built.get(place) {
                Some(pack) => {
                    format!("`bakehouse packs build {pack} --platform {names}` builds it")
                }
                None => {
                    "build it for that platform, or name another one with --platform".to_owned()
                }
            };
            return Some((Code::PackPlatform, message, hint));
        }
        let (message, hint) = too_new(what, binary, glibc.as_ref())?;
        Some((Code::GlibcTooNew, message, hint))
    }

    /// Checks binaries that are built into the pack but are no manifest's entry point.
    fn binaries(&mut self, pack: &Pack) {
        let named: BTreeSet<&Utf8PathBuf> = pack
            .actions
            .iter()
            .chain(&pack.sensors)
            .map(|item| &item.entry_point)
            .collect();
        let folder = self.folder;
        let expected = self.expected;
        for path in expected.built.keys().filter(|path| !named.contains(path)) {
            let Some(Entry::File(file)) = folder.entries.get(path) else {
                continue;
            };
            let what = folder.path.join(path);
            if let Some(Program::Binary(binary)) = &file.program
                && let Some((code, message, hint)) = self.runs(what.as_str(), path, binary)
            {
                self.tell(path, code, message, hint);
            }
        }
    }

    /// Checks links. They are copied and mounted as links, so their targets outside the pack are missing there.
    fn links(&mut self) {
        let folder = self.folder;
        for (path, entry) in &folder.entries {
            let shown = folder.path.join(path);
            let (code, message, hint) = match entry {
                Entry::Link(Link::Outside) => (
                    Code::PackPathOutside,
                    format!("{shown} is a link that leaves the pack"),
                    "copy its target into the pack",
                ),
                Entry::Link(Link::Nowhere) => (
                    Code::PackPathOutside,
                    format!("{shown} is a link to nothing"),
                    "remove it, or make it lead to a file of the pack",
                ),
                Entry::Other => (
                    Code::PackValue,
                    format!("{shown} is neither a file nor a folder"),
                    "remove it: a pack is copied, and this cannot be",
                ),
                _ => continue,
            };
            self.tell(path, code, message, hint);
        }
    }

    /// Reads a manifest and calls `then` with its content.
    fn manifest<F: Manifest>(
        &mut self,
        path: &Utf8Path,
        entry: &Entry,
        then: impl FnOnce(&Self, &mut Reader<'_>, &F),
    ) -> Option<F> {
        let shown = self.folder.path.join(path);
        let text = match entry {
            Entry::File(File {
                text: Some(text), ..
            }) => text.clone(),
            _ => Err("is not a file".to_owned()),
        };
        let text = match text {
            Ok(text) => text,
            Err(why) => {
                let message = format!("{shown} {why}");
                self.tell(
                    path,
                    Code::PackInvalid,
                    message,
                    "write it as a file of YAML",
                );
                return None;
            }
        };
        let source = Source {
            name: shown.to_string(),
            text,
        };
        let mut reader = Reader::new(&source);
        let file = reader.root().and_then(|root| F::read(&mut reader, &root));
        if let Some(file) = &file {
            then(&*self, &mut reader, file);
        }
        let problems = reader.problems.into_iter();
        self.found.extend(problems.map(|problem| Found {
            file: shown.clone(),
            problem,
        }));
        file
    }

    fn tell(
        &mut self,
        path: &Utf8Path,
        code: Code,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.found.push(Found {
            file: self.folder.path.join(path),
            problem: Problem::new(code, message).hint(hint),
        });
    }

    /// Returns the file in the same folder that was probably meant.
    fn near(&self, path: &Utf8Path) -> Option<String> {
        let siblings = self.folder.entries.keys();
        let names = siblings.filter(|other| other.parent() == path.parent());
        crate::problem::did_you_mean(
            path.file_name()?,
            names.filter_map(|other| other.file_name()),
        )
    }
}

/// Returns the reason why a binary does not run on the oldest base, if there is one: message and hint.
pub fn too_new(what: &str, binary: &Binary, floor: Option<&Floor>) -> Option<(String, String)> {
    let (needed, floor) = (binary.glibc.as_ref()?, floor?);
    if needed.version <= floor.version {
        return None;
    }
    let needs = format!(
        "{what} needs glibc {} (for `{}`)",
        needed.version,
        shown(&needed.symbol)
    );
    let least = floor.version;
    Some(match &floor.image {
        Some(image) => (
            format!("{needs}, and {image} has {least}"),
            "build it on a base as old as the oldest that runs it: `bases.builder` in bakehouse.toml, or build for that version: `glibc`".to_owned(),
        ),
        None => (
            format!("{needs}, and bakehouse.toml asks for glibc {least}"),
            "build it by `bakehouse packs build`, or raise `glibc` in bakehouse.toml".to_owned(),
        ),
    })
}

/// The keys that actions and sensors have in common.
struct ItemFile {
    reference: Option<Text>,
    runner: Option<Text>,
    entry_point: Option<Text>,
}

const NAME_RULE: &str = "begin with a lower-case letter and go on with those, digits, `_` or `-`";

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c))
}

/// Returns whether `path` is relative and has no `..`.
fn is_inside(path: &str) -> bool {
    let plain = |part| matches!(part, Utf8Component::Normal(_) | Utf8Component::CurDir);
    !path.is_empty()
        && !path.chars().any(char::is_control)
        && Utf8Path::new(path).components().all(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Any name of an entry point: a path that counts as inside stays inside, and a name that satisfies the rule
        /// contains nothing that a shell, a path or a URL would split.
        #[test]
        fn what_is_taken_for_inside_stays_there(parts in prop::collection::vec("(\\.|\\.\\.|[a-z \\\\$\"']{0,4}|/)", 0..6)) {
            let path = parts.join("/");
            if is_inside(&path) {
                let mut depth = 0_i32;
                for part in path.split('/') {
                    depth += match part { "" | "." => 0, ".." => -1, _ => 1 };
                    prop_assert!(depth >= 0, "{path}");
                }
                prop_assert!(!path.starts_with('/'), "{path}");
            } else {
                prop_assert!(path.is_empty() || path.starts_with('/') || path.split('/').any(|part| part == ".."), "{path}");
            }
        }

        #[test]
        fn names_are_plain(name in ".{0,8}") {
            let plain = !name.is_empty()
                && name.bytes().all(|b| b"abcdefghijklmnopqrstuvwxyz0123456789_-".contains(&b))
                && !b"0123456789_-".contains(&name.as_bytes()[0]);
            prop_assert_eq!(is_name(&name), plain);
        }

        /// No text makes the check panic, and every reported place lies in the text.
        #[test]
        fn any_manifest_is_checked(text in "(ref|runner|entry_point|parameters|&a|\\*a|<<|[:{}\\[\\]\\-\\n \"'#|>!?ä0-9]){0,24}") {
            let file = File { executable: false, program: None, text: Some(Ok(text.clone())) };
            let entries = ["pack.yaml", "actions/a.yaml", "sensors/s.yaml"]
                .map(|path| (Utf8PathBuf::from(path), Entry::File(file.clone())));
            let folder = Folder { path: "packs/p".into(), name: "p".to_owned(), entries: entries.into(), problems: Vec::new() };
            let expected = Expected {
                platforms: vec![Platform::new("linux/amd64").unwrap()],
                glibc: None,
                built: BTreeMap::new(),
            };
            let (_, found) = check(&folder, &expected);
            prop_assert!(!found.is_empty(), "{text:?} is no whole manifest");
            for Found { problem, .. } in found {
                prop_assert!(problem.start() == usize::MAX || problem.start() <= text.len());
            }
        }
    }
}
