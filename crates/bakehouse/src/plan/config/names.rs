//! Names of services that nobody named.

use std::collections::{BTreeMap, BTreeSet};

use super::check::is_reserved;

/// Returns a name for the service of each binary, which is given as package and binary: the binary's own name, or a
/// longer one if that is taken.
pub(in crate::plan) fn names<'a>(
    binaries: impl Iterator<Item = (&'a str, &'a str)> + Clone,
) -> Vec<String> {
    // Names collide if they differ only in `-` and `_`.
    let folded = |name: &str| name.replace('_', "-");
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for (_, bin) in binaries.clone() {
        *count.entry(folded(&sanitised(bin))).or_default() += 1;
    }
    let mut taken = BTreeSet::new();
    let mut name = |(package, bin): (&str, &str)| {
        let own = sanitised(bin);
        let long = sanitised(&format!("{package}-{bin}"));
        let others = |name: &str| count.get(&folded(name)).copied().unwrap_or_default();
        let numbered = (2..).map(|n| format!("app-{long}-{n}"));
        let own = std::iter::once(own.clone())
            .filter(|own| others(own) == 1)
            .chain(
                [long.clone(), format!("app-{own}"), format!("app-{long}")]
                    .into_iter()
                    .filter(|name| others(name) == 0),
            );
        own.chain(numbered)
            .find(|name| !name.is_empty() && !is_reserved(name) && taken.insert(folded(name)))
            .expect("numbers do not end")
    };
    binaries.map(&mut name).collect()
}

/// Converts a binary's name to the name of an image.
pub(in crate::plan) fn sanitised(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let mut plain = String::with_capacity(lower.len());
    let mut rest = lower.as_str();
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        let (between, word) = rest.split_at(start);
        let end = word.find(|c: char| !c.is_ascii_alphanumeric());
        let (word, behind) = word.split_at(end.unwrap_or(word.len()));
        if !plain.is_empty() {
            // Image names allow only some separators between words.
            let keeps = matches!(between, "_" | "__") || between.bytes().all(|b| b == b'-');
            plain += if keeps { between } else { "-" };
        }
        plain += word;
        rest = behind;
    }
    plain
}

/// Returns the first of some names that a service can have, or another one that begins with it. `taken` are the names of
/// other services, which gets it.
pub fn free_name<'a>(
    wanted: impl Iterator<Item = &'a str>,
    taken: &mut BTreeSet<String>,
) -> String {
    let names: Vec<String> = wanted
        .map(sanitised)
        .filter(|name| !name.is_empty())
        .collect();
    let first = names.first().map_or("app", String::as_str).to_owned();
    let numbered = (2..).map(|n| format!("app-{first}-{n}"));
    names
        .into_iter()
        .chain([format!("app-{first}")])
        .chain(numbered)
        .find(|name| !is_reserved(name) && taken.insert(name.replace('_', "-")))
        .expect("numbers do not end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_its_binarys_name_or_a_longer_one() {
        let table: [&[[&str; 3]]; 7] = [
            &[["shop-api", "Api_Server", "api_server"]],
            &[["a", "serve", "a-serve"], ["b", "serve", "b-serve"]],
            &[["a", "x-y", "a-x-y"], ["b", "x_y", "b-x_y"]],
            &[["build-info", "build-info", "app-build-info"]],
            &[["shop", "vendor", "shop-vendor"]],
            &[["a", "b", "app-b"], ["c", "b", "c-b"], ["d", "a-b", "a-b"]],
            &[
                ["a", "x_", "x"],
                ["b", "y___z", "y-z"],
                ["c", "u-_v.w", "u-v-w"],
            ],
        ];
        for binaries in table {
            let found = names(binaries.iter().map(|[package, bin, _]| (*package, *bin)));
            let expected: Vec<&str> = binaries.iter().map(|[.., name]| *name).collect();
            assert_eq!(found, expected);
        }
    }
}
