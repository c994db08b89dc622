//! The result of playing a shape.

use std::collections::BTreeSet;
use std::fmt;

use super::host::Printed;
use crate::shapes::Edit;

/// The result of playing a shape and its edits.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// The images behave as the host's binaries do, before and after this many edits.
    Same {
        edits: usize,
        /// Edits that were refused, by code.
        refused: Vec<String>,
        /// The number of times that `affected` named a service that the host does not build differently.
        for_nothing: usize,
    },
    /// `generate` refused the shape, with this code.
    Refused(String),
    Differs(Box<Difference>),
    /// The host cannot build it, so the shape is not valid.
    Invalid(String),
}

/// A difference between image and host.
#[derive(Clone, Debug)]
pub struct Difference {
    pub kind: Kind,
    /// The edits after which it appeared; the last of them caused it.
    pub after: Vec<Edit>,
    pub what: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An image prints something else.
    Image,
    /// A bake failed though `generate` did not.
    Bake,
    /// `affected` did not name a service that the host builds differently.
    Affected,
    /// A command failed without a code.
    NoCode,
    /// Cargo no longer accepts the workspace.
    Spoilt,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Image => "an image is not what the host builds",
            Self::Bake => "a bake failed after `generate` had succeeded",
            Self::Affected => "`affected` missed a service",
            Self::NoCode => "bakehouse failed without a code",
            Self::Spoilt => "Cargo refuses the workspace after `generate`",
        })
    }
}

impl Difference {
    /// Returns whether the other one is of the same kind, and shows after as many edits.
    pub fn is_like(&self, other: &Self) -> bool {
        self.kind == other.kind && self.after.len() == other.after.len()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.kind)?;
        for edit in &self.after {
            writeln!(f, "  after: {edit}")?;
        }
        write!(f, "{}", self.what)
    }
}

/// Returns the lines in which two outputs differ, by service, each labelled with its name; `None` if they are the same.
pub fn differences(
    (one, host): (&str, &Printed),
    (other, image): (&str, &Printed),
) -> Option<String> {
    let mut text = String::new();
    for (service, expected) in host {
        let found = image.get(service).map_or("", String::as_str);
        if found == expected {
            continue;
        }
        let (expected, found): (Vec<&str>, Vec<&str>) =
            (expected.lines().collect(), found.lines().collect());
        for line in expected.iter().filter(|line| !found.contains(line)) {
            text += &format!("  {service}, {one}: {line}\n");
        }
        for line in found.iter().filter(|line| !expected.contains(line)) {
            text += &format!("  {service}, {other}: {line}\n");
        }
    }
    (!text.is_empty()).then_some(text)
}

/// Returns the services whose binaries on the host differ before and after, and that are not `named`.
pub fn missed(before: &Printed, after: &Printed, named: &BTreeSet<String>) -> Vec<String> {
    let differ = after
        .iter()
        .filter(|(name, printed)| before.get(*name) != Some(printed));
    differ
        .map(|(name, _)| name.clone())
        .filter(|name| !named.contains(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(values: [(&str, &str); 2]) -> Printed {
        let own = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        own.into()
    }

    #[test]
    fn a_service_that_differs_and_is_not_named_is_missed() {
        let before = printed([("back", "1"), ("front", "1")]);
        let after = printed([("back", "1"), ("front", "2")]);
        assert_eq!(missed(&before, &after, &BTreeSet::new()), ["front"]);
        let named = BTreeSet::from(["front".to_owned()]);
        assert!(missed(&before, &after, &named).is_empty());
        assert!(missed(&before, &before, &BTreeSet::new()).is_empty());
    }

    #[test]
    fn a_line_that_differs_is_shown_from_both_sides() {
        let host = printed([("back", "a 1\nb 1\n"), ("front", "a 1\n")]);
        let image = printed([("back", "a 1\nb 2\n"), ("front", "a 1\n")]);
        let shown = differences(("host", &host), ("image", &image)).expect("they differ");
        assert_eq!(shown, "  back, host: b 1\n  back, image: b 2\n");
        assert!(differences(("host", &host), ("image", &host)).is_none());
    }
}
