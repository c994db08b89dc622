//! Edits of a model.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::Model;

/// An edit. Numbers count modulo the number of things.
#[derive(Clone, Debug)]
pub enum Edit {
    /// Changes a file of a member.
    Content(usize),
    NewFile(usize),
    NoFile(usize),
    Rename(usize),
    Executable(usize),
    Description(usize),
    DevDependency(usize),
    /// A member requests another feature of a crate.
    AskedFeature(usize),
    /// A member requests another feature of a member that it needs.
    AskedExtra(usize),
    /// A member starts or stops needing another member.
    Edge(usize),
    /// Changes the version of a locked crate.
    Version(usize),
    /// A locked crate needs another crate.
    LockedEdge(usize),
    /// Changes a file in a folder that replaces a crate.
    Patched(usize),
    /// A folder starts or stops replacing a crate.
    Patch(usize),
    Port(usize),
    ServiceFeature(usize),
    Shipped(usize),
    Profile,
    OtherProfile,
    CargoConfig,
    Toolchain,
    /// Changes the inherited part of the foreign workspace.
    Foreign,
    Unused,
    Time(usize),
}

impl Edit {
    /// One edit of each kind.
    pub const ALL: [Self; 24] = [
        Self::Content(0),
        Self::NewFile(0),
        Self::NoFile(0),
        Self::Rename(0),
        Self::Executable(0),
        Self::Description(0),
        Self::DevDependency(0),
        Self::AskedFeature(2),
        Self::AskedExtra(5),
        Self::Edge(2),
        Self::Version(1),
        Self::LockedEdge(1),
        Self::Patched(3),
        Self::Patch(2),
        Self::Port(0),
        Self::ServiceFeature(2),
        Self::Shipped(0),
        Self::Profile,
        Self::OtherProfile,
        Self::CargoConfig,
        Self::Toolchain,
        Self::Foreign,
        Self::Unused,
        Self::Time(0),
    ];

    fn with(self, number: usize) -> Self {
        match self {
            Self::Content(_) => Self::Content(number),
            Self::NewFile(_) => Self::NewFile(number),
            Self::NoFile(_) => Self::NoFile(number),
            Self::Rename(_) => Self::Rename(number),
            Self::Executable(_) => Self::Executable(number),
            Self::Description(_) => Self::Description(number),
            Self::DevDependency(_) => Self::DevDependency(number),
            Self::AskedFeature(_) => Self::AskedFeature(number),
            Self::AskedExtra(_) => Self::AskedExtra(number),
            Self::Edge(_) => Self::Edge(number),
            Self::Version(_) => Self::Version(number),
            Self::LockedEdge(_) => Self::LockedEdge(number),
            Self::Patched(_) => Self::Patched(number),
            Self::Patch(_) => Self::Patch(number),
            Self::Port(_) => Self::Port(number),
            Self::ServiceFeature(_) => Self::ServiceFeature(number),
            Self::Shipped(_) => Self::Shipped(number),
            Self::Time(_) => Self::Time(number),
            Self::Profile
            | Self::OtherProfile
            | Self::CargoConfig
            | Self::Toolchain
            | Self::Foreign
            | Self::Unused => self,
        }
    }
}

pub fn any_edit() -> impl Strategy<Value = Edit> {
    (0..Edit::ALL.len(), any::<usize>())
        .prop_map(|(kind, number)| Edit::ALL[kind].clone().with(number))
}

impl Model {
    /// Applies the edit to the model, and returns the outputs that it can change.
    pub fn edit(&mut self, edit: &Edit) -> BTreeSet<String> {
        let before = self.clone();
        self.apply(edit);
        (0..self.services.len())
            .filter(|service| before.facts(*service) != self.facts(*service))
            .map(|service| self.name(service))
            .collect()
    }

    fn apply(&mut self, edit: &Edit) {
        let (members, crates, services) =
            (self.members.len(), self.crates.len(), self.services.len());
        let service = |n: usize| n % services;
        match *edit {
            Edit::Content(n) => {
                let files = &mut self.members[n % members].files;
                files.insert("src/lib.rs".into(), "// edited".into());
            }
            Edit::NewFile(n) => {
                let files = &mut self.members[n % members].files;
                files.insert("src/new.rs".into(), String::new());
            }
            Edit::NoFile(n) => {
                self.members[n % members].files.remove("data.txt");
            }
            Edit::Rename(n) => {
                let files = &mut self.members[n % members].files;
                if let Some(text) = files.remove("data.txt") {
                    files.insert("data2.txt".into(), text);
                }
            }
            Edit::Executable(n) => self.members[n % members].executable = true,
            Edit::Description(n) => self.members[n % members].description = 1,
            Edit::DevDependency(n) => self.members[n % members].dev = true,
            Edit::AskedFeature(n) => self.members[n % members].feature ^= true,
            Edit::AskedExtra(n) => self.members[n % members].extra ^= true,
            Edit::Edge(n) => {
                let member = n % members;
                let other = member.checked_sub(1);
                let member = &mut self.members[member];
                if let Some(other) = other.filter(|other| member.optional != Some(*other)) {
                    toggle(&mut member.needs, other);
                }
            }
            Edit::Version(n) => self.crates[n % crates].patch += 1,
            Edit::LockedEdge(n) => {
                let index = n % crates;
                if let Some(other) = index.checked_sub(1) {
                    toggle(&mut self.crates[index].needs, other);
                }
            }
            Edit::Patched(n) => {
                if let Some(content) = &mut self.crates[n % crates].patched {
                    *content += 1;
                }
            }
            Edit::Patch(n) => {
                let patched = &mut self.crates[n % crates].patched;
                *patched = patched.is_none().then_some(0);
            }
            Edit::Port(n) => self.services[service(n)].port = 81,
            Edit::ServiceFeature(n) => self.services[service(n)].extra ^= true,
            Edit::Shipped(n) => self.services[service(n)].shipped.push('!'),
            Edit::Profile => self.profile += 1,
            Edit::OtherProfile => self.other_profile += 1,
            Edit::CargoConfig => self.cargo_config += 1,
            Edit::Toolchain => self.toolchain += 1,
            Edit::Foreign => self.foreign += 1,
            Edit::Unused => self.unused += 1,
            Edit::Time(_) => {}
        }
    }
}

fn toggle(set: &mut BTreeSet<usize>, index: usize) {
    if !set.remove(&index) {
        set.insert(index);
    }
}
