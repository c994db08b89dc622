//! Runs the commands of a page.

use std::process::Command;
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use tempfile::TempDir;

use super::fault::Fault;
use super::output::{contains, difference};
use super::read::{Kind, Page, Step};

/// Runs pages in a folder.
#[derive(Debug)]
pub struct Player {
    dir: Utf8PathBuf,
    variables: Vec<(String, String)>,
    /// Real output, each with the text that pages show in its place.
    aliases: Vec<(String, String)>,
    /// The variables and the folder that a block passes to the next one.
    state: TempDir,
}

/// The result of a block.
struct Played {
    code: Option<i32>,
    printed: String,
    /// The line of the page with the command that failed, if one did.
    failed: Option<usize>,
}

impl Player {
    /// Creates a player for the folder `dir`.
    ///
    /// # Panics
    /// If no temporary folder can be created.
    pub fn new(dir: &Utf8Path) -> Self {
        Self {
            dir: dir.to_owned(),
            variables: Vec::new(),
            aliases: Vec::new(),
            state: tempfile::tempdir().expect("a temporary folder can be made"),
        }
    }

    /// Sets a variable for all blocks.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Replaces `printed` in the output with the text `shown` that pages use.
    #[must_use]
    pub fn alias(mut self, printed: &str, shown: &str) -> Self {
        self.aliases.push((printed.to_owned(), shown.to_owned()));
        self
    }

    /// Plays `page` up to its first fault. Prints how long each block took, and which ones are not run and why.
    ///
    /// # Errors
    /// If a command fails, or exits with another code than the page says, or its output differs from the page.
    ///
    /// # Panics
    /// If a process cannot be run or a file cannot be written.
    pub fn play(&self, page: &Page) -> Result<(), Fault> {
        let mut printed = String::new();
        for step in &page.steps {
            let fault = |line: usize, what: String| Fault {
                page: page.name.clone(),
                line,
                what,
            };
            match &step.kind {
                Kind::Run { exits } => {
                    let begin = Instant::now();
                    let played = self.run(step);
                    let took = begin.elapsed().as_secs_f32();
                    println!("{}:{}: {took:.1} s", page.name, step.line);
                    let line = played.failed.unwrap_or(step.line);
                    if played.code != Some(*exits) {
                        let code = played
                            .code
                            .map_or("a signal".to_owned(), |code| code.to_string());
                        let what = format!(
                            "this block exits with {code} instead of {exits}\n{}",
                            played.printed
                        );
                        return Err(fault(line, what));
                    }
                    printed = played.printed;
                }
                Kind::Output => {
                    if let Some((line, what)) = difference(&step.text, &printed) {
                        let what = format!("{what}\n--- all that was printed\n{printed}");
                        return Err(fault(step.line + line, what));
                    }
                }
                Kind::NotRun { reason } => {
                    println!("{}:{}: not run: {reason}", page.name, step.line);
                }
                Kind::File(path) => self.write(path, &step.text),
                Kind::Append(path) => {
                    let old = fs::read_to_string(self.dir.join(path));
                    let old = old.map_err(|error| fault(step.line, error.to_string()))?;
                    self.write(path, &(old + &step.text));
                }
                Kind::In(path) => {
                    let text = fs::read_to_string(self.dir.join(path));
                    let text = text.map_err(|error| fault(step.line, error.to_string()))?;
                    if !contains(&step.text, &text) {
                        let what = format!("this is not part of {path}\n{text}");
                        return Err(fault(step.line, what));
                    }
                }
            }
        }
        Ok(())
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.dir.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).expect("a folder can be made");
        }
        fs::write(path, text).expect("a file can be written");
    }

    fn run(&self, step: &Step) -> Played {
        let file = |name: &str| self.state.path().join(name);
        // Each command is on the same line as in the page, so that messages of the shell have the right line number.
        let blank = "\n".repeat(step.line - 1);
        let script = format!("{PRELUDE}{blank}{}", step.text);
        fs::write(file("script"), script).expect("a script can be written");
        let _ = fs::remove_file(file("failed"));
        let printed = fs::File::create(file("printed")).expect("a file can be made");
        let errors = printed.try_clone().expect("a file can be shared");
        let status = Command::new("timeout")
            .args(["600", "bash"])
            .arg(file("script"))
            .current_dir(&self.dir)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .env("PAGE_STATE", self.state.path())
            .stdin(std::process::Stdio::null())
            .stdout(printed.into_file())
            .stderr(errors.into_file())
            .status()
            .expect("bash can be started");
        let printed = fs::read(file("printed")).expect("what was printed can be read");
        let mut printed = String::from_utf8_lossy(&printed).into_owned();
        for (from, to) in &self.aliases {
            printed = printed.replace(from, to);
        }
        let failed = fs::read_to_string(file("failed")).ok();
        Played {
            code: status.code(),
            printed,
            failed: failed.and_then(|line| line.trim().parse().ok()),
        }
    }
}

/// The start of each script, on a single line so that line numbers are right. Variables and the folder persist between
/// blocks, as in a terminal.
const PRELUDE: &str = concat!(
    r#"set -Eeuo pipefail; "#,
    r#"if [ -e "$PAGE_STATE/left" ]; then . "$PAGE_STATE/left"; fi; "#,
    r#"trap 'echo "$LINENO" >"$PAGE_STATE/failed"' ERR; "#,
    r#"trap '{ export -p; printf "cd %q\n" "$PWD"; } >"$PAGE_STATE/left"' EXIT; "#,
);

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays a page whose lines begin at line 1.
    fn played(markdown: &str) -> Result<(), Fault> {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = Utf8Path::from_path(folder.path()).expect("UTF-8");
        let page = Page::read("docs/tiny.md", markdown)?;
        Player::new(dir)
            .variable("NAME", "e2e-0123")
            .alias("e2e-0123", "attune")
            .play(&page)
    }

    #[track_caller]
    fn fails(markdown: &str, line: usize, what: &str) {
        let fault = played(markdown).expect_err("the page has a fault");
        assert_eq!((fault.page.as_str(), fault.line), ("docs/tiny.md", line));
        let said = fault.to_string();
        assert!(
            said.starts_with(&format!("docs/tiny.md:{line}: ")),
            "{said}"
        );
        assert!(said.contains(what), "{said}");
    }

    #[test]
    fn a_page_that_is_right_passes() {
        let page = "
<!-- file: a/note.txt -->
```text
first
```
<!-- append: a/note.txt -->
```text
second
```
<!-- in: a/note.txt -->
```text
second
```
```sh
cat a/note.txt     # in the folder
export WORD=kept
cd a
```
```text
first
second
```
```sh
echo \"$WORD $NAME ${PWD##*/}\"
date >&2
```
```text
kept attune a
…
```
<!-- exits: 3 -->
```sh
bash -c 'exit 3'
```
<!-- not run: it would fail -->
```sh
false
```
";
        assert_eq!(played(page), Ok(()));
    }

    #[test]
    fn a_command_that_fails_is_told_with_page_and_line() {
        fails(
            "# Tiny\n\n```sh\necho here\nls nowhere\necho there\n```\n",
            5,
            "this block exits with 2 instead of 0\nhere\nls: ",
        );
        fails("```sh\ntrue\nfalse | true\n```\n", 3, "exits with 1");
        fails("```sh\n\nnosuchcommand\n```\n", 3, "line 3: nosuchcommand");
        fails(
            "<!-- exits: 3 -->\n```sh\ntrue\n```\n",
            3,
            "exits with 0 instead of 3",
        );
        fails("\n<!-- sh\nfalse\n-->\n", 3, "exits with 1");
    }

    #[test]
    fn output_that_differs_is_told_with_page_and_line() {
        let page = "```sh\necho one; echo two\n```\n\n```text\none\nthree\n```\n";
        fails(page, 7, "the page shows `three`, and `two` was printed");
        let page = "```sh\necho one; echo two\n```\n```text\none\n```\n";
        fails(page, 5, "shows nothing more, and `two` was printed");
        let page = "```sh\necho one >a\n```\n<!-- in: a -->\n```text\ntwo\n```\n";
        fails(page, 6, "this is not part of a");
    }
}
