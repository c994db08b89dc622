//! A Cargo configuration file, as a list of keys with their positions.

use std::ops::Range;

use camino::{Utf8Path, Utf8PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::graph::patch::normalised;
use crate::problem::{Code, Problem, Source};

/// A configuration file.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    /// Absolute path.
    pub path: Utf8PathBuf,
    pub source: Source,
    /// Its values, in file order.
    pub entries: Vec<Entry>,
    /// The files that it includes, in order.
    pub(super) includes: Vec<Include>,
    /// Its `[profile]` tables.
    pub(super) profiles: toml::Table,
}

/// A value and its key.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Parts of the key: `build.rustflags` has two.
    pub key: Vec<String>,
    pub value: Value,
    pub span: Range<usize>,
}

/// A value, reduced to what is needed here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Flag(bool),
    /// The strings of a list.
    List(Vec<String>),
    /// A number, a date, or an empty table.
    Other,
}

/// A file that another one includes.
#[derive(Clone, Debug)]
pub(super) struct Include {
    pub path: Utf8PathBuf,
    pub optional: bool,
    pub span: Range<usize>,
}

impl Entry {
    /// Returns the key with dots between its parts.
    pub fn name(&self) -> String {
        self.key.join(".")
    }

    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the words of a value that is either a list or a string that Cargo splits at spaces.
    pub fn words(&self) -> Vec<&str> {
        match &self.value {
            Value::Text(text) => text.split_ascii_whitespace().collect(),
            Value::List(list) => list.iter().map(String::as_str).collect(),
            Value::Flag(_) | Value::Other => Vec::new(),
        }
    }
}

impl ConfigFile {
    /// Reads the file `path`.
    ///
    /// # Errors
    /// `file-unreadable`, `manifest-invalid`, `cargo-config` for an `include` that Cargo does not accept.
    pub fn read(path: &Utf8Path) -> Result<Self, Problem> {
        let text = fs_err::read_to_string(path).map_err(|error| {
            Problem::from_error(Code::FileUnreadable, error)
                .hint("check that the file exists and can be read")
        })?;
        let name = path.to_string();
        Self::parse(path, Source { name, text })
    }

    /// Parses the text of the file.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn parse(path: &Utf8Path, source: Source) -> Result<Self, Problem> {
        let (mut entries, mut includes) = (Vec::new(), Vec::new());
        let mut profiles = toml::Table::new();
        {
            let table = DeTable::parse(&source.text).map_err(|error| {
                let message = format!("{path} is not valid TOML: {}", error.message());
                let problem = Problem::new(Code::ManifestInvalid, message)
                    .hint("fix it: Cargo reports the same");
                let problem = match error.span() {
                    Some(span) => problem.at(&source, span),
                    None => problem,
                };
                problem.caused_by(error)
            })?;
            for (key, value) in table.get_ref() {
                if key.get_ref() == "include" {
                    includes = included(path, value, &source)?;
                } else {
                    flatten(&[key.get_ref().to_string()], value, &mut entries);
                }
            }
            // The text was parsed successfully above.
            let mut whole: toml::Table = source.text.parse().unwrap_or_default();
            if let Some(toml::Value::Table(table)) = whole.remove("profile") {
                profiles = table;
            }
        }
        Ok(Self {
            path: path.to_owned(),
            source,
            entries,
            includes,
            profiles,
        })
    }

    /// Returns the folder that its paths are relative to: the parent of `.cargo`.
    pub fn base(&self) -> &Utf8Path {
        let folder = self.path.parent().unwrap_or(&self.path);
        folder.parent().unwrap_or(folder)
    }

    /// Returns the file and line of `entry`, for a one-line message.
    pub fn place(&self, entry: &Entry) -> String {
        let before = self.source.text.get(..entry.span.start).unwrap_or_default();
        format!("{}:{}", self.path, before.matches('\n').count() + 1)
    }
}

fn flatten(key: &[String], value: &Spanned<DeValue<'_>>, entries: &mut Vec<Entry>) {
    if let DeValue::Table(table) = value.get_ref()
        && !table.is_empty()
    {
        for (name, value) in table {
            let key = [key, &[name.get_ref().to_string()]].concat();
            flatten(&key, value, entries);
        }
        return;
    }
    let value_of = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Array(list) => {
            let texts = list.iter().filter_map(|value| match value.get_ref() {
                DeValue::String(text) => Some(text.to_string()),
                _ => None,
            });
            Value::List(texts.collect())
        }
        _ => Value::Other,
    };
    entries.push(Entry {
        key: key.to_owned(),
        value: value_of,
        span: value.span(),
    });
}

/// Reads the value of `include` as Cargo does: a list of paths, or of tables with a path.
fn included(
    path: &Utf8Path,
    value: &Spanned<DeValue<'_>>,
    source: &Source,
) -> Result<Vec<Include>, Problem> {
    let refuse = |what: &str, span: Range<usize>| {
        Problem::new(Code::CargoConfig, format!("{path}: `include` {what}"))
            .at(source, span)
            .hint("Cargo takes `include = [\"more.toml\", { path = \"mine.toml\", optional = true }]`, and rejects this")
    };
    let DeValue::Array(list) = value.get_ref() else {
        return Err(refuse("is not a list", value.span()));
    };
    let folder = path.parent().unwrap_or(path);
    let mut includes = Vec::new();
    for item in list {
        let (named, optional) = match item.get_ref() {
            DeValue::String(named) => (named.to_string(), false),
            DeValue::Table(table) => {
                let Some(DeValue::String(named)) = table.get("path").map(Spanned::get_ref) else {
                    return Err(refuse("has a table without `path`", item.span()));
                };
                let optional = match table.get("optional").map(Spanned::get_ref) {
                    None => false,
                    Some(DeValue::Boolean(optional)) => *optional,
                    Some(_) => {
                        return Err(refuse(
                            "has an `optional` that is neither true nor false",
                            item.span(),
                        ));
                    }
                };
                (named.to_string(), optional)
            }
            _ => {
                return Err(refuse(
                    "has an entry that is neither a path nor a table",
                    item.span(),
                ));
            }
        };
        let named = Utf8Path::new(&named);
        if named.extension() != Some("toml") {
            return Err(refuse(
                &format!("names `{named}`, which does not end with `.toml`"),
                item.span(),
            ));
        }
        if named.as_str().contains(['*', '?', '[', ']', '{', '}']) {
            return Err(refuse(
                &format!("names `{named}`, which is a pattern"),
                item.span(),
            ));
        }
        includes.push(Include {
            path: normalised(&folder.join(named)),
            optional,
            span: item.span(),
        });
    }
    Ok(includes)
}
