//! YAML as data, and its text, which Compose and other parsers read back unchanged.

use std::fmt;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Yaml {
    /// A text in which Compose replaces variables.
    Template(String),
    /// A text that Compose takes literally.
    Text(String),
    /// A literal text for readers that replace no variables.
    Plain(String),
    Number(i64),
    True,
    False,
    Null,
    /// An alias, `*name`.
    Alias(String),
    /// A list, one item a line.
    List(Vec<Yaml>),
    /// A map, one key a line.
    Map(Vec<(String, Yaml)>),
    /// A list or map on one line.
    Line(Box<Yaml>),
    /// A value with comments above it, one a line.
    Noted(String, Box<Yaml>),
    /// A value with an anchor or a tag before it, e.g. `&build` or `!override`.
    Marked(String, Box<Yaml>),
}

impl Yaml {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub fn plain(text: impl Into<String>) -> Self {
        Self::Plain(text.into())
    }

    /// Returns an alias of the value with that anchor.
    pub fn alias(name: impl Into<String>) -> Self {
        Self::Alias(name.into())
    }

    /// Returns a list on one line.
    pub fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Line(Box::new(Self::List(
            words.into_iter().map(Self::text).collect(),
        )))
    }

    /// Returns a map with one key a line.
    pub fn map<'a>(entries: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        let entries = entries.into_iter();
        Self::Map(
            entries
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    }

    /// Returns a map on one line.
    pub fn line<'a>(entries: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        Self::Line(Box::new(Self::map(entries)))
    }

    #[must_use]
    pub fn marked(self, mark: impl Into<String>) -> Self {
        Self::Marked(mark.into(), Box::new(self))
    }

    #[must_use]
    pub fn noted(self, note: &str) -> Self {
        Self::Noted(note.to_owned(), Box::new(self))
    }

    /// Returns the text of a short document, without empty lines between its tables.
    pub fn dense(&self) -> String {
        match self {
            Self::Map(entries) => Dense(entries).to_string(),
            _ => self.to_string(),
        }
    }

    /// Writes the text after `key:` or `-`. It begins with a space or a line break and ends with a line break.
    fn block(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                writeln!(f)?;
                map(f, entries, depth)
            }
            Self::List(items) if !items.is_empty() => {
                writeln!(f)?;
                for item in items {
                    write!(f, "{:depth$}-", "")?;
                    item.item(f, depth + 2)?;
                }
                Ok(())
            }
            Self::Marked(mark, value) => {
                write!(f, " {mark}")?;
                value.block(f, depth)
            }
            Self::Noted(_, value) => value.block(f, depth),
            _ => {
                f.write_str(" ")?;
                self.inline(f)?;
                writeln!(f)
            }
        }
    }

    /// Writes an item of a list after `-`. A map begins on the same line.
    fn item(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let Self::Map(entries) = self else {
            return self.block(f, depth);
        };
        let Some(((key, value), rest)) = entries.split_first() else {
            return self.block(f, depth);
        };
        write!(f, " {}:", name(key))?;
        value.block(f, depth + 2)?;
        for entry in rest {
            map(f, std::slice::from_ref(entry), depth)?;
        }
        Ok(())
    }

    fn inline(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => f.write_str(&scalar(text)),
            Self::Number(number) => write!(f, "{number}"),
            Self::Template(text) => f.write_str(&quoted(text)),
            // Compose would replace `$NAME` by a variable.
            Self::Text(text) => f.write_str(&scalar(&text.replace('$', "$$"))),
            Self::True => f.write_str("true"),
            Self::False => f.write_str("false"),
            Self::Null => f.write_str("null"),
            Self::Alias(name) => write!(f, "*{name}"),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { ", " })?;
                    item.inline(f)?;
                }
                f.write_str("]")
            }
            Self::Map(entries) if entries.is_empty() => f.write_str("{}"),
            Self::Map(entries) => {
                f.write_str("{ ")?;
                for (index, (key, value)) in entries.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { ", " })?;
                    write!(f, "{}: ", name(key))?;
                    value.inline(f)?;
                }
                f.write_str(" }")
            }
            Self::Marked(mark, value) => {
                write!(f, "{mark} ")?;
                value.inline(f)
            }
            Self::Line(value) | Self::Noted(_, value) => value.inline(f),
        }
    }
}

/// A whole document, whose value is a map.
impl fmt::Display for Yaml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Map(entries) => map(f, entries, 0),
            _ => self.block(f, 0),
        }
    }
}

/// A document without empty lines between its tables.
struct Dense<'a>(&'a [(String, Yaml)]);

impl fmt::Display for Dense<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        separated(f, self.0, 0, false)
    }
}

/// Writes a map. Empty lines separate the tables of the document and entries with comments.
fn map(f: &mut fmt::Formatter<'_>, entries: &[(String, Yaml)], depth: usize) -> fmt::Result {
    separated(f, entries, depth, depth == 0)
}

/// Writes a map, with empty lines before all entries or before those with comments.
fn separated(
    f: &mut fmt::Formatter<'_>,
    entries: &[(String, Yaml)],
    depth: usize,
    all: bool,
) -> fmt::Result {
    for (index, (key, value)) in entries.iter().enumerate() {
        let note = match value {
            Yaml::Noted(note, _) => Some(note),
            _ => None,
        };
        if index > 0 && (all || note.is_some()) {
            writeln!(f)?;
        }
        for line in note.into_iter().flat_map(|note| note.lines()) {
            writeln!(f, "{:depth$}# {line}", "")?;
        }
        write!(f, "{:depth$}{}:", "", name(key))?;
        value.block(f, depth + 2)?;
    }
    Ok(())
}

/// Formats a key. Compose does not replace variables in keys.
fn name(key: &str) -> String {
    // The key `<<` merges a map.
    if key == "<<" {
        key.to_owned()
    } else {
        scalar(key)
    }
}

/// Formats a text: plain if every parser takes it for a text, else in quotes.
pub(super) fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let start = |c: char| c.is_ascii_alphabetic() || c == '/';
    let path = text.starts_with("./") || text.starts_with("../");
    // YAML 1.1 or 1.2 takes these words for other types.
    let words = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];
    let meant = words.contains(&text.to_ascii_lowercase().as_str());
    if (text.starts_with(start) || path) && text.chars().all(plain) && !meant {
        text.to_owned()
    } else {
        quoted(text)
    }
}

pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // YAML does not allow these characters as they are, or takes them for line breaks.
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Returns what a parser reads for texts in every position, after Compose has replaced variables.
    fn read_back(texts: &[String]) -> Vec<String> {
        let items = || texts.iter().map(Yaml::text).collect();
        let keys = texts.iter().enumerate();
        let keys = keys.map(|(index, text)| (format!("k{index}"), Yaml::text(text)));
        let document = Yaml::map([
            ("block", Yaml::List(items())),
            ("line", Yaml::Line(Box::new(Yaml::List(items())))),
            ("map", Yaml::Map(keys.clone().collect())),
            (
                "short",
                Yaml::Line(Box::new(Yaml::Map(keys.clone().collect()))),
            ),
            ("items", Yaml::List(vec![Yaml::Map(keys.collect())])),
            ("plain", Yaml::List(texts.iter().map(Yaml::plain).collect())),
        ]);
        let text = document.to_string();
        #[derive(serde::Deserialize)]
        struct Read {
            block: Vec<String>,
            line: Vec<String>,
            map: BTreeMap<String, String>,
            short: BTreeMap<String, String>,
            items: Vec<BTreeMap<String, String>>,
            plain: Vec<String>,
        }
        let read: Read =
            serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let in_order = |map: &BTreeMap<String, String>| {
            let keys = (0..map.len()).map(|index| map[&format!("k{index}")].clone());
            keys.collect::<Vec<_>>()
        };
        assert_eq!(read.block, read.line);
        assert_eq!(read.block, in_order(&read.map));
        assert_eq!(read.block, in_order(&read.short));
        assert_eq!(read.block, in_order(&read.items[0]));
        assert_eq!(read.plain, texts);
        let interpolated = |text: &String| text.replace("$$", "$");
        read.block.iter().map(interpolated).collect()
    }

    #[test]
    fn every_text_is_read_back() {
        let texts = [
            "",
            " ",
            "yes",
            "NO",
            "null",
            "~",
            "-",
            "1",
            "1e3",
            "0x1",
            ".5",
            "22:22",
            "a: b",
            "a #b",
            "${HOME}",
            "$$",
            "\"",
            "\\",
            "'",
            "a\nb",
            "tab\t",
            "é",
            "🍞",
            "\u{85}",
            "\u{2028}",
            "\u{feff}x",
            "&a",
            "*a",
            "!a",
            "%a",
            "@a",
            "`a`",
            "[a]",
            "{a}",
            ", ",
            "2001-01-01",
            "../a",
            "=",
            "<<",
            "-a",
            "\u{7f}",
        ];
        let texts = texts.map(str::to_owned);
        assert_eq!(read_back(&texts), texts);
        let long = ["x y ".repeat(20_000)];
        assert_eq!(read_back(&long), long);
    }

    proptest! {
        #[test]
        fn any_text_is_read_back(texts in proptest::collection::vec("\\PC*|[\\x00-\\x7f$\"\\\\\u{80}-\u{9f}]{0,12}", 1..6)) {
            prop_assert_eq!(read_back(&texts), texts);
        }
    }
}
