//! What the Cargo profile of a plan says.

use std::collections::BTreeMap;

use toml::{Table, Value};

/// How much debug information the profile `name` asks for; `None` where that is none, or where it says something else
/// for procedural macros and build scripts.
pub fn host_debug(manifest: &Table, name: &str) -> Option<String> {
    let profiles = manifest.get("profile").and_then(Value::as_table);
    let mut name = name;
    // As many steps as there are profiles: who inherits in a circle is Cargo's to tell.
    for _ in 0..=profiles.map_or(0, Table::len) {
        let profile = profiles.and_then(|profiles| profiles.get(name));
        let key = |key: &str| profile.and_then(|profile| profile.get(key));
        if key("build-override").is_some_and(|host| host.get("debug").is_some()) {
            return None;
        }
        if let Some(level) = key("debug") {
            return match level {
                Value::String(level) => Some(level.clone()).filter(|level| level != "none"),
                Value::Integer(level) => Some(level.to_string()).filter(|level| level != "0"),
                Value::Boolean(level) => level.then(|| "true".to_owned()),
                _ => None,
            };
        }
        name = match (name, key("inherits").and_then(Value::as_str)) {
            ("dev", _) => return Some("true".to_owned()),
            ("release", _) | (_, None) => return None,
            (_, Some(inherited)) => inherited,
        };
    }
    None
}

/// What of a profile decides how a program is linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linking {
    /// The profile of Cargo's own that it begins with: `dev` or `release`.
    pub profile: &'static str,
    /// What it says otherwise, as lines of a manifest.
    pub settings: Vec<String>,
}

/// How programs of the profile `name` are linked.
pub fn linking(manifest: &Table, name: &str) -> Linking {
    let profiles = manifest.get("profile").and_then(Value::as_table);
    let mut settings: BTreeMap<&str, &Value> = BTreeMap::new();
    let mut name = name;
    for _ in 0..=profiles.map_or(0, Table::len) {
        let profile = profiles.and_then(|profiles| profiles.get(name));
        for key in ["debug", "opt-level", "strip"] {
            if let Some(value) = profile.and_then(|profile| profile.get(key)) {
                settings.entry(key).or_insert(value);
            }
        }
        let inherits = profile.and_then(|profile| profile.get("inherits"));
        name = match inherits.and_then(Value::as_str) {
            Some(inherited) if !["dev", "release"].contains(&name) => inherited,
            _ => break,
        };
    }
    let settings = settings.into_iter();
    Linking {
        profile: if name == "dev" { "dev" } else { "release" },
        settings: settings
            .map(|(key, value)| format!("{key} = {value}"))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_is_that_of_the_profile_or_of_what_it_inherits() {
        let table = [
            ("", "dev", Some("true")),
            ("", "release", None),
            ("[profile.dev]\ndebug = 0", "dev", None),
            ("[profile.release]\ndebug = 1", "release", Some("1")),
            (
                "[profile.dist]\ninherits = \"release\"\n[profile.release]\ndebug = \"line-tables-only\"",
                "dist",
                Some("line-tables-only"),
            ),
            ("[profile.fast]\ninherits = \"dev\"", "fast", Some("true")),
            ("[profile.dev.build-override]\ndebug = false", "dev", None),
            (
                "[profile.a]\ninherits = \"b\"\n[profile.b]\ninherits = \"a\"",
                "a",
                None,
            ),
        ];
        for (manifest, name, expected) in table {
            let found = host_debug(&manifest.parse().unwrap(), name);
            assert_eq!(found.as_deref(), expected, "{manifest} {name}");
        }
    }

    #[test]
    fn a_profile_is_linked_as_it_and_those_before_it_say() {
        let table: [(&str, &str, &str, &[&str]); 5] = [
            ("", "release", "release", &[]),
            ("", "dev", "dev", &[]),
            (
                "[profile.release]\nstrip = true\nlto = \"thin\"\ndebug = 1",
                "release",
                "release",
                &["debug = 1", "strip = true"],
            ),
            (
                "[profile.dist]\ninherits = \"release\"\nstrip = \"none\"\n[profile.release]\nstrip = true\nopt-level = \"z\"",
                "dist",
                "release",
                &["opt-level = \"z\"", "strip = \"none\""],
            ),
            (
                "[profile.a]\ninherits = \"b\"\n[profile.b]\ninherits = \"dev\"\ndebug = false",
                "a",
                "dev",
                &["debug = false"],
            ),
        ];
        for (manifest, name, profile, settings) in table {
            let found = linking(&manifest.parse().unwrap(), name);
            assert_eq!(found.profile, profile, "{manifest}");
            assert_eq!(found.settings, settings, "{manifest}");
        }
    }
}
