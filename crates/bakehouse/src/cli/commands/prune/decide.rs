//! The decision which tags of a repository can go. It is a function of what is there, so that tests need no registry.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::registry::Digest;

/// A tag of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    pub name: String,
    pub digest: Digest,
    /// The digests of the images and attestations in it, if it names a list.
    pub parts: BTreeSet<Digest>,
}

/// The kind of a tag, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagKind {
    /// `in-<hash>` or `deps-<hash>`, which `build` finds images and seeds by.
    Hash,
    /// `sha256-<digest>`, with or without an ending, for signatures and the like of that digest.
    About(Digest),
    /// One that somebody chose: a release, a branch, `latest`.
    Chosen,
}

impl TagKind {
    /// Returns the kind of the tag with that name.
    pub fn of(name: &str) -> Self {
        let hash = name
            .strip_prefix("in-")
            .or_else(|| name.strip_prefix("deps-"));
        let is_hash = |hash: &str| {
            let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            hash.len() == 16 && hash.bytes().all(is_digit)
        };
        if hash.is_some_and(is_hash) {
            return Self::Hash;
        }
        let digest = name.split('.').next().unwrap_or_default();
        let digest = Digest::parse(&digest.replacen("sha256-", "sha256:", 1));
        match digest.filter(|_| name.starts_with("sha256-")) {
            Some(digest) => Self::About(digest),
            None => Self::Chosen,
        }
    }
}

/// The rules by which tags are kept.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The tags that a plan needs, with the name of whose plan it is.
    pub needed: BTreeMap<String, String>,
    /// The number of newest digests that are kept.
    pub keep: usize,
    /// The time before which something has to be made to go.
    pub before: Timestamp,
    /// Whether that of which nobody knows when it was made counts as old.
    pub undated: bool,
}

/// The reason why a tag stays or goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The plan of this branch, or of the checkout, needs it.
    Needed(String),
    /// This tag, which somebody chose, names the same digest.
    Named(String),
    /// It is in the list that this tag names.
    Part(String),
    Newest,
    Young,
    /// Nobody knows when it was made.
    Undated,
    /// Nothing needs it.
    Old,
    /// It is about a digest that goes.
    AboutOld,
}

impl Why {
    /// Returns whether the tag goes.
    pub fn goes(&self) -> bool {
        matches!(self, Self::Old | Self::AboutOld)
    }
}

/// Decides about all tags that nobody chose, in the order of their names. `dates` says when digests were made, as far as
/// it is known. A digest goes with all its tags, or stays with all of them.
pub fn decide<'a>(
    tags: &'a [Tag],
    dates: &BTreeMap<Digest, Timestamp>,
    rules: &Rules,
) -> Vec<(&'a Tag, Why)> {
    let of_kind = |kind: TagKind| {
        tags.iter()
            .filter(move |tag| TagKind::of(&tag.name) == kind)
    };
    let digests: BTreeSet<&Digest> = of_kind(TagKind::Hash).map(|tag| &tag.digest).collect();
    let mut order: Vec<&Digest> = digests.iter().copied().collect();
    // Those without a date come last.
    order.sort_by_key(|digest| std::cmp::Reverse(dates.get(*digest)));
    let newest: BTreeSet<&Digest> = order.into_iter().take(rules.keep).collect();
    let mut whys: BTreeMap<&Digest, Why> = BTreeMap::new();
    for digest in digests {
        let mut own = tags.iter().filter(|tag| tag.digest == *digest);
        let needed = own.clone().find_map(|tag| rules.needed.get(&tag.name));
        let named = own.find(|tag| TagKind::of(&tag.name) == TagKind::Chosen);
        let date = dates.get(digest);
        let why = match (needed, named) {
            (Some(plan), _) => Why::Needed(plan.clone()),
            (None, Some(tag)) => Why::Named(tag.name.clone()),
            _ if newest.contains(digest) => Why::Newest,
            _ => match date {
                Some(date) if *date >= rules.before => Why::Young,
                None if !rules.undated => Why::Undated,
                _ => Why::Old,
            },
        };
        whys.insert(digest, why);
    }
    keep_parts(tags, &mut whys);
    let staying = tags.iter().filter(|tag| stays(tag, &whys));
    let parts: BTreeSet<&Digest> = staying.flat_map(|tag| &tag.parts).collect();
    let mut decided: Vec<(&Tag, Why)> = Vec::new();
    for tag in tags {
        match TagKind::of(&tag.name) {
            TagKind::Hash => decided.push((tag, whys[&tag.digest].clone())),
            TagKind::About(_) if !stays(tag, &whys) && !parts.contains(&tag.digest) => {
                let mut same = tags.iter().filter(|other| other.digest == tag.digest);
                let is_about_old = |tag: &Tag| {
                    matches!(TagKind::of(&tag.name), TagKind::About(_)) && !stays(tag, &whys)
                };
                if same.all(is_about_old) {
                    decided.push((tag, Why::AboutOld));
                }
            }
            TagKind::About(_) | TagKind::Chosen => {}
        }
    }
    decided.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
    decided
}

/// Keeps digests that are in the list of a tag that stays: without them the list would be broken.
fn keep_parts(tags: &[Tag], whys: &mut BTreeMap<&Digest, Why>) {
    loop {
        let mut staying = tags.iter().filter(|tag| stays(tag, whys));
        let found = staying.find_map(|tag| {
            let mut parts = tag.parts.iter();
            let part = parts.find(|part| whys.get(*part).is_some_and(Why::goes))?;
            Some((part.clone(), tag.name.clone()))
        });
        let Some((part, tag)) = found else {
            return;
        };
        if let Some(why) = whys.get_mut(&part) {
            *why = Why::Part(tag);
        }
    }
}

/// Returns whether a tag stays: because somebody chose it, for a reason of its own, or because it is about a digest that
/// does not go.
fn stays(tag: &Tag, whys: &BTreeMap<&Digest, Why>) -> bool {
    match TagKind::of(&tag.name) {
        TagKind::Hash => whys.get(&tag.digest).is_some_and(|why| !why.goes()),
        TagKind::About(digest) => whys.get(&digest).is_none_or(|why| !why.goes()),
        TagKind::Chosen => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-12-01T00:00:00Z";

    fn digest(name: &str) -> Digest {
        Digest::of(name.as_bytes())
    }

    fn hashed(number: u64) -> String {
        format!("in-{number:016x}")
    }

    fn tag(name: &str, of: &str) -> Tag {
        Tag {
            name: name.to_owned(),
            digest: digest(of),
            parts: BTreeSet::new(),
        }
    }

    fn list(name: &str, of: &str, parts: &[&str]) -> Tag {
        Tag {
            parts: parts.iter().map(|part| digest(part)).collect(),
            ..tag(name, of)
        }
    }

    fn rules(keep: usize) -> Rules {
        Rules {
            needed: BTreeMap::from([(hashed(1), "main".to_owned())]),
            keep,
            before: "2026-11-01T00:00:00Z".parse().unwrap(),
            undated: false,
        }
    }

    fn dates(of: &[(&str, &str)]) -> BTreeMap<Digest, Timestamp> {
        let dates = of.iter();
        dates
            .map(|(of, date)| (digest(of), date.parse().unwrap()))
            .collect()
    }

    const LONG_AGO: &str = "2026-01-01T00:00:00Z";

    #[test]
    fn each_rule_keeps_what_it_is_for() {
        let tags = [
            tag(&hashed(1), "needed"),
            tag(&hashed(2), "released"),
            tag("1.2.3", "released"),
            tag(&hashed(3), "young"),
            tag(&hashed(4), "undated"),
            tag(&hashed(5), "old"),
            tag(&hashed(6), "old"),
            tag(&hashed(7), "part"),
            list("2.0.0", "list", &["part", "other"]),
        ];
        let dates = dates(&[
            ("needed", LONG_AGO),
            ("released", LONG_AGO),
            ("young", NOW),
            ("old", LONG_AGO),
            ("part", LONG_AGO),
        ]);
        let whys: Vec<Why> = decide(&tags, &dates, &rules(0))
            .into_iter()
            .map(|(_, why)| why)
            .collect();
        let expected = [
            Why::Needed("main".to_owned()),
            Why::Named("1.2.3".to_owned()),
            Why::Young,
            Why::Undated,
            Why::Old,
            Why::Old,
            Why::Part("2.0.0".to_owned()),
        ];
        assert_eq!(whys, expected);
        let undated = Rules {
            undated: true,
            ..rules(0)
        };
        assert_eq!(decide(&tags, &dates, &undated)[3].1, Why::Old);
    }

    #[test]
    fn the_newest_are_kept_by_their_date_not_by_their_name() {
        let tags = [
            tag(&hashed(9), "c"),
            tag(&hashed(8), "b"),
            tag(&hashed(7), "a"),
        ];
        let dates = dates(&[
            ("a", "2026-03-01T00:00:00Z"),
            ("b", LONG_AGO),
            ("c", LONG_AGO),
        ]);
        let kept = |keep| {
            let decided = decide(&tags, &dates, &rules(keep));
            let kept = decided.into_iter().filter(|(_, why)| !why.goes());
            kept.map(|(tag, _)| tag.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(kept(0), [""; 0]);
        assert_eq!(kept(1), [hashed(7)]);
        assert_eq!(kept(50).len(), 3);
    }

    #[test]
    fn signatures_go_with_their_image_and_keep_nothing() {
        let about = |of: &str| digest(of).fallback_tag();
        let tags = [
            tag(&hashed(5), "old"),
            tag(&format!("{}.sig", about("old")), "signature"),
            list(&about("old"), "referrers", &["old"]),
            tag(&hashed(1), "needed"),
            tag(&about("needed"), "kept"),
            tag(&about("gone"), "of something else"),
        ];
        let dates = dates(&[("old", LONG_AGO)]);
        let decided = decide(&tags, &dates, &rules(0));
        let gone = decided.into_iter().filter(|(_, why)| why.goes());
        let gone: BTreeSet<&str> = gone.map(|(tag, _)| tag.name.as_str()).collect();
        let expected = tags[..3].iter().map(|tag| tag.name.as_str());
        assert_eq!(gone, expected.collect());
    }

    #[test]
    fn only_names_that_build_gives_are_its_own() {
        let about = digest("x");
        let table = [
            (hashed(1), TagKind::Hash),
            ("deps-0123456789abcdef".to_owned(), TagKind::Hash),
            ("deps..main".to_owned(), TagKind::Chosen),
            ("in-0123".to_owned(), TagKind::Chosen),
            ("in-0123456789ABCDEF".to_owned(), TagKind::Chosen),
            ("in-progress".to_owned(), TagKind::Chosen),
            ("main".to_owned(), TagKind::Chosen),
            ("sha256-0".to_owned(), TagKind::Chosen),
            (about.fallback_tag(), TagKind::About(about.clone())),
            (
                format!("{}.att", about.fallback_tag()),
                TagKind::About(about.clone()),
            ),
        ];
        for (name, kind) in table {
            assert_eq!(TagKind::of(&name), kind, "{name}");
        }
    }

    /// Whatever is there: what a chosen tag or a plan reaches stays.
    #[test]
    fn no_rule_breaks_what_is_named_or_needed() {
        use proptest::prelude::*;
        let name = (0..4_u64, 0..6_u64).prop_map(|(kind, n)| match kind {
            0 | 1 => hashed(n),
            2 => format!("1.{n}"),
            _ => format!("{}.sig", digest(&n.to_string()).fallback_tag()),
        });
        let parts = prop::collection::btree_set(0..6_u64, 0..3);
        let tags = prop::collection::btree_map(name, (0..6_u64, parts), 0..10);
        let of = |n: &u64| digest(&n.to_string());
        let settings = (tags, 0..4_usize, any::<bool>());
        proptest!(|((tags, keep, undated) in settings)| {
            let tags: Vec<Tag> = tags.iter().map(|(name, (n, parts))| Tag {
                name: name.clone(),
                digest: of(n),
                parts: parts.iter().map(of).collect(),
            }).collect();
            let rules = Rules { undated, ..rules(keep) };
            let decided = decide(&tags, &BTreeMap::new(), &rules);
            let gone = decided.iter().filter(|(_, why)| why.goes());
            let gone: BTreeSet<&Digest> = gone.map(|(tag, _)| &tag.digest).collect();
            for tag in &tags {
                let is_kept = TagKind::of(&tag.name) == TagKind::Chosen || rules.needed.contains_key(&tag.name);
                if is_kept {
                    prop_assert!(!gone.contains(&tag.digest), "{tags:?}");
                    prop_assert!(tag.parts.iter().all(|part| !gone.contains(part)), "{tags:?}");
                }
            }
        });
    }
}
