//! Which packages compile together, and the stages that this makes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use camino::Utf8PathBuf;

use super::config::Config;
use super::config::valid::{Strategy, Unify};
use super::stage::{CompileStage, Selection};
use crate::graph::closure::compile_order;
use crate::graph::inputs::fixed_part;
use crate::graph::sources::in_order;
use crate::graph::{Activation, Member, Workspace};

/// A binary to build.
pub struct Output<'a> {
    pub package: &'a str,
    pub bin: &'a str,
    pub features: &'a [String],
    /// The C library is linked into it.
    pub linked_static: bool,
    /// What the name of its stage is made of.
    pub name: String,
}

/// Each binary to build: the services' and the packs'.
pub fn outputs(config: &Config) -> impl Iterator<Item = Output<'_>> {
    let services = config.services.iter().map(|service| Output {
        package: &service.package,
        bin: &service.bin,
        features: &service.features,
        linked_static: false,
        name: service.family.clone(),
    });
    let packs = config.packs.iter().flat_map(|pack| {
        pack.binaries.iter().map(move |binary| Output {
            package: &binary.package,
            bin: &binary.bin,
            features: &binary.features,
            linked_static: binary.linked_static,
            name: format!("pack-{}-{}", pack.name, binary.bin),
        })
    });
    services.chain(packs)
}

/// What a build of `package` itself reads: its sources and declared inputs.
pub fn member_reads(
    workspace: &Workspace,
    config: &Config,
    package: &str,
) -> BTreeSet<Utf8PathBuf> {
    let own = workspace.members[package].sources.iter().cloned();
    let inputs = config
        .inputs
        .get(package)
        .into_iter()
        .flatten()
        .map(|path| fixed_part(path));
    own.chain(inputs).collect()
}

/// The variables that the compilation of any of `packages` gets, sorted.
fn variables<'a>(config: &Config, packages: impl Iterator<Item = &'a str>) -> Vec<String> {
    let named = packages.filter_map(|package| config.variables.get(package));
    let names: BTreeSet<&String> = named.flatten().collect();
    names.into_iter().cloned().collect()
}

/// `paths` without those that lie inside another of them.
pub fn outermost<'a>(paths: impl IntoIterator<Item = &'a Utf8PathBuf>) -> Vec<Utf8PathBuf> {
    let mut sorted: Vec<&Utf8PathBuf> = paths.into_iter().collect();
    sorted.sort_unstable_by(|a, b| in_order(a, b));
    // What lies in a folder comes right after it.
    let mut outermost: Vec<Utf8PathBuf> = Vec::new();
    for path in sorted {
        if !outermost.last().is_some_and(|last| path.starts_with(last)) {
            outermost.push(path.clone());
        }
    }
    outermost
}

/// The selections of a plan: one, or one per package and features.
pub fn selections(workspace: &Workspace, config: &Config) -> Vec<Selection> {
    let mut groups: BTreeMap<(&str, &[String]), Vec<Output<'_>>> = BTreeMap::new();
    for output in outputs(config) {
        let key = match config.unify {
            Unify::Services => ("", &[][..]),
            Unify::Each => (output.package, output.features),
        };
        groups.entry(key).or_default().push(output);
    }
    let groups: Vec<Vec<Output<'_>>> = groups.into_values().collect();
    let root = workspace.root_package().map(|member| member.name.as_str());
    // Under the first resolver, and with a root package, Cargo's options for features mean something else.
    let first_resolver = workspace.resolver() == "1"
        && root.is_some_and(|root| {
            let mut activations = groups
                .iter()
                .map(|group| activated(workspace, config, group, &[]));
            activations.any(|activation| activation.packages().any(|package| package == root))
        });
    let single = groups.len() == 1;
    groups
        .iter()
        .map(|group| Group {
            workspace,
            config,
            outputs: group,
            root,
            first_resolver,
        })
        .map(|group| group.selection(single))
        .collect()
}

/// What a build of `outputs` switches on, and of `further` packages with their default features. What third-party
/// crates are patched to may have any feature: nobody here knows what they ask for.
fn activated(
    workspace: &Workspace,
    config: &Config,
    outputs: &[Output<'_>],
    further: &[String],
) -> Activation {
    let mut below: BTreeSet<String> = BTreeSet::new();
    loop {
        let named = outputs.iter().map(|output| {
            let features = output.features.iter().map(String::as_str);
            (output.package, features.collect())
        });
        let further = further.iter().map(|package| (package.as_str(), Vec::new()));
        let patched = below.iter().filter_map(|name| {
            let (name, member) = workspace.members.get_key_value(name)?;
            Some((
                name.as_str(),
                member.features.keys().map(String::as_str).collect(),
            ))
        });
        let roots = named.chain(further).chain(patched);
        let activation = Activation::of(
            &workspace.members,
            roots,
            &config.platforms,
            config.builder_platforms(),
        );
        let found = below_third_party(workspace, activation.packages());
        let known = below.len();
        below.extend(found.into_iter().map(str::to_owned));
        if below.len() == known {
            return activation;
        }
    }
}

/// The local packages that third-party crates of `packages` are patched to.
fn below_third_party<'a>(
    workspace: &'a Workspace,
    packages: impl Iterator<Item = &'a str>,
) -> BTreeSet<&'a str> {
    // Most workspaces have none.
    if !workspace.lock.builds_on_local() {
        return BTreeSet::new();
    }
    let members: Vec<&Member> = packages
        .filter_map(|name| workspace.members.get(name))
        .collect();
    // The lock lists what is not switched on, too: that has no crates here.
    let mut direct: BTreeMap<String, BTreeSet<String>> = members
        .iter()
        .flat_map(|member| member.loaded())
        .map(|name| (name.to_owned(), BTreeSet::new()))
        .collect();
    direct.extend(
        members
            .iter()
            .map(|member| (member.name.clone(), member.dependencies.clone())),
    );
    let found = workspace.lock.below_third_party(&direct).into_iter();
    found
        .filter(|name| workspace.members.contains_key(*name))
        .collect()
}

/// Outputs whose features are unified.
struct Group<'a> {
    workspace: &'a Workspace,
    config: &'a Config,
    outputs: &'a [Output<'a>],
    root: Option<&'a str>,
    first_resolver: bool,
}

impl Group<'_> {
    fn selection(&self, single: bool) -> Selection {
        let packages: BTreeSet<&str> = self.outputs.iter().map(|output| output.package).collect();
        let mut activation = activated(self.workspace, self.config, self.outputs, &[]);
        let mut by_default = self.default_would_add(&activation, &packages);
        let all_features_named = !by_default.is_empty() && !self.first_resolver;
        while !by_default.is_empty() && !all_features_named {
            activation = activated(self.workspace, self.config, self.outputs, &by_default);
            let known = by_default.len();
            by_default.extend(self.default_would_add(&activation, &packages));
            if by_default.len() == known {
                break;
            }
        }
        let mut features: BTreeSet<String> = self
            .outputs
            .iter()
            .flat_map(|output| {
                let named = output.features.iter();
                named.map(|feature| format!("{}/{feature}", output.package))
            })
            .collect();
        if all_features_named {
            let default = |package: &&&str| {
                self.workspace.members[**package]
                    .features
                    .contains_key("default")
            };
            features.extend(
                packages
                    .iter()
                    .filter(default)
                    .map(|package| format!("{package}/default")),
            );
        }

        let closures = self.closures(&activation);
        let uses = activation.uses(packages.iter().copied());
        let used: BTreeSet<String> = activation
            .packages()
            .flat_map(|package| {
                activation
                    .needs(package)
                    .filter(move |needed| *needed != package)
            })
            .map(str::to_owned)
            .collect();
        let ground = self.ground(&activation);
        let suffix = if single {
            String::new()
        } else {
            format!("-for-{}", self.outputs[0].name)
        };
        let order = compile_order(&activation, &used.union(&ground).cloned().collect());
        let place = order.iter().enumerate();
        let place: HashMap<&str, usize> = place.map(|(at, name)| (name.as_str(), at)).collect();
        let compile = |name: String, package: &str, bin: Option<&str>| {
            let closure = &closures[package];
            let needed = closure
                .iter()
                .filter(|name| bin.is_some() || *name != package);
            let needed = needed.filter_map(|name| place.get(name.as_str()).copied());
            let needed: BTreeSet<usize> = needed.collect();
            CompileStage {
                needs: needed.into_iter().map(|at| order[at].clone()).collect(),
                used: uses.get(package).copied().unwrap_or_default(),
                with_root: self.root.is_some_and(|root| closure.contains(root)),
                name,
                package: package.to_owned(),
                bin: bin.map(str::to_owned),
                linked_static: false,
                dir: self.workspace.members[package].dir.clone(),
                reads: outermost(&member_reads(self.workspace, self.config, package)),
                as_is: Vec::new(),
                variables: variables(self.config, closure.iter().map(String::as_str)),
            }
        };
        let mut leaves: Vec<CompileStage> = Vec::new();
        for Output {
            package,
            bin,
            name,
            linked_static,
            ..
        } in self.outputs
        {
            let same = |leaf: &CompileStage| {
                leaf.package == *package
                    && leaf.bin.as_deref() == Some(*bin)
                    && leaf.linked_static == *linked_static
            };
            if !leaves.iter().any(same) {
                let leaf = compile(format!("build-{name}"), package, Some(bin));
                leaves.push(CompileStage {
                    linked_static: *linked_static,
                    ..leaf
                });
            }
        }
        let (below, above): (Vec<&String>, Vec<&String>) =
            order.iter().partition(|package| ground.contains(*package));
        let library = |package: &&String| compile(format!("lib-{package}{suffix}"), package, None);
        let ground = below.iter().map(library).collect();
        let libraries = above.iter().map(library).collect();
        let groups = match self.config.strategy {
            Strategy::Layer => self.config.groups.clone(),
            Strategy::Mount => BTreeMap::new(),
        };
        let mut selection = Selection {
            packages: packages.into_iter().map(str::to_owned).collect(),
            features: features.into_iter().collect(),
            all_features_named,
            unnamed: self.root.filter(|_| self.first_resolver).map(str::to_owned),
            ground,
            libraries,
            leaves,
            closures,
            activation,
            suffix,
            groups,
        };
        let names = selection.libraries.iter();
        let names: Vec<String> = names
            .map(|stage| selection.library(&stage.package))
            .collect();
        for (stage, name) in selection.libraries.iter_mut().zip(names) {
            stage.name = name;
        }
        selection
    }

    /// The libraries whose default features nothing switches on, but a stage of their own would.
    fn default_would_add(&self, activation: &Activation, packages: &BTreeSet<&str>) -> Vec<String> {
        if self.config.strategy != Strategy::Layer {
            return Vec::new();
        }
        let ground = self.ground(activation);
        let uses = activation.uses(packages.iter().copied());
        let adds = |package: &&str| {
            let default = self.workspace.members[*package].features.get("default");
            uses.get(package).is_some_and(|used| used.linked)
                && !packages.contains(package)
                && !ground.contains(*package)
                && default.is_some_and(|features| !features.is_empty())
                && !activation.has(package, "default")
        };
        activation
            .packages()
            .filter(adds)
            .map(str::to_owned)
            .collect()
    }

    /// All that a build of each package compiles.
    fn closures(&self, activation: &Activation) -> BTreeMap<String, BTreeSet<String>> {
        let patched = !below_third_party(self.workspace, activation.packages()).is_empty();
        let closure = |package: &str| {
            let all = activation.closure([package]);
            if patched {
                self.with_third_party(activation, all)
            } else {
                all
            }
        };
        activation
            .packages()
            .map(|package| (package.to_owned(), closure(package)))
            .collect()
    }

    /// `packages` with what their third-party crates are patched to.
    fn with_third_party(
        &self,
        activation: &Activation,
        mut packages: BTreeSet<String>,
    ) -> BTreeSet<String> {
        loop {
            let below = below_third_party(self.workspace, packages.iter().map(String::as_str));
            let more = activation.closure(below);
            if more.is_subset(&packages) {
                return packages;
            }
            packages.extend(more);
        }
    }

    fn ground(&self, activation: &Activation) -> BTreeSet<String> {
        let foreign = |package: &&str| self.workspace.members[*package].foreign;
        let below = below_third_party(self.workspace, activation.packages());
        activation.closure(activation.packages().filter(foreign).chain(below))
    }
}

/// The stage that builds a binary with at least `features`.
pub fn leaf<'a>(
    selections: &'a [Selection],
    package: &str,
    bin: &str,
    features: &[String],
    linked_static: bool,
) -> &'a CompileStage {
    let wanted: Vec<String> = features
        .iter()
        .map(|feature| format!("{package}/{feature}"))
        .collect();
    selections
        .iter()
        .filter(|selection| {
            wanted
                .iter()
                .all(|feature| selection.features.contains(feature))
        })
        .flat_map(|selection| &selection.leaves)
        .find(|leaf| {
            leaf.package == package
                && leaf.bin.as_deref() == Some(bin)
                && leaf.linked_static == linked_static
        })
        .expect("each output got a leaf in its selection")
}
