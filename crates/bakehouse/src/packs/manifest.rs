//! Parser of `pack.yaml`, actions and sensors: turns a tree of values into manifests and reports every mistake. It
//! accepts the forms that the reference platform reads, and refuses those that the platform would read in more than one
//! way.

use std::ops::Range;

use super::yaml::{self, Key, Node, Value, shown};
use crate::pages::page;
use crate::problem::{Code, Problem, Source, did_you_mean};

/// A text and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    pub value: String,
    pub span: Range<usize>,
}

/// `pack.yaml`.
#[derive(Clone, Debug)]
pub struct PackFile {
    pub reference: Option<Text>,
    pub name: Option<Text>,
    pub version: Option<Text>,
}

/// A file `actions/*.yaml`.
#[derive(Clone, Debug)]
pub struct ActionFile {
    pub reference: Option<Text>,
    pub runner: Option<Text>,
    pub entry_point: Option<Text>,
}

/// A file `sensors/*.yaml`.
#[derive(Clone, Debug)]
pub struct SensorFile {
    pub reference: Option<Text>,
    pub entry_point: Option<Text>,
}

/// A kind of manifest.
pub trait Manifest: Sized {
    /// Reads a manifest; `None` if the file is not a map.
    fn read(reader: &mut Reader<'_>, root: &Node) -> Option<Self>;
}

/// Interpreters of an action's entry point.
const RUNNERS: [&str; 3] = ["shell", "python", "node"];

/// Types of a parameter.
const TYPES: [&str; 6] = ["string", "integer", "number", "boolean", "array", "object"];

impl Manifest for PackFile {
    fn read(reader: &mut Reader<'_>, root: &Node) -> Option<Self> {
        let table = reader.table(root, &["ref", "name", "version", "description"])?;
        reader.text(&table, "description", Need::Optional);
        Some(Self {
            reference: reader.text(&table, "ref", Need::Required),
            name: reader.text(&table, "name", Need::Required),
            version: reader.text(&table, "version", Need::Required),
        })
    }
}

impl Manifest for ActionFile {
    fn read(reader: &mut Reader<'_>, root: &Node) -> Option<Self> {
        let keys = [
            "ref",
            "description",
            "runner",
            "entry_point",
            "timeout_seconds",
            "parameters",
        ];
        let table = reader.table(root, &keys)?;
        reader.text(&table, "description", Need::Optional);
        if let Some(timeout) = table.get("timeout_seconds") {
            reader.seconds(timeout);
        }
        if let Some(parameters) = table.get("parameters") {
            reader.parameters(parameters);
        }
        Some(Self {
            reference: reader.text(&table, "ref", Need::Required),
            runner: reader.choice(&table, "runner", &RUNNERS),
            entry_point: reader.text(&table, "entry_point", Need::Required),
        })
    }
}

impl Manifest for SensorFile {
    fn read(reader: &mut Reader<'_>, root: &Node) -> Option<Self> {
        let keys = ["ref", "description", "entry_point", "environment"];
        let table = reader.table(root, &keys)?;
        reader.text(&table, "description", Need::Optional);
        if let Some(environment) = table.get("environment") {
            reader.environment(environment);
        }
        Some(Self {
            reference: reader.text(&table, "ref", Need::Required),
            entry_point: reader.text(&table, "entry_point", Need::Required),
        })
    }
}

/// Whether a key is required.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Required,
    Optional,
}

/// A map with known keys.
struct Table<'n> {
    entries: &'n [(Key, Node)],
    span: Range<usize>,
}

impl<'n> Table<'n> {
    fn get(&self, key: &str) -> Option<&'n Node> {
        let mut entries = self.entries.iter();
        entries
            .find(|(known, _)| known.text == key)
            .map(|(_, value)| value)
    }
}

/// Reads one file and goes on after a mistake.
pub struct Reader<'a> {
    source: &'a Source,
    pub problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub fn new(source: &'a Source) -> Self {
        Self {
            source,
            problems: Vec::new(),
        }
    }

    /// Reads the file as a tree.
    pub fn root(&mut self) -> Option<Node> {
        let (root, mistakes) = yaml::parse(&self.source.text);
        if root.is_none() && mistakes.is_empty() {
            let message = format!("{} is empty", self.source.name);
            self.problems
                .push(Problem::new(Code::PackInvalid, message).hint(keys()));
        }
        for mistake in mistakes {
            self.invalid(mistake.message, mistake.span, keys());
        }
        root
    }

    /// Reports a form that is not supported.
    fn invalid(&mut self, message: impl Into<String>, span: Range<usize>, hint: impl Into<String>) {
        self.problem(Code::PackInvalid, message, span, hint);
    }

    pub fn problem(
        &mut self,
        code: Code,
        message: impl Into<String>,
        span: Range<usize>,
        hint: impl Into<String>,
    ) {
        let problem = Problem::new(code, message).hint(hint);
        self.problems
            .push(problem.at(self.source, visible(&self.source.text, span)));
    }

    fn table<'n>(&mut self, node: &'n Node, known: &[&str]) -> Option<Table<'n>> {
        let entries = self.map(node)?;
        for (key, _) in entries {
            if !known.contains(&key.text.as_str()) {
                let hint = did_you_mean(&key.text, known.iter().copied())
                    .or_else(|| begun(&key.text, known))
                    .unwrap_or_else(|| format!("the keys here are {}", known.join(", ")));
                let message = format!("there is no key `{}` here", shown(&key.text));
                self.invalid(message, key.span.clone(), hint);
            }
        }
        Some(Table {
            entries,
            // The span is that of the first key, because a whole map in a message would be too long to read.
            span: entries
                .first()
                .map_or_else(|| node.span.clone(), |(key, _)| key.span.clone()),
        })
    }

    fn map<'n>(&mut self, node: &'n Node) -> Option<&'n [(Key, Node)]> {
        if let Value::Map(entries) = &node.value {
            return Some(entries);
        }
        let hint = if node.value.is_null() {
            "leave the key out, or write `{}`"
        } else {
            "write `key: value`, one on each line"
        };
        self.invalid("this must be a map", node.span.clone(), hint);
        None
    }

    fn text(&mut self, table: &Table<'_>, key: &str, need: Need) -> Option<Text> {
        let Some(node) = table.get(key) else {
            if need == Need::Required {
                let message = format!("the key `{key}` is missing");
                self.invalid(message, table.span.clone(), keys());
            }
            return None;
        };
        self.scalar(node)
    }

    /// Returns a scalar as text; null is a mistake.
    fn scalar(&mut self, node: &Node) -> Option<Text> {
        match &node.value {
            Value::Scalar { text, .. } if !node.value.is_null() => Some(Text {
                value: text.clone(),
                span: node.span.clone(),
            }),
            Value::Scalar { .. } => {
                let hint = "write a text, `\"\"` for an empty one, or leave the key out";
                self.invalid("this must be text, but is null", node.span.clone(), hint);
                None
            }
            Value::List(_) | Value::Map(_) => {
                let hint = "write it on one line, in quotes if it begins with `[` or `{`";
                self.invalid("this must be text", node.span.clone(), hint);
                None
            }
        }
    }

    fn choice(&mut self, table: &Table<'_>, key: &str, choices: &[&str]) -> Option<Text> {
        let text = self.text(table, key, Need::Required)?;
        if choices.contains(&text.value.as_str()) {
            return Some(text);
        }
        let hint = did_you_mean(&text.value, choices.iter().copied())
            .unwrap_or_else(|| format!("it is one of {}", choices.join(", ")));
        let message = format!("`{}` is not a valid {key}", shown(&text.value));
        self.problem(Code::PackValue, message, text.span, hint);
        None
    }

    fn seconds(&mut self, node: &Node) {
        let number = match &node.value {
            Value::Scalar { text, plain: true } if is_plain_number(text) => {
                text.parse::<u32>().ok()
            }
            _ => {
                let hint = "write the seconds as digits, such as `timeout_seconds: 60`";
                self.invalid("this must be a whole number", node.span.clone(), hint);
                return;
            }
        };
        if number.is_none_or(|number| number == 0) {
            let message = "a timeout cannot have this many seconds";
            let hint = format!("write a number from 1 to {}", u32::MAX);
            self.problem(Code::PackValue, message, node.span.clone(), hint);
        }
    }

    fn environment(&mut self, node: &Node) {
        for (key, value) in self.map(node).unwrap_or_default() {
            let name = &key.text;
            let valid = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            if !valid {
                let message = format!(
                    "`{}` is not the name of an environment variable",
                    shown(name)
                );
                let hint = "use letters, digits and `_`, not beginning with a digit";
                self.problem(Code::PackValue, message, key.span.clone(), hint);
            }
            if let Some(text) = self.scalar(value)
                && text.value.contains('\0')
            {
                let hint = "take the character U+0000 out";
                self.problem(
                    Code::PackValue,
                    "a variable cannot hold this",
                    text.span,
                    hint,
                );
            }
        }
    }

    fn parameters(&mut self, node: &Node) {
        for (key, declared) in self.map(node).unwrap_or_default() {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if key.text.is_empty() || !key.text.chars().all(plain) {
                let message = format!("`{}` cannot name a parameter", shown(&key.text));
                let hint =
                    "use lower-case letters, digits and `_`: it becomes ATTUNE_ACTION_PARAM_<NAME>";
                self.problem(Code::PackValue, message, key.span.clone(), hint);
            }
            let keys = ["type", "description", "required", "default"];
            let Some(table) = self.table(declared, &keys) else {
                continue;
            };
            self.text(&table, "description", Need::Optional);
            if let Some(required) = table.get("required") {
                self.truth(required);
            }
            let kind = self.choice(&table, "type", &TYPES);
            if let (Some(kind), Some(default)) = (kind, table.get("default")) {
                self.default(&kind.value, default);
            }
        }
    }

    fn truth(&mut self, node: &Node) {
        if !matches!(&node.value, Value::Scalar { text, plain: true } if text == "true" || text == "false")
        {
            let hint = "write `true` or `false`, without quotes";
            self.invalid("this must be true or false", node.span.clone(), hint);
        }
    }

    /// Checks that a default has its parameter's type. A null default counts as none.
    fn default(&mut self, kind: &str, node: &Node) {
        if node.value.is_null() {
            return;
        }
        let plainly = match &node.value {
            Value::Scalar { text, plain: true } => plain_type(text),
            Value::Scalar { .. } => Some("string"),
            Value::List(_) => Some("array"),
            Value::Map(_) => Some("object"),
        };
        let fits = plainly == Some(kind) || (kind == "number" && plainly == Some("integer"));
        if fits {
            return;
        }
        let hint = match kind {
            "string" => "put it in quotes",
            "integer" => "write it as digits",
            "number" => "write it as digits, with a decimal point if it has a fraction",
            "boolean" => "write `true` or `false`",
            "array" => "write it as `[a, b]`",
            _ => "write it as `{key: value}`",
        };
        let message = format!("the default of a parameter of type `{kind}` must be one, too");
        self.problem(Code::PackValue, message, node.span.clone(), hint);
    }
}

/// Suggests a key that begins with `text`, such as `timeout_seconds` for `timeout`.
fn begun(text: &str, known: &[&str]) -> Option<String> {
    let begins = |key: &&&str| key.starts_with(text) && text.len() * 3 > key.len();
    let key = known.iter().find(begins)?;
    Some(format!("did you mean `{key}`?"))
}

fn keys() -> String {
    format!("{} lists the keys and their forms", page("packs"))
}

/// Returns the JSON type of plain text; `None` if readers of YAML may disagree about it.
fn plain_type(text: &str) -> Option<&'static str> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    if text == "true" || text == "false" {
        return Some("boolean");
    }
    if is_plain_number(unsigned) {
        let fits = text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok();
        return fits.then_some("integer");
    }
    if let Some((whole, fraction)) = unsigned.split_once('.')
        && is_plain_number(whole)
        && !fraction.is_empty()
        && fraction.bytes().all(|b| b.is_ascii_digit())
    {
        return Some("number");
    }
    let folded = text.to_ascii_lowercase();
    let truth = ["y", "yes", "on", "n", "no", "off", "true", "false"];
    // Some reader of YAML takes these for a truth value, a number, a time or null.
    let doubtful = truth.contains(&folded.as_str())
        || text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    (!doubtful).then_some("string")
}

/// Returns whether a text consists of decimal digits that all readers read in the same way.
fn is_plain_number(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'))
}

/// Limits a span to its first line, and makes it wide enough to be visible.
fn visible(text: &str, span: Range<usize>) -> Range<usize> {
    let mut start = span.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = span.end.clamp(start, text.len());
    if let Some(line) = text.get(start..end).and_then(|place| place.find('\n')) {
        end = start + line;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_defaults_are_what_everybody_reads() {
        for (text, kind) in [
            ("5", Some("integer")),
            ("-5", Some("integer")),
            ("0", Some("integer")),
            ("1.5", Some("number")),
            ("-0.25", Some("number")),
            ("true", Some("boolean")),
            ("many", Some("string")),
            ("a-b", Some("string")),
            ("012", None),
            ("0x1f", None),
            ("1_000", None),
            ("1e3", None),
            (".inf", None),
            ("yes", None),
            ("On", None),
            ("2026-01-01", None),
            ("18446744073709551616", None),
        ] {
            assert_eq!(plain_type(text), kind, "{text}");
        }
    }

    #[test]
    fn places_lie_in_their_text() {
        let text = "a: ä\nb";
        assert_eq!(visible(text, 3..99), 3..5);
        assert_eq!(visible(text, 4..4), 3..5);
        assert_eq!(visible(text, 99..99), 7..7);
    }
}
