//! Parser of YAML: returns a tree in which every value knows its place, and goes on after a mistake.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};

/// Most values that a file may have. An alias counts as many as its anchor.
const MOST_VALUES: usize = 10_000;

/// A value and the bytes from which it was read.
#[derive(Clone, Debug)]
pub struct Node {
    pub span: Range<usize>,
    pub value: Value,
}

/// A value.
#[derive(Clone, Debug)]
pub enum Value {
    /// Text. Plain text has no quotes, so it may be a number, a truth value or null.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    /// Entries in the order of the file, each key once.
    Map(Vec<(Key, Node)>),
}

/// The key of a map.
#[derive(Clone, Debug)]
pub struct Key {
    pub text: String,
    pub span: Range<usize>,
}

/// A mistake in the text.
#[derive(Clone, Debug)]
pub struct Mistake {
    pub message: String,
    pub span: Range<usize>,
}

impl Value {
    /// Returns whether the value is null: empty, `~` or `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Scalar { text, plain: true }
            if ["", "~", "null", "Null", "NULL"].contains(&text.as_str()))
    }
}

/// Parses a file with one document. Returns as much as can be read, and all mistakes. A text that is not YAML ends at
/// its first mistake.
pub fn parse(text: &str) -> (Option<Node>, Vec<Mistake>) {
    let mut reader = TreeReader {
        parser: Parser::new_from_str(text),
        anchors: HashMap::new(),
        values: 0,
        mistakes: Vec::new(),
    };
    match reader.document() {
        Ok(root) => (root, reader.mistakes),
        Err(mistake) => {
            reader.mistakes.push(mistake);
            (None, reader.mistakes)
        }
    }
}

struct TreeReader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    /// Anchored nodes, each with its number of values.
    anchors: HashMap<usize, (Node, usize)>,
    values: usize,
    mistakes: Vec<Mistake>,
}

impl<'a> TreeReader<'a> {
    fn document(&mut self) -> Result<Option<Node>, Mistake> {
        let mut root = None;
        while let Some((event, span)) = self.next()? {
            match event {
                Event::DocumentStart(..) if root.is_some() => {
                    self.mistake("the file holds more than one document", range(&span));
                    break;
                }
                Event::StreamStart
                | Event::StreamEnd
                | Event::DocumentStart(..)
                | Event::DocumentEnd => {}
                event => root = Some(self.node(event, &span)?),
            }
        }
        Ok(root)
    }

    /// Returns the next event that is not about presentation.
    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, Mistake> {
        loop {
            let Some(next) = self.parser.next_event() else {
                return Ok(None);
            };
            let (event, span) = next.map_err(|error| {
                let at = error.marker().byte_offset().unwrap_or_default();
                Mistake {
                    message: error.info(),
                    span: at..at,
                }
            })?;
            let structure = matches!(
                event,
                Event::StreamStart
                    | Event::StreamEnd
                    | Event::DocumentStart(..)
                    | Event::DocumentEnd
                    | Event::SequenceEnd
                    | Event::MappingEnd
            );
            if structure || event.is_node() {
                return Ok(Some((event, span)));
            }
        }
    }

    fn node(&mut self, event: Event<'a>, span: &Span) -> Result<Node, Mistake> {
        let before = self.values;
        self.count(1, span)?;
        let (value, anchor, end) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tagged = self.is_text(tag.as_deref(), span);
                let value = Value::Scalar {
                    text: text.into_owned(),
                    plain: style == ScalarStyle::Plain && !tagged,
                };
                (value, anchor, range(span).end)
            }
            Event::SequenceStart(_, anchor, _) => {
                let (items, end) = self.list(span)?;
                (Value::List(items), anchor, end)
            }
            Event::MappingStart(_, anchor, _) => {
                let (entries, end) = self.map(span)?;
                (Value::Map(entries), anchor, end)
            }
            Event::Alias(id) => {
                let Some((node, values)) = self.anchors.get(&id) else {
                    return Err(Mistake {
                        message: "the alias is inside its own anchor".to_owned(),
                        span: range(span),
                    });
                };
                let (value, values) = (node.value.clone(), *values);
                self.count(values, span)?;
                (value, 0, range(span).end)
            }
            _ => {
                return Err(Mistake {
                    message: "there is no value here".to_owned(),
                    span: range(span),
                });
            }
        };
        let node = Node {
            span: range(span).start..end,
            value,
        };
        if anchor != 0 {
            let values = self.values - before;
            self.anchors.insert(anchor, (node.clone(), values));
        }
        Ok(node)
    }

    fn list(&mut self, start: &Span) -> Result<(Vec<Node>, usize), Mistake> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                Some((Event::SequenceEnd, span)) => return Ok((items, range(&span).end)),
                Some((event, span)) => items.push(self.node(event, &span)?),
                None => return Err(unfinished(start)),
            }
        }
    }

    fn map(&mut self, start: &Span) -> Result<(Vec<(Key, Node)>, usize), Mistake> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut merged = Vec::new();
        let mut seen = BTreeSet::new();
        let end = loop {
            let (event, span) = match self.next()? {
                Some((Event::MappingEnd, span)) => break range(&span).end,
                Some(next) => next,
                None => return Err(unfinished(start)),
            };
            let key = self.node(event, &span)?;
            let Some((event, span)) = self.next()? else {
                return Err(unfinished(start));
            };
            let value = self.node(event, &span)?;
            match key.value {
                Value::Scalar { text, plain: true } if text == "<<" => merged.push(value),
                Value::Scalar { text, .. } => {
                    if seen.insert(text.clone()) {
                        let span = key.span;
                        entries.push((Key { text, span }, value));
                    } else {
                        self.mistake(format!("the key `{}` occurs twice", shown(&text)), key.span);
                    }
                }
                Value::List(_) | Value::Map(_) => self.mistake("a key must be text", key.span),
            }
        };
        for node in merged {
            self.merge(node, &mut entries, &mut seen);
        }
        Ok((entries, end))
    }

    /// Adds the entries that `<<` merges. Existing keys take precedence.
    fn merge(&mut self, node: Node, entries: &mut Vec<(Key, Node)>, seen: &mut BTreeSet<String>) {
        match node.value {
            Value::Map(brought) => {
                let new = brought.into_iter();
                entries.extend(new.filter(|(key, _)| seen.insert(key.text.clone())));
            }
            Value::List(nodes) => {
                for node in nodes {
                    self.merge(node, entries, seen);
                }
            }
            Value::Scalar { .. } => self.mistake("`<<` takes a map or a list of maps", node.span),
        }
    }

    /// Returns whether a tag makes a scalar text. No other tag has a meaning here.
    fn is_text(&mut self, tag: Option<&Tag>, span: &Span) -> bool {
        let Some(tag) = tag else { return false };
        let text =
            tag.core_suffix() == Some("str") || (tag.handle().is_empty() && tag.suffix() == "!");
        if !text {
            self.mistake(
                format!("the tag `{}` has no meaning here", shown(&tag.original())),
                range(span),
            );
        }
        text
    }

    fn count(&mut self, values: usize, span: &Span) -> Result<(), Mistake> {
        self.values += values;
        if self.values <= MOST_VALUES {
            return Ok(());
        }
        Err(Mistake {
            message: format!("the file has more than {MOST_VALUES} values"),
            span: range(span),
        })
    }

    fn mistake(&mut self, message: impl Into<String>, span: Range<usize>) {
        let message = message.into();
        self.mistakes.push(Mistake { message, span });
    }
}

fn unfinished(start: &Span) -> Mistake {
    Mistake {
        message: "this does not end".to_owned(),
        span: range(start),
    }
}

fn range(span: &Span) -> Range<usize> {
    // This parser reads text, so offsets in bytes are always there.
    span.byte_range().unwrap_or_default()
}

/// Returns text of a file in a form that is safe in a message.
pub fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let escaped = text.escape_debug();
    if text.chars().count() <= MOST {
        return escaped.to_string();
    }
    let short: String = text.chars().take(MOST).collect();
    format!("{}…", short.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Formats a tree in one line: plain text as it is, other text in quotes.
    fn line(node: &Node) -> String {
        match &node.value {
            Value::Scalar { text, plain: true } => text.clone(),
            Value::Scalar { text, .. } => format!("{text:?}"),
            Value::List(items) => {
                format!(
                    "[{}]",
                    items.iter().map(line).collect::<Vec<_>>().join(", ")
                )
            }
            Value::Map(entries) => {
                let entry = |(key, node): &(Key, Node)| format!("{}: {}", key.text, line(node));
                format!(
                    "{{{}}}",
                    entries.iter().map(entry).collect::<Vec<_>>().join(", ")
                )
            }
        }
    }

    #[test]
    fn values_are_read_with_what_aliases_and_merges_bring() {
        for (text, expected) in [
            ("a: 1\nb: \"1\"\nc: !!str 1\n", r#"{a: 1, b: "1", c: "1"}"#),
            ("- a\n- [b, {c: d}]\n", "[a, [b, {c: d}]]"),
            ("a: &x {b: 1}\nc: *x\n", "{a: {b: 1}, c: {b: 1}}"),
            (
                "a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\n",
                "{a: {b: 1, c: 2}, d: {c: 3, b: 1}}",
            ),
            ("# only\na: | # a comment\n  x\n", r#"{a: "x\n"}"#),
            ("a:\nb: ~\n", "{a: ~, b: ~}"),
        ] {
            let (root, mistakes) = parse(text);
            assert!(mistakes.is_empty(), "{text}: {mistakes:?}");
            assert_eq!(line(&root.unwrap()), expected);
        }
    }

    #[test]
    fn every_value_and_key_knows_its_place() {
        let text = "ref: core\ntags: [a, \"b\"]\n";
        let (root, _) = parse(text);
        let Value::Map(entries) = root.unwrap().value else {
            panic!("a map")
        };
        let (key, value) = &entries[1];
        assert_eq!(&text[key.span.clone()], "tags");
        let Value::List(items) = &value.value else {
            panic!("a list")
        };
        assert_eq!(&text[items[1].span.clone()], "\"b\"");
        assert_eq!(&text[entries[0].1.span.clone()], "core");
    }

    #[test]
    fn mistakes_are_found_in_their_place() {
        for (text, message, place) in [
            ("a: 1\na: 2\n", "the key `a` occurs twice", "a"),
            ("a: !path x\n", "the tag `!path` has no meaning here", "x"),
            ("? [a]\n: b\n", "a key must be text", "[a]"),
            ("a: 1\n---\nb: 2\n", "more than one document", "---"),
            ("a: &x [*x]\n", "inside its own anchor", "*x"),
            ("<<: 1\n", "`<<` takes a map", "1"),
        ] {
            let (_, mistakes) = parse(text);
            assert_eq!(mistakes.len(), 1, "{text}: {mistakes:?}");
            assert!(mistakes[0].message.contains(message), "{mistakes:?}");
            assert_eq!(&text[mistakes[0].span.clone()], place, "{text}");
        }
        let (root, mistakes) = parse("a: [b\n");
        assert!(root.is_none() && mistakes.len() == 1, "{mistakes:?}");
        assert!(parse("").0.is_none());
    }

    #[test]
    fn aliases_of_aliases_do_not_fill_the_memory() {
        let mut text = "a0: &a0 [x, x]\n".to_owned();
        for n in 1..60 {
            text += &format!("a{n}: &a{n} [*a{}, *a{}]\n", n - 1, n - 1);
        }
        let (_, mistakes) = parse(&text);
        assert!(
            mistakes[0].message.contains("more than 10000 values"),
            "{mistakes:?}"
        );
    }
}
