//! What decides an output, worked out from the model: two models with the same facts make the same output.

use std::collections::BTreeSet;

use super::Model;

/// A local package or a crate of the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Member(usize),
    Crate(usize),
}

use Node::{Crate, Member};

impl Model {
    /// All that decides the output of `service`.
    pub fn facts(&self, service: usize) -> BTreeSet<String> {
        let built = &self.services[service];
        let extra = self.extra(service);
        let together = self.together(service).into_iter();
        let together: BTreeSet<Node> = together
            .flat_map(|other| self.below(Member(self.services[other].member), &extra))
            .collect();
        let own = self.below(Member(built.member), &extra);
        // What else is compiled has a say in the features of what it shares.
        let counted: BTreeSet<Node> = together
            .into_iter()
            .filter(|node| !own.is_disjoint(&self.below(*node, &extra)))
            .collect();

        let mut facts = BTreeSet::from([
            format!("profile {}", self.profile % 4),
            format!("toolchain {}", self.toolchain),
            format!("cargo config {}", self.cargo_config),
            format!("built {}", built.member),
        ]);
        if !built.pack {
            facts.insert(format!("port {}, {}", built.port, built.shipped));
        }
        for &node in &counted {
            let is_own = own.contains(&node);
            match node {
                Member(index) => facts.extend(self.member_facts(index, &extra, &counted, is_own)),
                Crate(index) => facts.extend(self.crate_facts(index, &counted, is_own)),
            }
        }
        facts
    }
}

impl Model {
    fn member_facts(
        &self,
        index: usize,
        extra: &BTreeSet<usize>,
        counted: &BTreeSet<Node>,
        own: bool,
    ) -> Vec<String> {
        let member = &self.members[index];
        if own {
            let description = if member.foreign && member.inherited {
                self.foreign
            } else {
                member.description
            };
            let is_on = extra.contains(&index);
            return vec![format!(
                "m{index} {is_on} {:?} {:?} {} {:?} {} {:?} {} {description}",
                member.needs,
                member.optional,
                member.extra && !member.needs.is_empty(),
                member.crates,
                member.feature && !member.crates.is_empty(),
                member.files,
                member.executable,
            )];
        }
        let mut asked = Vec::new();
        for needed in &member.needs {
            let extra = member.extra && member.needs.first() == Some(needed);
            asked.push((Member(*needed), extra, true));
        }
        if let Some(needed) = &member.optional {
            asked.push((Member(*needed), false, extra.contains(&index)));
        }
        for needed in &member.crates {
            let feature = member.feature && member.crates.first() == Some(needed);
            asked.push((Crate(*needed), feature, true));
        }
        let counted = asked
            .into_iter()
            .filter(|(needed, ..)| counted.contains(needed));
        counted
            .map(|asked| format!("m{index} asks {asked:?}"))
            .collect()
    }

    fn crate_facts(&self, index: usize, counted: &BTreeSet<Node>, own: bool) -> Vec<String> {
        let third_party = &self.crates[index];
        let needs = third_party.needs.iter();
        let needs: Vec<&usize> = needs
            .filter(|needed| own || counted.contains(&Crate(**needed)))
            .collect();
        let is_patched = third_party.patched.is_some();
        let mut facts = vec![format!("c{index} needs {needs:?}, patched {is_patched}")];
        if own || !is_patched {
            facts.push(format!("c{index} version {}", third_party.patch));
        }
        if own {
            facts.push(format!("c{index} files {:?}", third_party.patched));
        }
        facts
    }

    /// The services whose features are unified with those of `service`.
    fn together(&self, service: usize) -> Vec<usize> {
        let same = |other: &usize| {
            let (one, other) = (&self.services[service], &self.services[*other]);
            !self.each || (one.member == other.member && one.has_extra() == other.has_extra())
        };
        (0..self.services.len()).filter(same).collect()
    }

    /// The members whose feature `extra` is on where `service` is built.
    fn extra(&self, service: usize) -> BTreeSet<usize> {
        let together = self.together(service);
        let mut extra: BTreeSet<usize> = together
            .iter()
            .map(|other| &self.services[*other])
            .filter(|other| other.has_extra())
            .map(|other| other.member)
            .collect();
        loop {
            let built = together.iter().map(|other| self.services[*other].member);
            let reached = built.flat_map(|member| self.below(Member(member), &extra));
            let asked: Vec<usize> = reached
                .filter_map(|node| match node {
                    Member(index) if self.members[index].extra => {
                        self.members[index].needs.first().copied()
                    }
                    _ => None,
                })
                .collect();
            let known = extra.len();
            extra.extend(asked);
            if extra.len() == known {
                return extra;
            }
        }
    }

    /// `node` and all that it needs, where `extra` is on in those members.
    fn below(&self, node: Node, extra: &BTreeSet<usize>) -> BTreeSet<Node> {
        let needs: Vec<Node> = match node {
            Member(index) => {
                let member = &self.members[index];
                let optional = member.optional.filter(|_| extra.contains(&index));
                let members = member.needs.iter().copied().chain(optional).map(Member);
                members
                    .chain(member.crates.iter().copied().map(Crate))
                    .collect()
            }
            Crate(index) => self.crates[index]
                .needs
                .iter()
                .copied()
                .map(Crate)
                .collect(),
        };
        let below = needs
            .into_iter()
            .flat_map(|needed| self.below(needed, extra));
        below.chain([node]).collect()
    }
}
