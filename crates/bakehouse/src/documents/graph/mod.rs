//! The workspace as a graph of crates, outputs and packs. `generate` does not write it.

pub mod dot;
pub mod html;
pub mod mermaid;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::graph::Workspace;
use crate::graph::member::EdgeKind;
use crate::names::{PackageName, StageName};
use crate::plan::Plan;
use crate::plan::config::valid::Strategy;
use crate::plan::costs::{Commits, Costs, Merge, ServiceCost, Split, Times};

/// The kind of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A package of the workspace that is compiled.
    Crate,
    Service,
    PackBinary,
    Pack,
    /// An image of another Dockerfile.
    Image,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Crate => "crate",
            Self::Service => "service",
            Self::PackBinary => "pack-binary",
            Self::Pack => "pack",
            Self::Image => "image",
        }
    }
}

/// A node. It refers to other nodes by their index in [`Graph::nodes`].
#[derive(Clone, Debug, Serialize)]
pub struct Node {
    pub kind: Kind,
    pub name: String,
    /// A short description.
    pub about: String,
    /// The folder of a crate in the Docker context; empty for the context itself, and for other nodes.
    pub folder: String,
    /// The nodes that it is built from directly.
    pub needs: Vec<usize>,
    /// All crates that it is compiled from, including itself.
    pub closure: Vec<usize>,
    /// The services and pack binaries that are built again when it changes.
    pub changes: Vec<usize>,
    /// Its stages, in the order in which they run.
    pub stages: Vec<String>,
    /// Those of its stages that build binaries and shared libraries.
    #[serde(skip)]
    pub binary_stages: Vec<String>,
    /// The number of stages that compile again when it changes.
    pub rebuilds: usize,
    pub hash: Option<String>,
    /// The number of its own files.
    pub files: usize,
    pub bytes: u64,
    /// The number of commits that touched it.
    pub commits: usize,
    /// The seconds that its own stages took when they last ran, if known.
    pub seconds: Option<f64>,
}

impl Node {
    /// Returns a node with nothing but its name and description.
    fn new(kind: Kind, name: &str, about: String) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            about,
            folder: String::new(),
            needs: Vec::new(),
            closure: Vec::new(),
            changes: Vec::new(),
            stages: Vec::new(),
            binary_stages: Vec::new(),
            rebuilds: 0,
            hash: None,
            files: 0,
            bytes: 0,
            commits: 0,
            seconds: None,
        }
    }
}

/// The graph, version 1.
#[derive(Clone, Debug, Serialize)]
pub struct Graph {
    pub version: u32,
    /// The name of the workspace's folder.
    pub name: String,
    /// The number of commits that were examined; 0 without a history.
    pub commits: usize,
    /// The nodes: crates after those that they need, then services, pack binaries and packs.
    pub nodes: Vec<Node>,
    pub history: History,
}

/// Facts for the graph that are not in the plan.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub commits: Commits,
    /// The seconds of each stage.
    pub seconds: BTreeMap<String, f64>,
}

/// The costs of the examined commits under this plan.
#[derive(Clone, Debug, Default, Serialize)]
pub struct History {
    /// Whether stages were measured; otherwise their times are estimated from the sizes of their sources.
    pub measured: bool,
    /// The seconds that all commits together would have compiled.
    pub seconds: f64,
    /// The services and pack binaries, the costliest first.
    pub services: Vec<ServiceCost>,
    pub split: Option<Split>,
    pub merge: Option<Merge>,
}

impl History {
    fn new(plan: &Plan, facts: &Facts) -> Self {
        let times = Times::new(plan, &facts.seconds);
        let costs = Costs::new(plan, &times, &facts.commits);
        let services = plan
            .services
            .iter()
            .map(|service| (&service.name, service.stages()));
        let binaries = plan
            .pack_binaries()
            .map(|binary| (&binary.target, vec![&binary.binary_stage]));
        let mut services: Vec<ServiceCost> = services
            .chain(binaries)
            .map(|(name, stages)| costs.service(name, &stages))
            .collect();
        services.sort_by(|a, b| b.seconds_per_commit.total_cmp(&a.seconds_per_commit));
        Self {
            measured: times.are_measured(),
            seconds: (costs.all() * 10.0).round() / 10.0,
            services,
            split: costs.split(),
            merge: costs.merge(),
        }
    }
}

impl Graph {
    pub fn new(workspace: &Workspace, plan: &Plan, facts: &Facts) -> Self {
        let direct = direct(workspace, plan);
        let mut graph = Self {
            version: 1,
            name: title(workspace),
            commits: facts.commits.looked_at,
            nodes: Vec::new(),
            history: History::new(plan, facts),
        };
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for name in in_order(&direct) {
            let needs: Vec<usize> = direct[name].iter().map(|needed| places[needed]).collect();
            let mut closure: BTreeSet<usize> = needs
                .iter()
                .flat_map(|place| graph.nodes[*place].closure.iter().copied())
                .collect();
            let place = graph.nodes.len();
            closure.insert(place);
            places.insert(name, place);
            let inputs = &plan.packages[name];
            let member = &workspace.members[name];
            let about = format!(
                "package {} in {}",
                member.version,
                folder(member.dir.as_str())
            );
            graph.nodes.push(Node {
                folder: member.dir.to_string(),
                needs,
                closure: closure.into_iter().collect(),
                stages: library_stages(plan, name),
                files: inputs.files.len(),
                bytes: inputs.bytes(),
                commits: facts.commits.of(name),
                seconds: sum(library_stages(plan, name).iter(), facts),
                ..Node::new(Kind::Crate, name, about)
            });
        }
        graph.outputs(plan, &places);
        graph.images(plan, &places);
        graph.count(plan);
        for node in &mut graph.nodes {
            if matches!(node.kind, Kind::Service | Kind::PackBinary) {
                node.seconds = sum(node.binary_stages.iter(), facts);
            }
        }
        graph
    }

    fn outputs(&mut self, plan: &Plan, places: &BTreeMap<&str, usize>) {
        for service in &plan.services {
            let about = match &service.variant {
                Some(variant) => {
                    format!("{}, variant {variant}", service.what())
                }
                None => service.what(),
            };
            let packages = service.packages().into_iter();
            self.output(Node {
                needs: packages.map(|package| places[package.as_str()]).collect(),
                hash: Some(service.input_hash.clone()),
                ..built(
                    plan,
                    &service.stages(),
                    Node::new(Kind::Service, &service.name, about),
                )
            });
        }
        for pack in &plan.packs {
            let mut needs = Vec::new();
            for binary in &pack.binaries {
                let about = format!(
                    "{} of {}, for {}",
                    binary.bin, binary.package, binary.folder
                );
                needs.push(self.nodes.len());
                self.output(Node {
                    needs: vec![places[binary.package.as_str()]],
                    hash: Some(binary.input_hash.clone()),
                    ..built(
                        plan,
                        &[&binary.binary_stage],
                        Node::new(Kind::PackBinary, &binary.target, about),
                    )
                });
            }
            let about = format!("content of {}, mounted at run time", pack.path);
            self.nodes.push(Node {
                needs,
                ..Node::new(Kind::Pack, &pack.name, about)
            });
        }
    }

    /// Adds the images of other Dockerfiles, which crates that embed their files need, and services that ship them.
    fn images(&mut self, plan: &Plan, places: &BTreeMap<&str, usize>) {
        for image in &plan.images {
            let place = self.nodes.len();
            let mut changes = BTreeSet::new();
            for package in plan.embedded_by(&image.config.name) {
                let reader = &mut self.nodes[places[package]];
                reader.needs.push(place);
                changes.extend(reader.changes.iter().copied());
            }
            for service in plan.shipped_by(&image.config.name) {
                let mut nodes = self.nodes.iter_mut().enumerate();
                let is_it = |(_, node): &(usize, &mut Node)| {
                    node.kind == Kind::Service && node.name == service
                };
                if let Some((reader, node)) = nodes.find(is_it) {
                    node.needs.push(place);
                    changes.insert(reader);
                }
            }
            changes.insert(place);
            self.nodes.push(Node {
                changes: changes.into_iter().collect(),
                hash: Some(image.input_hash.clone()),
                files: image.files,
                bytes: image.bytes,
                ..Node::new(Kind::Image, &image.config.name, image.what())
            });
        }
    }

    /// Adds an output that is built from the crates that it needs.
    fn output(&mut self, node: Node) {
        let closures = node.needs.iter();
        let closures = closures.flat_map(|package| &self.nodes[*package].closure);
        let closure: BTreeSet<usize> = closures.copied().collect();
        let place = self.nodes.len();
        for index in &closure {
            self.nodes[*index].changes.push(place);
        }
        self.nodes.push(Node {
            closure: closure.into_iter().collect(),
            ..node
        });
    }

    /// Counts the stages that compile again when a crate changes: its own, those of crates built from it, and binary
    /// stages.
    fn count(&mut self, plan: &Plan) {
        let crates = self
            .nodes
            .iter()
            .filter(|node| node.kind == Kind::Crate)
            .count();
        for place in 0..crates {
            let holds = |node: &&Node| node.closure.contains(&place);
            let users = self.nodes[..crates].iter().filter(holds);
            let libraries: usize = users.map(|node| node.stages.len()).sum();
            let binary_stages: BTreeSet<&str> = self.nodes[crates..]
                .iter()
                .filter(holds)
                .flat_map(|node| &node.binary_stages)
                .map(String::as_str)
                .filter(|stage| compiles(plan, stage, &self.nodes[place].name))
                .collect();
            self.nodes[place].rebuilds = binary_stages.len()
                + if plan.config.strategy == Strategy::Layer {
                    libraries
                } else {
                    0
                };
        }
    }

    /// Returns crates with the number of stages that their commits compiled again, the costliest first.
    pub fn costs(&self) -> Vec<(&Node, usize)> {
        let crates = self.nodes.iter().filter(|node| node.kind == Kind::Crate);
        let mut costs: Vec<(&Node, usize)> = crates
            .map(|node| (node, node.commits * node.rebuilds))
            .filter(|(_, cost)| *cost > 0)
            .collect();
        costs.sort_by(|(a, one), (b, other)| other.cmp(one).then(a.name.cmp(&b.name)));
        costs
    }
}

/// Returns the sum of the seconds of those stages that were measured.
fn sum<'a>(stages: impl Iterator<Item = &'a String>, facts: &Facts) -> Option<f64> {
    let known: Vec<f64> = stages
        .filter_map(|stage| facts.seconds.get(stage).copied())
        .collect();
    (!known.is_empty()).then(|| known.iter().sum())
}

/// Returns the node of an output with the stages that build its binaries and shared libraries.
fn built(plan: &Plan, own: &[&StageName], node: Node) -> Node {
    Node {
        stages: stages(plan, own, &node.name),
        binary_stages: own.iter().map(|stage| String::from(*stage)).collect(),
        ..node
    }
}

/// Returns whether the stage of a binary or shared library compiles `package`, or is built from it.
fn compiles(plan: &Plan, binary_stage: &str, package: &str) -> bool {
    let selections = plan.selections.iter();
    let mut stages = selections.flat_map(|selection| {
        let stages = selection.binary_stages.iter();
        stages.map(|stage| (&stage.name, &selection.closures[&stage.package]))
    });
    stages.any(|(name, closure)| *name == *binary_stage && closure.contains(package))
}

/// Returns the stages of an output with those binary stages, from the toolchain on.
fn stages(plan: &Plan, own: &[&StageName], output: &str) -> Vec<String> {
    let mut stages = vec!["toolchain".to_owned(), "vendor".to_owned()];
    let mut add = |stage: StageName| {
        let stage = String::from(stage);
        if !stages.contains(&stage) {
            stages.push(stage);
        }
    };
    for selection in &plan.selections {
        let binary_stages = selection.binary_stages.iter();
        for binary_stage in binary_stages.filter(|stage| own.contains(&&stage.name)) {
            if plan.config.strategy == Strategy::Layer {
                add(selection.deps());
                selection.laid_upon(binary_stage).for_each(&mut add);
            }
            add(binary_stage.name.clone());
        }
    }
    stages.push(output.to_owned());
    stages
}

/// Returns the name of the folder with the workspace's manifest.
fn title(workspace: &Workspace) -> String {
    let home = workspace.root.join(&workspace.folder);
    home.file_name().unwrap_or("workspace").to_owned()
}

/// Returns the folder of a package, in words.
fn folder(dir: &str) -> &str {
    if dir.is_empty() {
        "the workspace's folder"
    } else {
        dir
    }
}

/// Returns the stages of a package as a library.
fn library_stages(plan: &Plan, package: &str) -> Vec<String> {
    let libraries = plan
        .selections
        .iter()
        .flat_map(|selection| &selection.libraries);
    let own = libraries.filter(|stage| stage.package == package);
    own.map(|stage| (&stage.name).into()).collect()
}

/// Returns the compiled packages that each package depends on directly.
fn direct<'a>(workspace: &'a Workspace, plan: &'a Plan) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let selections = || plan.selections.iter();
    let names = plan.packages.keys();
    names
        .map(|name| {
            let all: BTreeSet<&str> = selections()
                .filter_map(|selection| selection.closures.get(name))
                .flatten()
                .map(PackageName::as_str)
                .collect();
            let edges = workspace.members[name].edges.iter();
            let needed = edges
                .filter(|edge| edge.kind != EdgeKind::Dev && all.contains(edge.to.as_str()))
                .filter(|edge| edge.to != *name)
                .map(|edge| edge.to.as_str())
                .filter(|to| plan.packages.contains_key(*to));
            (name.as_str(), needed.collect())
        })
        .collect()
}

/// Returns the packages sorted so that each follows those that it needs.
fn in_order<'a>(direct: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Vec<&'a str> {
    let mut order: Vec<&str> = Vec::new();
    let mut placed: BTreeSet<&str> = BTreeSet::new();
    while order.len() < direct.len() {
        let ready: Vec<&str> = direct
            .iter()
            .filter(|(name, needs)| !placed.contains(*name) && needs.is_subset(&placed))
            .map(|(name, _)| *name)
            .collect();
        // Cargo forbids cycles among these.
        if ready.is_empty() {
            break;
        }
        placed.extend(&ready);
        order.extend(ready);
    }
    order
}
