//! Parses Markdown into steps.

use super::fault::Fault;

/// The parts of a page that are played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub name: String,
    pub steps: Vec<Step>,
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The first line in the block, counted from 1.
    pub line: usize,
    pub text: String,
    pub kind: Kind,
}

/// The purpose of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Run {
        exits: i32,
    },
    NotRun {
        reason: String,
    },
    /// The output of the `Run` before.
    Output,
    File(String),
    Append(String),
    In(String),
}

/// A comment about the block after it.
struct Note {
    line: usize,
    key: String,
    value: String,
}

impl Page {
    /// Parses `markdown`.
    ///
    /// # Errors
    /// A comment that is not a note, a note without a block or for a block of another kind, output without commands, or
    /// an unclosed block.
    pub fn read(name: &str, markdown: &str) -> Result<Self, Fault> {
        let fault = |line: usize, what: &str| Fault {
            page: name.to_owned(),
            line,
            what: what.to_owned(),
        };
        let mut steps: Vec<Step> = Vec::new();
        let mut note: Option<Note> = None;
        let mut lines = (1..).zip(markdown.lines());
        while let Some((at, line)) = lines.next() {
            let start = line.trim_start();
            let indent = line.len() - start.len();
            if let Some(language) = start.strip_prefix("```") {
                let text = until(&mut lines, indent, "```")
                    .ok_or_else(|| fault(at, "this block does not end"))?;
                let before = steps.iter().rev().find(|step| step.kind != Kind::Output);
                let runs = before.is_some_and(|step| matches!(step.kind, Kind::Run { .. }));
                let kind = kind(language, note.take(), runs).map_err(|what| fault(at, &what))?;
                steps.extend(kind.map(|kind| Step {
                    line: at + 1,
                    text,
                    kind,
                }));
            } else if start == "<!-- sh" {
                let text = until(&mut lines, indent, "-->")
                    .ok_or_else(|| fault(at, "this comment does not end"))?;
                steps.push(Step {
                    line: at + 1,
                    text,
                    kind: Kind::Run { exits: 0 },
                });
            } else if let Some(comment) = start.strip_prefix("<!--") {
                let said = comment.trim_end().strip_suffix("-->");
                let (key, value) = said
                    .and_then(|said| said.split_once(':'))
                    .ok_or_else(|| fault(at, "this comment is not a note"))?;
                let new = Note {
                    line: at,
                    key: key.trim().to_owned(),
                    value: value.trim().to_owned(),
                };
                if let Some(old) = note.replace(new) {
                    return Err(fault(old.line, "no block follows this note"));
                }
            } else if !start.is_empty()
                && let Some(note) = &note
            {
                return Err(fault(note.line, "no block follows this note"));
            }
        }
        match note {
            Some(note) => Err(fault(note.line, "no block follows this note")),
            None => Ok(Self {
                name: name.to_owned(),
                steps,
            }),
        }
    }
}

/// Returns the lines up to `end`, without `indent`.
fn until<'a>(
    lines: &mut impl Iterator<Item = (usize, &'a str)>,
    indent: usize,
    end: &str,
) -> Option<String> {
    let mut text = String::new();
    for (_, line) in lines {
        if line.trim() == end {
            return Some(text);
        }
        let blank = line.len() - line.trim_start().len();
        text.push_str(&line[indent.min(blank)..]);
        text.push('\n');
    }
    None
}

/// Returns the purpose of a block of `language`, or `None` if it is only for the reader.
fn kind(language: &str, note: Option<Note>, after_a_run: bool) -> Result<Option<Kind>, String> {
    let Some(Note { key, value, .. }) = note else {
        return match language {
            "sh" => Ok(Some(Kind::Run { exits: 0 })),
            "text" if after_a_run => Ok(Some(Kind::Output)),
            "text" => Err("no commands are run before this output".to_owned()),
            _ => Ok(None),
        };
    };
    let kind = match (key.as_str(), language) {
        ("exits", "sh") => {
            let exits = value
                .parse()
                .map_err(|_| format!("`{value}` is not an exit code"))?;
            Kind::Run { exits }
        }
        ("not run", "sh") if !value.is_empty() => Kind::NotRun { reason: value },
        ("exits" | "not run", _) => return Err(format!("`{key}` is for a block of sh")),
        ("file", _) => Kind::File(value),
        ("append", _) => Kind::Append(value),
        ("in", _) => Kind::In(value),
        _ => return Err(format!("there is no note `{key}`")),
    };
    Ok(Some(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# A page

```sh
echo one
```

```text
one
```

<!-- exits: 3 -->
```sh
exit 3
```

<!-- sh
rm a
-->

- in a list:

  <!-- append: a.toml -->

  ```toml
  [a]
    b = 1
  ```

```toml
shown = true
```

<!-- not run: needs a key -->
```sh
push
```
";

    #[test]
    fn blocks_are_read_with_line_and_note() {
        let page = Page::read("docs/page.md", PAGE).expect("it is a page");
        let steps: Vec<_> = page
            .steps
            .iter()
            .map(|step| (step.line, step.text.as_str(), step.kind.clone()))
            .collect();
        let expected = [
            (4, "echo one\n", Kind::Run { exits: 0 }),
            (8, "one\n", Kind::Output),
            (13, "exit 3\n", Kind::Run { exits: 3 }),
            (17, "rm a\n", Kind::Run { exits: 0 }),
            (25, "[a]\n  b = 1\n", Kind::Append("a.toml".to_owned())),
            (
                35,
                "push\n",
                Kind::NotRun {
                    reason: "needs a key".to_owned(),
                },
            ),
        ];
        assert_eq!(steps, expected);
    }

    #[test]
    fn mistakes_of_a_page_have_their_line() {
        let table = [
            ("<!-- fiel: a -->\n```toml\n```\n", 2, "no note `fiel`"),
            ("<!-- TODO -->\n", 1, "not a note"),
            ("<!-- exits: 3 -->\n\nwords\n", 1, "no block follows"),
            ("<!-- exits: 3 -->\n", 1, "no block follows"),
            (
                "\n<!-- exits: three -->\n```sh\n```\n",
                3,
                "not an exit code",
            ),
            ("<!-- not run: -->\n```sh\n```\n", 2, "for a block of sh"),
            ("<!-- exits: 1 -->\n```toml\n```\n", 2, "for a block of sh"),
            ("\n\n```text\none\n```\n", 3, "no commands"),
            ("```sh\necho\n", 1, "does not end"),
            ("<!-- sh\necho\n", 1, "does not end"),
        ];
        for (markdown, line, what) in table {
            let fault = Page::read("docs/page.md", markdown).expect_err(markdown);
            assert_eq!(fault.line, line, "{markdown}");
            assert!(fault.what.contains(what), "{fault}");
        }
    }
}
