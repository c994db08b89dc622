//! The branches of a script that a build runs, as far as the values of its variables tell.

use super::place::Line;
use super::scope::Scope;
use super::shell::KEYWORDS;

/// A judgement about a condition; none if only the build knows.
type Holds = Option<bool>;

/// The conditions around a command.
#[derive(Clone, Debug, Default)]
pub struct Branches {
    open: Vec<Branch>,
}

/// A condition, and what comes after it up to the next one.
#[derive(Clone, Copy, Debug)]
struct Branch {
    /// Whether a branch before it is taken.
    earlier: Holds,
    holds: Holds,
    /// The number of commands that decide, while they are read.
    deciding: Option<usize>,
}

impl Branches {
    /// Returns a command without the keywords before it; none if its branch is never taken.
    pub fn command<'a>(
        &mut self,
        command: &'a [(String, Line)],
        scope: &Scope,
    ) -> Option<&'a [(String, Line)]> {
        let mut rest = command;
        let mut negated = false;
        while let [(word, _), after @ ..] = rest {
            match word.as_str() {
                "fi" => {
                    self.open.pop();
                }
                word if !KEYWORDS.contains(&word) => break,
                word => {
                    self.keyword(word);
                    negated ^= word == "!";
                }
            }
            rest = after;
        }
        if rest.is_empty() || !self.open.iter().all(Branch::may_run) {
            return None;
        }
        if let Some(branch) = self.open.last_mut()
            && let Some(deciding) = &mut branch.deciding
        {
            *deciding += 1;
            let holds = holds(rest, scope).map(|holds| holds != negated);
            // How several commands decide together stands between them.
            branch.holds = holds.filter(|_| *deciding == 1);
        }
        Some(rest)
    }

    fn keyword(&mut self, word: &str) {
        if word == "if" {
            self.open.push(Branch {
                earlier: Some(false),
                holds: None,
                deciding: Some(0),
            });
            return;
        }
        let Some(branch) = self.open.last_mut() else {
            return;
        };
        match word {
            "then" => branch.deciding = None,
            "elif" | "else" => {
                branch.earlier = match (branch.earlier, branch.holds) {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                };
                branch.holds = (word == "else").then_some(true);
                branch.deciding = (word == "elif").then_some(0);
            }
            _ => {}
        }
    }
}

impl Branch {
    fn may_run(&self) -> bool {
        self.earlier != Some(true) && (self.deciding.is_some() || self.holds != Some(false))
    }
}

/// Judges a command that is `test` or `[`.
fn holds(command: &[(String, Line)], scope: &Scope) -> Holds {
    let words: Vec<&str> = command.iter().map(|(word, _)| word.as_str()).collect();
    let inner = match &words[..] {
        ["test", inner @ ..] | ["[", inner @ .., "]"] | ["[[", inner @ .., "]]"] => inner,
        ["true"] => return Some(true),
        ["false"] => return Some(false),
        _ => return None,
    };
    let (inner, negated) = match inner {
        ["!", inner @ ..] => (inner, true),
        inner => (inner, false),
    };
    let value = |word: &str| scope.in_shell(word);
    let found = match inner {
        ["-n", word] | [word] => !value(word)?.is_empty(),
        ["-z", word] => value(word)?.is_empty(),
        // Nobody needs a secret to build.
        ["-e" | "-f" | "-r" | "-s", file] if file.starts_with("/run/secrets/") => false,
        [left, "=" | "==", right] if !right.contains(['*', '?', '[']) => {
            value(left)? == value(right)?
        }
        [left, "!=", right] if !right.contains(['*', '?', '[']) => value(left)? != value(right)?,
        _ => return None,
    };
    Some(found != negated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped::shell;

    /// Returns the commands of a script that may run, but those that decide.
    fn run(script: &str) -> String {
        let mut scope = Scope::default();
        scope.set("SET", Some("1".to_owned()));
        scope.set("UNKNOWN", None);
        scope.set("NONE", None);
        scope.unset.insert("NONE".to_owned());
        scope.set("TARGETARCH", None);
        scope.unset.insert("TARGETARCH".to_owned());
        let mut branches = Branches::default();
        let mut all = Vec::new();
        for command in shell::commands_with_keywords(script) {
            let command: Vec<(String, Line)> = command
                .into_iter()
                .map(|word| (word.text, Line::default()))
                .collect();
            if let Some([(word, _), ..]) = branches.command(&command, &scope)
                && word.len() == 1
                && word != "["
            {
                all.push(word.clone());
            }
        }
        assert!(branches.open.is_empty(), "{script}");
        all.concat()
    }

    #[test]
    fn branches_are_left_out_if_the_values_say_so() {
        let table = [
            ("a; if [ -n \"$SET\" ]; then b; else c; fi; d", "abd"),
            ("if [ -n \"$NONE\" ]; then b; else c; fi; d", "cd"),
            ("if [ -z \"${NONE}\" ]; then b; fi", "b"),
            ("if [ -n \"$UNKNOWN\" ]; then b; else c; fi", "bc"),
            ("if [ -n \"$OTHER\" ]; then b; else c; fi", "bc"),
            ("if [ \"$TARGETARCH\" = arm64 ]; then b; else c; fi", "bc"),
            (
                "if [ $SET = 2 ]; then b; elif [ $SET = 1 ]; then c; elif [ $UNKNOWN ]; then d; else e; fi",
                "c",
            ),
            (
                "if [ $UNKNOWN = 2 ]; then b; elif [ $SET = 1 ]; then c; else d; fi",
                "bc",
            ),
            (
                "if ! [ $SET = 1 ]; then b; fi; if [ ! $SET = 2 ]; then c; fi",
                "c",
            ),
            ("if test \"$SET\" != 1\nthen\n b\nelse\n c\nfi", "c"),
            ("if [[ $SET == 1* ]]; then b; else c; fi", "bc"),
            ("if [ $SET = 2 ] || [ -e x ]; then b; else c; fi", "bc"),
            (
                "if [ $SET = 2 ]; then if [ $SET = 1 ]; then b; fi; c; fi; d",
                "d",
            ),
            ("if [ -s /run/secrets/token ]; then b; fi; c", "c"),
            ("if check -y; then b; else c; fi", "bc"),
            ("for f in x; do if [ $SET = 2 ]; then b; fi; c; done", "c"),
        ];
        for (script, expected) in table {
            assert_eq!(run(script), expected, "{script}");
        }
    }
}
