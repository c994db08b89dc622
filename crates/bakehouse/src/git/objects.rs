//! What names mean to git: one process answers as many questions as there are.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use camino::Utf8Path;

use super::command::{git, missing};
use crate::problem::Problem;

/// A `git cat-file --batch-check` that waits for the next name.
pub struct Objects {
    child: Child,
    names: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Objects {
    /// Of the repository that `folder` is in.
    ///
    /// # Errors
    /// `git-failed` when git cannot be run.
    pub fn of(folder: &Utf8Path) -> Result<Self, Problem> {
        let mut command = git(folder);
        command.args(["cat-file", "--batch-check"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().map_err(missing)?;
        let (names, answers) = (child.stdin.take(), child.stdout.take());
        Ok(Self {
            child,
            names: names.expect("it is piped"),
            answers: BufReader::new(answers.expect("it is piped")),
        })
    }

    /// The id of the object of that name, if there is one.
    pub fn id(&mut self, name: &str) -> Option<String> {
        // A name is a line.
        if name.is_empty() || name.contains('\n') {
            return None;
        }
        let asked = writeln!(self.names, "{name}").and_then(|()| self.names.flush());
        let mut answer = String::new();
        asked
            .and_then(|()| self.answers.read_line(&mut answer))
            .ok()?;
        // `<id> <kind> <size>`, else the name and what is wrong with it.
        let mut words = answer.trim_end().rsplitn(3, ' ');
        let (size, _kind, id) = (words.next()?, words.next()?, words.next()?);
        let known = size.parse::<u64>().is_ok() && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        known.then(|| id.to_owned())
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
