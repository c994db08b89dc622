//! The parser of `bakehouse.toml`. After a mistake it removes the wrong value and parses the rest again, so that all
//! mistakes are reported at once.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::Deserialize;
use toml::de::{DeArray, DeTable, DeValue};

use super::raw::RawConfig;
use crate::pages::page;
use crate::problem::{Code, Problem, Source, did_you_mean};

impl RawConfig {
    /// Parses the text of a `bakehouse.toml`. Returns the readable part, and `config-invalid` for each place that is
    /// not TOML, not a known key or not of the right type.
    pub fn parse(source: &Source) -> (Self, Vec<Problem>) {
        let (mut table, errors) = DeTable::parse_recoverable(&source.text);
        if !errors.is_empty() {
            let problems = errors.into_iter().map(|error| problem(source, error));
            return (Self::default(), once_each(source, problems));
        }
        let mut problems = Vec::new();
        let mut taken_out: Vec<Path> = Vec::new();
        loop {
            let error = match Self::deserialize(toml::de::Deserializer::from(table.clone())) {
                Ok(raw) => return (raw, problems),
                Err(error) => error,
            };
            let message = error.message();
            let by_key = message.starts_with("unknown field");
            let place = error
                .span()
                .and_then(|span| find(table.get_ref(), by_key, &span));
            let Some(path) = place else {
                problems.push(problem(source, error));
                return (Self::default(), problems);
            };
            // A key that was removed as wrong is not reported as missing, too.
            let follows = quoted(message).next().is_some_and(|key| {
                let mut inside = path.clone();
                inside.push(key.to_owned());
                message.starts_with("missing field") && taken_out.contains(&inside)
            });
            let problem = problem(source, error);
            let mut told = problems.iter();
            let is_told = told.any(|other: &Problem| {
                (other.start(), &other.message) == (problem.start(), &problem.message)
            });
            if !follows && !is_told {
                problems.push(problem);
            }
            take_out(table.get_mut(), &path);
            taken_out.push(path);
        }
    }
}

/// Returns problems of the syntax without those that follow from others: the keys of a table that the file has twice.
fn once_each(source: &Source, problems: impl Iterator<Item = Problem>) -> Vec<Problem> {
    let section = |problem: &Problem| {
        let before = source.text.get(..problem.start()).unwrap_or_default();
        let header = before.rfind("\n[").map_or(0, |line| line + 1);
        (header, before[header..].contains('\n'))
    };
    let mut twice = BTreeSet::new();
    let mut kept = Vec::new();
    for problem in problems {
        let (header, is_inside) = section(&problem);
        let is_twice = problem.message == DUPLICATE;
        if is_twice && is_inside && twice.contains(&header) {
            continue;
        }
        if is_twice && !is_inside {
            twice.insert(header);
        }
        kept.push(problem);
    }
    kept
}

/// The parser's message about a key that a table already has.
const DUPLICATE: &str = "duplicate key";

/// The keys and indices from the root to a value.
type Path = Vec<String>;

/// Returns the path of the key at `span`, or of the innermost value.
fn find(table: &DeTable<'_>, by_key: bool, span: &Range<usize>) -> Option<Path> {
    table.iter().find_map(|(key, value)| {
        let here = if by_key { key.span() } else { value.span() } == *span;
        let inside = find_inside(value.get_ref(), by_key, span);
        let rest = inside.or_else(|| here.then(Path::new))?;
        Some([vec![key.get_ref().to_string()], rest].concat())
    })
}

fn find_inside(value: &DeValue<'_>, by_key: bool, span: &Range<usize>) -> Option<Path> {
    match value {
        DeValue::Table(table) => find(table, by_key, span),
        DeValue::Array(items) => items.iter().enumerate().find_map(|(index, item)| {
            let here = !by_key && item.span() == *span;
            let inside = find_inside(item.get_ref(), by_key, span);
            let rest = inside.or_else(|| here.then(Path::new))?;
            Some([vec![index.to_string()], rest].concat())
        }),
        _ => None,
    }
}

fn take_out(table: &mut DeTable<'_>, path: &[String]) {
    match path {
        [] => {}
        [key] => {
            table.remove(key.as_str());
        }
        [key, rest @ ..] => {
            if let Some(value) = table.get_mut(key.as_str()) {
                take_out_inside(value.get_mut(), rest);
            }
        }
    }
}

fn take_out_inside(value: &mut DeValue<'_>, path: &[String]) {
    match value {
        DeValue::Table(table) => take_out(table, path),
        DeValue::Array(items) => {
            let index = path[0].parse().unwrap_or(usize::MAX);
            if path.len() > 1 {
                if let Some(item) = items.get_mut(index) {
                    take_out_inside(item.get_mut(), &path[1..]);
                }
            } else {
                let old = std::mem::replace(items, DeArray::new());
                let kept = old
                    .into_iter()
                    .enumerate()
                    .filter(|(other, _)| *other != index);
                *items = kept.map(|(_, item)| item).collect();
            }
        }
        _ => {}
    }
}

fn problem(source: &Source, error: toml::de::Error) -> Problem {
    let message = error.message();
    let (message, hint) = match message.strip_prefix("unknown field ") {
        Some(rest) => {
            // Serde's message lists the keys: "unknown field `x`, expected one of `y`, `z`".
            let key = quoted(rest).next().unwrap_or_default();
            let known: Vec<&str> = quoted(rest).skip(1).collect();
            let hint = did_you_mean(key, known.iter().copied())
                .unwrap_or_else(|| format!("the keys here are {}", known.join(", ")));
            (format!("there is no key `{key}` here"), hint)
        }
        None => (
            in_words(message),
            format!("{} lists the keys and their forms", page("configuration")),
        ),
    };
    let problem = Problem::new(Code::ConfigInvalid, message).hint(hint);
    let problem = match error.span() {
        Some(span) => problem.at(source, span),
        None => problem,
    };
    problem.caused_by(error)
}

/// Returns a message of serde with words of TOML, and none for types of Rust.
fn in_words(message: &str) -> String {
    let Some((what, expected)) = message.split_once(", expected ") else {
        return message.to_owned();
    };
    let expected = match expected {
        "a sequence" => "a list",
        "a map" => "a table",
        "a boolean" => "`true` or `false`",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number",
        other => other,
    };
    let what = what
        .replace(": sequence", ": a list")
        .replace(": map", ": a table");
    format!("{what}, expected {expected}")
}

/// Returns the texts between backticks.
fn quoted(message: &str) -> impl Iterator<Item = &str> {
    message.split('`').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        let source = Source {
            name: "bakehouse.toml".to_owned(),
            text: text.to_owned(),
        };
        let (_, problems) = RawConfig::parse(&source);
        assert!(
            problems
                .iter()
                .all(|problem| problem.code == Code::ConfigInvalid)
        );
        problems
            .iter()
            .map(|problem| {
                assert!(problem.start() < text.len(), "{problem} has a place");
                format!("{problem}: {}", problem.hint.as_deref().unwrap_or_default())
            })
            .collect()
    }

    #[test]
    fn every_unknown_key_is_found_with_the_one_that_was_meant() {
        let text = "registri = \"x\"\n[cache]\nstratgy = \"layer\"\n[services.a]\nfeatured = []\n\
            variants.b = { runtim = \"x\" }\n[packs.c]\npath = \"p\"\nbinaries = [{ package = \"d\", too = \"e\", to = \"f\" }]\n\
            [zzz]\n";
        let said = said(text);
        let expected = [
            ("registri", "`registry`"),
            ("stratgy", "`strategy`"),
            ("featured", "`features`"),
            ("runtim", "`runtime`"),
            ("too", "`to`"),
            ("zzz", "the keys here are name"),
        ];
        assert_eq!(said.len(), expected.len(), "{said:#?}");
        for (key, hint) in expected {
            let found = said
                .iter()
                .any(|line| line.contains(&format!("`{key}`")) && line.contains(hint));
            assert!(found, "{key} in {said:#?}");
        }
    }

    #[test]
    fn every_value_of_a_wrong_type_is_found() {
        let text = "profile = 1\n[runtime]\nuser = 1000\n[services.a]\nports = [\"x\", 80, \"y\"]\nenv = { A = 1 }\n\
            [packs.b]\npath = 2\nbinaries = [{ package = \"c\" }]\n";
        let said = said(text);
        assert_eq!(said.len(), 7, "{said:#?}");
        // `packs.b.path` is wrong, not missing.
        assert!(
            said.iter().any(|line| line.contains("missing field `to`")),
            "{said:#?}"
        );
        assert!(
            !said
                .iter()
                .any(|line| line.contains("missing field `path`")),
            "{said:#?}"
        );
    }

    #[test]
    fn what_is_right_is_kept_beside_what_is_wrong() {
        let source = Source {
            name: "bakehouse.toml".to_owned(),
            text: "registry = \"r\"\nx = 1\n[services.a]\npackage = \"p\"\ny = 2\n".to_owned(),
        };
        let (raw, problems) = RawConfig::parse(&source);
        assert_eq!(problems.len(), 2);
        assert_eq!(raw.registry.unwrap().as_ref(), "r");
        let services = raw.services.unwrap();
        assert!(services.values().any(|service| service.package.is_some()));
    }

    #[test]
    fn a_mistake_is_told_once() {
        for text in [
            "[services.web]\nports=[1]\nports=[2]\n",
            "[services]\nweb.ports=[1]\n[services.web]\nports=[2]\n",
            "[services.web]\n[services.web]\n",
            "platforms={a=1,a=2}\n",
            "[[services]]\n",
        ] {
            let said = said(text);
            assert_eq!(said.len(), 1, "{text}: {said:#?}");
        }
        let two = "[services.web]\n[services.web]\nports=[1]\n[services.web]\n";
        assert_eq!(said(two).len(), 2);
        assert_eq!(
            said("name='a'\nname='b'\nprofile='x'\nprofile='y'\n").len(),
            2
        );
    }

    #[test]
    fn no_message_names_a_type_of_rust() {
        for (text, expected) in [
            ("platforms = 'x'", "expected a list"),
            ("compose = 'x'", "expected `true` or `false`"),
            ("services.a.env = [1]", "a list, expected a table"),
            (
                "services.a.healthcheck = { command = ['x'], retries = 'x' }",
                "expected a whole number",
            ),
            ("services.a.ports = [0]", "expected a port from 1 to 65535"),
            (
                "services.a.ports = [70000]",
                "expected a port from 1 to 65535",
            ),
            (
                "services.a.ports = ['x']",
                "expected a port from 1 to 65535",
            ),
            (
                "images.a = { context = '.', ports = [-1] }",
                "expected a port from 1 to 65535",
            ),
        ] {
            let said = said(text);
            assert!(
                said.len() == 1 && said[0].contains(expected),
                "{text}: {said:#?}"
            );
        }
    }

    #[test]
    fn every_place_that_is_not_toml_is_found() {
        assert_eq!(said("a = \nb = \n").len(), 2);
    }
}
