//! The text of a `Cargo.lock`. In the form in which Cargo writes it, it is read line by line, which takes a tenth of the
//! time: no other TOML is as long.

use std::collections::BTreeMap;

use serde::Deserialize;

/// An entry of the lock.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub struct Package {
    pub name: String,
    pub version: String,
    pub source: Option<String>,
    pub checksum: Option<String>,
    #[serde(default)]
    pub dependencies: Vec<String>,
    /// The package that `[replace]` puts in place of this one.
    pub replace: Option<String>,
}

impl Package {
    /// Returns the names of the entries that it depends on.
    pub fn needs(&self) -> impl Iterator<Item = &str> {
        let dependencies = self.dependencies.iter();
        dependencies.map(|reference| split_reference(reference).0)
    }
}

/// Splits a reference to an entry into its name and, where that is ambiguous, its version.
pub(super) fn split_reference(reference: &str) -> (&str, Option<&str>) {
    let mut words = reference.split(' ');
    (words.next().unwrap_or_default(), words.next())
}

/// A lock as it is written.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
pub(super) struct RawLock {
    pub(super) version: Option<u32>,
    #[serde(default, rename = "package")]
    pub(super) packages: Vec<Package>,
    /// Checksums in the oldest format: `checksum <name> <version> (<source>)`.
    #[serde(default)]
    pub(super) metadata: BTreeMap<String, String>,
}

impl RawLock {
    /// Parses the text of a lock, whoever wrote it.
    ///
    /// # Errors
    /// Those of TOML and of the types.
    pub(super) fn parse(text: &str) -> Result<Self, toml::de::Error> {
        by_line(text).map_or_else(|| toml::from_str(text), Ok)
    }
}

/// Returns the content of a lock, or `None` if its text is not exactly in Cargo's form, whether it is valid or not.
fn by_line(text: &str) -> Option<RawLock> {
    let mut lines = text.lines();
    let mut lock = RawLock::default();
    while let Some(line) = lines.next() {
        if line.is_empty() || line.starts_with('#') {
            // TOML refuses some characters in comments.
            if line.contains(|c: char| c.is_control()) {
                return None;
            }
        } else if line == "[[package]]" {
            lock.packages.push(package(&mut lines)?);
        } else {
            let number = line.strip_prefix("version = ")?;
            let is_plain = number.bytes().all(|byte| byte.is_ascii_digit());
            let is_first = lock.version.is_none() && lock.packages.is_empty();
            if !is_first || !is_plain || number.len() > 1 && number.starts_with('0') {
                return None;
            }
            lock.version = Some(number.parse().ok()?);
        }
    }
    Some(lock)
}

/// Reads the lines of an entry, up to an empty one.
fn package<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Option<Package> {
    let (mut name, mut version) = (None, None);
    let (mut source, mut checksum, mut replace) = (None, None, None);
    let mut dependencies = None;
    while let Some(line) = lines.next().filter(|line| !line.is_empty()) {
        let (key, value) = line.split_once(" = ")?;
        let field = match key {
            "name" => &mut name,
            "version" => &mut version,
            "source" => &mut source,
            "checksum" => &mut checksum,
            "replace" => &mut replace,
            "dependencies" if value == "[" && dependencies.is_none() => {
                dependencies = Some(list(lines)?);
                continue;
            }
            _ => return None,
        };
        if field.replace(string(value)?).is_some() {
            return None;
        }
    }
    Some(Package {
        name: name?,
        version: version?,
        source,
        checksum,
        dependencies: dependencies.unwrap_or_default(),
        replace,
    })
}

/// Reads the lines of a list, with its end.
fn list<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Option<Vec<String>> {
    let mut values = Vec::new();
    loop {
        let line = lines.next()?;
        if line == "]" {
            return Some(values);
        }
        values.push(string(line.strip_prefix(' ')?.strip_suffix(',')?)?);
    }
}

/// Returns the text of a string without escapes.
fn string(value: &str) -> Option<String> {
    let text = value.strip_prefix('"')?.strip_suffix('"')?;
    let is_plain = |byte: u8| (b' '..=b'~').contains(&byte) && !matches!(byte, b'"' | b'\\');
    text.bytes().all(is_plain).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Lines of locks, some of which Cargo would not write.
    const LINES: [&str; 24] = [
        "",
        "# A comment.",
        "version = 4",
        "version = 04",
        "version = \"4\"",
        "[[package]]",
        "[[patch.unused]]",
        "[metadata]",
        "name = \"a\"",
        "name = \"b\" # why",
        "name = 'b'",
        "version = \"1.0.0\"",
        "version=\"1.0.0\"",
        "source = \"registry+https://example.invalid/index\"",
        "checksum = \"00\"",
        "checksum = \"0\\u0030\"",
        "replace = \"a 1.0.0\"",
        "dependencies = [\"a\"]",
        "dependencies = [\n \"a\",\n \"b 1.0.0\",\n]",
        "dependencies = [\n \"a\"\n]",
        "dependencies = [\n]",
        "dependencies = [",
        "]",
        "other = \"a\"",
    ];

    fn lines() -> impl Strategy<Value = String> {
        let entry = prop::sample::subsequence(LINES[8..].to_vec(), 0..6).prop_map(|rest| {
            let own = ["[[package]]", "name = \"c\"", "version = \"2.0.0\""];
            own.into_iter().chain(rest).collect::<Vec<_>>().join("\n")
        });
        let line = prop::sample::select(LINES.to_vec()).prop_map(str::to_owned);
        let end = prop::sample::select(vec!["\n", "\n\n", "\r\n"]);
        let part = (prop_oneof![3 => entry, 1 => line], end);
        let parts = prop::collection::vec(part, 0..5);
        parts.prop_map(|parts| {
            let texts = parts.into_iter().map(|(text, end)| text + end);
            texts.collect()
        })
    }

    proptest! {
        #[test]
        fn what_is_read_line_by_line_is_what_the_parser_of_toml_reads(text in lines()) {
            if let Some(lock) = by_line(&text) {
                let expected = toml::from_str::<RawLock>(&text);
                prop_assert_eq!(expected.as_ref(), Ok(&lock), "{}", text);
            }
        }
    }

    #[test]
    fn a_lock_of_cargo_is_read_line_by_line() {
        let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock");
        let text = std::fs::read_to_string(lock).unwrap();
        assert_eq!(by_line(&text), Some(toml::from_str(&text).unwrap()));
    }
}
