//! The parts of a variable's value that a Dockerfile cuts off or replaces.

/// A change of a value: `#pattern`, `##pattern`, `%pattern`, `%%pattern`, `/pattern/other` or `//pattern/other`. A
/// pattern has `*` for any letters, and `?` for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edit<'a> {
    form: Form,
    pattern: &'a str,
    other: &'a str,
}

/// The place of the pattern in the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Start { longest: bool },
    End { longest: bool },
    First,
    All,
}

impl<'a> Edit<'a> {
    /// Reads what follows the name of a variable; none if it is no change.
    pub fn read(text: &'a str) -> Option<Self> {
        let forms = [
            ("##", Form::Start { longest: true }),
            ("#", Form::Start { longest: false }),
            ("%%", Form::End { longest: true }),
            ("%", Form::End { longest: false }),
            ("//", Form::All),
            ("/", Form::First),
        ];
        let (rest, form) = forms
            .into_iter()
            .find_map(|(sign, form)| Some((text.strip_prefix(sign)?, form)))?;
        let (pattern, other) = match form {
            Form::First | Form::All => rest.split_once('/').unwrap_or((rest, "")),
            Form::Start { .. } | Form::End { .. } => (rest, ""),
        };
        (!pattern.is_empty()).then_some(Self {
            form,
            pattern,
            other,
        })
    }

    /// Returns the changed value. `fill` replaces the variables in the pattern and in what takes its place; none if it
    /// cannot.
    pub fn apply(&self, value: &str, fill: impl Fn(&str) -> Option<String>) -> Option<String> {
        let (pattern, other) = (fill(self.pattern)?, fill(self.other)?);
        let cuts = || value.char_indices().map(|(at, _)| at).chain([value.len()]);
        let cuts = Vec::from_iter(cuts());
        Some(match self.form {
            Form::Start { longest } => {
                let mut ends = cuts.iter().filter(|end| fits(&pattern, &value[..**end]));
                let end = if longest {
                    ends.next_back()
                } else {
                    ends.next()
                };
                value[end.copied().unwrap_or(0)..].to_owned()
            }
            Form::End { longest } => {
                let mut starts = cuts
                    .iter()
                    .filter(|start| fits(&pattern, &value[**start..]));
                let start = if longest {
                    starts.next()
                } else {
                    starts.next_back()
                };
                value[..start.copied().unwrap_or(value.len())].to_owned()
            }
            Form::First | Form::All => {
                let (mut changed, mut at) = (String::new(), 0);
                for &start in &cuts {
                    let is_done = self.form == Form::First && at > 0;
                    if start < at || is_done {
                        continue;
                    }
                    let mut ends = cuts.iter().rev().filter(|end| **end > start);
                    if let Some(&end) = ends.find(|end| fits(&pattern, &value[start..**end])) {
                        changed += &value[at..start];
                        changed += &other;
                        at = end;
                    }
                }
                changed + &value[at..]
            }
        })
    }
}

/// Returns whether a pattern is the whole of a text.
fn fits(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut of_text) = (0, 0);
    // The last `*`, and the first letter behind what it stands for.
    let mut star: Option<(usize, usize)> = None;
    while of_text < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, of_text));
                at += 1;
            }
            Some(one) if *one == '?' || *one == text[of_text] => {
                at += 1;
                of_text += 1;
            }
            _ => {
                let Some((of_star, end)) = star else {
                    return false;
                };
                star = Some((of_star, end + 1));
                (at, of_text) = (of_star + 1, end + 1);
            }
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_values_are_cut_and_replaced_as_a_shell_does() {
        let table = [
            ("#*/", "a/b/c", "b/c"),
            ("##*/", "a/b/c", "c"),
            ("%/*", "a/b/c", "a/b"),
            ("%%/*", "a/b/c", "a"),
            ("%.gz", "x.tar.gz", "x.tar"),
            ("#x", "abc", "abc"),
            ("/b/X", "abcb", "aXcb"),
            ("//b/X", "abcb", "aXcX"),
            ("//b", "abcb", "ac"),
            (
                "/debian:12/debian@sha256:ab",
                "debian:12",
                "debian@sha256:ab",
            ),
            ("/b?/-", "abcabc", "a-abc"),
            ("/ä*/x", "aäb", "ax"),
        ];
        for (edit, value, expected) in table {
            let read = Edit::read(edit).expect(edit);
            let found = read.apply(value, |text| Some(text.to_owned()));
            assert_eq!(found.as_deref(), Some(expected), "{edit} {value}");
            // A shell has the same of a pattern without quotes, and one of each kind is asked.
            let script = format!("v={value}; printf %s \"${{v{edit}}}\"");
            let said = std::process::Command::new("bash")
                .args(["-c", &script])
                .output();
            if let Ok(said) = said {
                assert_eq!(String::from_utf8_lossy(&said.stdout), expected, "{script}");
            }
        }
        for text in ["", "^^", "@Q", "#", "/"] {
            assert_eq!(Edit::read(text), None, "{text}");
        }
    }
}
