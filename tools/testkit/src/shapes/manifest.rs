//! Manifests, and the other files that a workspace has.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::model::Model;
use super::package::{Dependency, Package, identifier, relative};
use super::shape::{ToolchainFile, Unify};

/// The images that the workspace's configuration names.
const BASES: &str = "[bases]\nbuilder = \"docker.io/library/rust:1.95.0-slim-bookworm\"\n\
                     runtime = \"docker.io/library/debian:bookworm-slim\"\n";

/// Dependencies that members inherit from the workspace.
type Shared = BTreeMap<String, Dependency>;

/// Adds the manifests of all packages, and the files beside the root manifest.
pub fn write(model: &Model, files: &mut BTreeMap<String, String>) {
    let shared = shared(model);
    for package in model.members.iter().chain(&model.others) {
        let mut text = manifest(package, &shared);
        if package.folder == model.workspace {
            text += &workspace(model, &shared);
        }
        files.insert(package.path("Cargo.toml"), text);
    }
    if !model.shape.root {
        files.insert(model.path("Cargo.toml"), workspace(model, &shared));
    }
    files.insert(model.path("bakehouse.toml"), configuration(model));
    let release = "[toolchain]\nchannel = \"1.95.0\"\n";
    let (toml, plain) = (
        model.path("rust-toolchain.toml"),
        model.path("rust-toolchain"),
    );
    match model.shape.toolchain {
        ToolchainFile::Toml => drop(files.insert(toml, release.to_owned())),
        ToolchainFile::Plain => drop(files.insert(plain, release.to_owned())),
        ToolchainFile::Both => {
            files.insert(plain, "1.95.0\n".to_owned());
            files.insert(toml, release.replace("1.95.0", "1.2.3"));
        }
    }
}

/// Adds the manifest of a package that belongs to no workspace, or to another one.
pub fn alone(package: &Package, files: &mut BTreeMap<String, String>) {
    files.insert(
        package.path("Cargo.toml"),
        manifest(package, &Shared::new()),
    );
}

/// Returns the dependencies that are the same for all members that inherit them.
fn shared(model: &Model) -> Shared {
    let mut shared = Shared::new();
    let mut differ = Vec::new();
    for package in model.members.iter().filter(|package| package.inherits) {
        for dependency in &package.dependencies {
            if dependency.keys.contains_key("default-features") {
                differ.push(dependency.name.clone());
                continue;
            }
            let mut plain = dependency.clone();
            plain.keys.remove("optional");
            plain.features.clear();
            let known = shared
                .entry(plain.name.clone())
                .or_insert_with(|| plain.clone());
            if known.keys != plain.keys {
                differ.push(plain.name);
            }
        }
    }
    for name in differ {
        shared.remove(&name);
    }
    shared
}

fn manifest(package: &Package, shared: &Shared) -> String {
    let mut text = format!("[package]\nname = \"{}\"\n", package.name);
    if package.inherits {
        text += "version.workspace = true\nedition.workspace = true\n";
    } else {
        if !package.version.is_empty() {
            let _ = writeln!(text, "version = \"{}\"", package.version);
        }
        let _ = writeln!(text, "edition = \"{}\"", package.edition);
    }
    for key in &package.keys {
        let _ = writeln!(text, "{key}");
    }
    if let Some(path) = &package.script_path {
        let _ = writeln!(text, "build = \"{path}\"");
    }
    if package.library && (package.library_path.is_some() || package.is_macro) {
        text += "\n[lib]\n";
        if let Some(path) = &package.library_path {
            let _ = write!(
                text,
                "name = \"{}\"\npath = \"{path}\"\n",
                identifier(&package.name)
            );
        }
        if package.is_macro {
            text += "proc-macro = true\n";
        }
    }
    for binary in package.binaries.iter().filter(|binary| binary.said) {
        let (name, path) = (&binary.name, &binary.path);
        let _ = write!(text, "\n[[bin]]\nname = \"{name}\"\npath = \"{path}\"\n");
    }
    if !package.features.is_empty() {
        text += "\n[features]\n";
        for (name, needs) in &package.features {
            let _ = writeln!(text, "{name} = {needs:?}");
        }
    }
    let mut tables: BTreeMap<&str, Vec<&Dependency>> = BTreeMap::new();
    for dependency in &package.dependencies {
        tables
            .entry(&dependency.table)
            .or_default()
            .push(dependency);
    }
    for (table, dependencies) in tables {
        let _ = write!(text, "\n[{table}]\n");
        for dependency in dependencies {
            let inherited = package.inherits && shared.contains_key(&dependency.name);
            text += &line(dependency, &package.folder, inherited);
        }
    }
    if package.inherits {
        text += "\n[lints]\nworkspace = true\n";
    }
    text
}

/// Returns a dependency as a line of a manifest in `folder`.
fn line(dependency: &Dependency, folder: &str, inherited: bool) -> String {
    let mut values = Vec::new();
    if inherited {
        values.push("workspace = true".to_owned());
    }
    for (key, value) in &dependency.keys {
        match *key {
            "optional" | "default-features" => values.push(format!("{key} = {value}")),
            _ if inherited => {}
            "path" => values.push(format!("path = \"{}\"", relative(folder, value))),
            _ => values.push(format!("{key} = \"{value}\"")),
        }
    }
    if !dependency.features.is_empty() {
        values.push(format!("features = {:?}", dependency.features));
    }
    format!("{} = {{ {} }}\n", dependency.name, values.join(", "))
}

/// Returns the parts of the root manifest besides its package.
fn workspace(model: &Model, shared: &Shared) -> String {
    let shape = &model.shape;
    let mut text = String::from("\n[workspace]\n");
    if let Some(resolver) = shape.resolver {
        let _ = writeln!(text, "resolver = \"{resolver}\"");
    }
    let pattern = if shape.star { "*" } else { "crates/*" };
    // Cargo refuses a pattern that matches nothing.
    if model.members.len() > usize::from(shape.root) {
        let _ = writeln!(text, "members = [\"{pattern}\"]");
    }
    let excluded: Vec<String> = model
        .excluded
        .iter()
        .map(|folder| relative(&model.workspace, folder))
        .collect();
    if !excluded.is_empty() {
        let _ = writeln!(text, "exclude = {excluded:?}");
    }
    if shape.inherits {
        let edition = shape.edition;
        let _ = write!(
            text,
            "\n[workspace.package]\nversion = \"0.1.0\"\nedition = \"{edition}\"\n\n\
             [workspace.lints.rust]\nunexpected_cfgs = \"allow\"\n\n[workspace.dependencies]\n"
        );
        for dependency in shared.values() {
            text += &line(dependency, &model.workspace, false);
        }
    }
    if !model.profile.is_empty() {
        let _ = write!(text, "\n[profile.release]\n{}", model.profile);
    }
    for (table, dependencies) in &model.patches {
        let _ = write!(text, "\n[patch.{table}]\n");
        for dependency in dependencies {
            text += &line(dependency, &model.workspace, false);
        }
    }
    text.trim_start().to_owned()
}

/// Returns the text of `bakehouse.toml`.
fn configuration(model: &Model) -> String {
    let shape = &model.shape;
    let mut text = String::from("name = \"oracle\"\nregistry = \"oracle\"\n");
    if shape.unify == Unify::Each {
        text += "unify = \"each\"\n";
    }
    if !model.above_inputs().is_empty() {
        text += "context = \"..\"\n";
    }
    text += "\n";
    text += BASES;
    if shape.mount {
        text += "\n[cache]\nstrategy = \"mount\"\n";
    }
    if shape.listed || !model.features.is_empty() {
        for package in &model.members {
            for binary in &package.binaries {
                let (name, package) = (&binary.name, &package.name);
                let _ = write!(
                    text,
                    "\n[services.{name}]\npackage = \"{package}\"\nbin = \"{name}\"\n"
                );
                if let Some(features) = model.features.get(name) {
                    let _ = writeln!(text, "features = {features:?}");
                }
            }
        }
    }
    for (package, paths) in &model.inputs {
        let paths: Vec<&String> = paths.iter().collect();
        let _ = write!(text, "\n[inputs.{package}]\npaths = {paths:?}\n");
    }
    text
}

impl Model {
    /// Returns the declared inputs above the workspace.
    fn above_inputs(&self) -> Vec<&String> {
        let paths = self.inputs.values().flatten();
        paths.filter(|path| path.starts_with("..")).collect()
    }
}
