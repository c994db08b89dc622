//! Which features, and so which edges, a build of some packages switches on.

use std::collections::{BTreeMap, BTreeSet};

use super::member::{Edge, EdgeKind};
use super::{Member, platform};

/// What a build of its roots reaches: local packages, their features and the edges between them. Features are
/// unified over everything, as Cargo's first resolver does; later ones switch on a part of that.
#[derive(Clone, Debug, Default)]
pub struct Activation {
    /// Features by package; a package that is reached has an entry.
    features: BTreeMap<String, BTreeSet<String>>,
    /// What each package needs directly.
    edges: BTreeMap<String, BTreeMap<String, Use>>,
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

impl Activation {
    /// Activates `roots`, each with the given features and its default ones, for `platforms`, and what runs in the
    /// builder for `builder`'s.
    pub fn of<'a>(
        members: &'a BTreeMap<String, Member>,
        roots: impl IntoIterator<Item = (&'a str, Vec<&'a str>)>,
        platforms: &'a [String],
        builder: &'a [String],
    ) -> Self {
        let mut run = Run {
            members,
            platforms,
            found: Self::default(),
            weak: BTreeSet::new(),
            left_out: Vec::new(),
        };
        let mut packages = Vec::new();
        for (package, features) in roots {
            packages.push(package);
            run.package(package, features, true);
        }
        run.for_builder(&packages, builder);
        run.found
    }

    /// All packages that are compiled.
    pub fn packages(&self) -> impl Iterator<Item = &str> {
        self.features.keys().map(String::as_str)
    }

    /// The features that are on in `package`, sorted.
    pub fn features(&self, package: &str) -> impl Iterator<Item = &str> {
        let features = self.features.get(package).into_iter().flatten();
        features.map(String::as_str)
    }

    /// Whether `package` needs `other` directly.
    pub fn is_needed(&self, package: &str, other: &str) -> bool {
        let edges = self.edges.get(package);
        edges.is_some_and(|edges| edges.contains_key(other))
    }

    /// Whether `feature` of `package` is on.
    pub fn has(&self, package: &str, feature: &str) -> bool {
        self.features
            .get(package)
            .is_some_and(|features| features.contains(feature))
    }

    /// What `package` needs directly.
    pub fn needs(&self, package: &str) -> impl Iterator<Item = &str> {
        let edges = self.edges.get(package).into_iter().flatten();
        edges.map(|(needed, _)| needed.as_str())
    }

    /// What each package is compiled for, beside `roots` themselves.
    pub fn uses<'a>(&'a self, roots: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, Use> {
        let mut uses: BTreeMap<&str, Use> = BTreeMap::new();
        let mut open: Vec<(&str, bool)> = roots.into_iter().map(|root| (root, false)).collect();
        let mut seen = BTreeSet::new();
        while let Some((package, runs)) = open.pop() {
            if !seen.insert((package, runs)) {
                continue;
            }
            for (needed, edge) in self.edges.get(package).into_iter().flatten() {
                let found = uses.entry(needed).or_default();
                if edge.linked {
                    found.linked |= !runs;
                    found.run |= runs;
                    open.push((needed, runs));
                }
                if edge.run {
                    found.run = true;
                    open.push((needed, true));
                }
            }
        }
        uses
    }

    /// `packages` and all that they need.
    pub fn closure<'a>(&'a self, packages: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&str> = packages.into_iter().collect();
        while let Some(package) = open.pop() {
            if seen.insert(package.to_owned()) {
                open.extend(self.needs(package));
            }
        }
        seen
    }
}

struct Run<'a> {
    members: &'a BTreeMap<String, Member>,
    platforms: &'a [String],
    found: Activation,
    /// `dependency?/feature` of a package, whose dependency may be switched on later.
    weak: BTreeSet<(&'a str, &'a str, &'a str)>,
    /// Edges of packages that are for other platforms.
    left_out: Vec<(&'a str, &'a Edge)>,
}

impl<'a> Run<'a> {
    fn package(
        &mut self,
        package: &'a str,
        features: impl IntoIterator<Item = &'a str>,
        default: bool,
    ) {
        let Some(member) = self.members.get(package) else {
            return;
        };
        if !self.found.features.contains_key(package) {
            self.found
                .features
                .insert(package.to_owned(), BTreeSet::new());
            for edge in member.edges.iter().filter(|edge| !edge.optional) {
                self.edge(package, edge);
            }
        }
        let default = default.then_some("default");
        for feature in features.into_iter().chain(default) {
            self.feature(package, member, feature);
        }
    }

    fn feature(&mut self, package: &'a str, member: &'a Member, feature: &'a str) {
        let Some(values) = member.features.get(feature) else {
            return;
        };
        let on = self.found.features.entry(package.to_owned()).or_default();
        if !on.insert(feature.to_owned()) {
            return;
        }
        for value in values {
            if let Some(key) = value.strip_prefix("dep:") {
                self.optional(package, member, key);
            } else if let Some((key, feature)) = value.split_once('/') {
                match key.strip_suffix('?') {
                    Some(key) => {
                        self.weak.insert((package, key, feature));
                    }
                    None => {
                        self.optional(package, member, key);
                        self.feature(package, member, key);
                    }
                }
                self.of_dependency(package, member, key.trim_end_matches('?'), feature);
            } else {
                self.feature(package, member, value);
            }
        }
    }

    /// Switches on the optional dependency that the manifest calls `key`.
    fn optional(&mut self, package: &'a str, member: &'a Member, key: &str) {
        for edge in member.edges.iter().filter(|edge| edge.key == key) {
            self.edge(package, edge);
        }
    }

    fn edge(&mut self, package: &'a str, edge: &'a Edge) {
        let applies = edge
            .target
            .as_ref()
            .is_none_or(|target| platform::may_apply(target, self.platforms));
        if applies {
            self.follow(package, edge);
        } else {
            self.left_out.push((package, edge));
        }
    }

    /// Follows those of the edges left out that the platform of a builder has, and that something is reached by which
    /// runs there.
    fn for_builder(&mut self, roots: &[&str], platforms: &[String]) {
        loop {
            let uses = self.found.uses(roots.iter().copied());
            let applies = |(package, edge): &(&'a str, &'a Edge)| {
                let runs = uses.get(package).is_some_and(|used| used.run);
                let target = edge.target.as_ref();
                (edge.kind == EdgeKind::Build || runs)
                    && target.is_some_and(|target| platform::may_apply(target, platforms))
            };
            let left_out = std::mem::take(&mut self.left_out).into_iter();
            let (on, off): (Vec<_>, Vec<_>) = left_out.partition(applies);
            self.left_out = off;
            if on.is_empty() {
                return;
            }
            for (package, edge) in on {
                self.follow(package, edge);
            }
        }
    }

    fn follow(&mut self, package: &'a str, edge: &'a Edge) {
        // Cargo warns of a dependency that has no library, and goes without it.
        let library = self
            .members
            .get(&edge.to)
            .and_then(|member| member.library.as_ref());
        let Some(library) = library.filter(|_| edge.kind != EdgeKind::Dev) else {
            return;
        };
        let needs = self.found.edges.entry(package.to_owned()).or_default();
        let found = needs.entry(edge.to.clone()).or_default();
        if edge.kind == EdgeKind::Build || library.proc_macro {
            found.run = true;
        } else {
            found.linked = true;
        }
        let features = edge.features.iter().map(String::as_str);
        self.package(&edge.to, features, edge.default_features);
        let weak: Vec<&str> = self
            .weak
            .range((package, edge.key.as_str(), "")..)
            .take_while(|(of, key, _)| *of == package && *key == edge.key)
            .map(|(_, _, feature)| *feature)
            .collect();
        for feature in weak {
            self.package(&edge.to, [feature], false);
        }
    }

    /// Switches `feature` on in the dependency that the manifest calls `key`, if the dependency is on.
    fn of_dependency(&mut self, package: &'a str, member: &'a Member, key: &str, feature: &'a str) {
        for edge in member.edges.iter().filter(|edge| edge.key == key) {
            let on = self.found.needs(package).any(|needed| needed == edge.to);
            if on {
                self.package(&edge.to, [feature], false);
            }
        }
    }
}
