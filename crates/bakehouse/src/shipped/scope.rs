//! The variables of a Dockerfile's stage, and their replacement in texts.

use std::collections::{BTreeMap, BTreeSet};

use super::edit::Edit;
use super::shell;

/// The limit of a value in bytes. Variables that name each other twice would double it with each.
const LONGEST: usize = 64 * 1024;

/// Variables with their values. A variable without one is known, but nothing gives it a value.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    pub values: BTreeMap<String, Option<String>>,
    /// The arguments that no build gives, unless somebody names them.
    pub unset: BTreeSet<String>,
}

/// A text after the replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    pub text: String,
    /// The first variable that has no value here; it stays in the text.
    pub missing: Option<String>,
}

impl Filled {
    /// Returns the text if every variable had a value.
    pub fn complete(self) -> Option<String> {
        self.missing.is_none().then_some(self.text)
    }
}

impl Scope {
    pub fn set(&mut self, name: &str, value: Option<String>) {
        self.values.insert(name.to_owned(), value);
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.as_deref()
    }

    /// Replaces `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:+other}`, and the forms that cut or replace a part of the
    /// value, such as `${NAME#pattern}` and `${NAME/pattern/other}`; `\$` is a dollar.
    pub fn fill(&self, text: &str) -> Filled {
        let mut filled = Filled {
            text: String::with_capacity(text.len()),
            missing: None,
        };
        let mut rest = text;
        while let Some(start) = rest.find('$') {
            if let Some(before) = rest[..start].strip_suffix('\\') {
                filled.text += before;
                filled.text.push('$');
                rest = &rest[start + 1..];
                continue;
            }
            filled.text += &rest[..start];
            rest = &rest[start..];
            let Some((whole, name, rule)) = reference(rest) else {
                filled.text.push('$');
                rest = &rest[1..];
                continue;
            };
            let value = self.get(name);
            let has_one = value.is_some_and(|value| !value.is_empty());
            match (rule, value) {
                (Rule::Default(default), _) if !has_one => self.append(&mut filled, default),
                (Rule::Other(other), _) if has_one => self.append(&mut filled, other),
                (Rule::Other(_), _) => {}
                (Rule::Edit(edit), Some(value)) => {
                    let value = value.to_owned();
                    let inner = |text: &str| self.fill(text).complete();
                    match edit.apply(&value, inner) {
                        Some(edited) if filled.text.len() + edited.len() <= LONGEST => {
                            filled.text += &edited;
                        }
                        _ => {
                            filled.missing.get_or_insert_with(|| name.to_owned());
                            filled.text += whole;
                        }
                    }
                }
                (_, Some(value)) if filled.text.len() + value.len() <= LONGEST => {
                    filled.text += value;
                }
                (_, Some(_)) => {
                    filled.missing.get_or_insert_with(|| name.to_owned());
                    filled.text += whole;
                }
                (_, None) => {
                    filled.missing.get_or_insert_with(|| name.to_owned());
                    filled.text += whole;
                }
            }
            rest = &rest[whole.len()..];
        }
        filled.text += rest;
        filled
    }

    /// Returns a text as a shell has it, where a variable without a value is empty; none if only the build knows.
    pub fn in_shell(&self, text: &str) -> Option<String> {
        let mut scope = self.clone();
        // BuildKit gives these without being asked.
        let given = |name: &String| name.starts_with("TARGET") || name.starts_with("BUILD");
        for name in self.unset.iter().filter(|name| !given(name)) {
            let value = scope.values.entry(name.clone()).or_default();
            value.get_or_insert_default();
        }
        let filled = scope.fill(text).complete()?;
        (!filled.contains(['$', '`'])).then_some(filled)
    }

    fn append(&self, filled: &mut Filled, inner: &str) {
        let inner = inner.trim_matches(['"', '\'']);
        let more = self.fill(inner);
        filled.text += &more.text;
        filled.missing = filled.missing.take().or(more.missing);
    }
}

/// The meaning of a variable without a value, or with one.
#[derive(Clone, Copy)]
enum Rule<'a> {
    Plain,
    Default(&'a str),
    Other(&'a str),
    Edit(Edit<'a>),
}

/// Returns the reference to a variable with which the text begins.
fn reference(text: &str) -> Option<(&str, &str, Rule<'_>)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let after = &text[1..];
    let Some(inner) = after.strip_prefix('{') else {
        let end = after.find(|c| !is_name(c)).unwrap_or(after.len());
        let named = after.starts_with(|c: char| is_name(c) && !c.is_ascii_digit());
        return named.then(|| (&text[..=end], &after[..end], Rule::Plain));
    };
    let mut depth = 1;
    let end = inner.find(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        depth == 0
    })?;
    let whole = &text[..end + 3];
    let inner = &inner[..end];
    let named = inner.find(|c| !is_name(c)).unwrap_or(inner.len());
    let (name, rule) = inner.split_at(named);
    if name.is_empty() {
        return None;
    }
    let rule = match rule.trim_start_matches(':').split_at_checked(1) {
        None if rule.is_empty() => Rule::Plain,
        Some(("-", default)) => Rule::Default(default),
        Some(("+", other)) => Rule::Other(other),
        _ => Rule::Edit(Edit::read(rule)?),
    };
    Some((whole, name, rule))
}

/// Returns the assignments of `ARG` and `ENV`: `A=1 B="2 3"`, or `A 1` of old.
pub fn assignments(text: &str) -> Vec<(String, Option<String>)> {
    let mut found: Vec<(String, Option<String>)> = Vec::new();
    for word in shell::words(text) {
        match (word.text.split_once('='), found.last_mut()) {
            (Some((name, value)), _) => found.push((name.to_owned(), Some(value.to_owned()))),
            (None, Some((_, None))) => {
                let (_, value) = text
                    .trim_start()
                    .split_once(char::is_whitespace)
                    .unwrap_or_default();
                found[0].1 = Some(value.trim().trim_matches('"').to_owned());
                return found;
            }
            (None, _) => found.push((word.text, None)),
        }
    }
    found
}

/// Returns a word of an instruction without its quotes.
pub fn unquoted(text: &str) -> String {
    if !text.contains(['\'', '"', '\\']) {
        return text.to_owned();
    }
    let words = shell::words(text);
    let words: Vec<String> = words.into_iter().map(|word| word.text).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_replaced_where_they_have_a_value() {
        let mut scope = Scope::default();
        for (name, value) in [("A", Some("1")), ("E", Some("")), ("N", None)] {
            scope.set(name, value.map(str::to_owned));
        }
        let table = [
            ("x$A-${A}", "x1-1", None),
            ("${E}", "", None),
            ("$N/${M}", "$N/${M}", Some("N")),
            ("${N:-d}${E:-e}${A:-f}", "de1", None),
            ("${N:+x}${A:+'y'}", "y", None),
            ("${N:-${A}}", "1", None),
            ("${A/1/${A}2}", "12", None),
            ("${A/1/$N}", "${A/1/$N}", Some("A")),
            ("${N#x}", "${N#x}", Some("N")),
            ("${A^^}", "${A^^}", None),
            ("$ 5$", "$ 5$", None),
            ("${A", "${A", None),
            ("$(date)", "$(date)", None),
            (r"\$A x\$N", "$A x$N", None),
        ];
        for (text, expected, missing) in table {
            let filled = scope.fill(text);
            assert_eq!(
                (filled.text.as_str(), filled.missing.as_deref()),
                (expected, missing),
                "{text}"
            );
        }
    }

    #[test]
    fn values_that_double_end() {
        let mut scope = Scope::default();
        scope.set("A0", Some("xx".to_owned()));
        for n in 0..64 {
            let value = scope.fill(&format!("$A{n}$A{n}")).complete();
            scope.set(&format!("A{}", n + 1), value);
        }
        let known = scope.values.values().flatten();
        assert!(known.map(String::len).max() <= Some(LONGEST));
        assert_eq!(scope.values["A64"], None);
    }

    /// Text → names with their values.
    type Row = (
        &'static str,
        &'static [(&'static str, Option<&'static str>)],
    );

    #[test]
    fn assignments_have_both_forms() {
        let table: &[Row] = &[
            ("A=1 B=\"2 3\"", &[("A", Some("1")), ("B", Some("2 3"))]),
            ("A", &[("A", None)]),
            ("LANG en_US.utf8", &[("LANG", Some("en_US.utf8"))]),
            ("A b c", &[("A", Some("b c"))]),
            ("A=", &[("A", Some(""))]),
            (
                r"A=x;y&z B='$A' C=\$A",
                &[
                    ("A", Some("x;y&z")),
                    ("B", Some(r"\$A")),
                    ("C", Some(r"\$A")),
                ],
            ),
        ];
        for (text, expected) in table {
            let found = assignments(text);
            let found: Vec<(&str, Option<&str>)> = found
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_deref()))
                .collect();
            assert_eq!(found, *expected, "{text}");
        }
    }
}
