//! The repository that a workspace is in, and its revisions.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::command::{entries, failed, git, printed, run, said};
use super::objects::Objects;
use crate::problem::{Code, Problem, did_you_mean};

/// A git repository with a work tree.
#[derive(Clone, Debug)]
pub struct Repository {
    /// The folder of the work tree.
    pub top: Utf8PathBuf,
    /// The Docker context's folder within it.
    pub prefix: Utf8PathBuf,
}

/// The commit at which a branch left another one.
#[derive(Clone, Debug)]
pub struct Fork {
    /// The other branch.
    pub branch: String,
    pub id: String,
}

impl Fork {
    /// Returns the first digits of the id.
    pub fn short(&self) -> &str {
        self.id.get(..10).unwrap_or(&self.id)
    }
}

/// A revision that exists.
#[derive(Clone, Debug)]
pub struct Revision {
    /// The id of the commit, or of the tree if a tree was named.
    pub id: String,
    pub(super) tree: String,
}

impl Revision {
    /// Returns the first digits of the id.
    pub fn short(&self) -> &str {
        self.id.get(..10).unwrap_or(&self.id)
    }
}

/// Uncommitted changes of the work tree, as paths relative to the Docker context.
#[derive(Clone, Debug, Default)]
pub struct Uncommitted {
    tracked: BTreeSet<String>,
    modified: BTreeSet<String>,
}

impl Uncommitted {
    /// Returns a word for the state of a file that differs from the committed one.
    pub fn word(&self, file: &str) -> Option<&'static str> {
        if self.modified.contains(file) {
            Some("not committed")
        } else if !self.tracked.contains(file) {
            Some("untracked")
        } else {
            None
        }
    }
}

impl Repository {
    /// Returns the repository that `folder` is in.
    ///
    /// # Errors
    /// `repository-missing`, `git-failed`.
    pub fn of(folder: &Utf8Path) -> Result<Self, Problem> {
        let output = run(git(folder).args(["rev-parse", "--show-toplevel", "--show-prefix"]))?;
        if !output.status.success() {
            let said = said(&output);
            return Err(
                if said.contains("not a git repository") || said.contains("work tree") {
                    Problem::new(
                        Code::RepositoryMissing,
                        format!("{folder} is not in the work tree of a git repository"),
                    )
                    .hint("changes since a revision are read from git: run it in a clone")
                } else {
                    failed(&said)
                },
            );
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let mut lines = text.lines();
        let mut line = || Utf8PathBuf::from(lines.next().unwrap_or_default());
        Ok(Self {
            top: line(),
            prefix: line().components().collect(),
        })
    }

    /// Resolves `name`, which can be anything that git takes for a revision.
    ///
    /// # Errors
    /// `revision-unknown`.
    pub fn revision(&self, name: &str) -> Result<Revision, Problem> {
        let mut objects = Objects::of(&self.top)?;
        let Some(object) = objects.id(name) else {
            return Err(self.unknown(name)?);
        };
        let Some(tree) = objects.id(&format!("{object}^{{tree}}")) else {
            return Err(self.unknown(name)?);
        };
        let commit = objects.id(&format!("{object}^{{commit}}"));
        Ok(Revision {
            id: commit.unwrap_or_else(|| tree.clone()),
            tree,
        })
    }

    /// Returns the commit at which HEAD left the main branch: the one of the remote `origin`, else the local one. `main`
    /// is its name if the remote does not tell.
    ///
    /// # Errors
    /// `revision-unknown`.
    pub fn fork(&self, main: &str) -> Result<Fork, Problem> {
        let remote = [
            "symbolic-ref",
            "--quiet",
            "--short",
            "refs/remotes/origin/HEAD",
        ];
        let remote = run(git(&self.top).args(remote))?;
        let remote = String::from_utf8_lossy(&remote.stdout).trim().to_owned();
        let candidates = [remote, format!("origin/{main}"), main.to_owned()];
        for branch in candidates.into_iter().filter(|branch| !branch.is_empty()) {
            let base = run(git(&self.top).args(["merge-base", "HEAD", &branch]))?;
            if base.status.success() {
                let id = String::from_utf8_lossy(&base.stdout).trim().to_owned();
                return Ok(Fork { branch, id });
            }
        }
        Err(Problem::new(
            Code::RevisionUnknown,
            format!("HEAD has no commit in common with a branch `{main}`"),
        )
        .hint("name a revision with `--since`, or the main branch with `branch` of [ci] in bakehouse.toml; a shallow clone may lack the commit"))
    }

    fn unknown(&self, name: &str) -> Result<Problem, Problem> {
        let problem = Problem::new(
            Code::RevisionUnknown,
            format!("git finds no revision `{}`", name.escape_debug()),
        );
        if !name.is_empty() && name.bytes().all(|byte| byte == b'0') {
            return Ok(problem.hint(
                "zeros mean that there was nothing before; compare with a branch, e.g. `--since origin/main`",
            ));
        }
        let shallow = printed(git(&self.top).args(["rev-parse", "--is-shallow-repository"]))?;
        if shallow.starts_with(b"true") {
            return Ok(problem.hint(format!(
                "the clone is shallow and may lack it: `git fetch --depth 1 origin {name}`, or `git fetch --unshallow`; on a CI runner fetch the whole history"
            )));
        }
        let names = printed(git(&self.top).args(["for-each-ref", "--format=%(refname:short)"]))?;
        let names = String::from_utf8_lossy(&names);
        Ok(
            problem.hint(did_you_mean(name, names.lines()).unwrap_or_else(|| {
                "`git log` shows commits, `git branch --all` branches; `git fetch` may bring it"
                    .to_owned()
            })),
        )
    }

    /// Returns the uncommitted changes in the Docker context.
    ///
    /// # Errors
    /// `git-failed`.
    pub fn uncommitted(&self) -> Result<Uncommitted, Problem> {
        let folder = self.top.join(&self.prefix);
        let tracked = printed(git(&folder).args(["ls-files", "-z"]))?;
        let modified =
            printed(git(&folder).args(["diff", "--name-only", "-z", "--relative", "HEAD"]))?;
        Ok(Uncommitted {
            tracked: entries(&tracked).collect(),
            modified: entries(&modified).collect(),
        })
    }

    /// Returns the commit that has what is in the work tree; `None` if a tracked file is another one, or one in these
    /// folders of the Docker context is not tracked.
    ///
    /// # Errors
    /// `git-failed`, `revision-unknown`.
    pub fn clean_commit<'a>(
        &self,
        folders: impl Iterator<Item = &'a Utf8Path>,
    ) -> Result<Option<String>, Problem> {
        let folder = self.top.join(&self.prefix);
        let mut tracked = git(&self.top);
        tracked.args(["status", "--porcelain", "--untracked-files=no"]);
        let mut others = git(&folder);
        others.args(["ls-files", "--others", "--exclude-standard", "--"]);
        others.args(folders.map(|folder| match folder.as_str() {
            "" => ".",
            folder => folder,
        }));
        if !printed(&mut tracked)?.is_empty() || !printed(&mut others)?.is_empty() {
            return Ok(None);
        }
        self.revision("HEAD").map(|head| Some(head.id))
    }

    /// Returns the submodules that are not in the work tree, as paths in it.
    ///
    /// # Errors
    /// `git-failed`.
    pub fn missing_submodules(&self) -> Result<Vec<Utf8PathBuf>, Problem> {
        if !self.top.join(".gitmodules").exists() {
            return Ok(Vec::new());
        }
        let staged = printed(git(&self.top).args(["ls-files", "--stage", "-z"]))?;
        Ok(entries(&staged)
            .filter_map(|entry| {
                let (state, path) = entry.split_once('\t')?;
                state
                    .starts_with("160000 ")
                    .then(|| Utf8PathBuf::from(path))
            })
            .filter(|path| !self.top.join(path).join(".git").exists())
            .collect())
    }
}
