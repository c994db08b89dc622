//! Crates that services and pack binaries share, and the benefit of building each only from its own crates.

use std::collections::{BTreeMap, BTreeSet};

use super::Plan;
use crate::names::PackageName;

/// The number of services and pack binaries that contain each crate.
#[derive(Clone, Debug)]
pub struct Shared<'a> {
    outputs: usize,
    holders: BTreeMap<&'a str, usize>,
}

impl<'a> Shared<'a> {
    pub fn of(plan: &'a Plan) -> Self {
        let services = plan.services.iter().map(|service| &service.closure);
        let binaries = plan.pack_binaries().map(|binary| &binary.closure);
        let mut shared = Self {
            outputs: 0,
            holders: BTreeMap::new(),
        };
        for closure in services.chain(binaries) {
            shared.outputs += 1;
            for package in closure {
                *shared.holders.entry(package).or_default() += 1;
            }
        }
        shared
    }

    /// Returns the number of crates of `closure` that other outputs contain, too.
    pub fn with_others(&self, closure: &BTreeSet<PackageName>) -> usize {
        let shared = closure
            .iter()
            .filter(|package| self.holders[package.as_str()] > 1);
        shared.count()
    }

    /// Describes the benefit in a sentence.
    pub fn selective(&self) -> String {
        let held: usize = self.holders.values().sum();
        let (all, crates) = (self.outputs, self.holders.len());
        if all < 2 {
            return "There is only one output, so selective copying saves nothing here.".to_owned();
        }
        if held == all * crates {
            return "Every crate is in every output, so selective copying saves nothing here."
                .to_owned();
        }
        let tenths = held * 10 / crates.max(1);
        format!(
            "A change of one crate builds {}.{} of {all} outputs on average, instead of all.",
            tenths / 10,
            tenths % 10
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(outputs: usize, holders: &[(&'static str, usize)]) -> String {
        let holders = holders.iter().copied().collect();
        Shared { outputs, holders }.selective()
    }

    #[test]
    fn what_selective_copying_wins_is_said_and_that_it_wins_nothing() {
        let nothing = "saves nothing here";
        assert!(shared(1, &[("a", 1)]).contains(nothing));
        assert!(shared(3, &[("a", 3), ("b", 3)]).contains(nothing));
        let some = shared(8, &[("common", 8), ("a", 1), ("b", 1)]);
        assert_eq!(
            some,
            "A change of one crate builds 3.3 of 8 outputs on average, instead of all."
        );
    }
}
