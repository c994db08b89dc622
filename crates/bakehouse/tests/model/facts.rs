//! Facts that decide an output, derived from the model. Two models with the same facts lead to the same output.

use std::collections::BTreeSet;

use super::Model;

/// A local package, or a crate of the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Member(usize),
    Crate(usize),
}

use Node::{Crate, Member};

impl Model {
    /// Returns all facts that decide the output of `service`.
    pub fn facts(&self, service: usize) -> BTreeSet<String> {
        let built = &self.services[service];
        let extra = self.extra(service);
        let together = self.together(service).into_iter();
        let together: BTreeSet<Node> = together
            .flat_map(|other| self.below(Member(self.services[other].member), &extra))
            .collect();
        let own = self.below(Member(built.member), &extra);
        // Everything else that is compiled affects the features of shared packages.
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

    /// Returns the services with features that are unified with those of `service`. No local package gets a feature
    /// from another of these services.
    fn together(&self, service: usize) -> Vec<usize> {
        let same = |one: usize, other: usize| {
            let (one, other) = (&self.services[one], &self.services[other]);
            one.member == other.member && one.has_extra() == other.has_extra()
        };
        let all = 0..self.services.len();
        if self.each {
            return all.filter(|other| same(service, *other)).collect();
        }
        let mut order: Vec<usize> = all.clone().collect();
        // Services come before packs, each sorted by name. Services that request the same features count as one.
        order.sort_by_key(|service| (self.services[*service].pack, self.name(*service)));
        let mut heads: Vec<usize> = Vec::new();
        for service in order {
            if !heads.iter().any(|head| same(*head, service)) {
                heads.push(service);
            }
        }
        heads.sort_by_key(|head| self.name(*head));
        let parted = |one: usize, other: usize| one != other && self.parted(one, other);
        let is_bound = |head: usize| heads.iter().any(|other| parted(head, *other));
        let mut parts: Vec<Vec<usize>> = Vec::new();
        // There are so few that taking the first possible one leads to the fewest groups.
        for head in heads.iter().copied().filter(|head| is_bound(*head)) {
            let fits = |part: &&mut Vec<usize>| !part.iter().any(|other| parted(head, *other));
            match parts.iter_mut().find(fits) {
                Some(part) => part.push(head),
                None => parts.push(vec![head]),
            }
        }
        parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
        if parts.is_empty() {
            parts.push(Vec::new());
        }
        let mut first = parts.remove(0);
        for part in &mut parts {
            part.retain(|head| {
                let fits = !first.iter().any(|other| parted(*head, *other));
                first.extend(fits.then_some(*head));
                !fits
            });
        }
        first.extend(heads.iter().copied().filter(|head| !is_bound(*head)));
        parts.push(first);
        let part = parts
            .iter()
            .find(|part| part.iter().any(|head| same(*head, service)));
        let part = part.expect("each service is in a part");
        let built = |other: &usize| part.iter().any(|head| same(*head, *other));
        all.filter(built).collect()
    }

    /// Returns whether a local package that both services contain has different features when each is built alone.
    fn parted(&self, one: usize, other: usize) -> bool {
        let local = |service: usize| -> BTreeSet<(Node, String)> {
            let extra = self.extra_of(&[service]);
            let nodes = self.below(Member(self.services[service].member), &extra);
            let is_local = |node: &&Node| match node {
                Member(_) => true,
                Crate(index) => self.crates[*index].patched.is_some(),
            };
            let features = |node: &Node| match node {
                Member(index) => extra.contains(index).to_string(),
                Crate(index) => self.asked_of(*index, &nodes),
            };
            nodes
                .iter()
                .filter(is_local)
                .map(|node| (*node, features(node)))
                .collect()
        };
        let (one, other) = (local(one), local(other));
        let mut both = one.iter();
        both.any(|(node, has)| other.iter().any(|(same, with)| node == same && has != with))
    }

    /// Returns everything that decides the features of a crate that a local folder replaces, when `nodes` are built.
    /// The model knows the dependents of the crate and of crates that need it, but not the features that these crates
    /// request.
    fn asked_of(&self, index: usize, nodes: &BTreeSet<Node>) -> String {
        let crates = |node: &Node| match node {
            Crate(index) => Some(*index),
            Member(_) => None,
        };
        let registry = |index: &usize| self.crates[*index].patched.is_none();
        let below = |index: usize| {
            let mut others = nodes.iter().filter_map(crates).filter(registry);
            others.any(|other| self.crates[other].needs.contains(&index))
        };
        let members = nodes.iter().filter_map(|node| match node {
            Member(index) => Some(&self.members[*index]),
            Crate(_) => None,
        });
        let asks = |member: &super::Member, index: usize| {
            member.feature && member.crates.first() == Some(&index)
        };
        if !below(index) {
            let mut members = members;
            return members.any(|member| asks(member, index)).to_string();
        }
        let mut above = BTreeSet::from([index]);
        loop {
            let more = nodes.iter().filter_map(crates);
            let more = more.filter(|other| registry(other) || below(*other));
            let more: Vec<usize> = more
                .filter(|other| !self.crates[*other].needs.is_disjoint(&above))
                .collect();
            let known = above.len();
            above.extend(more);
            if above.len() == known {
                break;
            }
        }
        let mut asked: BTreeSet<Vec<(usize, bool)>> = members
            .map(|member| {
                let crates = member.crates.intersection(&above);
                crates.map(|index| (*index, asks(member, *index))).collect()
            })
            .collect();
        // Local folders that replace no crate count as members without features.
        let local = nodes.iter().filter_map(crates);
        let local = local.filter(|other| !registry(other) && !below(*other));
        asked.extend(local.map(|other| {
            let needs = self.crates[other].needs.intersection(&above);
            needs.map(|index| (*index, false)).collect()
        }));
        asked.remove(&Vec::new());
        format!("{above:?} {asked:?}")
    }

    /// Returns the members whose feature `extra` is on when `service` is built.
    fn extra(&self, service: usize) -> BTreeSet<usize> {
        self.extra_of(&self.together(service))
    }

    /// Returns the members whose feature `extra` is on when the services `together` are built.
    fn extra_of(&self, together: &[usize]) -> BTreeSet<usize> {
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

    /// Returns `node` and everything that it needs, if `extra` is on in those members.
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
