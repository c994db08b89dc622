//! The question whether the layers above one base can stand on another.

use std::collections::BTreeSet;

use super::base::{Base, Entry};
use super::elf::Needs;
use super::layer::Kind;
use super::upper::Upper;

/// Returns the reasons why the layers of an image cannot be moved from one base to another; none if they can. `declared`
/// is the version of glibc that the configuration declares for the new base.
pub fn reasons(upper: &Upper, old: &Base, new: &Base, declared: Option<&str>) -> Vec<String> {
    let mut reasons = Vec::new();
    if old.distribution() != new.distribution() {
        reasons.push(format!(
            "the new base is {}, and the old one {}",
            named(new),
            named(old)
        ));
    }
    for (path, needs) in &upper.needs {
        reasons.extend(lacks(path, needs, upper, new, declared));
    }
    for path in &upper.paths {
        reasons.extend(differs(path, old, new));
    }
    reasons
}

fn named(base: &Base) -> &str {
    base.system().unwrap_or("of no distribution")
}

/// Returns what a program or library needs and the base does not have.
fn lacks(
    path: &str,
    needs: &Needs,
    upper: &Upper,
    base: &Base,
    declared: Option<&str>,
) -> Option<String> {
    if let Some(loader) = &needs.loader
        && !base.has_loader(loader)
    {
        return Some(format!(
            "/{path} needs the loader {loader}, which the new base does not have: it has another C library, or none"
        ));
    }
    let has = |library: &&String| upper.files.contains(*library) || base.has_library(library);
    if let Some(library) = needs.libraries.iter().find(|library| !has(library)) {
        return Some(format!(
            "/{path} needs {library}, which the new base does not have"
        ));
    }
    let versions = base.versions();
    let newest = versions
        .iter()
        .copied()
        .max_by_key(|version| number(version));
    let newest = declared.or(newest);
    let is_there = |version: &str| match (number(version), newest) {
        (Some(needed), Some(newest)) => number(newest).is_some_and(|newest| needed <= newest),
        // Versions that are not numbers are marks of the loader.
        (None, _) => declared.is_some() || versions.contains(version),
        (Some(_), None) => false,
    };
    let missing = needs
        .versions
        .iter()
        .filter(|(version, _)| !is_there(version));
    let (version, symbol) = missing.max_by_key(|(version, _)| number(version))?;
    let symbol = symbol.as_ref();
    let symbol = symbol.map_or(String::new(), |symbol| format!(" (symbol {symbol})"));
    let has = newest.map_or("no glibc".to_owned(), |newest| format!("glibc {newest}"));
    Some(format!(
        "/{path} needs GLIBC_{version}{symbol}, and the new base has {has}"
    ))
}

/// Returns a version as it is compared; `None` for those that are not numbers.
fn number(version: &str) -> Option<Vec<u32>> {
    version.split('.').map(|part| part.parse().ok()).collect()
}

/// Returns how the bases differ in a place where the image writes something. Stages of the image read their base there, so
/// that they would write something else on the other base.
fn differs(path: &str, old: &Base, new: &Base) -> Option<String> {
    let (before, now) = (old.entries.get(path), new.entries.get(path));
    let is_same = match (before, now) {
        (Some(before), Some(now)) => match (&before.kind, &now.kind) {
            (Kind::File, Kind::File) => true,
            _ => before == now,
        },
        (before, now) => before.is_none() && now.is_none(),
    };
    (!is_same).then(|| {
        format!(
            "/{path}, where the image has something of its own, is {} in the new base, and {} in the old one",
            described(now),
            described(before)
        )
    })
}

fn described(entry: Option<&Entry>) -> String {
    let Some(Entry { kind, mode, owner }) = entry else {
        return "not there".to_owned();
    };
    match kind {
        Kind::Folder => format!("a folder ({mode:o}, {}:{})", owner.0, owner.1),
        Kind::File => "a file".to_owned(),
        Kind::Link(target) => format!("a link to {target}"),
    }
}

/// Returns the platforms of the image that the base does not have.
pub fn missing_platforms<'a>(
    image: impl Iterator<Item = &'a str>,
    base: &BTreeSet<String>,
) -> Vec<&'a str> {
    image.filter(|platform| !base.contains(*platform)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::base::tests::base;
    use super::*;

    fn upper(paths: &[&str], needs: Needs) -> Upper {
        Upper {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
            needs: BTreeMap::from([("usr/local/bin/api".to_owned(), needs)]),
            files: BTreeSet::from(["libown.so".to_owned()]),
        }
    }

    fn needs(version: &str, library: &str) -> Needs {
        Needs {
            loader: Some("/lib64/ld-linux-x86-64.so.2".to_owned()),
            libraries: vec![library.to_owned()],
            versions: BTreeMap::from([
                ("2.2.5".to_owned(), None),
                (version.to_owned(), Some("stat".to_owned())),
            ]),
        }
    }

    fn debian(glibc: &[&str], more: &[(&str, &[u8])]) -> Base {
        let mut items: Vec<(&str, &[u8])> = vec![
            (
                "usr/lib/os-release",
                b"ID=debian\nPRETTY_NAME=\"Debian 12\"\n",
            ),
            ("usr/lib64/ld-linux-x86-64.so.2", b""),
            ("usr/lib/x86_64-linux-gnu/libc.so.6", b""),
            ("usr/", b""),
            ("usr/local/", b""),
        ];
        items.extend(more);
        let mut base = base(&[&items]);
        let versions = glibc.iter().map(|version| (*version).to_owned());
        base.libc.insert(
            "usr/lib/x86_64-linux-gnu/libc.so.6".to_owned(),
            versions.collect(),
        );
        base
    }

    #[test]
    fn facts_that_do_not_hold_are_named() {
        let old = || debian(&["2.2.5", "2.36"], &[]);
        let alpine = base(&[&[
            ("etc/os-release", b"ID=alpine\n"),
            ("lib/ld-musl-x86_64.so.1", b""),
            ("usr/", b""),
            ("usr/local/", b""),
        ]]);
        type Row<'a> = (Needs, Base, Option<&'a str>, &'a [&'a str]);
        let table: [Row<'_>; 10] = [
            (needs("2.34", "libc.so.6"), old(), None, &[]),
            (needs("2.34", "libown.so"), old(), None, &[]),
            (
                needs("2.34", "libc.so.6"),
                debian(&["2.41"], &[]),
                None,
                &[],
            ),
            (needs("2.4", "libc.so.6"), debian(&["2.36"], &[]), None, &[]),
            (
                needs("2.34", "libc.so.6"),
                debian(&["2.31"], &[]),
                None,
                &["needs GLIBC_2.34 (symbol stat), and the new base has glibc 2.31"],
            ),
            (
                needs("2.34", "libc.so.6"),
                debian(&[], &[]),
                Some("2.36"),
                &[],
            ),
            (
                needs("ABI_DT_RELR", "libc.so.6"),
                old(),
                None,
                &["needs GLIBC_ABI_DT_RELR"],
            ),
            (
                needs("2.34", "libssl.so.3"),
                old(),
                None,
                &["needs libssl.so.3"],
            ),
            (
                needs("2.34", "libc.so.6"),
                alpine,
                None,
                &["is alpine, and the old one Debian 12", "another C library"],
            ),
            (
                needs("2.34", "libc.so.6"),
                debian(&["2.36"], &[("app -> srv", b"")]),
                None,
                &[
                    "/app, where the image has something of its own, is a link to srv in the new base, and not there in the old one",
                ],
            ),
        ];
        for (needs, new, declared, expected) in table {
            let upper = upper(&["app", "usr", "usr/local"], needs.clone());
            let found = reasons(&upper, &old(), &new, declared);
            assert_eq!(found.len(), expected.len(), "{needs:?}: {found:?}");
            for (found, expected) in found.iter().zip(expected) {
                assert!(found.contains(expected), "{found}");
            }
        }
    }

    #[test]
    fn static_programs_need_nothing() {
        let upper = upper(&[], Needs::default());
        let scratch = Base::default();
        assert!(reasons(&upper, &scratch, &scratch, None).is_empty());
    }
}
