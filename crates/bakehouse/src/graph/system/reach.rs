//! The part of a lock that builds reach, by the features that are on in the packages that they compile.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::graph::member::{EdgeKind, Member, Requirement};
use crate::graph::{Activation, Workspace, platform};

/// The crates that some builds reach, with what each depends on. Of third-party crates the lock tells that for all
/// features that anything in the workspace can switch on.
#[derive(Debug, Default)]
pub struct Reach<'a> {
    /// A crate comes several times if several versions of it are needed.
    needs: HashMap<&'a str, Vec<&'a str>>,
    users: HashMap<&'a str, Vec<&'a str>>,
    /// Crates with the features that compiled packages ask them for.
    pub asked: BTreeSet<(&'a str, &'a str)>,
    /// Crates with the features that any package of the workspace can ask them for.
    pub possible: BTreeSet<(&'a str, &'a str)>,
    members: BTreeSet<&'a str>,
}

impl<'a> Reach<'a> {
    /// Returns the crates that the builds of `activations` reach on `platforms`; all of Linux if there are none.
    pub fn new<'b>(
        workspace: &'a Workspace,
        activations: impl IntoIterator<Item = &'b Activation>,
        platforms: &[String],
    ) -> Self {
        let mut reach = Self {
            members: workspace.members.keys().map(AsRef::as_ref).collect(),
            ..Self::default()
        };
        let mut direct: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let members = workspace.members.values();
        let requests = members.map(|member| (member.name.as_str(), requests(member)));
        let requests: HashMap<&str, Requests<'_>> = requests.collect();
        for activation in activations {
            for package in activation.packages() {
                let Some(member) = workspace.members.get(package) else {
                    continue;
                };
                let on: BTreeSet<&str> = activation.features(package).collect();
                let requests = &requests[member.name.as_str()];
                for requirement in used(member, &on, platforms) {
                    reach.link(&member.name, &requirement.name);
                    let names = direct.entry(package.to_owned()).or_default();
                    names.insert(requirement.name.clone());
                    let asked = asked(requests, requirement, |feature| on.contains(feature));
                    reach.asked.extend(asked);
                }
            }
        }
        for member in workspace.members.values() {
            let requests = &requests[member.name.as_str()];
            for requirement in &member.requirements {
                let asked = asked(requests, requirement, |_| true);
                reach.possible.extend(asked);
            }
        }
        reach.follow(workspace, &direct);
        reach
    }

    /// Returns the crates that some packages reach if all their features are on.
    pub fn of_all(workspace: &'a Workspace, packages: &BTreeSet<&str>) -> Self {
        let mut reach = Self {
            members: workspace.members.keys().map(AsRef::as_ref).collect(),
            ..Self::default()
        };
        let members = packages.iter();
        for member in members.filter_map(|name| workspace.members.get(*name)) {
            for name in &member.dependencies {
                reach.link(&member.name, name);
            }
        }
        reach.follow(workspace, &workspace.direct(packages.iter().copied()));
        reach
    }

    /// Adds the entries of the lock that packages reach by their direct dependencies.
    fn follow(&mut self, workspace: &'a Workspace, direct: &BTreeMap<String, BTreeSet<String>>) {
        for entry in workspace.lock.reachable(direct) {
            if entry.source.is_none() {
                continue;
            }
            self.needs.entry(&entry.name).or_default();
            for name in entry.needs() {
                self.link(&entry.name, name);
            }
        }
    }

    fn link(&mut self, user: &'a str, needed: &'a str) {
        self.needs.entry(user).or_default().push(needed);
        self.users.entry(needed).or_default().push(user);
    }

    /// Returns the same without some edges, and without what only they lead to.
    pub fn without(&self, off: &BTreeSet<(&str, &str)>) -> Self {
        let mut left = Self {
            asked: self.asked.clone(),
            possible: self.possible.clone(),
            members: self.members.clone(),
            ..Self::default()
        };
        let members = self
            .needs
            .keys()
            .filter(|name| self.members.contains(*name));
        let mut open: Vec<&'a str> = members.copied().collect();
        while let Some(user) = open.pop() {
            if left.needs.contains_key(user) {
                continue;
            }
            left.needs.insert(user, Vec::new());
            let needs = self.needs.get(user).into_iter().flatten();
            for needed in needs.filter(|needed| !off.contains(&(user, **needed))) {
                left.link(user, needed);
                open.push(needed);
            }
        }
        left
    }

    /// Returns the third-party crates, sorted.
    pub fn crates(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let all = self.needs.keys().copied();
        let mut crates: Vec<&'a str> = all.filter(|name| !self.members.contains(name)).collect();
        crates.sort_unstable();
        crates.into_iter()
    }

    /// Returns whether a name is that of a package of the workspace.
    pub fn is_member(&self, name: &str) -> bool {
        self.members.contains(name)
    }

    /// Returns whether a crate or package depends on another directly.
    pub fn depends(&self, user: &str, needed: &str) -> bool {
        self.needs
            .get(user)
            .is_some_and(|needs| needs.contains(&needed))
    }

    /// Returns what depends on a crate directly, in no order.
    pub fn users(&self, needed: &str) -> impl Iterator<Item = &'a str> {
        self.users.get(needed).into_iter().flatten().copied()
    }

    /// Returns whether `from` is `to`, or depends on it over others.
    pub fn leads(&self, from: &str, to: &str) -> bool {
        let (mut open, mut seen) = (vec![to], BTreeSet::new());
        while let Some(name) = open.pop() {
            if name == from {
                return true;
            }
            open.extend(self.users(name).filter(|user| seen.insert(*user)));
        }
        false
    }
}

/// Returns the dependencies of a compiled package that are in use.
fn used<'a>(
    member: &'a Member,
    on: &BTreeSet<&str>,
    platforms: &[String],
) -> impl Iterator<Item = &'a Requirement> {
    let switched = |requirement: &Requirement| {
        let own = format!("dep:{}", requirement.key);
        let of_own = format!("{}/", requirement.key);
        let mut values = on
            .iter()
            .filter_map(|feature| member.features.get(*feature));
        !requirement.optional
            || values.any(|values| {
                let mut values = values.iter();
                values.any(|value| *value == own || value.starts_with(&of_own))
            })
    };
    let usual = platform::usual();
    let platforms = match platforms {
        [] => &usual[..],
        platforms => platforms,
    };
    let applies = |requirement: &Requirement| {
        let target = requirement.target.as_ref();
        target.is_none_or(|target| platform::may_apply(target, platforms))
    };
    let needed: Vec<&Requirement> = member
        .requirements
        .iter()
        .filter(|requirement| match requirement.kind {
            EdgeKind::Normal => true,
            EdgeKind::Build => member.build_script,
            EdgeKind::Dev => false,
        })
        .filter(|requirement| switched(requirement) && applies(requirement))
        .collect();
    needed.into_iter()
}

/// The requests of a package's features to its dependencies, by the key of the dependency: the feature, and the one that
/// it asks for.
type Requests<'a> = HashMap<&'a str, Vec<(&'a str, &'a str)>>;

fn requests(member: &Member) -> Requests<'_> {
    let mut requests = Requests::new();
    for (feature, values) in &member.features {
        for (key, asked) in values.iter().filter_map(|value| value.split_once('/')) {
            let of_key = requests.entry(key.trim_end_matches('?')).or_default();
            of_key.push((feature, asked));
        }
    }
    requests
}

/// Returns the features that a package asks a dependency for, given which of its own are on.
fn asked<'a>(
    requests: &Requests<'a>,
    requirement: &'a Requirement,
    is_on: impl Fn(&str) -> bool,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let by_features = requests.get(requirement.key.as_str());
    let by_features = by_features.into_iter().flatten();
    let by_features = by_features
        .filter(move |(feature, _)| is_on(feature))
        .map(|(_, asked)| *asked);
    let always = requirement.features.iter().map(String::as_str);
    always
        .chain(by_features)
        .map(|feature| (requirement.name.as_str(), feature))
}
