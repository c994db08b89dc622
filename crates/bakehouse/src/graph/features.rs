//! The features and optional dependencies that a build of some packages switches on, worked out for local packages as
//! Cargo's feature resolver does.

use std::collections::{BTreeMap, BTreeSet};

use super::member::{Edge, EdgeKind};
use super::{Member, platform};
use crate::names::PackageName;

/// Everything that decides features, except the packages to build.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    pub members: &'a BTreeMap<PackageName, Member>,
    /// Set for Cargo's second resolver and later ones: packages that the compiler or a build script runs have features
    /// of their own, and dependencies for other platforms switch nothing on.
    pub apart: bool,
    /// The target platforms.
    pub platforms: &'a [String],
    /// The possible platforms of the builder.
    pub builder: &'a [String],
}

/// A package to build, and the features that are requested for it.
#[derive(Clone, Debug)]
pub struct Root<'a> {
    pub package: &'a str,
    pub features: Vec<&'a str>,
    /// Set if the default features are requested as well.
    pub default_features: bool,
    /// Set if it may also be run on the builder.
    pub run: bool,
    /// Set if it is compiled. Otherwise it only affects the features of other packages.
    pub compiled: bool,
    /// Set if its dev-dependencies affect features. Under the first resolver, this is so for all packages that Cargo is
    /// told to build.
    pub development: bool,
}

/// A package as it is linked, or as it is run on the builder. The first resolver does not distinguish the two: there,
/// nothing is `run` as far as features are concerned.
pub type Unit<'a> = (&'a str, bool);

/// The features and optional dependencies that are switched on.
pub struct Features<'a> {
    setting: Setting<'a>,
    /// Features of each unit, each with the package that asks for it, or `None` if an output does.
    on: BTreeMap<Unit<'a>, BTreeMap<&'a str, Option<&'a str>>>,
    /// Optional dependencies, by their names in the manifest.
    optional: BTreeSet<(Unit<'a>, &'a str)>,
    /// Pending `dependency?/feature` entries, whose dependency may be switched on later.
    weak: BTreeMap<(Unit<'a>, &'a str), BTreeSet<&'a str>>,
    entered: BTreeSet<Unit<'a>>,
    /// Packages whose dev-dependencies affect features.
    development: BTreeSet<&'a str>,
    open: Vec<Step<'a>>,
}

/// Something to switch on. The last field is the package that asks for it.
enum Step<'a> {
    Package(Unit<'a>, Vec<&'a str>, bool, Option<&'a str>),
    Feature(Unit<'a>, &'a str, Option<&'a str>),
    /// The optional dependency of that name.
    Optional(Unit<'a>, &'a str),
    /// A feature of a dependency: `name/feature`, or `name?/feature`, which is weak.
    OfDependency(Unit<'a>, &'a str, &'a str, bool, Option<&'a str>),
}

impl<'a> Setting<'a> {
    /// Returns whether a dependency of a unit applies to the platform that the unit is built for.
    pub fn applies(
        &self,
        target: Option<&cargo_metadata::cargo_platform::Platform>,
        run: bool,
    ) -> bool {
        let platforms = if run { self.builder } else { self.platforms };
        target.is_none_or(|target| platform::may_apply(target, platforms))
    }

    /// Returns the unit that a dependency is compiled as, if its package is `run` or linked, and `None` if no build
    /// compiles it. Cargo only warns about a dependency without a library, and builds without it.
    pub fn dependency(&self, edge: &'a Edge, run: bool) -> Option<(&'a str, bool)> {
        self.members.get(&edge.to)?.library.as_ref()?;
        (edge.kind != EdgeKind::Dev).then(|| self.asked(edge, run))?
    }

    /// Returns the package that a dependency requests features of, compiled or not, and whether it is run.
    fn asked(&self, edge: &'a Edge, run: bool) -> Option<(&'a str, bool)> {
        let library = self.members.get(&edge.to)?.library.as_ref();
        let is_macro = library.is_some_and(|library| library.proc_macro);
        let run = run || edge.kind == EdgeKind::Build || is_macro;
        Some((edge.to.as_str(), run))
    }
}

impl<'a> Features<'a> {
    /// Works out the features that a build of `roots` switches on.
    pub fn of(setting: Setting<'a>, roots: &[Root<'a>]) -> Self {
        let mut features = Self {
            setting,
            on: BTreeMap::new(),
            optional: BTreeSet::new(),
            weak: BTreeMap::new(),
            entered: BTreeSet::new(),
            development: roots
                .iter()
                .filter(|root| root.development)
                .map(|root| root.package)
                .collect(),
            open: Vec::new(),
        };
        for root in roots {
            for run in [false, true] {
                if !run || (root.run && setting.apart) {
                    let (named, default) = (root.features.clone(), root.default_features);
                    let step = Step::Package((root.package, run), named, default, None);
                    features.open.push(step);
                }
            }
        }
        while let Some(step) = features.open.pop() {
            match step {
                Step::Package(unit, named, default, by) => {
                    features.package(unit, named, default, by);
                }
                Step::Feature(unit, feature, by) => features.feature(unit, feature, by),
                Step::Optional(unit, key) => features.optional(unit, key),
                Step::OfDependency(unit, key, feature, weak, by) => {
                    features.of_dependency(unit, key, feature, weak, by);
                }
            }
        }
        features
    }

    /// Returns the features of each unit, each with the package that asks for it.
    pub fn all(&self) -> impl Iterator<Item = (Unit<'a>, &BTreeMap<&'a str, Option<&'a str>>)> {
        self.on.iter().map(|(unit, on)| (*unit, on))
    }

    /// Returns the optional dependencies that are on, by package and their names in its manifest.
    pub fn optional_on(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.optional
            .iter()
            .map(|((package, _), key)| (*package, *key))
    }

    /// Returns whether a dependency of a unit is on.
    pub fn follows(&self, unit: Unit<'a>, edge: &'a Edge) -> bool {
        !edge.optional || self.optional.contains(&(unit, edge.key.as_str()))
    }

    fn member(&self, package: &str) -> Option<&'a Member> {
        self.setting.members.get(package)
    }

    /// Returns the dependencies of a unit that take part in resolving features, each with the unit that it is compiled
    /// as.
    fn dependencies(&self, unit: Unit<'a>) -> impl Iterator<Item = (&'a Edge, Unit<'a>)> + use<'a> {
        let setting = self.setting;
        let development = self.development.contains(unit.0);
        let edges = self
            .member(unit.0)
            .into_iter()
            .flat_map(|member| &member.edges);
        let edges = edges.filter(move |edge| development || edge.kind != EdgeKind::Dev);
        edges.filter_map(move |edge| {
            let (to, run) = setting.asked(edge, unit.1)?;
            let on_builder = unit.1 || edge.kind == EdgeKind::Build;
            let counts = !setting.apart || setting.applies(edge.target.as_ref(), on_builder);
            counts.then_some((edge, (to, run && setting.apart)))
        })
    }

    fn package(&mut self, unit: Unit<'a>, named: Vec<&'a str>, default: bool, by: Option<&'a str>) {
        let Some(member) = self.member(unit.0) else {
            return;
        };
        self.on.entry(unit).or_default();
        if default && member.features.contains_key("default") {
            self.open.push(Step::Feature(unit, "default", by));
        }
        let named = named.into_iter();
        self.open
            .extend(named.map(|feature| Step::Feature(unit, feature, by)));
        if self.entered.insert(unit) {
            let needed = self.dependencies(unit).filter(|(edge, _)| !edge.optional);
            self.open
                .extend(needed.map(|(edge, to)| of_edge(unit, edge, to)));
        }
    }

    fn feature(&mut self, unit: Unit<'a>, feature: &'a str, by: Option<&'a str>) {
        if let Some((key, feature)) = feature.split_once('/') {
            let weak = key.ends_with('?');
            let step = Step::OfDependency(unit, key.trim_end_matches('?'), feature, weak, by);
            self.open.push(step);
            return;
        }
        let on = self.on.entry(unit).or_default();
        if on.contains_key(feature) {
            return;
        }
        on.insert(feature, by);
        let member = self.member(unit.0);
        let values = member.and_then(|member| member.features.get(feature));
        for value in values.into_iter().flatten() {
            let step = if let Some(key) = value.strip_prefix("dep:") {
                Step::Optional(unit, key)
            } else {
                Step::Feature(unit, value, by)
            };
            self.open.push(step);
        }
    }

    fn optional(&mut self, unit: Unit<'a>, key: &'a str) {
        if !self.optional.insert((unit, key)) {
            return;
        }
        let waiting = self.weak.remove(&(unit, key)).unwrap_or_default();
        for (edge, to) in self.dependencies(unit).filter(|(edge, _)| edge.key == key) {
            self.open.push(of_edge(unit, edge, to));
            let weak = waiting.iter();
            self.open
                .extend(weak.map(|feature| Step::Feature(to, feature, Some(unit.0))));
        }
    }

    fn of_dependency(
        &mut self,
        unit: Unit<'a>,
        key: &'a str,
        feature: &'a str,
        weak: bool,
        by: Option<&'a str>,
    ) {
        let on = self.optional.contains(&(unit, key));
        let mut switched = false;
        for (edge, to) in self.dependencies(unit).filter(|(edge, _)| edge.key == key) {
            if edge.optional && weak && !on {
                self.weak.entry((unit, key)).or_default().insert(feature);
                continue;
            }
            switched |= edge.optional;
            self.open.push(Step::Feature(to, feature, Some(unit.0)));
        }
        let crates = self
            .member(unit.0)
            .into_iter()
            .flat_map(|member| &member.optional_crates);
        let mut crates = crates.filter(|optional| optional.key == key);
        switched |= !weak
            && crates.any(|optional| {
                let on_builder = unit.1 || optional.kind == EdgeKind::Build;
                !self.setting.apart || self.setting.applies(optional.target.as_ref(), on_builder)
            });
        if switched {
            self.open.push(Step::Optional(unit, key));
            if !weak {
                // Before weak features existed, Cargo also switched on a feature with the name of the dependency,
                // whether the package has it or not.
                self.open.push(Step::Feature(unit, key, by));
            }
        }
    }
}

/// Returns the request that a dependency makes to the package that it points at.
fn of_edge<'a>(from: Unit<'a>, edge: &'a Edge, to: Unit<'a>) -> Step<'a> {
    let features = edge.features.iter().map(String::as_str).collect();
    Step::Package(to, features, edge.default_features, Some(from.0))
}
