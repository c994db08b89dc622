//! The folders that are watched, and the edits in them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use notify::event::{AccessKind, AccessMode, MetadataKind, ModifyKind};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::scope::Scope;
use crate::graph::sources::NEVER_SOURCES;
use crate::problem::{Code, Problem};

/// The time without an edit after which a round begins. Editors and `git` write several files, or one in several steps.
const QUIET: Duration = Duration::from_millis(60);

/// Something that the command waits for.
#[derive(Debug)]
enum WatchEvent {
    /// The content or the mode of files changed.
    Written(Vec<Utf8PathBuf>),
    /// Files or folders came, went, or took the place of others.
    Replaced(Vec<Utf8PathBuf>),
    /// The system lost events.
    Lost,
    /// The user wants to end, which the flag says.
    Interrupted,
}

/// Edits that begin a round.
#[derive(Debug)]
pub struct Edit {
    /// The time of the first of them.
    pub at: Instant,
    /// The edited files, relative to the context, in their order.
    pub files: Vec<Utf8PathBuf>,
}

/// A watcher of single folders. A recursive one would also watch what Cargo writes.
pub struct Watch {
    watcher: RecommendedWatcher,
    sender: Sender<WatchEvent>,
    events: Receiver<WatchEvent>,
    root: Utf8PathBuf,
    watched: BTreeSet<Utf8PathBuf>,
    is_interrupted: Arc<AtomicBool>,
}

impl Watch {
    /// Creates a watcher of no folder.
    ///
    /// # Errors
    /// `watch-failed`.
    pub fn new() -> Result<Self, Problem> {
        let (sender, events) = mpsc::channel();
        let of_files = sender.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let event = match event {
                Ok(event) if event.need_rescan() => WatchEvent::Lost,
                Ok(event) if is_replacement(&event.kind) => WatchEvent::Replaced(utf8(event.paths)),
                Ok(event) if is_writing(&event.kind) => WatchEvent::Written(utf8(event.paths)),
                Ok(_) => return,
                Err(_) => WatchEvent::Lost,
            };
            let _ = of_files.send(event);
        });
        Ok(Self {
            watcher: watcher.map_err(failed)?,
            sender,
            events,
            root: Utf8PathBuf::new(),
            watched: BTreeSet::new(),
            is_interrupted: Arc::new(AtomicBool::new(false)),
        })
    }

    /// Listens for the signals that end the program.
    ///
    /// # Errors
    /// `watch-failed`.
    pub fn listen_for_signals(&self) -> Result<(), Problem> {
        let (flag, waker) = (self.is_interrupted.clone(), self.sender.clone());
        ctrlc::set_handler(move || {
            flag.store(true, Ordering::Relaxed);
            // Nobody listens any more when the command ends.
            let _ = waker.send(WatchEvent::Interrupted);
        })
        .map_err(|error| Problem::from_error(Code::WatchFailed, error))
    }

    /// Watches the folders of a scope in the context `root`, beside those that are watched already.
    ///
    /// # Errors
    /// `watch-failed`.
    pub fn look_at(&mut self, root: &Utf8Path, scope: &Scope) -> Result<(), Problem> {
        root.clone_into(&mut self.root);
        self.look_again(scope)
    }

    /// Watches the folders of a scope in the same context again: it waits for more, or folders are new.
    ///
    /// # Errors
    /// `watch-failed`.
    pub fn look_again(&mut self, scope: &Scope) -> Result<(), Problem> {
        let workspace = self.root.join(&scope.workspace);
        self.add(&workspace)?;
        self.add(&workspace.join(".cargo"))?;
        for place in scope.places() {
            // A folder above may be replaced, too.
            for above in place.ancestors().skip(1) {
                self.add(&self.root.join(above))?;
            }
            self.add_all(&self.root.join(place))?;
        }
        Ok(())
    }

    /// Waits for edits that concern the scope; returns none if the user wants to end.
    ///
    /// # Errors
    /// `watch-failed` if a new folder cannot be watched.
    pub fn edit(&mut self, scope: &Scope) -> Result<Option<Edit>, Problem> {
        let mut edit: Option<Edit> = None;
        loop {
            let event = match &edit {
                None => self
                    .events
                    .recv()
                    .map_err(|_| RecvTimeoutError::Disconnected),
                Some(_) => self.events.recv_timeout(QUIET),
            };
            let (files, are_replaced) = match event {
                Ok(WatchEvent::Written(files)) => (files, false),
                Ok(WatchEvent::Replaced(files)) => (files, true),
                Ok(WatchEvent::Lost) => {
                    tracing::warn!("the system lost edits, so everything is looked at");
                    self.forget(&self.root.clone());
                    self.look_again(scope)?;
                    let manifest = scope.workspace.join("Cargo.toml");
                    (vec![self.root.join(manifest)], false)
                }
                Ok(WatchEvent::Interrupted) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {
                    self.leave_out_transient(scope, &mut edit);
                    match edit {
                        Some(edit) => return Ok(Some(edit)),
                        None => continue,
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
            };
            for file in files {
                let Ok(inside) = file.strip_prefix(&self.root) else {
                    continue;
                };
                let inside = inside.to_owned();
                if is_never_source(&inside) {
                    continue;
                }
                let holds_some = are_replaced && scope.is_above(&inside);
                if !scope.concerns(&inside) && !holds_some {
                    continue;
                }
                if are_replaced {
                    self.forget(&file);
                    if file.is_dir() {
                        self.look_again(scope)?;
                    }
                }
                let edit = edit.get_or_insert_with(|| Edit {
                    at: Instant::now(),
                    files: Vec::new(),
                });
                if !edit.files.contains(&inside) {
                    edit.files.push(inside);
                }
            }
        }
    }

    /// Returns whether the user wants to end.
    pub fn is_interrupted(&self) -> bool {
        self.is_interrupted.load(Ordering::Relaxed)
    }

    /// Leaves out files that are gone and that the plan knows nothing of, such as an editor's swap files.
    fn leave_out_transient(&self, scope: &Scope, edit: &mut Option<Edit>) {
        let Some(Edit { files, .. }) = edit else {
            return;
        };
        let is_there = |file: &Utf8Path| self.root.join(file).symlink_metadata().is_ok();
        files.retain(|file| scope.knows(file) || is_there(file));
        if files.is_empty() {
            *edit = None;
        }
    }

    /// Watches a folder and those in it, or the folder of a file: editors put a new file in the place of the old one.
    fn add_all(&mut self, path: &Utf8Path) -> Result<(), Problem> {
        if !path.is_dir() {
            return self.add(path.parent().unwrap_or(path));
        }
        let folders = ignore::WalkBuilder::new(path)
            .standard_filters(false)
            .filter_entry(|entry| {
                let name = entry.file_name().to_str();
                entry.file_type().is_some_and(|kind| kind.is_dir())
                    && name.is_none_or(|name| !NEVER_SOURCES.contains(&name))
            })
            .build();
        for folder in folders.flatten() {
            if let Some(folder) = Utf8Path::from_path(folder.path()) {
                self.add(folder)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, folder: &Utf8Path) -> Result<(), Problem> {
        if !folder.is_dir() || !self.watched.insert(folder.to_owned()) {
            return Ok(());
        }
        let watched = self
            .watcher
            .watch(folder.as_ref(), RecursiveMode::NonRecursive);
        match watched {
            // It was removed at this moment, which is an edit of its own.
            Err(_) if !folder.is_dir() => {
                self.watched.remove(folder);
                Ok(())
            }
            watched => watched.map_err(failed),
        }
    }

    /// Ends the watches of a folder and of those in it: they are on what was there before.
    fn forget(&mut self, folder: &Utf8Path) {
        let watched = self.watched.iter();
        let inside = watched.filter(|one| one.starts_with(folder)).cloned();
        for one in inside.collect::<Vec<_>>() {
            // The watch of a removed folder ends by itself.
            let _ = self.watcher.unwatch(one.as_ref());
            self.watched.remove(&one);
        }
    }
}

fn is_replacement(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
    )
}

fn is_writing(kind: &EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        EventKind::Modify(ModifyKind::Metadata(kind)) => *kind != MetadataKind::AccessTime,
        _ => true,
    }
}

fn is_never_source(path: &Utf8Path) -> bool {
    let mut parts = path.components();
    parts.any(|part| NEVER_SOURCES.contains(&part.as_str()))
}

fn utf8(paths: Vec<std::path::PathBuf>) -> Vec<Utf8PathBuf> {
    let paths = paths.into_iter();
    paths
        .filter_map(|path| Utf8PathBuf::from_path_buf(path).ok())
        .collect()
}

fn failed(error: notify::Error) -> Problem {
    let is_full = matches!(error.kind, notify::ErrorKind::MaxFilesWatch);
    let message = format!("files cannot be watched: {error}");
    let problem = Problem::new(Code::WatchFailed, message).caused_by(error);
    match is_full {
        true => {
            problem.hint("let the system watch more: `sysctl fs.inotify.max_user_watches=524288`")
        }
        false => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::super::scope::WaitsFor;
    use super::*;

    /// A workspace whose service is made of `crates/page`, and its watcher.
    struct Watched {
        folder: tempfile::TempDir,
        scope: Scope,
        watch: Watch,
    }

    impl Watched {
        fn new(scope: Scope) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().canonicalize().unwrap();
            let root = Utf8PathBuf::from_path_buf(root).unwrap();
            let mut watched = Self {
                folder,
                scope,
                watch: Watch::new().unwrap(),
            };
            watched.run(
                "mkdir -p crates/page/src docker target
                for file in crates/page/src/lib.rs docker/Dockerfile notes; do echo a > $file; done",
            );
            watched.watch.look_at(&root, &watched.scope).unwrap();
            watched
        }

        fn run(&self, script: &str) {
            let mut command = std::process::Command::new("sh");
            let command = command.args(["-ec", script]).current_dir(&self.folder);
            assert!(command.status().unwrap().success(), "{script}");
        }

        /// Returns the files of the next round; none if none begins within `patience`.
        fn edited(&mut self, patience: Duration) -> Option<Vec<Utf8PathBuf>> {
            let (end, ended) = mpsc::channel::<()>();
            let waker = self.watch.sender.clone();
            let timer = std::thread::spawn(move || {
                if ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                    let _ = waker.send(WatchEvent::Interrupted);
                }
            });
            let edit = self.watch.edit(&self.scope).unwrap();
            drop(end);
            timer.join().unwrap();
            edit.map(|edit| edit.files)
        }

        fn assert_edited(&mut self, script: &str, expected: &[&str]) {
            self.run(script);
            let files = self.edited(Duration::from_secs(20));
            let files = files.unwrap_or_else(|| panic!("{script} begins no round"));
            for file in expected {
                assert!(files.contains(&(*file).into()), "{script}: {files:?}");
            }
        }

        fn assert_nothing(&mut self, script: &str) {
            self.run(script);
            let files = self.edited(QUIET * 8);
            assert_eq!(files, None, "{script}");
        }
    }

    const LIBRARY: &str = "crates/page/src/lib.rs";

    fn scope() -> Scope {
        Scope {
            reads: ["crates/page".into()].into(),
            generated: ["docker".into(), "docker-bake.hcl".into()].into(),
            known: [LIBRARY.into()].into(),
            ..Scope::default()
        }
    }

    #[test]
    fn edits_are_seen_in_folders_that_took_the_place_of_others() {
        let replacements = [
            "mv crates/page away; mv away crates/page",
            "mv crates/page/src away; mv away crates/page/src",
            "mv crates away; mv away crates",
            "cp -r crates/page copy; rm -r crates/page; cp -r copy crates/page",
            "cp -r crates copy; rm -r crates; mv copy crates",
            "mv crates/page other; mkdir crates/page; cp -r other/src crates/page",
        ];
        for replacement in replacements {
            let mut watched = Watched::new(scope());
            // Twice, since the second one replaces a folder that was watched in the place of another.
            for _ in 0..2 {
                watched.assert_edited(replacement, &[]);
                watched.assert_edited(&format!("echo b >> {LIBRARY}"), &[LIBRARY]);
                let script = "mkdir crates/page/src/new; echo c > crates/page/src/new/mod.rs";
                watched.assert_edited(script, &["crates/page/src/new"]);
                watched.assert_nothing("rm -r crates/page/src/new; rm -rf other copy");
            }
            watched.assert_nothing("echo b >> notes; echo b > other");
        }
    }

    #[test]
    fn a_folder_that_goes_and_comes_back_later_begins_two_rounds() {
        for folder in ["crates/page/src", "crates/page", "crates"] {
            let mut watched = Watched::new(scope());
            watched.assert_edited(&format!("mv {folder} away"), &[folder]);
            watched.assert_edited(&format!("mv away {folder}"), &[folder]);
            watched.assert_edited(&format!("echo b >> {LIBRARY}"), &[LIBRARY]);
        }
    }

    #[test]
    fn files_that_are_gone_before_the_round_begin_none_and_are_not_named() {
        let mut watched = Watched::new(scope());
        let swap = "echo a > crates/page/src/.lib.rs.swp; rm crates/page/src/.lib.rs.swp";
        watched.assert_nothing(swap);
        watched
            .assert_nothing("mkdir crates/page/x; echo a > crates/page/x/y; rm -r crates/page/x");
        // As vim writes: the old file becomes a copy, which is removed after the new one is there.
        let vim = format!("{swap}; mv {LIBRARY} {LIBRARY}~; echo b > {LIBRARY}; rm {LIBRARY}~");
        watched.run(&vim);
        let files = watched.edited(Duration::from_secs(20)).unwrap();
        assert_eq!(files, [LIBRARY]);
        // A source that goes is an edit.
        watched.assert_edited(&format!("rm {LIBRARY}"), &[LIBRARY]);
    }

    #[test]
    fn after_a_mistake_the_repair_begins_a_round() {
        let table = [
            (WaitsFor::Sources, "echo b >> docker/Dockerfile", None),
            (
                WaitsFor::Generated,
                "echo b >> docker/Dockerfile",
                Some("docker/Dockerfile"),
            ),
            (
                WaitsFor::Generated,
                "echo b > docker-bake.hcl",
                Some("docker-bake.hcl"),
            ),
            (WaitsFor::Generated, "rm -r docker", Some("docker")),
            (WaitsFor::Generated, "echo b >> notes", None),
            (
                WaitsFor::Everything,
                "mkdir assets; echo b > assets/logo",
                Some("assets"),
            ),
            (WaitsFor::Everything, "echo b >> notes", Some("notes")),
            (WaitsFor::Everything, "echo b > target/log", None),
        ];
        for (waits_for, script, expected) in table {
            let scope = Scope {
                waits_for,
                ..scope()
            };
            let mut watched = Watched::new(scope);
            match expected {
                Some(file) => watched.assert_edited(script, &[file]),
                None => watched.assert_nothing(script),
            }
        }
    }
}
