//! Decides the dependencies between members.
//!
//! There are three layers of libraries: `common`, which nearly all members use; a quarter `mid-…`, each shared by some;
//! the rest `leaf-…`, which one or two use. Edges lead down a layer, or to a later name within one, so there are no
//! cycles.

use std::collections::{BTreeMap, BTreeSet};

use super::random::Random;

/// The edges between members, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Every library with the libraries that it depends on.
    pub libraries: BTreeMap<String, BTreeSet<String>>,
    /// Every service with the libraries that it depends on: 3 to 8, or fewer if there are no more.
    pub services: BTreeMap<String, BTreeSet<String>>,
}

const COMMON: &str = "common";

/// The maximum number of leaves of a service, besides `common` and one or two libraries of the middle layer.
const MOST_LEAVES: usize = 5;

impl Layout {
    pub fn new(services: usize, libraries: usize, seed: u64) -> Self {
        let mut random = Random::new(seed, "layout");
        let mid = numbered("mid", libraries.saturating_sub(1) / 4);
        let leaves = numbered("leaf", libraries.saturating_sub(1) - mid.len());
        let mut layout = Self {
            libraries: BTreeMap::new(),
            services: numbered("service", services)
                .into_iter()
                .map(|name| (name, BTreeSet::new()))
                .collect(),
        };
        if libraries > 0 {
            layout.libraries.insert(COMMON.to_owned(), BTreeSet::new());
        }
        for (index, name) in mid.iter().enumerate() {
            let mut needs = layout.common(&mut random, 95);
            for _ in 0..random.between(0, 2) {
                needs.extend(mid.get(random.between(index + 1, mid.len())).cloned());
            }
            layout.libraries.insert(name.clone(), needs);
        }
        for name in &leaves {
            let mut needs = layout.common(&mut random, 90);
            needs.extend(some_of(&mut random, &mid, 2));
            layout.libraries.insert(name.clone(), needs);
        }
        layout.place_leaves(&mut random, &leaves);
        layout.fill_services(&mut random, &mid, &leaves);
        layout.use_all(&mut random, &mid, &leaves);
        layout
    }

    /// Returns `common` in `percent` percent of cases.
    fn common(&self, random: &mut Random, percent: usize) -> BTreeSet<String> {
        let used = random.chance(percent) && self.libraries.contains_key(COMMON);
        used.then(|| COMMON.to_owned()).into_iter().collect()
    }

    /// Gives each leaf one or two users: services while they have room, then leaves before it.
    fn place_leaves(&mut self, random: &mut Random, leaves: &[String]) {
        for (index, leaf) in leaves.iter().enumerate() {
            for _ in 0..random.between(1, 2) {
                let held = |needs: &BTreeSet<String>| {
                    needs.iter().filter(|need| need.starts_with("leaf")).count()
                };
                let fewest = self.services.values().map(held).min();
                let room: Vec<String> = self
                    .services
                    .iter()
                    .filter(|(_, needs)| Some(held(needs)) == fewest && held(needs) < MOST_LEAVES)
                    .map(|(name, _)| name.clone())
                    .collect();
                if !room.is_empty() {
                    let service = random.pick(&room);
                    let needs = self.services.get_mut(service);
                    needs.expect("it is a service").insert(leaf.clone());
                } else if index > 0 {
                    let user = random.pick(&leaves[..index]);
                    let needs = self.libraries.get_mut(user);
                    needs.expect("it is a library").insert(leaf.clone());
                }
            }
        }
    }

    fn fill_services(&mut self, random: &mut Random, mid: &[String], leaves: &[String]) {
        for needs in self.services.values_mut() {
            if self.libraries.contains_key(COMMON) && random.chance(95) {
                needs.insert(COMMON.to_owned());
            }
            needs.extend(some_of(random, mid, 2));
            let others: Vec<&String> = self
                .libraries
                .keys()
                .filter(|name| !leaves.contains(name))
                .collect();
            for name in others {
                if needs.len() < 3 {
                    needs.insert(name.clone());
                }
            }
        }
    }

    /// Gives a user to each library without one, since it would never be compiled otherwise.
    fn use_all(&mut self, random: &mut Random, mid: &[String], leaves: &[String]) {
        let used: BTreeSet<String> = self
            .libraries
            .values()
            .chain(self.services.values())
            .flatten()
            .cloned()
            .collect();
        for name in mid.iter().filter(|name| !used.contains(*name)) {
            if let Some(user) = (!leaves.is_empty()).then(|| random.pick(leaves)) {
                let needs = self.libraries.get_mut(user);
                needs.expect("it is a library").insert(name.clone());
            }
        }
    }

    /// Returns the dependencies of `member`.
    pub fn needs(&self, member: &str) -> &BTreeSet<String> {
        let needs = self.libraries.get(member).or(self.services.get(member));
        needs.expect("it is a member")
    }

    /// Returns `member` and every library that it reaches.
    pub fn closure(&self, member: &str) -> BTreeSet<String> {
        let mut closure = BTreeSet::new();
        let mut open = vec![member.to_owned()];
        while let Some(name) = open.pop() {
            open.extend(self.needs(&name).iter().cloned());
            closure.insert(name);
        }
        closure
    }
}

fn numbered(kind: &str, count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("{kind}-{n:03}")).collect()
}

/// Returns between one and `most` of `names`, or none if there are none.
fn some_of(random: &mut Random, names: &[String], most: usize) -> BTreeSet<String> {
    let count = if names.is_empty() {
        0
    } else {
        random.between(1, most)
    };
    (0..count).map(|_| random.pick(names).clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_library_is_in_some_service_and_no_service_has_too_many() {
        for (services, libraries) in [(1, 1), (2, 40), (12, 25), (100, 300)] {
            for seed in 0..5 {
                let layout = Layout::new(services, libraries, seed);
                assert_eq!(layout.libraries.len(), libraries);
                let reached: BTreeSet<String> = layout
                    .services
                    .keys()
                    .flat_map(|service| layout.closure(service))
                    .collect();
                assert_eq!(reached.len(), services + libraries, "seed {seed}");
                for needs in layout.services.values() {
                    assert!((3.min(libraries)..=8).contains(&needs.len()), "{needs:?}");
                }
            }
        }
    }

    #[test]
    fn edges_only_go_down() {
        let layer = |name: &str| match name {
            "common" => 0,
            name if name.starts_with("mid") => 1,
            _ => 2,
        };
        for (name, needs) in &Layout::new(100, 300, 7).libraries {
            for need in needs {
                let down = layer(need) < layer(name);
                let later = layer(need) == layer(name) && need > name;
                assert!(down || later, "{name} needs {need}");
            }
        }
    }
}
