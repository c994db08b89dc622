//! Targets of one program as variants of a service.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::plan::choice::{ProposedKey, ProposedService, parsed};
use crate::plan::config::valid::GIVEN_TAG;

/// Keys whose value in a variant takes the place of the service's.
const REPLACED: [&str; 13] = [
    "registries",
    "profile",
    "default-features",
    "platforms",
    "output",
    "entrypoint",
    "command",
    "stop-signal",
    "healthcheck",
    "runtime",
    "user",
    "workdir",
    "tag",
];
/// Keys whose value in a variant is added to the service's.
const ADDED: [&str; 7] = [
    "features",
    "rustflags",
    "packages",
    "ports",
    "env",
    "labels",
    "libs",
];
/// Keys that the service alone has.
const SHARED: [&str; 6] = ["bins", "static", "health", "depends-on", "packs", "state"];

/// The values of a service's keys.
struct Keys<'a> {
    service: &'a ProposedService,
    values: BTreeMap<&'a str, Value>,
}

impl<'a> Keys<'a> {
    fn of(service: &'a ProposedService) -> Option<Self> {
        let keys = service.keys.iter();
        let keys = keys.map(|key| Some((key.name.as_str(), key.parsed()?)));
        Some(Self {
            service,
            values: keys.collect::<Option<_>>()?,
        })
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.values.get(key)?.as_str()
    }

    /// Returns the name of the image under the registry.
    fn image(&self) -> &str {
        self.text("image").unwrap_or(&self.service.name)
    }
}

/// Returns `other` as the variant `name` of a service; none if a variant cannot say what differs.
pub fn variant(
    of: &ProposedService,
    other: &ProposedService,
    name: &str,
    platforms: Option<&str>,
) -> Option<ProposedKey> {
    let (own, others) = (Keys::of(of)?, Keys::of(other)?);
    let (value, others_value) = (&own.values, &others.values);
    let alike = of.package == other.package
        && of.without_debian == other.without_debian
        && of.main() == other.main()
        && SHARED
            .iter()
            .all(|key| value.get(key) == others_value.get(key));
    // A variant that is baked by default makes a group of the service.
    if !alike || others_value.get("default") != Some(&Value::Boolean(false)) {
        return None;
    }
    let mut table = Table::new();
    for key in REPLACED {
        let replaced = match (value.get(key), others_value.get(key)) {
            (own, other) if own == other => continue,
            (_, Some(other)) => other.clone(),
            (Some(_), None) => usual(key, platforms)?,
            (None, None) => continue,
        };
        table.insert(key.to_owned(), replaced);
    }
    for key in ADDED {
        if let Some(more) = added(value.get(key), others_value.get(key))? {
            table.insert(key.to_owned(), more);
        }
    }
    for row in &of.files {
        let mut rows = other.files.iter();
        rows.find(|other| other.name == row.name && other.value == row.value)?;
    }
    let files: Vec<&ProposedKey> = other
        .files
        .iter()
        .filter(|row| {
            !of.files
                .iter()
                .any(|own| own.name == row.name && own.value == row.value)
        })
        .collect();
    if !files.is_empty() {
        let row = |row: &&ProposedKey| {
            let path = parsed(&row.name)?.as_str()?.to_owned();
            Some((path, row.parsed()?))
        };
        let rows: Option<Table> = files.iter().map(row).collect();
        table.insert("files".to_owned(), Value::Table(rows?));
    }
    let of_tag = table.contains_key("tag");
    let image = match of_tag {
        true => own.image().to_owned(),
        false => format!("{}-{name}", own.image()),
    };
    if others.image() != image {
        table.insert("image".to_owned(), others.image().into());
    }
    table.insert("default".to_owned(), false.into());
    let value = ordered(&table);
    Some(ProposedKey {
        name: format!("variants.{name}"),
        value,
        place: other.place_of_target.clone().or(other.place.clone())?,
    })
}

/// Writes a table with what tells a variant first.
fn ordered(table: &Table) -> String {
    let rank = |key: &str| {
        const FIRST: [&str; 6] = [
            "profile",
            "features",
            "rustflags",
            "image",
            "registries",
            "tag",
        ];
        let first = FIRST.iter().position(|own| *own == key);
        (key == "default", first.unwrap_or(FIRST.len()))
    };
    let mut rows: Vec<(&String, &Value)> = table.iter().collect();
    rows.sort_by_key(|(key, _)| rank(key));
    let rows: Vec<String> = rows
        .into_iter()
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    format!("{{ {} }}", rows.join(", "))
}

/// Returns the value that a key has where nobody says it; none if only the base tells.
fn usual(key: &str, platforms: Option<&str>) -> Option<Value> {
    Some(match key {
        "profile" => "release".into(),
        "default-features" => true.into(),
        "tag" => GIVEN_TAG.into(),
        "command" => Value::Array(Vec::new()),
        "platforms" => parsed(platforms?)?,
        _ => return None,
    })
}

/// Returns what a list or a table adds to another one; none if it lacks a part of that.
#[expect(
    clippy::option_option,
    reason = "nothing to add differs from what cannot be added"
)]
fn added(own: Option<&Value>, other: Option<&Value>) -> Option<Option<Value>> {
    match (own, other) {
        (None, None) => Some(None),
        (None, Some(other)) => Some(Some(other.clone())),
        (Some(_), None) => None,
        (Some(Value::Array(own)), Some(Value::Array(other))) => {
            // Flags may come as a pair of words, and their order counts.
            let more = match other.strip_prefix(&own[..]) {
                Some(more) => more.to_vec(),
                None if own.iter().all(|value| other.contains(value)) => other
                    .iter()
                    .filter(|value| !own.contains(value))
                    .cloned()
                    .collect(),
                None => return None,
            };
            Some((!more.is_empty()).then_some(Value::Array(more)))
        }
        (Some(Value::Table(own)), Some(Value::Table(other))) => {
            if !own.keys().all(|key| other.contains_key(key)) {
                return None;
            }
            let more = other
                .iter()
                .filter(|(key, value)| own.get(*key) != Some(value));
            let more: Table = more
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            Some((!more.is_empty()).then_some(Value::Table(more)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_adds_to_what_the_service_has_and_takes_nothing_from_it() {
        let table = [
            ("[\"a\"]", "[\"a\", \"b\"]", Some(Some("[\"b\"]"))),
            ("[\"a\"]", "[\"b\", \"a\"]", Some(Some("[\"b\"]"))),
            (
                "[\"-C\", \"x\"]",
                "[\"-C\", \"x\", \"-C\", \"y\"]",
                Some(Some("[\"-C\", \"y\"]")),
            ),
            ("[\"a\"]", "[\"a\"]", Some(None)),
            ("[\"a\"]", "[\"b\"]", None),
            (
                "{ A = \"1\" }",
                "{ A = \"2\", B = \"3\" }",
                Some(Some("{ A = \"2\", B = \"3\" }")),
            ),
            ("{ A = \"1\" }", "{ B = \"3\" }", None),
        ];
        for (own, other, expected) in table {
            let found = added(parsed(own).as_ref(), parsed(other).as_ref());
            let expected = expected.map(|more| more.and_then(parsed));
            assert_eq!(found, expected, "{own} {other}");
        }
    }
}
