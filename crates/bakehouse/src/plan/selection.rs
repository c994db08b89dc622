//! The packages that compile together, and the resulting stages.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use camino::Utf8PathBuf;

use super::activated::{activated, below_third_party};
use super::chains::{Chain, chains};
use super::config::Config;
use super::config::valid::{Strategy, Unify};
use super::lock_graph::LockGraph;
use super::parted::Again;
use super::request::{BinaryRequest, Product, binary_requests};
use super::stage::{Asked, CompileStage, Selection};
use crate::context_path::ContextPath;
use crate::graph::closure::compile_order;
use crate::graph::inputs::fixed_part;
use crate::graph::paths::outermost;
use crate::graph::{Activation, Workspace};
use crate::names::{PackageName, StageName};

/// Returns the paths that a build of `package` itself reads: its sources and declared inputs.
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

/// Returns the variables that the compilation of any of `packages` gets, sorted.
fn variables<'a>(config: &Config, packages: impl Iterator<Item = &'a str>) -> Vec<String> {
    let named = packages.filter_map(|package| config.variables.get(package));
    let names: BTreeSet<&String> = named.flatten().collect();
    names.into_iter().cloned().collect()
}

/// Returns the selections of a plan: a single one, one per chain, or one per package and features.
pub fn selections(workspace: &Workspace, config: &Config) -> Vec<Selection> {
    let chains: Vec<Chain<'_>> = by_settings(config)
        .into_iter()
        .flat_map(|outputs| unified(workspace, config, outputs))
        .collect();
    let root = workspace.root_package().map(|member| member.name.as_str());
    let each = config.unify == Unify::Each
        || (config.unify == Unify::Services && config.at_bake.features.is_some());
    let each_has_a_name = each && chains.len() > 1;
    let selection = |(at, chain): (usize, Chain<'_>)| {
        let group = Group {
            workspace,
            config,
            outputs: &chain.outputs,
            root,
            first_resolver: workspace.resolver() == "1",
        };
        let suffix = match at {
            0 if !each_has_a_name => String::new(),
            _ => format!("-for-{}", chain.outputs[0].name),
        };
        Selection {
            parted: chain.parted,
            ..group.selection(suffix)
        }
    };
    let mut selections: Vec<Selection> = chains.into_iter().enumerate().map(selection).collect();
    if selections.len() > 1 {
        count_again(workspace, &mut selections);
    }
    selections
}

/// Returns the outputs by their settings of Cargo. Those of the configuration as a whole come first.
fn by_settings(config: &Config) -> Vec<Vec<BinaryRequest<'_>>> {
    let mut groups: BTreeMap<_, Vec<BinaryRequest<'_>>> = BTreeMap::new();
    for output in binary_requests(config) {
        let own =
            output.settings.profile != config.profile || !output.settings.rustflags.is_empty();
        groups
            .entry((own, output.settings))
            .or_default()
            .push(output);
    }
    groups.into_values().collect()
}

/// Returns the chains of outputs that have the same settings.
fn unified<'a>(
    workspace: &'a Workspace,
    config: &'a Config,
    outputs: Vec<BinaryRequest<'a>>,
) -> Vec<Chain<'a>> {
    let alone = |outputs| Chain {
        outputs,
        parted: Vec::new(),
    };
    match config.unify {
        Unify::All => vec![alone(outputs)],
        Unify::Services if config.at_bake.features.is_none() => chains(workspace, config, outputs),
        Unify::Services | Unify::Each => {
            let mut groups: BTreeMap<_, Vec<BinaryRequest<'_>>> = BTreeMap::new();
            for output in outputs {
                groups.entry(output.asked()).or_default().push(output);
            }
            groups.into_values().map(alone).collect()
        }
    }
}

/// Returns the outputs with all features that a bake can add.
fn possible<'a>(config: &'a Config, outputs: &[BinaryRequest<'a>]) -> Vec<BinaryRequest<'a>> {
    let outputs = outputs.iter().cloned();
    let Some(features) = &config.at_bake.features else {
        return outputs.collect();
    };
    let with_all = outputs.map(|output| BinaryRequest {
        features: &features[output.package],
        ..output
    });
    with_all.collect()
}

/// Counts for each selection the packages that earlier ones compile as well.
fn count_again(workspace: &Workspace, selections: &mut [Selection]) {
    let lock = LockGraph::new(&workspace.lock, &workspace.members);
    let mut libraries: BTreeSet<PackageName> = BTreeSet::new();
    let mut crates: BTreeSet<usize> = BTreeSet::new();
    for selection in selections {
        let own = selection
            .path_dependencies
            .iter()
            .chain(&selection.libraries);
        let own: BTreeSet<PackageName> = own.map(|stage| stage.package.clone()).collect();
        let packages = selection.closures.keys().cloned().collect();
        let reached = lock.crates(&packages);
        selection.again = Again {
            libraries: libraries.intersection(&own).count(),
            crates: crates.intersection(&reached).count(),
        };
        libraries.extend(own);
        crates.extend(reached);
    }
}

/// Outputs whose features are unified.
struct Group<'a> {
    workspace: &'a Workspace,
    config: &'a Config,
    outputs: &'a [BinaryRequest<'a>],
    root: Option<&'a str>,
    /// Set under Cargo's first resolver. The library of a stage is then not named to Cargo, because that would take its
    /// dev-dependencies into account and, with a root package, enable its default features.
    first_resolver: bool,
}

impl Group<'_> {
    fn selection(&self, suffix: String) -> Selection {
        let packages: BTreeSet<&str> = self
            .outputs
            .iter()
            .map(|output| output.package.as_str())
            .collect();
        let by_default: BTreeSet<&str> = self
            .outputs
            .iter()
            .filter(|output| output.default_features)
            .map(|output| output.package.as_str())
            .collect();
        let without_default: BTreeSet<&str> = packages.difference(&by_default).copied().collect();
        let builder = self.config.builder_platforms();
        let activation = activated(
            self.workspace,
            &self.config.platforms,
            builder,
            &possible(self.config, self.outputs),
        );
        // Under the first resolver with a root package, Cargo's options for features have another meaning.
        let unnamed = self.root.filter(|_| self.first_resolver);
        let named = !without_default.is_empty() || self.default_would_add(&activation, &packages);
        let all_features_named = named && unnamed.is_none();
        let mut features: BTreeSet<String> = self
            .outputs
            .iter()
            .flat_map(|output| {
                let named = output.features.iter();
                named.map(|feature| match feature.contains('/') {
                    true => feature.clone(),
                    false => format!("{}/{feature}", output.package),
                })
            })
            .collect();
        if all_features_named {
            let default = |package: &&&str| {
                let features = &self.workspace.members[**package].features;
                features.contains_key("default") && !without_default.contains(**package)
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
        let used: BTreeSet<PackageName> = activation
            .packages()
            .flat_map(|package| {
                activation
                    .needs(package)
                    .filter(move |needed| *needed != package)
            })
            .map(PackageName::new)
            .collect();
        let path_dependencies = self.path_dependencies(&activation);
        let order = compile_order(
            &activation,
            &used.union(&path_dependencies).cloned().collect(),
        );
        let place = order.iter().enumerate();
        let place: HashMap<&str, usize> = place.map(|(at, name)| (name.as_str(), at)).collect();
        let compile = |name: String, package: &str, product: Option<Product<'_>>| {
            let closure = &closures[package];
            let needed = closure
                .iter()
                .filter(|name| product.is_some() || *name != package);
            let needed = needed.filter_map(|name| place.get(name.as_str()).copied());
            let needed: BTreeSet<usize> = needed.collect();
            CompileStage {
                needs: needed.into_iter().map(|at| order[at].clone()).collect(),
                used: uses.get(package).copied().unwrap_or_default(),
                with_root: self.root.is_some_and(|root| closure.contains(root)),
                name: StageName::new(name),
                package: PackageName::new(package),
                bin: match product {
                    Some(Product::Binary(bin)) => Some(bin.clone()),
                    _ => None,
                },
                cdylib: match product {
                    Some(Product::Cdylib(file)) => Some(file.to_owned()),
                    _ => None,
                },
                asked: Vec::new(),
                settings: self.outputs[0].settings.clone(),
                linked_static: false,
                dir: ContextPath::new(&self.workspace.members[package].dir),
                reads: self.reads(package),
                embedded: self
                    .config
                    .embedded
                    .get(package)
                    .cloned()
                    .unwrap_or_default(),
                as_is: Vec::new(),
                variables: variables(self.config, closure.iter().map(PackageName::as_str)),
            }
        };
        let mut binary_stages: Vec<CompileStage> = Vec::new();
        for output in self.outputs {
            let same = |binary_stage: &&mut CompileStage| is_of(binary_stage, output);
            let asked = Asked::by(output.features, output.default_features);
            if let Some(binary_stage) = binary_stages.iter_mut().find(same) {
                binary_stage.asked.push(asked);
                continue;
            }
            let binary_stage = compile(
                format!("build-{}", output.name),
                output.package,
                Some(output.product),
            );
            binary_stages.push(CompileStage {
                asked: vec![asked],
                linked_static: output.linked_static,
                ..binary_stage
            });
        }
        let (below, above): (Vec<&PackageName>, Vec<&PackageName>) = order
            .iter()
            .partition(|package| path_dependencies.contains(*package));
        let library =
            |package: &&PackageName| compile(format!("lib-{package}{suffix}"), package, None);
        let path_dependencies = below.iter().map(library).collect();
        let libraries = above.iter().map(library).collect();
        let groups = match self.config.strategy {
            Strategy::Layer => self.config.groups.clone(),
            Strategy::Mount => BTreeMap::new(),
        };
        let no_default_features = match unnamed {
            // In that case the option applies only to the root package, whose default features affect others.
            Some(root) => without_default.contains(root) && packages.len() == 1,
            None => all_features_named,
        };
        let mut selection = Selection {
            parted: Vec::new(),
            again: Again::default(),
            settings: self.outputs[0].settings.clone(),
            outputs: {
                let names = self.outputs.iter().map(|output| &output.name);
                let mut names: Vec<String> = names.cloned().collect();
                names.dedup();
                names
            },
            without_default: without_default.into_iter().map(PackageName::new).collect(),
            packages: packages.into_iter().map(PackageName::new).collect(),
            features: features.into_iter().collect(),
            no_default_features,
            unnamed: unnamed.map(PackageName::new),
            by_runner: self.first_resolver,
            path_dependencies,
            libraries,
            binary_stages,
            closures,
            given: Vec::new(),
            activation,
            suffix,
            groups,
        };
        let names = selection.libraries.iter();
        let names: Vec<StageName> = names
            .map(|stage| selection.library(&stage.package))
            .collect();
        for (stage, name) in selection.libraries.iter_mut().zip(names) {
            stage.name = name;
        }
        selection
    }

    /// Returns whether a library's own stage would enable default features that nothing else enables.
    fn default_would_add(&self, activation: &Activation, packages: &BTreeSet<&str>) -> bool {
        if self.config.strategy != Strategy::Layer || self.first_resolver {
            return false;
        }
        let path_dependencies = self.path_dependencies(activation);
        let uses = activation.uses(packages.iter().copied());
        let adds = |package: &&str| {
            let default = self.workspace.members[*package].features.get("default");
            uses.get(package).is_some_and(|used| used.linked)
                && !packages.contains(package)
                && !path_dependencies.contains(*package)
                && default.is_some()
                && !activation.has_linked(package, "default")
        };
        activation.packages().any(|package| adds(&package))
    }

    /// Returns the paths that a stage of `package` mounts. Folders of third-party crates are in every stage already.
    fn reads(&self, package: &str) -> Vec<ContextPath> {
        let all = member_reads(self.workspace, self.config, package);
        let crates = &self.workspace.local_sources.folders;
        let given = all
            .iter()
            .filter(|path| !crates.iter().any(|folder| path.starts_with(folder)));
        ContextPath::all(outermost(given))
    }

    /// Returns all packages that a build of each package compiles.
    fn closures(&self, activation: &Activation) -> BTreeMap<PackageName, BTreeSet<PackageName>> {
        let patched =
            !below_third_party(self.workspace, activation.packages(), &BTreeSet::new()).is_empty();
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
            .map(|package| (PackageName::new(package), closure(package)))
            .collect()
    }

    /// Returns `packages` and the local packages that replace their third-party crates.
    fn with_third_party(
        &self,
        activation: &Activation,
        mut packages: BTreeSet<PackageName>,
    ) -> BTreeSet<PackageName> {
        loop {
            let below = below_third_party(
                self.workspace,
                packages.iter().map(PackageName::as_str),
                &BTreeSet::new(),
            );
            let more = activation.closure(below);
            if more.is_subset(&packages) {
                return packages;
            }
            packages.extend(more);
        }
    }

    fn path_dependencies(&self, activation: &Activation) -> BTreeSet<PackageName> {
        let foreign = |package: &&str| self.workspace.members[*package].foreign;
        let below = below_third_party(self.workspace, activation.packages(), &BTreeSet::new());
        activation.closure(activation.packages().filter(foreign).chain(below))
    }
}

/// Returns whether a stage builds `output` in a build with its features.
fn is_of(stage: &CompileStage, output: &BinaryRequest<'_>) -> bool {
    let product = match output.product {
        Product::Binary(bin) => stage.bin.as_ref() == Some(bin),
        Product::Cdylib(file) => stage.cdylib.as_deref() == Some(file),
    };
    product && stage.package == *output.package && stage.linked_static == output.linked_static
}

/// Returns the stage that builds `output`.
pub fn binary_stage<'a>(
    selections: &'a [Selection],
    output: &BinaryRequest<'_>,
) -> &'a CompileStage {
    let asked = Asked::by(output.features, output.default_features);
    selections
        .iter()
        .filter(|selection| selection.settings == *output.settings)
        .flat_map(|selection| &selection.binary_stages)
        .find(|binary_stage| is_of(binary_stage, output) && binary_stage.asked.contains(&asked))
        .expect("each output has a binary stage in its selection")
}
