//! Resolves git names to object ids. One process answers all questions.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use camino::Utf8Path;

use super::command::{git, missing};
use crate::problem::Problem;

/// A `git cat-file --batch-check` process that waits for the next name.
pub struct Objects {
    child: Child,
    names: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Objects {
    /// Starts it for the repository that `folder` is in.
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

    /// Returns the id of the object called `name`, if there is one.
    pub fn id(&mut self, name: &str) -> Option<String> {
        // The process reads one name per line.
        if name.is_empty() || name.contains('\n') {
            return None;
        }
        let asked = writeln!(self.names, "{name}").and_then(|()| self.names.flush());
        let mut answer = String::new();
        asked
            .and_then(|()| self.answers.read_line(&mut answer))
            .ok()?;
        // The answer is `<id> <kind> <size>`, or the name and an error.
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
