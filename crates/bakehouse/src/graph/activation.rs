//! The part of the workspace that a build of some packages reaches: local packages, their features, and the edges
//! between them.

use std::collections::{BTreeMap, BTreeSet};

use super::features::{Features, Root, Setting};
use super::member::EdgeKind;
use crate::names::PackageName;

/// The result of activating some roots.
#[derive(Clone, Debug, Default)]
pub struct Activation {
    /// Dependencies of each package, as it is linked and as it is run on the builder. A package that is compiled has at
    /// least one of the two.
    builds: BTreeMap<PackageName, [Option<Needs>; 2]>,
    /// Features of each package, as it is linked and as it is run; only the first is used if Cargo's resolver does not
    /// keep the two apart. Cargo also gives features to packages that it does not compile in the end.
    features: BTreeMap<PackageName, [Option<Asked>; 2]>,
    /// Optional dependencies that are on, by their names in the manifests of packages.
    optional: BTreeMap<PackageName, BTreeSet<String>>,
    /// Set if the resolver keeps the two apart.
    apart: bool,
}

/// Direct dependencies of a package, with their use.
type Needs = BTreeMap<PackageName, Use>;

/// Features, each with the package that asks for it, or `None` if an output does.
type Asked = BTreeMap<String, Option<PackageName>>;

/// The ways in which one package uses another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Use {
    /// It is linked into the package.
    pub linked: bool,
    /// It is run by the compiler or a build script. Cargo compiles it with another profile and other features than
    /// linked code.
    pub run: bool,
}

/// A feature that a package gets because of other packages in the same build.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gain {
    pub package: PackageName,
    pub feature: String,
    /// The package that asks for it, or `None` if an output does.
    pub by: Option<PackageName>,
}

impl Activation {
    /// Activates `roots`.
    pub fn of<'a>(setting: Setting<'a>, roots: &[Root<'a>]) -> Self {
        let features = Features::of(setting, roots);
        let mut found = Self {
            builds: BTreeMap::new(),
            features: BTreeMap::new(),
            optional: BTreeMap::new(),
            apart: setting.apart,
        };
        for (package, key) in features.optional_on() {
            let known = found.optional.entry(PackageName::new(package)).or_default();
            known.insert(key.to_owned());
        }
        for ((package, run), on) in features.all() {
            let known = found.features.entry(PackageName::new(package)).or_default();
            let on = on.iter();
            let on = on.map(|(feature, by)| ((*feature).to_owned(), by.map(PackageName::new)));
            known[usize::from(run)] = Some(on.collect());
        }
        let mut open: Vec<(&str, bool)> = Vec::new();
        for root in roots.iter().rev().filter(|root| root.compiled) {
            open.extend(root.run.then_some((root.package, true)));
            open.push((root.package, false));
        }
        while let Some((package, run)) = open.pop() {
            let Some(member) = setting.members.get(package) else {
                continue;
            };
            let known = found.builds.entry(PackageName::new(package)).or_default();
            let build = &mut known[usize::from(run)];
            if build.is_some() {
                continue;
            }
            let unit = (package, run && setting.apart);
            let needs = build.insert(BTreeMap::new());
            for edge in &member.edges {
                let on_builder = run || edge.kind == EdgeKind::Build;
                // Without a build script, no build dependency is used.
                let follows = (edge.kind != EdgeKind::Build || member.build_script)
                    && features.follows(unit, edge)
                    && setting.applies(edge.target.as_ref(), on_builder);
                let Some((to, runs)) = setting.dependency(edge, run).filter(|_| follows) else {
                    continue;
                };
                let needed = needs.entry(PackageName::new(to)).or_default();
                // Dependencies of something that is run are run with it.
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
        self.builds.keys().map(PackageName::as_str)
    }

    /// Returns the packages that are not compiled, but affect the features of those that are.
    pub fn requesting(&self) -> impl Iterator<Item = &str> {
        let all = self.features.keys();
        all.filter(|package| !self.builds.contains_key(package.as_str()))
            .map(PackageName::as_str)
    }

    /// Returns whether `package` is compiled, or gets features.
    pub fn knows(&self, package: &str) -> bool {
        self.is_compiled(package) || self.features.contains_key(package)
    }

    /// Returns whether `package` is compiled.
    pub fn is_compiled(&self, package: &str) -> bool {
        self.builds.contains_key(package)
    }

    /// Returns the features of `package` as it is linked, or run.
    fn on(&self, package: &str, run: bool) -> Option<&Asked> {
        self.features.get(package)?[usize::from(run && self.apart)].as_ref()
    }

    /// Returns the features that are on in `package`, however it is compiled, sorted.
    pub fn features(&self, package: &str) -> impl Iterator<Item = &str> {
        let both = [false, true].into_iter();
        let both = both.filter_map(|run| self.on(package, run));
        let features: BTreeSet<&str> = both.flatten().map(|(name, _)| name.as_str()).collect();
        features.into_iter()
    }

    /// Returns the optional dependencies of `package` that are on, by their names in its manifest.
    pub fn optional(&self, package: &str) -> impl Iterator<Item = &str> {
        let on = self.optional.get(package).into_iter().flatten();
        on.map(String::as_str)
    }

    /// Returns whether `package` needs `other` directly.
    pub fn is_needed(&self, package: &str, other: &str) -> bool {
        let mut builds = self.builds.get(package).into_iter().flatten().flatten();
        builds.any(|needs| needs.contains_key(other))
    }

    /// Returns whether `feature` is on in `package` as it is linked.
    pub fn has_linked(&self, package: &str, feature: &str) -> bool {
        let linked = self.on(package, false);
        linked.is_some_and(|features| features.contains_key(feature))
    }

    /// Returns the direct dependencies of `package`, sorted.
    pub fn needs(&self, package: &str) -> impl Iterator<Item = &str> {
        let builds = self.builds.get(package).into_iter().flatten().flatten();
        let needs: BTreeSet<&str> = builds
            .flat_map(BTreeMap::keys)
            .map(PackageName::as_str)
            .collect();
        needs.into_iter()
    }

    /// Returns how each package except `roots` is used.
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

    /// Returns `packages`, however they are compiled, and all their dependencies.
    pub fn closure<'a>(
        &'a self,
        packages: impl IntoIterator<Item = &'a str>,
    ) -> BTreeSet<PackageName> {
        let both = packages.into_iter();
        let both = both.flat_map(|package| [(package, false), (package, true)]);
        let reached = self.reached(both.collect());
        reached
            .into_iter()
            .map(|(package, _)| PackageName::new(package))
            .collect()
    }

    /// Returns the packages that a build of `package` as it is linked compiles, each with its features as it is linked
    /// and as it is run.
    pub fn built<'a>(&'a self, package: &'a str) -> BTreeMap<&'a str, [Option<Vec<&'a str>>; 2]> {
        let mut built: BTreeMap<&str, [Option<Vec<&str>>; 2]> = BTreeMap::new();
        for (package, run) in self.reached(vec![(package, false)]) {
            let features = self.on(package, run);
            let features = features.map(|on| on.keys().map(String::as_str).collect());
            built.entry(package).or_default()[usize::from(run)] = features;
        }
        built
    }

    /// Returns whether each package that gets features in both has the same features in both. It then has the same ones
    /// in a build of both together.
    pub fn agrees(&self, other: &Self) -> bool {
        let mut all = self.features.iter();
        all.all(|(package, one)| {
            let Some(two) = other.features.get(package.as_str()) else {
                return true;
            };
            let mut pairs = one.iter().zip(two);
            pairs.all(|pair| match pair {
                (Some(one), Some(two)) => one.keys().eq(two.keys()),
                _ => true,
            })
        })
    }

    /// Returns the features that packages have in addition when they are built as in `together`, which has more roots.
    pub fn gains(&self, together: &Self) -> BTreeSet<Gain> {
        let mut gains = BTreeSet::new();
        for (package, builds) in &self.builds {
            for run in [false, true] {
                let compiled = builds[usize::from(run)].is_some();
                let (Some(alone), Some(more)) = (self.on(package, run), together.on(package, run))
                else {
                    continue;
                };
                let more = more
                    .iter()
                    .filter(|(name, _)| compiled && !alone.contains_key(*name));
                gains.extend(more.map(|(feature, by)| Gain {
                    package: package.clone(),
                    feature: feature.clone(),
                    by: by.clone(),
                }));
            }
        }
        gains
    }

    /// Returns whether compiled packages get additional features in a build together with `other`, as far as the two
    /// alone show.
    pub fn differs(&self, other: &Self) -> bool {
        !self.gains(other).is_empty() || !other.gains(self).is_empty()
    }

    /// Returns the direct dependencies of a package as it is linked, or run, each with whether it is run.
    fn below(&self, package: &str, run: bool) -> impl Iterator<Item = (&str, bool)> {
        let build = self
            .builds
            .get(package)
            .and_then(|both| both[usize::from(run)].as_ref());
        let needs = build.into_iter().flatten();
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
