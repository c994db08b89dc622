//! The choice of binaries that become services.

use std::collections::{BTreeMap, BTreeSet};

use super::config::names::names;
use crate::graph::inputs::needed;
use crate::graph::{Member, Workspace};
use crate::names::{BinaryName, PackageName};

/// A binary that becomes a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedService {
    pub name: String,
    pub package: PackageName,
    /// The binary's name, if the configuration has to say it.
    pub bin: Option<String>,
    /// The line of the repository that ships it.
    pub place: Option<String>,
    /// The line that asks for its image.
    pub place_of_target: Option<String>,
    pub keys: Vec<ProposedKey>,
    /// Files of the repository, each with its place in the image.
    pub files: Vec<ProposedKey>,
    /// Images that it has files of.
    pub images: Vec<ProposedImage>,
    /// Remarks on what the configuration cannot say, or people have to decide.
    pub notes: Vec<String>,
    /// The packages of further binaries.
    pub others: Vec<PackageName>,
    /// Set if its base has no Debian packages.
    pub without_debian: bool,
    main: BinaryName,
}

impl ProposedService {
    /// Returns a service of one binary and nothing else.
    pub fn new(name: String, member: &Member, bin: &str) -> Self {
        Self {
            bin: (bin != name && member.binaries.len() > 1).then(|| bin.to_owned()),
            name,
            package: member.name.clone(),
            place: None,
            place_of_target: None,
            keys: Vec::new(),
            files: Vec::new(),
            images: Vec::new(),
            notes: Vec::new(),
            others: Vec::new(),
            without_debian: false,
            main: BinaryName::new(bin),
        }
    }

    /// Returns the binary that it runs.
    pub fn main(&self) -> &BinaryName {
        &self.main
    }
}

/// A key with its value as TOML, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedKey {
    pub name: String,
    pub value: String,
    pub place: String,
}

impl ProposedKey {
    pub fn new(name: &str, value: impl Into<toml::Value>, place: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            value: value.into().to_string(),
            place: place.into(),
        }
    }

    /// Returns a value that is text without its quotes.
    pub fn text(&self) -> &str {
        self.value.trim_matches('"')
    }

    /// Returns the value.
    pub fn parsed(&self) -> Option<toml::Value> {
        parsed(&self.value)
    }
}

/// Returns the value that a text of TOML writes.
pub fn parsed(text: &str) -> Option<toml::Value> {
    let table: toml::Table = format!("v = {text}").parse().ok()?;
    table.into_iter().next().map(|(_, value)| value)
}

/// The facts that the files of a repository state beside its services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shipping {
    /// The registry of all images, or the registries.
    pub registry: Option<ProposedKey>,
    /// The platforms of all images.
    pub platforms: Option<ProposedKey>,
    pub bases: ProposedBases,
    /// The tag of all images, if nobody says another one.
    pub tag: Option<ProposedKey>,
    /// The variables that say at bake time how everything is compiled.
    pub variables: Option<ProposedKey>,
    /// Variables that compilations get as build arguments, each with its place.
    pub given: BTreeMap<String, String>,
    /// Groups of services that the repository's own Bake file has.
    pub groups: Vec<ProposedKey>,
    pub notes: Vec<String>,
    pub images: Vec<ProposedImage>,
    /// Files that were not understood, each with the reason.
    pub passed: Vec<String>,
}

/// The base images that the repository's own Dockerfiles have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProposedBases {
    pub builder: Option<ProposedKey>,
    /// Set if the builder base alone says which Rust it is.
    pub says_version: bool,
    pub runtime: Option<ProposedKey>,
    /// Debian packages of the builder, each with its places.
    pub builder_packages: BTreeMap<String, BTreeSet<String>>,
    /// Packages of all images, each with its places.
    pub packages: BTreeMap<String, BTreeSet<String>>,
    /// Set if images run on another release than the default one.
    pub of_other_release: bool,
    /// Images that services run on, and which have no Debian packages.
    pub without_debian: BTreeSet<String>,
    /// Remarks on what the configuration cannot say, or people have to decide.
    pub notes: Vec<String>,
}

/// An image that is built from no member of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedImage {
    pub name: String,
    pub place: String,
    /// Keys with their values.
    pub keys: Vec<String>,
    /// Set if a service has files of it; people decide about the others.
    pub proposed: bool,
}

/// A binary that does not become a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    pub package: PackageName,
    pub bin: BinaryName,
    pub why: String,
}

/// Words in the names of packages that support development.
const DEVELOPMENT: [&str; 18] = [
    "bench",
    "benches",
    "benchmark",
    "benchmarks",
    "example",
    "examples",
    "fuzz",
    "fuzzer",
    "fuzzers",
    "test",
    "testbin",
    "testbins",
    "testing",
    "testkit",
    "tests",
    "testutil",
    "testutils",
    "xtask",
];

/// Most examples that become services if there is nothing else.
const MOST_EXAMPLES: usize = 8;

/// The choice of binaries that become services.
#[derive(Clone, Debug)]
pub struct Choice {
    pub services: Vec<ProposedService>,
    pub left_out: Vec<LeftOut>,
    pub shipping: Shipping,
}

impl Choice {
    /// Chooses among all binaries. `frontends` are the packages that run in a browser, each with the evidence for it.
    pub fn of(workspace: &Workspace, frontends: &BTreeMap<PackageName, String>) -> Self {
        let mut left_out = Vec::new();
        let mut kept: Vec<(&Member, &str)> = Vec::new();
        for member in workspace.own_members() {
            for binary in &member.binaries {
                let frontend = frontends.get(&member.name).cloned();
                let why = || why_not(workspace, member, &binary.required_features);
                match frontend.or_else(why) {
                    None => kept.push((member, &binary.name)),
                    Some(why) => left_out.push(LeftOut {
                        package: member.name.clone(),
                        bin: binary.name.clone(),
                        why,
                    }),
                }
            }
        }
        if kept.is_empty() {
            // In a workspace of nothing but examples, the examples become services.
            let is_program = |member: &&Member| !frontends.contains_key(&member.name);
            let mut programs = workspace.own_members().filter(is_program);
            let any = programs.any(|member| !member.binaries.is_empty());
            left_out.retain(|left_out| any && frontends.contains_key(&left_out.package));
            let members = workspace.own_members();
            let members = members.filter(|member| !any || is_program(member));
            kept = members
                .flat_map(|member| {
                    member
                        .binaries
                        .iter()
                        .map(move |binary| (member, binary.name.as_str()))
                })
                .collect();
            if kept.len() > MOST_EXAMPLES {
                // So many are there to be read. One shows how a service is written.
                kept.sort_by_key(|(member, bin)| {
                    (!bin.contains("hello"), member.dependencies.len(), *bin)
                });
                for (member, bin) in kept.split_off(1) {
                    left_out.push(LeftOut {
                        package: member.name.clone(),
                        bin: BinaryName::new(bin),
                        why: "an example, as all others are".to_owned(),
                    });
                }
                left_out.sort_by(|a, b| (&a.package, &a.bin).cmp(&(&b.package, &b.bin)));
            }
        }
        let names = names(kept.iter().map(|(member, bin)| (&*member.name, *bin)));
        let mut services: Vec<ProposedService> = kept
            .into_iter()
            .zip(names)
            .map(|((member, bin), name)| ProposedService::new(name, member, bin))
            .collect();
        services.sort_by(|a, b| a.name.cmp(&b.name));
        Self {
            services,
            left_out,
            shipping: Shipping::default(),
        }
    }

    /// Leaves out the binaries that nobody is told of, if people are told of others.
    pub fn leave_untold(&mut self, told: impl Fn(&str) -> bool) {
        if !self.services.iter().any(|service| told(&service.main)) {
            return;
        }
        let (told, untold) = std::mem::take(&mut self.services)
            .into_iter()
            .partition(|service| told(&service.main));
        self.services = told;
        self.left_out
            .extend(untold.into_iter().map(|service: ProposedService| LeftOut {
                why: "no workflow and no document names it".to_owned(),
                package: service.package,
                bin: service.main,
            }));
    }

    /// Returns the packages that the services are built from.
    pub fn packages<'a>(&'a self, workspace: &'a Workspace) -> BTreeSet<&'a str> {
        let packages = self.services.iter().flat_map(|service| {
            let others = service.others.iter();
            others.chain([&service.package]).map(PackageName::as_str)
        });
        packages
            .flat_map(|package| needed(workspace, package))
            .collect()
    }
}

/// Returns the reason why a binary is no service, by the manifests.
pub fn why_not(workspace: &Workspace, member: &Member, required: &[String]) -> Option<String> {
    let words = |text: &str| {
        text.split(['/', '-', '_'])
            .find(|word| DEVELOPMENT.contains(word))
            .map(str::to_owned)
    };
    if let Some(word) = words(member.dir.as_str()).or_else(|| words(&member.name)) {
        return Some(format!("its name or folder contains `{word}`"));
    }
    if let Some(feature) = required.iter().find(|feature| !is_default(member, feature)) {
        return Some(format!(
            "it needs the feature `{feature}`, which is not on by default"
        ));
    }
    let default: Vec<&str> = workspace
        .manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("default-members"))
        .and_then(toml::Value::as_array)?
        .iter()
        .filter_map(toml::Value::as_str)
        .collect();
    let named = |pattern: &&str| {
        let pattern = pattern.trim_end_matches('/').trim_start_matches("./");
        match pattern.split_once('*') {
            Some((folder, _)) => member.dir.as_str().starts_with(folder),
            None => member.dir == if pattern == "." { "" } else { pattern },
        }
    };
    (!default.iter().any(named)).then(|| "it is not in `default-members`".to_owned())
}

fn is_default(member: &Member, feature: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec!["default"];
    while let Some(name) = open.pop() {
        if name == feature {
            return true;
        }
        if seen.insert(name) {
            open.extend(
                member
                    .features
                    .get(name)
                    .into_iter()
                    .flatten()
                    .map(String::as_str),
            );
        }
    }
    false
}
