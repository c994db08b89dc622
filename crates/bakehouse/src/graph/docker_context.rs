//! The files that Docker sends for an image of the user's own Dockerfile: those of a folder that its ignore file leaves.

use std::collections::{BTreeSet, HashMap};

use camino::{Utf8Path, Utf8PathBuf};

use super::dockerignore::DockerIgnore;
use super::file_state::unreadable;
use super::parallel::parallel_map;
use super::path_map::PathMap;
use super::paths::in_order;
use super::read_file::state_alone;
use super::sources::{ContextFiles, FileState, is_never_source};
use crate::problem::{Code, Problem};

/// Reads the folder `context` for an image of `dockerfile`. Both are relative to `root`, as the files of `known` and
/// `before` are, which are not read again.
///
/// # Errors
/// `file-unreadable`.
pub fn read(
    root: &Utf8Path,
    context: &Utf8Path,
    dockerfile: &Utf8Path,
    known: &PathMap<FileState>,
    before: Option<&HashMap<String, FileState>>,
) -> Result<ContextFiles, Problem> {
    let mut walk = ContextWalk {
        root,
        context,
        ignored: ignored(root, context, dockerfile)?,
        places: Vec::new(),
        stray: BTreeSet::new(),
    };
    walk.folder(context)?;
    walk.places.sort_unstable_by(|a, b| in_order(a, b));
    // Strings are found faster than paths.
    let known: HashMap<&str, &FileState> = known
        .below(context)
        .map(|(path, state)| (path.as_str(), state))
        .collect();
    let states = parallel_map(&walk.places, |path| {
        let now = known.get(path.as_str()).copied();
        let state = now.or_else(|| before?.get(path.as_str()));
        match state {
            Some(state) => Ok(Some(state.clone())),
            None => state_alone(&root.join(path)),
        }
    });
    let mut files = Vec::with_capacity(walk.places.len());
    for (path, state) in walk.places.into_iter().zip(states) {
        files.extend(state?.map(|state| (path, state)));
    }
    Ok(ContextFiles {
        files: files.into_iter().collect(),
        dockerfile: state_alone(&root.join(dockerfile))?,
        stray: walk.stray,
    })
}

/// Returns the patterns of the ignore file: the one beside the Dockerfile and named after it, else that of the context.
fn ignored(
    root: &Utf8Path,
    context: &Utf8Path,
    dockerfile: &Utf8Path,
) -> Result<DockerIgnore, Problem> {
    let own = root.join(format!("{dockerfile}.dockerignore"));
    for file in [own, root.join(context).join(".dockerignore")] {
        if file.is_file() {
            let text = fs_err::read_to_string(file).map_err(unreadable)?;
            return Ok(DockerIgnore::parse(&text));
        }
    }
    Ok(DockerIgnore::default())
}

/// A walk through a context.
struct ContextWalk<'a> {
    root: &'a Utf8Path,
    context: &'a Utf8Path,
    ignored: DockerIgnore,
    places: Vec<Utf8PathBuf>,
    stray: BTreeSet<Utf8PathBuf>,
}

impl ContextWalk<'_> {
    /// Adds what is sent of a folder. Returns whether anything is.
    fn folder(&mut self, folder: &Utf8Path) -> Result<bool, Problem> {
        let mut sends = false;
        for entry in fs_err::read_dir(self.root.join(folder)).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                let problem = format!("{} is not UTF-8", entry.path().display());
                return Err(Problem::new(Code::FileUnreadable, problem)
                    .hint("rename the file, or exclude it in the .dockerignore of the image"));
            };
            let path = folder.join(name);
            let inside = path.strip_prefix(self.context).unwrap_or(&path);
            let is_out = self.ignored.leaves_out(inside);
            let kind = entry.file_type().map_err(unreadable)?;
            if is_never_source(&entry.path()) {
                if !is_out {
                    self.stray.insert(path);
                }
                continue;
            }
            if kind.is_dir() {
                if is_out && !self.ignored.puts_back() {
                    continue;
                }
                if self.folder(&path)? {
                    sends = true;
                } else if !is_out {
                    self.places.push(path);
                    sends = true;
                }
            } else if !is_out && (kind.is_file() || kind.is_symlink()) {
                self.places.push(path);
                sends = true;
            }
        }
        Ok(sends)
    }
}
