//! The files that are watched, and what happens to them.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::scope::Scope;
use crate::graph::sources::NEVER_SOURCES;
use crate::problem::{Code, Problem};

/// The time without an edit after which a round begins. Editors and `git` write several files, or one in several steps.
const QUIET: Duration = Duration::from_millis(60);

/// Something that the command waits for.
#[derive(Debug)]
enum WatchEvent {
    /// Files were written, renamed or removed.
    Files(Vec<Utf8PathBuf>),
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
    events: Receiver<WatchEvent>,
    root: Utf8PathBuf,
    watched: BTreeSet<Utf8PathBuf>,
    is_interrupted: Arc<AtomicBool>,
}

impl Watch {
    /// Creates a watcher that also listens for the signals that end the program.
    ///
    /// # Errors
    /// `watch-failed`.
    pub fn new() -> Result<Self, Problem> {
        let (sender, events) = mpsc::channel();
        let is_interrupted = Arc::new(AtomicBool::new(false));
        let (flag, waker) = (is_interrupted.clone(), sender.clone());
        ctrlc::set_handler(move || {
            flag.store(true, Ordering::Relaxed);
            // Nobody listens any more when the command ends.
            let _ = waker.send(WatchEvent::Interrupted);
        })
        .map_err(|error| Problem::from_error(Code::WatchFailed, error))?;
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let event = match event {
                Ok(event) if event.need_rescan() => WatchEvent::Lost,
                Ok(event) if is_edit(&event.kind) => WatchEvent::Files(utf8(event.paths)),
                Ok(_) => return,
                Err(_) => WatchEvent::Lost,
            };
            let _ = sender.send(event);
        });
        Ok(Self {
            watcher: watcher.map_err(failed)?,
            events,
            root: Utf8PathBuf::new(),
            watched: BTreeSet::new(),
            is_interrupted,
        })
    }

    /// Watches the files of a scope in the context `root`, beside those that are watched already.
    ///
    /// # Errors
    /// `watch-failed`.
    pub fn look_at(&mut self, root: &Utf8Path, scope: &Scope) -> Result<(), Problem> {
        root.clone_into(&mut self.root);
        let workspace = root.join(&scope.workspace);
        self.add(&workspace)?;
        self.add(&workspace.join(".cargo"))?;
        for path in scope.reads.iter().chain(&scope.packs) {
            self.add_all(&root.join(path))?;
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
            let files = match event {
                Ok(WatchEvent::Files(files)) => files,
                Ok(WatchEvent::Lost) => {
                    tracing::warn!("the system lost edits, so everything is looked at");
                    vec![self.root.join(&scope.workspace).join("Cargo.toml")]
                }
                Ok(WatchEvent::Interrupted) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => return Ok(edit),
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
            };
            for file in files {
                let Ok(inside) = file.strip_prefix(&self.root) else {
                    continue;
                };
                if !scope.concerns(inside) || is_never_source(inside) {
                    continue;
                }
                let inside = inside.to_owned();
                if file.is_dir() {
                    self.add_all(&file)?;
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
        let path: &Path = folder.as_ref();
        self.watcher
            .watch(path, RecursiveMode::NonRecursive)
            .map_err(failed)
    }
}

fn is_edit(kind: &EventKind) -> bool {
    use notify::event::{AccessKind, AccessMode, MetadataKind, ModifyKind};
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
