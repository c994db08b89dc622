//! Settings of the plan's Cargo profile.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

/// Returns the profile `name` and those that it inherits from, if the manifest sets something in them.
pub fn chain<'a>(manifest: &'a Table, name: &str) -> Vec<(&'a str, &'a Table)> {
    let profiles = manifest.get("profile").and_then(Value::as_table);
    let mut chain: Vec<(&str, &Table)> = Vec::new();
    let mut next = Some(name);
    while let Some(name) = next
        && let Some((name, profile)) = profiles.and_then(|profiles| profiles.get_key_value(name))
        && let Some(profile) = profile.as_table()
        // A circle of profiles is left for Cargo to report.
        && chain.iter().all(|(known, _)| known != name)
    {
        chain.push((name, profile));
        next = profile.get("inherits").and_then(Value::as_str);
    }
    chain
}

/// Returns all profiles that Cargo can build with, sorted.
pub fn all(manifest: &Table) -> Vec<String> {
    let declared = manifest.get("profile").and_then(Value::as_table);
    let declared = declared.into_iter().flat_map(|table| table.keys().cloned());
    let all = declared.chain(["dev", "release"].map(str::to_owned));
    all.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Returns the built-in profile at the root of `name`, whose chain is given: `dev` or `release`.
fn own(chain: &[(&str, &Table)], name: &str) -> &'static str {
    let first = chain.last().map_or(name, |(last, profile)| {
        let inherits = profile.get("inherits").and_then(Value::as_str);
        inherits.unwrap_or(last)
    });
    if first == "dev" { "dev" } else { "release" }
}

/// Returns the level of debug information in the profile `name`; `None` if there is none, or if the profile sets it
/// separately for procedural macros and build scripts.
pub fn host_debug(manifest: &Table, name: &str) -> Option<String> {
    let chain = chain(manifest, name);
    for (_, profile) in &chain {
        if profile
            .get("build-override")
            .is_some_and(|host| host.get("debug").is_some())
        {
            return None;
        }
        match profile.get("debug") {
            Some(Value::String(level)) => {
                return Some(level.clone()).filter(|level| level != "none");
            }
            Some(Value::Integer(level)) => {
                return Some(level.to_string()).filter(|level| level != "0");
            }
            Some(Value::Boolean(level)) => return level.then(|| "true".to_owned()),
            Some(_) => return None,
            None => {}
        }
    }
    (own(&chain, name) == "dev").then(|| "true".to_owned())
}

/// The settings of a profile that affect how a program is linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linking {
    /// The built-in profile at its root: `dev` or `release`.
    pub profile: &'static str,
    /// The settings that differ from it, as lines of a manifest.
    pub settings: Vec<String>,
}

/// Returns how programs of the profile `name` are linked.
pub fn linking(manifest: &Table, name: &str) -> Linking {
    let chain = chain(manifest, name);
    let mut settings: BTreeMap<&str, &Value> = BTreeMap::new();
    for (_, profile) in &chain {
        for key in ["debug", "opt-level", "strip"] {
            if let Some(value) = profile.get(key) {
                settings.entry(key).or_insert(value);
            }
        }
    }
    let settings = settings.into_iter();
    Linking {
        profile: own(&chain, name),
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
