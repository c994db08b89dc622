//! The files of the repository that an image has beside its binaries.

use std::collections::BTreeMap;
use std::io::Read;

use camino::{Utf8Path, Utf8PathBuf};

use super::base;
use super::carried::Carried;
use super::dockerfile::{Dockerfile, is_archive};
use super::image::{At, Copied, image};
use super::keys::{Making, Sight};
use super::path::last;
use super::place::{Line, normal};
use crate::plan::choice::{ProposedImage, ProposedKey};

impl Making<'_> {
    /// Finds files of the repository that the image has beside its binaries.
    pub(super) fn files(&mut self, sight: &Sight<'_>) {
        let candidate = self.candidate;
        let mut table: BTreeMap<String, (String, Line)> = BTreeMap::new();
        for At {
            line,
            value: copied,
        } in &candidate.image.copied
        {
            let from = copied
                .from
                .map(|stage| image(&candidate.file, stage, &candidate.request.args));
            let to_folder = copied.to.ends_with('/') || copied.sources.len() > 1;
            for source in &copied.sources {
                let is_binary = |carried: &Carried| carried.line == *line;
                if candidate.binaries.iter().any(is_binary) || source.ends_with("/bin/*") {
                    continue;
                }
                if copied.unpacks && is_archive(source) {
                    let why = format!("{source} is not proposed, which ADD unpacks: see `files`");
                    self.note(*line, &why);
                    continue;
                }
                // A stage that compiles has the sources.
                if !candidate.image.calls.is_empty() && is_source(source, sight) {
                    continue;
                }
                let inside = match &from {
                    Some(from) => source
                        .strip_prefix(from.workdir.trim_end_matches('/'))
                        .map(|path| Utf8PathBuf::from(path.trim_start_matches('/'))),
                    None if copied.of_context => normal(
                        &candidate
                            .request
                            .context
                            .join(source.trim_start_matches('/')),
                    ),
                    None => None,
                };
                let inside = inside
                    .and_then(|path| normal(&path))
                    .filter(|path| !path.as_str().is_empty());
                let is_file = inside
                    .as_ref()
                    .is_some_and(|path| sight.files.contains(path));
                let is_folder = inside.as_ref().is_some_and(|path| {
                    let next = sight.files.range(path.clone()..).find(|file| *file != path);
                    next.is_some_and(|file| file.starts_with(path))
                });
                let own = inside.filter(|_| is_file || is_folder);
                let above = own.clone().filter(|path| !path.starts_with(sight.folder));
                let own = own
                    .and_then(|path| path.strip_prefix(sight.folder).ok().map(Utf8Path::to_owned));
                let Some(path) = own.filter(|path| !path.as_str().is_empty()) else {
                    let is_library = source.contains(".so");
                    let row = copied
                        .from
                        .and_then(|stage| self.of_image(stage, source, sight));
                    if let Some(row) = row {
                        let is_file = last(source).contains('.');
                        let to = target(copied, source, to_folder && is_file);
                        table.insert(row, (to, *line));
                        continue;
                    }
                    let way = match above {
                        _ if is_library => ": see `libs`".to_owned(),
                        Some(path) => format!(": {path} is above the workspace, see `context`"),
                        None => String::new(),
                    };
                    self.note(*line, &format!("COPY of {source} is not proposed{way}"));
                    continue;
                };
                let to = target(copied, path.as_str(), to_folder && is_file);
                if to.is_empty() {
                    self.note(
                        *line,
                        &format!(
                            "COPY of {source} is not proposed: it fills the root of the image"
                        ),
                    );
                    continue;
                }
                self.modes(&path, &to, copied.executable, *line, sight);
                if is_file {
                    // A file that is copied later takes the place of an earlier one.
                    table.retain(|other, (place, _)| {
                        let other = sight.folder.join(other);
                        *place != to || !sight.files.contains(&other)
                    });
                }
                let before = table.insert(path.to_string(), (to.clone(), *line));
                if let Some((other, line)) = before.filter(|(other, _)| *other != to) {
                    let why = format!("{path} goes to {other} as well, and to one place here");
                    self.note(line, &why);
                }
            }
        }
        let rows = table.into_iter().map(|(path, (to, line))| ProposedKey {
            name: toml::Value::String(path).to_string(),
            value: toml::Value::String(to).to_string(),
            place: self.place(line),
        });
        let rows: Vec<ProposedKey> = rows.collect();
        self.service.files = rows;
    }

    /// Returns the name of files of a stage as files of an image, and adds the image: the stage, or the target of Bake that
    /// it is. None if it compiles something of the workspace, or has no name.
    fn of_image(&mut self, stage: usize, source: &str, sight: &Sight<'_>) -> Option<String> {
        let candidate = self.candidate;
        let file = &candidate.file;
        let own = &file.stages[stage];
        let other = file.origins[own.line.file].target.as_deref();
        let (request, name, target) = match other {
            Some(other) => (other, other.name.as_ref()?, other.target.as_ref()),
            None => (&candidate.request, own.name.as_ref()?, own.name.as_ref()),
        };
        // An image has no contexts beside its own.
        let is_alone = match other {
            Some(other) => other.bake.iter().all(|bake| bake.contexts.is_empty()),
            None => file.origins.len() == 1,
        };
        let plain = source.starts_with('/') && !source.contains(['*', '$']);
        // A stage that binaries come from unpacks what was built elsewhere.
        let mut copied = candidate.image.copied.iter();
        let has_binary = copied.any(|At { line, value }| {
            let mut binaries = candidate.binaries.iter();
            value.from == Some(stage) && binaries.any(|carried| carried.line == *line)
        });
        if !is_alone || !plain || has_binary || compiles(file, stage, &request.args) {
            return None;
        }
        let here = |path: &Utf8Path| {
            let path = path.strip_prefix(sight.folder).ok()?;
            Some(
                if path.as_str().is_empty() {
                    "."
                } else {
                    path.as_str()
                }
                .to_owned(),
            )
        };
        let text = |text: String| toml::Value::String(text).to_string();
        let mut keys = vec![
            format!("context = {}", text(here(&request.context)?)),
            format!("dockerfile = {}", text(here(&request.dockerfile)?)),
        ];
        keys.extend(target.map(|target| format!("target = {}", text(target.clone()))));
        let made = image(file, stage, &request.args);
        let args = request.args.iter();
        let args: toml::Table = args
            .filter(|(name, _)| made.arguments.contains(name))
            .map(|(name, value)| (name.clone(), value.clone().into()))
            .collect();
        if !args.is_empty() {
            keys.push(format!("args = {}", toml::Value::Table(args)));
        }
        let mut is_default = false;
        let mut place = self.place(own.line);
        if let Some(other) = other {
            keys.extend(other.names_of_image(name));
            let bake = other.bake.as_ref();
            let is_named = other.tags.iter().any(|tag| !tag.is_empty());
            is_default = is_named && bake.is_none_or(|bake| bake.default != Some(false));
            place = other.place.to_string();
        }
        if !is_default {
            keys.push("default = false".to_owned());
        }
        let image = ProposedImage {
            name: name.clone(),
            place,
            keys,
            proposed: true,
        };
        if !self.service.images.contains(&image) {
            self.service.images.push(image);
        }
        Some(format!("{name}:{}", source.trim_end_matches('/')))
    }

    /// Says which files a script makes executable there, and are not in the repository.
    fn modes(
        &mut self,
        path: &Utf8Path,
        to: &str,
        executable: bool,
        line: Line,
        sight: &Sight<'_>,
    ) {
        let patterns = &self.candidate.image.executable;
        let here = sight.folder.join(path);
        let files = sight.files.range(here.clone()..);
        let files = files.take_while(|file| file.starts_with(&here));
        let made = files.filter(|file| {
            let rest = file.strip_prefix(&here).unwrap_or(file);
            let inside = match rest.as_str() {
                "" => to.to_owned(),
                rest => format!("{to}/{rest}"),
            };
            executable || patterns.iter().any(|pattern| matches(pattern, &inside))
        });
        let plain: Vec<&str> = made
            .filter(|file| !is_executable(&sight.root.join(file)))
            .filter(|file| is_script(&sight.root.join(file)))
            .map(|file| file.as_str())
            .collect();
        if let [first, rest @ ..] = &plain[..] {
            let more = match rest.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let why = format!(
                "{first}{more}: executable there, and not in the repository: `git update-index --chmod=+x`"
            );
            self.note(line, &why);
        }
    }
}

/// Returns whether Cargo reads a file, or a folder, of the context.
fn is_source(source: &str, sight: &Sight<'_>) -> bool {
    let path = source.trim_start_matches("./").trim_matches('/');
    let manifests = [
        "Cargo.toml",
        "Cargo.lock",
        "rust-toolchain.toml",
        "rust-toolchain",
    ];
    let mut members = sight.workspace.own_members();
    path.is_empty()
        || path == "."
        || manifests.contains(&last(path))
        || members.any(|member| {
            let dir = &member.dir;
            !dir.as_str().is_empty()
                && (Utf8Path::new(path).starts_with(dir) || dir.starts_with(path))
        })
}

/// Returns the place of a file in the image.
fn target(copied: &Copied, source: &str, into_folder: bool) -> String {
    let to = copied.to.trim_end_matches('/');
    if into_folder {
        format!("{to}/{}", last(source))
    } else {
        to.to_owned()
    }
}

/// Returns whether a stage compiles something of the workspace, or has files of one that does.
fn compiles(file: &Dockerfile, stage: usize, arguments: &BTreeMap<String, String>) -> bool {
    let made = image(file, stage, arguments);
    let mut copied = made.copied.iter().filter_map(|At { value, .. }| value.from);
    !made.calls.is_empty()
        || base::rust(&made.base).is_some()
        || copied.any(|from| compiles(file, from, arguments))
}

/// Returns whether a path fits a pattern with one `*` at most, or lies below it.
fn matches(pattern: &str, path: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => {
            let middle = path.strip_prefix(start);
            middle.is_some_and(|rest| rest.ends_with(end) && rest.len() >= end.len())
        }
        None => Utf8Path::new(path).starts_with(pattern),
    }
}

/// Returns whether a file names the program that runs it. Others are made executable with the folder that they are in.
fn is_script(file: &Utf8Path) -> bool {
    let mut start = [0; 2];
    let read = std::fs::File::open(file).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == *b"#!"
}

#[cfg(unix)]
fn is_executable(file: &Utf8Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    // A file that is not there is not judged.
    let metadata = file.metadata();
    metadata.is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(_: &Utf8Path) -> bool {
    true
}
