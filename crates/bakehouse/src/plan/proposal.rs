//! A first configuration for a workspace that has none, derived from the workspace.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;

use super::choice::{Choice, LeftOut, ProposedKey, ProposedService, Shipping};
use super::config::bases;
use super::config::values::is_taken;
use super::downloads::downloading;
use super::parted::Parted;
use crate::graph::Workspace;
use crate::graph::cargo_config::Tool;
use crate::graph::downloads::Download;
use crate::graph::inputs::Finding;
use crate::graph::system::{self, Distribution, Need, Reach};
use crate::graph::toolchain_file::Channel;
use crate::names::PackageName;

/// The proposal of `bakehouse init`.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The folder of the workspace manifest, relative to the context.
    pub folder: Utf8PathBuf,
    /// The number of levels from the workspace up to the context, if the configuration has to name it.
    pub context: usize,
    /// The places of generated files, relative to the workspace, if the usual ones are taken.
    pub output: ProposedOutput,
    /// The line to add to the workspace's manifest first, so that generated files do not become a member.
    pub excluded: Option<String>,
    /// The variables that the compilation of each package reads, with their places.
    pub variables: BTreeMap<PackageName, BTreeMap<String, String>>,
    /// Variables that the repository's own builds give to the compilation of each package, with their places.
    pub given: BTreeMap<PackageName, BTreeMap<String, String>>,
    /// The registry for images, if the manifest names a repository on a forge with a registry.
    pub registry: Option<String>,
    builder: String,
    /// The reason why the builder base may be wrong.
    builder_note: Option<String>,
    pub needs: Vec<Need>,
    /// Set if a message definition imports one of Google's own, such as a timestamp.
    well_known: bool,
    /// The programs that Cargo's configuration needs.
    pub tools: Vec<Tool>,
    /// The crates that may need a C library.
    pub unknown_needs: Vec<String>,
    /// The crates whose build scripts fetch something.
    pub downloads: Vec<Download>,
    pub services: Vec<ProposedService>,
    /// The services that are not built with most others, with the features that prevent it.
    pub parted: Vec<(Vec<String>, Vec<Parted>)>,
    pub left_out: Vec<LeftOut>,
    /// The rest that the repository's own files say.
    pub shipping: Shipping,
    /// The inputs of each package that can be declared.
    pub inputs: BTreeMap<PackageName, Vec<Finding>>,
    /// The inputs that cannot be declared: the repository, submodules, missing paths, and paths outside.
    pub remarks: Vec<Finding>,
    /// The sources of third-party crates, except crates.io.
    pub sources: BTreeSet<String>,
}

/// The places of generated files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProposedOutput {
    /// Another folder than the usual one.
    pub folder: Option<Utf8PathBuf>,
    /// Another Bake file than the usual one.
    pub bake: Option<Utf8PathBuf>,
    /// A Compose file in the context's folder, which Bake merges into the files that it finds there.
    pub compose: Option<&'static str>,
}

/// The findings in the workspace beyond Cargo's metadata.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The hidden inputs of the services' packages.
    pub findings: Vec<Finding>,
    /// The variables that the compilation of each package reads, with their places.
    pub variables: BTreeMap<PackageName, BTreeMap<String, String>>,
    pub context: usize,
    pub output: ProposedOutput,
    /// Set if a message definition imports one of Google's own, such as a timestamp.
    pub well_known: bool,
    /// The line to add to the workspace's manifest first, so that generated files do not become a member.
    pub excluded: Option<String>,
}

impl Proposal {
    /// Creates the proposal.
    pub fn new(workspace: &Workspace, chosen: Choice, seen: Seen) -> Self {
        let locked = workspace.reachable(chosen.packages(workspace));
        let sources = locked
            .iter()
            .filter_map(|package| package.source.as_deref());
        let channel = workspace.channel();
        let (declarable, remarks): (Vec<Finding>, _) =
            seen.findings.into_iter().partition(Finding::declarable);
        let mut inputs: BTreeMap<PackageName, Vec<Finding>> = BTreeMap::new();
        for finding in declarable {
            inputs
                .entry(finding.package.clone())
                .or_default()
                .push(finding);
        }
        let given = given(&seen.variables, &chosen.shipping);
        Self {
            given,
            folder: workspace.folder.clone(),
            context: seen.context,
            output: seen.output,
            excluded: seen.excluded,
            variables: seen.variables,
            registry: registry(workspace),
            builder: bases::builder(channel),
            builder_note: builder_note(channel),
            needs: Vec::new(),
            well_known: seen.well_known,
            tools: workspace.cargo_config.tools.clone(),
            unknown_needs: Vec::new(),
            downloads: downloading(workspace, &chosen.packages(workspace)),
            sources: sources.filter_map(origin).collect(),
            services: chosen.services,
            parted: Vec::new(),
            left_out: chosen.left_out,
            shipping: chosen.shipping,
            inputs,
            remarks,
        }
    }

    /// Adds what the crates look for on the system that the services reach.
    pub fn seek(&mut self, reach: &Reach<'_>) {
        let builder = Distribution::of_image(self.builder().0);
        let runtime = match self.runs_on_alpine() {
            true => Distribution::Alpine,
            false => Distribution::Debian,
        };
        self.needs = system::needs(reach, builder, runtime, self.well_known);
        let unknown = system::unknown(reach).into_iter();
        self.unknown_needs = unknown.map(str::to_owned).collect();
    }

    /// Returns whether all services run on Alpine.
    pub fn runs_on_alpine(&self) -> bool {
        let is_alpine = |image: &str| Distribution::of_image(image) == Distribution::Alpine;
        let common = self.shipping.bases.runtime.as_ref();
        let own = self.services.iter().flat_map(|service| &service.keys);
        let mut own = own.filter(|key| key.name == "runtime");
        common.is_some_and(|key| is_alpine(&key.value)) && own.all(|key| is_alpine(&key.value))
    }

    /// Lets services be baked by default if none is. Returns whether there was one to let.
    pub fn bake_something(&mut self) -> bool {
        let mut found = false;
        for service in &mut self.services {
            let Some(at) = service.keys.iter().position(|key| key.name == "default") else {
                continue;
            };
            let ProposedKey { place, .. } = service.keys.remove(at);
            let why = "default = false is not proposed: nothing would be baked by default";
            service.notes.push(format!("{place}: {why}"));
            found = true;
        }
        found
    }

    /// Makes a key that comes from the repository's own files a comment. Returns whether there was one.
    pub fn refuse(&mut self, service: &str, key: &str, why: &str) -> bool {
        if key.is_empty() {
            // Two targets have one name: the latter stays out.
            let at = self.services.iter().position(|own| own.name == service);
            let Some(service) = at.map(|at| self.services.remove(at)) else {
                return false;
            };
            let place = service.place_of_target.unwrap_or_default();
            let name = service.name;
            let note = format!("{place}: [services.{name}] is not proposed: {why}");
            self.shipping.notes.push(note);
            return true;
        }
        if let Some(service) = self.services.iter_mut().find(|own| own.name == service)
            && let Some(at) = service.files.iter().position(|row| row.name == key)
        {
            let ProposedKey { name, value, place } = service.files.remove(at);
            let note = format!("{place}: {name} to {value} is not proposed: {why}");
            service.notes.push(note);
            return true;
        }
        let shipping = &mut self.shipping;
        let (keys, notes) = if service == "bake.groups" {
            (&mut shipping.groups, &mut shipping.notes)
        } else if ["", "bases", "bake"].contains(&service) {
            let keys = [
                &mut shipping.registry,
                &mut shipping.platforms,
                &mut shipping.bases.builder,
                &mut shipping.bases.runtime,
                &mut shipping.tag,
                &mut shipping.variables,
            ];
            let mut keys = keys.into_iter();
            let found = keys.find_map(|own| own.take_if(|own| own.name == key));
            (&mut Vec::from_iter(found), &mut shipping.notes)
        } else if let Some(name) = service.strip_prefix("images.") {
            let mut images = shipping.images.iter_mut();
            let Some(image) = images.find(|image| image.name == name && image.proposed) else {
                return false;
            };
            image.proposed = false;
            let note = format!("{}: [images.{name}] is not proposed: {why}", image.place);
            shipping.notes.push(note);
            return true;
        } else if let Some(package) = service.strip_prefix("inputs.") {
            let found = self.given.remove(package);
            return key == "variables" && found.is_some();
        } else {
            let mut services = self.services.iter_mut();
            let Some(service) = services.find(|own| own.name == service) else {
                return false;
            };
            (&mut service.keys, &mut service.notes)
        };
        let Some(at) = keys.iter().position(|own| own.name == key) else {
            return false;
        };
        let ProposedKey { name, value, place } = keys.remove(at);
        notes.push(format!("{place}: {name} = {value} is not proposed: {why}"));
        true
    }

    /// Returns the builder base, with its place if a Dockerfile names it, and remarks on it.
    pub fn builder(&self) -> (&str, Option<&str>, Vec<String>) {
        let note = self.builder_note.clone();
        let default = (self.builder.as_str(), None, Vec::from_iter(note.clone()));
        let bases = &self.shipping.bases;
        let Some(builder) = &bases.builder else {
            return default;
        };
        let (name, place) = (builder.text(), &builder.place);
        // The packages that crates need are known for Alpine, too.
        let wants = !bases.builder_packages.is_empty()
            || self.tools.iter().any(|tool| tool.package.is_some());
        if name.contains("alpine") && wants {
            let why = format!("{place}: it is {name} there, which has no Debian packages");
            return (default.0, None, [vec![why], default.2].concat());
        }
        let note = note.filter(|_| !bases.says_version);
        (name, Some(place), Vec::from_iter(note))
    }

    /// Returns the hidden inputs that the configuration declares.
    pub fn declared(&self) -> impl Iterator<Item = &Finding> {
        self.inputs
            .values()
            .flatten()
            .filter(|finding| finding.proposed())
    }
}

/// Returns the variables that compilations read, and that the repository's own builds give them.
fn given(
    read: &BTreeMap<PackageName, BTreeMap<String, String>>,
    shipping: &Shipping,
) -> BTreeMap<PackageName, BTreeMap<String, String>> {
    let of_package = |variables: &BTreeMap<String, String>| {
        let given = variables.keys().filter(|name| !is_taken(name));
        let given =
            given.filter_map(|name| Some((name.clone(), shipping.given.get(name)?.clone())));
        given.collect::<BTreeMap<String, String>>()
    };
    let all = read
        .iter()
        .map(|(package, variables)| (package.clone(), of_package(variables)));
    all.filter(|(_, given)| !given.is_empty()).collect()
}

/// Returns the reason why the default builder base may be wrong for a toolchain.
fn builder_note(channel: Option<&Channel>) -> Option<String> {
    let Some(channel) = channel.filter(|channel| channel.as_str() != "stable") else {
        return Some(
            "No toolchain is pinned: pin a version in rust-toolchain.toml and here, so that everybody builds with the same."
                .to_owned(),
        );
    };
    let name = channel.as_str();
    if bases::is_published(channel) {
        return (name.matches('.').count() < 2).then(|| {
            format!("The toolchain file says `{name}`: pin a full version there and here, or each new patch release compiles everything again.")
        });
    }
    let mut note = format!(
        "The toolchain file names `{name}`, which has no published image: rustup installs it in the stage `toolchain`."
    );
    if channel.parts().1.is_none() && !channel.is_release() {
        note += " It changes over time: name a date, so that everybody builds with the same.";
    }
    Some(note)
}

/// Derives the registry from the repository: `https://github.com/acme/shop` → `ghcr.io/acme/shop`.
pub fn registry(workspace: &Workspace) -> Option<String> {
    let manifest = &workspace.manifest;
    let of = |table: Option<&toml::Value>| {
        let repository = table?.get("repository")?.as_str()?;
        Some(repository.to_owned())
    };
    let package = manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("package"));
    // Members are not searched: a vendored fork names its own repository.
    let repository = of(package).or_else(|| of(manifest.get("package")))?;
    let (host, path) = repository.strip_prefix("https://")?.split_once('/')?;
    let mut parts = path
        .trim_end_matches('/')
        .trim_end_matches(".git")
        .split('/');
    let (owner, name) = (parts.next()?, parts.next()?);
    let registry = match host {
        "github.com" => "ghcr.io",
        "gitlab.com" => "registry.gitlab.com",
        _ => return None,
    };
    let plain = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    (plain(owner) && plain(name)).then(|| format!("{registry}/{owner}/{name}").to_lowercase())
}

/// Returns the place of a locked source, if that is not crates.io.
fn origin(source: &str) -> Option<String> {
    let place = source.split_once('+').map_or(source, |(_, place)| place);
    if place.contains("github.com/rust-lang/crates.io-index") || place.contains("index.crates.io") {
        return None;
    }
    Some(place.split(['?', '#']).next().unwrap_or(place).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builder_follows_the_toolchain_and_says_where_it_cannot() {
        let table = [
            (
                Some("1.95.0"),
                "docker.io/library/rust:1.95.0-slim-bookworm",
                false,
            ),
            (
                Some("1.95"),
                "docker.io/library/rust:1.95-slim-bookworm",
                true,
            ),
            (Some("stable"), "docker.io/library/rust:slim-bookworm", true),
            (
                Some("nightly-2026-01-01"),
                "docker.io/library/rust:slim-bookworm",
                true,
            ),
            (None, "docker.io/library/rust:slim-bookworm", true),
        ];
        for (name, image, remark) in table {
            let channel = name.and_then(Channel::parse);
            let channel = channel.as_ref();
            assert_eq!(
                (
                    bases::builder(channel).as_str(),
                    builder_note(channel).is_some()
                ),
                (image, remark),
                "{name:?}"
            );
        }
    }

    #[test]
    fn only_sources_other_than_crates_io_are_named() {
        let git = "git+https://github.com/acme/x?rev=1#abc";
        assert_eq!(origin(git).as_deref(), Some("https://github.com/acme/x"));
        assert_eq!(
            origin("registry+https://github.com/rust-lang/crates.io-index"),
            None
        );
        assert_eq!(origin("sparse+https://index.crates.io/"), None);
    }
}
