//! The files of a revision, as a checkout would write them, in a temporary folder.
//!
//! Files that the work tree has as well are links to those. Git writes the others through a separate index, with the
//! conversions and filters of a checkout (line ends, LFS), so that they are byte for byte the same as in a work tree. An
//! archive would leave out the paths marked `export-ignore`.

use std::collections::HashSet;
use std::io::Write;
use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

use super::command::{entries, git, missing, printed, run, said};
use super::kept::Files;
use super::repository::{Repository, Revision};
use crate::problem::{Code, Problem};

/// The files of a revision, which are deleted when this value is dropped.
#[derive(Debug)]
pub struct Snapshot {
    _folder: TempDir,
    /// The folder that corresponds to the top of the work tree.
    pub top: Utf8PathBuf,
    /// The Docker context's folder within it. It may not exist.
    pub root: Utf8PathBuf,
    /// Submodules whose files are not in the repository, as paths in the work tree.
    pub missing: Vec<Utf8PathBuf>,
    /// Files that git could not write, as paths in the work tree, with what it said.
    pub lost: Vec<(Utf8PathBuf, String)>,
    /// Files that are the same in the work tree, as paths in it.
    pub same: HashSet<String>,
}

impl Repository {
    /// The files of `revision`, in a folder of their own.
    ///
    /// # Errors
    /// `revision-incomplete`, `git-failed`.
    pub fn check_out(&self, revision: &Revision) -> Result<Snapshot, Problem> {
        Snapshot::new(self, revision, true)
    }

    /// The same with no links, so that edits in the work tree reach none of the files.
    ///
    /// # Errors
    /// As [`Self::check_out`].
    pub fn check_out_apart(&self, revision: &Revision) -> Result<Snapshot, Problem> {
        Snapshot::new(self, revision, false)
    }
}

impl Snapshot {
    fn new(repository: &Repository, revision: &Revision, links: bool) -> Result<Self, Problem> {
        let unwritable = |error: std::io::Error| {
            Problem::new(
                Code::FileUnwritable,
                format!("cannot create a temporary folder: {error}"),
            )
            .hint("free space, or set TMPDIR")
            .caused_by(error)
        };
        let folder = tempfile::Builder::new()
            .prefix("bakehouse-")
            .tempdir()
            .map_err(unwritable)?;
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned())
            .map_err(|path| unwritable(std::io::Error::other(path.display().to_string())))?;
        // Cargo names packages by their real paths.
        let path = path.canonicalize_utf8().map_err(unwritable)?;
        let mut writer = Writer {
            links,
            index: path.join("index"),
            top: path.join("tree"),
            missing: Vec::new(),
            lost: Vec::new(),
            same: HashSet::new(),
        };
        let store = Store::WorkTree(repository.top.clone());
        writer.write(&store, &revision.tree, Utf8Path::new(""))?;
        // The context may extend up to the repository, which is recognised by this folder.
        fs_err::create_dir(writer.top.join(".git")).map_err(unwritable)?;
        Ok(Self {
            root: writer.top.join(&repository.prefix),
            top: writer.top,
            missing: writer.missing,
            lost: writer.lost,
            same: writer.same,
            _folder: folder,
        })
    }
}

/// The place of objects.
enum Store {
    WorkTree(Utf8PathBuf),
    /// Git's own copy of a submodule that is not in the work tree now.
    Folder(Utf8PathBuf),
}

impl Store {
    fn git(&self) -> Command {
        match self {
            Self::WorkTree(folder) => git(folder),
            Self::Folder(folder) => {
                let mut command = git(folder);
                command.arg(format!("--git-dir={folder}"));
                command
            }
        }
    }

    fn has(&self, commit: &str) -> Result<bool, Problem> {
        let tree = format!("{commit}^{{tree}}");
        let output = run(self.git().args(["cat-file", "-e", &tree]))?;
        Ok(output.status.success())
    }
}

struct Writer {
    /// Whether files that the work tree has as well are links to those.
    links: bool,
    index: Utf8PathBuf,
    top: Utf8PathBuf,
    missing: Vec<Utf8PathBuf>,
    lost: Vec<(Utf8PathBuf, String)>,
    same: HashSet<String>,
}

impl Writer {
    /// Writes `tree`, and the submodules that it names, to the folder `at`.
    fn write(&mut self, store: &Store, tree: &str, at: &Utf8Path) -> Result<(), Problem> {
        let folder = self.top.join(at);
        fs_err::create_dir_all(&folder).map_err(|error| {
            Problem::from_error(Code::FileUnwritable, error).hint("free space, or set TMPDIR")
        })?;
        let work_tree = match store {
            Store::WorkTree(top) if self.links => Some(top.as_path()),
            _ => None,
        };
        let incomplete = |problem: Problem| lost(&problem.message);
        let mut files = Files::of(tree, &mut store.git(), work_tree).map_err(incomplete)?;
        if let Some(top) = work_tree {
            files.link(top, &folder);
            let same = files.kept.iter().map(|path| at.join(path).into_string());
            self.same.extend(same);
        }
        self.check_out(store, tree, &folder, &files.others, at)?;
        if folder.join(".gitmodules").exists() {
            self.submodules(store, tree, at)?;
        }
        Ok(())
    }

    /// Lets git write files of a tree to a folder.
    fn check_out(
        &mut self,
        store: &Store,
        tree: &str,
        folder: &Utf8Path,
        files: &[Utf8PathBuf],
        at: &Utf8Path,
    ) -> Result<(), Problem> {
        if files.is_empty() {
            return Ok(());
        }
        let _ = fs_err::remove_file(&self.index);
        let command = || {
            let mut command = store.git();
            command
                .env("GIT_INDEX_FILE", &self.index)
                .arg(format!("--work-tree={folder}"));
            command
        };
        let output = run(command().args(["read-tree", tree]))?;
        if !output.status.success() {
            return Err(lost(&said(&output)));
        }
        let mut checkout = command();
        checkout.args(["checkout-index", "--force", "-z", "--stdin"]);
        checkout.stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = checkout.stderr(Stdio::piped()).spawn().map_err(missing)?;
        let names = child.stdin.take();
        let list: String = files.iter().map(|path| format!("{path}\0")).collect();
        let writer = std::thread::spawn(move || {
            // If git ends early, the files are missing below.
            names.map(|mut names| names.write_all(list.as_bytes()))
        });
        let output = child.wait_with_output().map_err(missing)?;
        let _ = writer.join();
        let why = said(&output);
        for path in files {
            if folder.join(path).symlink_metadata().is_err() {
                self.lost.push((at.join(path), why.clone()));
            }
        }
        Ok(())
    }

    fn submodules(&mut self, store: &Store, tree: &str, at: &Utf8Path) -> Result<(), Problem> {
        let listed = printed(
            store
                .git()
                .args(["ls-tree", "-r", "-z", "--full-tree", tree]),
        )?;
        let links: Vec<(String, Utf8PathBuf)> = entries(&listed)
            .filter_map(|entry| {
                let (state, path) = entry.split_once('\t')?;
                let commit = state.strip_prefix("160000 commit ")?;
                Some((commit.trim().to_owned(), Utf8PathBuf::from(path)))
            })
            .collect();
        for (commit, path) in links {
            let inside = at.join(&path);
            match self.store_of(store, at, &path)? {
                Some(submodule) if submodule.has(&commit)? => {
                    self.write(&submodule, &format!("{commit}^{{tree}}"), &inside)?;
                }
                _ => self.missing.push(inside),
            }
        }
        Ok(())
    }

    /// Returns where the objects of the submodule at `path` are.
    fn store_of(
        &self,
        store: &Store,
        at: &Utf8Path,
        path: &Utf8Path,
    ) -> Result<Option<Store>, Problem> {
        if let Store::WorkTree(top) = store {
            let folder = top.join(path);
            if folder.join(".git").exists() {
                return Ok(Some(Store::WorkTree(folder)));
            }
        }
        let modules = self.top.join(at).join(".gitmodules");
        let names = run(store.git().args([
            "config",
            "-z",
            "--file",
            modules.as_str(),
            "--get-regexp",
            r"^submodule\..*\.path$",
        ]))?;
        let name = entries(&names.stdout).find_map(|entry| {
            let (key, value) = entry.split_once('\n')?;
            (value == path.as_str()).then(|| {
                key.strip_prefix("submodule.")?
                    .strip_suffix(".path")
                    .map(str::to_owned)
            })?
        });
        let Some(name) = name else { return Ok(None) };
        let inside = format!("modules/{name}");
        let folder = printed(store.git().args([
            "rev-parse",
            "--path-format=absolute",
            "--git-path",
            &inside,
        ]))?;
        let folder = Utf8PathBuf::from(String::from_utf8_lossy(&folder).trim_end_matches('\n'));
        Ok(folder.exists().then_some(Store::Folder(folder)))
    }
}

/// Returns the problem for files of a revision that git cannot read.
pub fn lost(said: &str) -> Problem {
    let said = said.lines().next().unwrap_or_default();
    Problem::new(
        Code::RevisionIncomplete,
        format!("the files of the revision cannot be read: {said}"),
    )
    .hint("the clone lacks some of its objects, or a filter such as git-lfs failed: `git fetch`, `git lfs fetch`")
}
