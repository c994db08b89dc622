//! Which binaries of the workspace an image has.

use std::collections::{BTreeMap, BTreeSet};

use super::base;
use super::cargo_call::CargoCall;
use super::dockerfile::{Dockerfile, Program};
use super::image::{At, Copied, Image, image, script_at};
use super::path::last;
use super::place::Line;
use super::scope::Scope;
use super::shell;
use crate::graph::{Member, Workspace};
use crate::names::{BinaryName, PackageName};

/// A binary of the workspace in an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    pub package: PackageName,
    pub bin: BinaryName,
    pub line: Line,
    /// The file in the image.
    pub path: String,
    /// The call of Cargo that says most about it.
    pub call: Option<CargoCall>,
    /// Set if it is compiled in a stage that does not call Cargo by name.
    pub by_script: bool,
    /// The lines of other calls that compile it as well, with other settings.
    pub rivals: BTreeSet<Line>,
}

/// The binaries of a workspace by name.
pub struct Known<'a> {
    binaries: BTreeMap<&'a str, Vec<&'a Member>>,
    members: BTreeMap<&'a str, &'a Member>,
}

impl<'a> Known<'a> {
    pub fn new(workspace: &'a Workspace) -> Self {
        let mut binaries: BTreeMap<&str, Vec<&Member>> = BTreeMap::new();
        for member in workspace.own_members() {
            for binary in &member.binaries {
                binaries.entry(&binary.name).or_default().push(member);
            }
        }
        let members = workspace.own_members();
        Self {
            binaries,
            members: members
                .map(|member| (member.name.as_str(), member))
                .collect(),
        }
    }

    pub fn has(&self, bin: &str) -> bool {
        self.binaries.contains_key(bin)
    }

    /// Returns the package of a binary, by what is compiled if several have one of that name.
    fn package(&self, bin: &str, calls: &[CargoCall]) -> Option<&'a Member> {
        let members = self.binaries.get(bin)?;
        let called = |member: &&&Member| {
            let name = member.name.as_str();
            calls
                .iter()
                .any(|call| call.packages.iter().any(|package| package == name))
        };
        members.iter().find(called).or(members.first()).copied()
    }

    /// Returns the binaries that calls of Cargo name, or those of the packages that they name.
    fn called(&self, calls: &[CargoCall]) -> Vec<String> {
        let mut found = Vec::new();
        for call in calls {
            if !call.bins.is_empty() {
                found.extend(call.bins.iter().filter(|bin| self.has(bin)).cloned());
                continue;
            }
            let by_name = call.packages.iter();
            let by_name = by_name.filter_map(|package| self.members.get(package.as_str()));
            let by_path = call
                .path
                .iter()
                .filter_map(|path| self.members.values().find(|member| leads_to(path, member)));
            for member in by_name.chain(by_path) {
                found.extend(member.binaries.iter().map(|binary| binary.name.to_string()));
            }
        }
        found
    }
}

/// Returns the words of a program, including those of a script in it with the values of its variables.
pub fn words(program: &Program, environment: &Scope) -> Vec<String> {
    let in_script = |script: &str| {
        let words = shell::commands(script).into_iter().flatten();
        let words = words.map(|word| environment.fill(&word.text).text);
        words.collect::<Vec<_>>()
    };
    match program {
        Program::Shell(script) => in_script(script),
        Program::Exec(words) => match script_at(words) {
            Some(at) => {
                let mut all = in_script(&words[at]);
                all.extend_from_slice(&words[at + 1..]);
                all
            }
            None => words.clone(),
        },
    }
}

/// Returns the binaries of an image; the one that the image runs comes first.
pub fn carried(
    file: &Dockerfile,
    of: &Image,
    arguments: &BTreeMap<String, String>,
    known: &Known<'_>,
) -> Vec<Carried> {
    let programs = [&of.entrypoint, &of.command].into_iter().flatten();
    let run: Vec<(String, Line)> = programs
        .flat_map(|At { line, value }| {
            let words = words(value, &of.environment());
            words.into_iter().map(move |word| (word, *line))
        })
        .collect();
    let mut found: Vec<Carried> = Vec::new();
    for At { line, value } in &of.copied {
        for (bin, path, calls) in taken(file, value, arguments, known, &run) {
            add(&mut found, &bin, *line, path, &calls, known);
            let origin = value.from.filter(|_| calls.is_empty());
            if let (Some(stage), Some(added)) = (origin, found.last_mut())
                && *added.bin == *bin
            {
                let made = image(file, stage, arguments);
                added.by_script = base::rust(&made.base).is_some();
            }
        }
    }
    // A stage that compiles is its own image.
    if !of.calls.is_empty() {
        let named = run.iter().find(|(word, _)| known.has(last(word)));
        match named {
            Some((word, line)) => {
                add(
                    &mut found,
                    last(word),
                    *line,
                    word.clone(),
                    &of.calls,
                    known,
                );
            }
            None if found.is_empty() => {
                for bin in known.called(&of.calls) {
                    let line = of.calls[0].line;
                    add(&mut found, &bin, line, bin.clone(), &of.calls, known);
                }
            }
            None => {}
        }
    }
    let first = |word: &str| of.links.get(word).map_or(word, String::as_str).to_owned();
    // Only what the image runs tells of a file that comes in an archive.
    if found.is_empty()
        && let Some((word, line)) = run.first()
        && known.has(last(word))
        && !of.copied.is_empty()
    {
        add(&mut found, last(word), *line, word.clone(), &[], known);
    }
    let main = run.iter().find_map(|(word, _)| {
        let target = first(word);
        let same = |carried: &Carried| {
            carried.path == target
                || *last(&target) == *carried.bin
                || last(&carried.path) == last(&target)
        };
        found.iter().position(same)
    });
    if let Some(main) = main {
        found[..=main].rotate_right(1);
    }
    found
}

fn add(
    found: &mut Vec<Carried>,
    bin: &str,
    line: Line,
    path: String,
    calls: &[CargoCall],
    known: &Known<'_>,
) {
    let Some(member) = known.package(bin, calls) else {
        return;
    };
    if found.iter().any(|carried| *carried.bin == *bin) {
        return;
    }
    let (call, rivals) = best_call(calls, bin, member).unzip();
    found.push(Carried {
        package: member.name.clone(),
        bin: BinaryName::new(bin),
        line,
        path,
        call: call.cloned(),
        by_script: false,
        rivals: rivals.unwrap_or_default(),
    });
}

/// Returns the call that says most of how a binary is compiled, the last one of several that say the same, and the
/// lines of those that differ from it.
fn best_call<'c>(
    calls: &'c [CargoCall],
    bin: &str,
    member: &Member,
) -> Option<(&'c CargoCall, BTreeSet<Line>)> {
    let names = |call: &CargoCall| {
        let names_bin = call.bins.iter().any(|own| own == bin);
        let names_package = call.packages.iter().any(|own| *own == *member.name)
            || call
                .path
                .as_ref()
                .is_some_and(|path| leads_to(path, member));
        let general = call.bins.is_empty() && call.packages.is_empty() && call.path.is_none();
        (names_bin, names_package, general)
    };
    let says = |call: &CargoCall| {
        let profile = match call.profile.as_deref() {
            Some("dev") => 0,
            None => 1,
            Some(_) => 2,
        };
        (names(call), profile, !call.features.is_empty())
    };
    let best = calls.iter().max_by_key(|call| says(call))?;
    let level = names(best);
    let rivals = calls
        .iter()
        .filter(|call| names(call) == level && !call.compiles_like(best))
        .map(|call| call.line);
    (level != (false, false, false)).then(|| (best, rivals.collect()))
}

/// Leaves the calls whose profile is that of the folder of a binary, if there are any.
fn of_folder(calls: &[CargoCall], path: &str) -> Vec<CargoCall> {
    let folder = path.trim_end_matches('/').rsplit('/').nth(1);
    let profile = folder.map(|folder| if folder == "debug" { "dev" } else { folder });
    let own = calls
        .iter()
        .filter(|call| call.profile.is_some() && call.profile.as_deref() == profile);
    let own: Vec<CargoCall> = own.cloned().collect();
    if own.is_empty() { calls.to_vec() } else { own }
}

/// Returns whether a path in a Dockerfile is the folder of a package.
fn leads_to(path: &str, member: &Member) -> bool {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    let dir = member.dir.as_str();
    dir == path || (path == "." && dir.is_empty()) || path.ends_with(&format!("/{dir}"))
}

/// A binary, its path in the image, and the calls of Cargo of the stage that it comes from.
type Taken = (String, String, Vec<CargoCall>);

fn taken(
    file: &Dockerfile,
    copied: &Copied,
    arguments: &BTreeMap<String, String>,
    known: &Known<'_>,
    run: &[(String, Line)],
) -> Vec<Taken> {
    let origin = copied.from.map(|stage| image(file, stage, arguments));
    let calls = origin
        .as_ref()
        .map(|origin| calls(file, origin, arguments, &mut BTreeSet::new()));
    let calls = calls.unwrap_or_default();
    let runs = |name: &str| run.iter().any(|(word, _)| last(word) == name);
    let mut found = Vec::new();
    for source in &copied.sources {
        let name = last(source);
        let beside = ["/share/", "/etc/", "/doc/", "/var/"];
        if beside
            .iter()
            .any(|part| format!("{source}/").contains(part))
        {
            continue;
        }
        let path = |name: &str| {
            if copied.to.ends_with('/') || copied.sources.len() > 1 {
                format!("{}/{name}", copied.to.trim_end_matches('/'))
            } else {
                copied.to.clone()
            }
        };
        // A context of Bake that is not known here, unlike an image.
        let of_other = copied.other.as_deref();
        let of_other = of_other.is_some_and(|other| !other.contains([':', '/', '@']));
        let to_programs = copied.to.contains("bin/") || copied.to.ends_with("/bin");
        let to_programs = to_programs && (of_other || copied.from.is_some());
        let compiled = !calls.is_empty() || source.contains("target/") || to_programs;
        let in_stage_or_context = copied.from.is_some() || copied.of_context || of_other;
        if known.has(name) && in_stage_or_context && (compiled || runs(name)) {
            found.push((name.to_owned(), path(name), of_folder(&calls, source)));
            continue;
        }
        let Some(origin) = &origin else {
            let renamed = last(&copied.to);
            if copied.of_context && known.has(renamed) && runs(renamed) {
                found.push((renamed.to_owned(), copied.to.clone(), Vec::new()));
            }
            continue;
        };
        let moved = origin.moved.iter().map(|At { value, .. }| value);
        let renamed = moved.clone().filter(|(from, to)| {
            known.has(last(from)) && (to == source || (last(to) == name && !to.ends_with('/')))
        });
        let renamed: Vec<&str> = renamed.map(|(from, _)| from.as_str()).collect();
        if let [from, ..] = renamed[..] {
            let calls = of_folder(&calls, from);
            found.push((last(from).to_owned(), path(name), calls));
            continue;
        }
        let many = source.contains('*') || source.ends_with('/') || !name.contains('.');
        if !many || calls.is_empty() {
            continue;
        }
        let folder = source
            .split('*')
            .next()
            .unwrap_or(source)
            .trim_end_matches('/');
        let mut inside: Vec<String> = moved
            .filter(|(from, to)| known.has(last(from)) && is_in(to, folder))
            .map(|(from, _)| last(from).to_owned())
            .collect();
        // A folder of binaries that nothing else names.
        let of_binaries = ["target", "release", "debug", "bin", "out", "dist"];
        if inside.is_empty() && of_binaries.contains(&last(folder)) {
            inside = known.called(&calls);
        }
        for bin in inside {
            let path = format!("{}/{bin}", copied.to.trim_end_matches('/'));
            found.push((bin, path, calls.clone()));
        }
    }
    found
}

fn is_in(path: &str, folder: &str) -> bool {
    path.trim_end_matches('/') == folder
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// Returns the calls of Cargo of a stage and of those that it takes files from. `seen` are the stages that need not be
/// looked at again.
fn calls(
    file: &Dockerfile,
    of: &Image,
    arguments: &BTreeMap<String, String>,
    seen: &mut BTreeSet<usize>,
) -> Vec<CargoCall> {
    let mut all: Vec<CargoCall> = of.calls.clone();
    if all.is_empty() {
        for At { value, .. } in &of.copied {
            if let Some(stage) = value.from.filter(|stage| seen.insert(*stage)) {
                let origin = image(file, stage, arguments);
                all.extend(calls(file, &origin, arguments, seen));
            }
        }
    }
    all
}
