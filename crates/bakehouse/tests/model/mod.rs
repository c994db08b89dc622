//! Random workspaces, and the outputs that an edit can change.

mod edit;
mod facts;
mod files;
mod random;

use std::collections::{BTreeMap, BTreeSet};

pub use edit::{Edit, any_edit};
pub use files::plan;
pub use random::any_model;

/// A workspace. Members and crates depend only on those with lower numbers.
#[derive(Clone, Debug, Default)]
pub struct Model {
    pub members: Vec<Member>,
    pub crates: Vec<Crate>,
    pub services: Vec<Service>,
    /// Whether features are not unified over all services.
    pub each: bool,
    pub profile: u8,
    pub other_profile: u8,
    pub cargo_config: u8,
    pub toolchain: u8,
    /// The value that members inherit from the foreign workspace.
    pub foreign: u8,
    /// A value that no member inherits and no image needs.
    pub unused: u8,
}

/// A local package. Its feature `extra` switches on its optional dependency.
#[derive(Clone, Debug, Default)]
pub struct Member {
    pub needs: BTreeSet<usize>,
    /// An optional dependency on another member.
    pub optional: Option<usize>,
    /// Whether it requests the feature `extra` of the first member that it needs.
    pub extra: bool,
    pub crates: BTreeSet<usize>,
    /// Whether it requests the feature `x` of its first crate.
    pub feature: bool,
    pub files: BTreeMap<String, String>,
    pub executable: bool,
    pub description: u8,
    /// Whether it has a dev-dependency.
    pub dev: bool,
    pub inherited: bool,
    /// Whether it is a path dependency that belongs to another workspace.
    pub foreign: bool,
}

/// A crate of the registry.
#[derive(Clone, Debug, Default)]
pub struct Crate {
    pub needs: BTreeSet<usize>,
    pub patch: u8,
    /// The value in the local folder that replaces the crate, if one does.
    pub patched: Option<u8>,
}

/// A service, or the binary of a pack.
#[derive(Clone, Debug, Default)]
pub struct Service {
    pub member: usize,
    pub port: u16,
    /// Whether it switches on `extra`.
    pub extra: bool,
    pub shipped: String,
    pub pack: bool,
}

impl Member {
    pub fn plain(index: usize) -> Self {
        let files = [
            ("src/lib.rs", format!("// {index}")),
            ("src/main.rs", "fn main() {}".to_owned()),
            ("data.txt", format!("data {index}")),
        ];
        Self {
            files: files.map(|(path, text)| (path.to_owned(), text)).into(),
            ..Self::default()
        }
    }
}

impl Service {
    pub fn of(member: usize) -> Self {
        Self {
            member,
            port: 80,
            shipped: "shipped".to_owned(),
            ..Self::default()
        }
    }

    /// Returns whether its feature is on. A pack binary cannot have features.
    pub fn has_extra(&self) -> bool {
        self.extra && !self.pack
    }
}

impl Model {
    /// Returns a model with `0 ← 1 ← service 0` and `2 ← service 1`, which share the crate 0. Only member 1 needs the
    /// crate 1. The third service needs a foreign package and, if its feature is on, another member.
    pub fn example() -> Self {
        let member = |index: usize, needs: &[usize], crates: &[usize]| Member {
            needs: needs.iter().copied().collect(),
            crates: crates.iter().copied().collect(),
            ..Member::plain(index)
        };
        let mut model = Self {
            members: vec![
                member(0, &[], &[0]),
                member(1, &[0], &[1]),
                member(2, &[], &[2]),
                member(3, &[], &[]),
                member(4, &[], &[]),
                member(5, &[4], &[3]),
            ],
            crates: vec![Crate::default(); 4],
            services: vec![Service::of(1), Service::of(2), Service::of(5)],
            ..Self::default()
        };
        model.members[4].foreign = true;
        model.members[4].inherited = true;
        model.members[4].optional = Some(3);
        model.members[5].optional = Some(3);
        model.crates[3].patched = Some(0);
        model
    }

    /// Returns the name of a service's target.
    pub fn name(&self, service: usize) -> String {
        let member = self.services[service].member;
        if self.services[service].pack {
            format!("pack-p{service}-m{member}")
        } else {
            format!("s{service}")
        }
    }

    pub fn outputs(&self) -> BTreeSet<String> {
        (0..self.services.len())
            .map(|service| self.name(service))
            .collect()
    }
}
