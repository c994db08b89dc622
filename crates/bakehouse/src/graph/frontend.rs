//! Packages that run in a browser. Their binaries compile on the host, but they are not services.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use toml::{Table, Value};

use super::{Member, Workspace};
use crate::names::PackageName;

/// Crates that draw in a browser if one of these features is on, and elsewhere with other features.
const DRAWING: [(&str, &[&str]); 4] = [
    ("dioxus", &["web"]),
    ("leptos", &["csr", "hydrate"]),
    ("sycamore", &["hydrate", "web"]),
    ("yew", &["csr", "hydration"]),
];

/// Features with which such a package is, or can be, a program of its own.
const ELSEWHERE: [&str; 7] = [
    "axum",
    "desktop",
    "fullstack",
    "liveview",
    "mobile",
    "server",
    "ssr",
];

/// Trunk's configuration files, in the order in which it looks for them.
const TRUNK: [&str; 2] = ["Trunk.toml", ".trunk.toml"];

/// Returns the members that run in a browser, each with the evidence for it.
pub fn frontends(workspace: &Workspace) -> BTreeMap<PackageName, String> {
    let trunk = trunk(workspace);
    let why = |member: &Member| {
        let file = trunk.get(&member.dir);
        let by_trunk = file.map(|file| format!("Trunk builds it for a browser: {file}"));
        by_trunk
            .or_else(|| dioxus(workspace, member))
            .or_else(|| drawing(workspace, member))
            .or_else(|| bound(workspace, member))
            .or_else(|| configured(workspace, member))
    };
    let members = workspace.own_members();
    members
        .filter_map(|member| Some((member.name.clone(), why(member)?)))
        .collect()
}

/// Returns the folders of packages that Trunk builds, with the file that says so.
fn trunk(workspace: &Workspace) -> BTreeMap<Utf8PathBuf, Utf8PathBuf> {
    let members = workspace.own_members();
    let folders: BTreeSet<&Utf8Path> = members.flat_map(|member| member.dir.ancestors()).collect();
    let mut found = BTreeMap::new();
    for folder in folders {
        let named = TRUNK.iter().find_map(|name| {
            let file = folder.join(name);
            let table = read(&workspace.root.join(&file))?;
            let page = table.get("build").and_then(|build| build.get("target"));
            let page = page.and_then(Value::as_str).unwrap_or("index.html");
            Some((file, folder.join(page)))
        });
        let (file, page) = match named {
            Some((file, page)) => (Some(file), page),
            None => (None, folder.join("index.html")),
        };
        let text = fs_err::read_to_string(workspace.root.join(&page)).unwrap_or_default();
        let says = file.or_else(|| text.contains("data-trunk").then(|| page.clone()));
        if let Some(says) = says {
            let beside = page.parent().unwrap_or(folder);
            let package = manifest_of(&text).map(|manifest| plain(&beside.join(manifest)));
            let package = package.as_deref().and_then(Utf8Path::parent);
            found.insert(plain(package.unwrap_or(beside)), says);
        }
    }
    found
}

/// Returns the manifest that a page names: `<link data-trunk rel="rust" href="../ui/Cargo.toml">`.
fn manifest_of(page: &str) -> Option<&str> {
    let mut tags = page.split('<');
    let tag = tags.find(|tag| tag.contains("data-trunk") && tag.contains("Cargo.toml"))?;
    let mut quoted = tag.split(['"', '\'']);
    quoted.find(|text| text.ends_with("Cargo.toml"))
}

/// Returns a path without `.` and `..`.
fn plain(path: &Utf8Path) -> Utf8PathBuf {
    let mut plain = Utf8PathBuf::new();
    for part in path {
        match part {
            "." => {}
            ".." => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

fn dioxus(workspace: &Workspace, member: &Member) -> Option<String> {
    let file = member.path("Dioxus.toml");
    let features = asked(workspace, member, "dioxus").unwrap_or_default();
    let is_elsewhere = can_be_elsewhere(member, &features);
    (workspace.root.join(&file).is_file() && !is_elsewhere)
        .then(|| format!("dx builds it for a browser: {file}"))
}

fn drawing(workspace: &Workspace, member: &Member) -> Option<String> {
    DRAWING.iter().find_map(|(name, deciding)| {
        let features = asked(workspace, member, name)?;
        let feature = deciding
            .iter()
            .find(|feature| features.contains(**feature))?;
        (!can_be_elsewhere(member, &features))
            .then(|| format!("it runs in a browser: `{name}` with the feature `{feature}`"))
    })
}

fn can_be_elsewhere(member: &Member, asked: &BTreeSet<String>) -> bool {
    ELSEWHERE
        .iter()
        .any(|feature| asked.contains(*feature) || member.features.contains_key(*feature))
}

/// Recognises a library that JavaScript loads.
fn bound(workspace: &Workspace, member: &Member) -> Option<String> {
    let types = member.manifest.get("lib")?.get("crate-type")?.as_array()?;
    let is_loaded = types.iter().any(|kind| kind.as_str() == Some("cdylib"));
    let is_bound = asked(workspace, member, "wasm-bindgen").is_some();
    (is_loaded && is_bound)
        .then(|| "it runs in a browser: a `cdylib` with `wasm-bindgen`".to_owned())
}

/// Recognises a package that Cargo compiles for `wasm32` whenever it runs in the package's folder.
fn configured(workspace: &Workspace, member: &Member) -> Option<String> {
    if member.is_root() {
        return None;
    }
    let mut names = [".cargo/config.toml", ".cargo/config"].into_iter();
    names.find_map(|name| {
        let file = member.path(name);
        let table = read(&workspace.root.join(&file))?;
        let target = table.get("build")?.get("target")?.as_str()?;
        let is_wasm = target.starts_with("wasm32-");
        is_wasm.then(|| format!("{file} compiles it for `{target}`"))
    })
}

/// Returns the features that a package asks for of a mandatory dependency, or `None` if it has no such dependency.
fn asked(workspace: &Workspace, member: &Member, name: &str) -> Option<BTreeSet<String>> {
    let own = member.manifest.get("dependencies")?.get(name)?;
    if own.get("optional").and_then(Value::as_bool) == Some(true) {
        return None;
    }
    let inherits = own.get("workspace").and_then(Value::as_bool) == Some(true);
    let shared = || {
        let shared = workspace.manifest_of(member).get("workspace")?;
        shared.get("dependencies")?.get(name)
    };
    let shared = inherits.then(shared).flatten();
    let features = [Some(own), shared].into_iter().flatten();
    let features = features.filter_map(|table| table.get("features")?.as_array());
    let features = features.flatten().filter_map(Value::as_str);
    Some(features.map(str::to_owned).collect())
}

fn read(path: &Utf8Path) -> Option<Table> {
    fs_err::read_to_string(path).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_can_name_the_manifest() {
        let page = "<html><link rel=\"css\" href=\"a.css\" data-trunk><link data-trunk rel=\"rust\" href=\"../ui/Cargo.toml\" />";
        assert_eq!(manifest_of(page), Some("../ui/Cargo.toml"));
        assert_eq!(manifest_of("<link data-trunk rel=\"rust\"/>"), None);
        assert_eq!(plain("web/../ui/./x".into()), "ui/x");
    }
}
