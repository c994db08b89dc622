//! What a build of some packages reaches: local packages, their features, and the edges between them.

use std::collections::{BTreeMap, BTreeSet};

use super::features::{Features, Root, Setting};
use super::member::EdgeKind;

/// What a build of its roots reaches.
#[derive(Clone, Debug, Default)]
pub struct Activation {
    /// By package, as it is linked and as it is run on the builder. A package that is reached has one of them.
    builds: BTreeMap<String, [Option<Build>; 2]>,
    /// Cargo's resolver gives the two features of their own.
    apart: bool,
}

/// A package as it is compiled.
#[derive(Clone, Debug, Default)]
struct Build {
    /// Its features, each with the package that asks for it: none where an output does.
    features: BTreeMap<String, Option<String>>,
    /// What it needs directly, and what for.
    needs: BTreeMap<String, Use>,
}

/// What one package is compiled for in another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Use {
    /// Linked into it.
    pub linked: bool,
    /// Run by the compiler or a build script. Cargo compiles it with another profile, and other features, than what is
    /// linked.
    pub run: bool,
}

/// A feature that a package has in one build and not in another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    pub package: String,
    pub feature: String,
    /// The first of the two builds has it.
    pub first: bool,
    /// The package that asks for it; none where an output does.
    pub by: Option<String>,
}

impl Activation {
    /// Activates `roots`.
    pub fn of<'a>(setting: Setting<'a>, roots: &[Root<'a>]) -> Self {
        let features = Features::of(setting, roots);
        let mut found = Self {
            builds: BTreeMap::new(),
            apart: setting.apart,
        };
        let mut open: Vec<(&str, bool)> = Vec::new();
        for root in roots.iter().rev() {
            open.extend(root.run.then_some((root.package, true)));
            open.push((root.package, false));
        }
        while let Some((package, run)) = open.pop() {
            let Some(member) = setting.members.get(package) else {
                continue;
            };
            let known = found.builds.entry(package.to_owned()).or_default();
            let build = &mut known[usize::from(run)];
            if build.is_some() {
                continue;
            }
            let unit = (package, run && setting.apart);
            let on = features.on(unit);
            let build = build.insert(Build {
                features: on
                    .map(|(feature, by)| (feature.to_owned(), by.map(str::to_owned)))
                    .collect(),
                needs: BTreeMap::new(),
            });
            for edge in &member.edges {
                let on_builder = run || edge.kind == EdgeKind::Build;
                let follows = features.follows(unit, edge)
                    && setting.applies(edge.target.as_ref(), on_builder);
                let Some((to, runs)) = setting.dependency(edge, run).filter(|_| follows) else {
                    continue;
                };
                let needed = build.needs.entry(to.to_owned()).or_default();
                // What is linked into something that is run is run with it.
                if runs && !run {
                    needed.run = true;
                } else {
                    needed.linked = true;
                }
                open.push((to, runs));
            }
        }
        found
    }

    /// All packages that are compiled.
    pub fn packages(&self) -> impl Iterator<Item = &str> {
        self.builds.keys().map(String::as_str)
    }

    fn builds(&self, package: &str) -> impl Iterator<Item = &Build> {
        self.builds.get(package).into_iter().flatten().flatten()
    }

    /// The features that are on in `package`, however it is compiled, sorted.
    pub fn features(&self, package: &str) -> impl Iterator<Item = &str> {
        let features = self.builds(package).flat_map(|build| build.features.keys());
        let features: BTreeSet<&str> = features.map(String::as_str).collect();
        features.into_iter()
    }

    /// Whether `package` needs `other` directly.
    pub fn is_needed(&self, package: &str, other: &str) -> bool {
        let mut builds = self.builds(package);
        builds.any(|build| build.needs.contains_key(other))
    }

    /// Whether `feature` is on in `package` as it is linked.
    pub fn has_linked(&self, package: &str, feature: &str) -> bool {
        let builds = self.builds.get(package);
        let linked = builds.and_then(|[linked, run]| match self.apart {
            true => linked.as_ref(),
            false => linked.as_ref().or(run.as_ref()),
        });
        linked.is_some_and(|build| build.features.contains_key(feature))
    }

    /// What `package` needs directly, sorted.
    pub fn needs(&self, package: &str) -> impl Iterator<Item = &str> {
        let needs = self.builds(package).flat_map(|build| build.needs.keys());
        let needs: BTreeSet<&str> = needs.map(String::as_str).collect();
        needs.into_iter()
    }

    /// What each package is compiled for, beside `roots` themselves.
    pub fn uses<'a>(&'a self, roots: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, Use> {
        let mut uses: BTreeMap<&str, Use> = BTreeMap::new();
        let roots = roots.into_iter().map(|root| (root, false));
        for (package, run) in self.reached(roots.collect()) {
            for needed in self.below(package, run) {
                let found = uses.entry(needed.0).or_default();
                found.linked |= !needed.1;
                found.run |= needed.1;
            }
        }
        uses
    }

    /// `packages`, however they are compiled, and all that they need.
    pub fn closure<'a>(&'a self, packages: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
        let both = packages.into_iter();
        let both = both.flat_map(|package| [(package, false), (package, true)]);
        let reached = self.reached(both.collect());
        reached
            .into_iter()
            .map(|(package, _)| package.to_owned())
            .collect()
    }

    /// What a build of `package` as it is linked compiles, each with its features: as it is linked, and as it is run.
    pub fn built<'a>(&'a self, package: &'a str) -> BTreeMap<&'a str, [Option<Vec<&'a str>>; 2]> {
        let mut built: BTreeMap<&str, [Option<Vec<&str>>; 2]> = BTreeMap::new();
        for (package, run) in self.reached(vec![(package, false)]) {
            let build = self.builds[package][usize::from(run)].as_ref();
            let features = build.map(|build| build.features.keys().map(String::as_str).collect());
            built.entry(package).or_default()[usize::from(run)] = features;
        }
        built
    }

    /// The features in which packages that both compile differ.
    pub fn differences(&self, other: &Self) -> BTreeSet<Difference> {
        let mut differences = BTreeSet::new();
        for (package, one) in &self.builds {
            let Some(two) = other.builds.get(package) else {
                continue;
            };
            let pairs: &[(usize, usize)] = match self.apart {
                true => &[(0, 0), (1, 1)],
                false => &[(0, 0), (1, 1), (0, 1), (1, 0)],
            };
            for (at, beside) in pairs {
                let (Some(one), Some(two)) = (&one[*at], &two[*beside]) else {
                    continue;
                };
                for (has, lacks, first) in [(one, two, true), (two, one, false)] {
                    let features = has.features.iter();
                    let only = features.filter(|(name, _)| !lacks.features.contains_key(*name));
                    differences.extend(only.map(|(feature, by)| Difference {
                        package: package.clone(),
                        feature: feature.clone(),
                        first,
                        by: by.clone(),
                    }));
                }
            }
        }
        differences
    }

    /// What a build of a package as it is linked, or run, needs directly, each as it is linked or run.
    fn below(&self, package: &str, run: bool) -> impl Iterator<Item = (&str, bool)> {
        let build = self
            .builds
            .get(package)
            .and_then(|both| both[usize::from(run)].as_ref());
        let needs = build.into_iter().flat_map(|build| &build.needs);
        needs.flat_map(move |(needed, used)| {
            let linked = used.linked.then_some((needed.as_str(), run));
            linked
                .into_iter()
                .chain(used.run.then_some((needed.as_str(), true)))
        })
    }

    fn reached<'a>(&'a self, mut open: Vec<(&'a str, bool)>) -> BTreeSet<(&'a str, bool)> {
        let mut seen = BTreeSet::new();
        while let Some((package, run)) = open.pop() {
            let known = self.builds.get_key_value(package);
            let Some((package, _)) = known.filter(|(_, both)| both[usize::from(run)].is_some())
            else {
                continue;
            };
            if seen.insert((package.as_str(), run)) {
                open.extend(self.below(package, run));
            }
        }
        seen
    }
}
