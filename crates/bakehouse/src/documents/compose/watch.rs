//! Rules of `docker compose watch`: an image is built again when its inputs change. Many services read the same
//! folders, so each folder is written once, and services refer to it.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;

use super::parts::path;
use crate::context_path::ContextPath;
use crate::documents::yaml::Yaml;
use crate::graph::sources::NEVER_SOURCES;
use crate::plan::Plan;
use crate::plan::service::Service;
use crate::plan::skeleton::MemberSkeleton;

/// The folders that services read.
pub struct Watch {
    /// The lists of ignored paths that several folders share, each with its anchor.
    ignored: Vec<(String, Vec<String>)>,
    /// The rule and the anchor of each folder.
    rules: BTreeMap<ContextPath, (String, Yaml)>,
    skeleton: ContextPath,
}

/// The longest list of rules on one line.
const SHORT: usize = 5;

impl Watch {
    pub fn new(plan: &Plan) -> Self {
        let skeleton = plan.skeleton_folder();
        let read = plan.services.iter().flat_map(|service| &service.reads);
        let folders: BTreeSet<&ContextPath> = read.chain([&skeleton]).collect();
        let lists: BTreeMap<&ContextPath, Vec<String>> = folders
            .iter()
            .map(|folder| (*folder, ignored(plan, folder)))
            .collect();
        let ignored = shared(&lists);
        let mut names = BTreeSet::new();
        let rule = |folder: &&ContextPath| {
            let name = anchor(folder, &mut names);
            let list = &lists[folder];
            let known = ignored.iter().find(|(_, known)| known == list);
            let mut keys = vec![
                ("path", path(plan, folder)),
                ("action", Yaml::text("rebuild")),
            ];
            if let Some((anchor, _)) = known {
                keys.push(("ignore", Yaml::alias(anchor)));
            } else if !list.is_empty() {
                keys.push(("ignore", words(list)));
            }
            ((*folder).clone(), (name, Yaml::line(keys)))
        };
        let rules = folders.iter().map(rule).collect();
        Self {
            ignored,
            rules,
            skeleton,
        }
    }

    /// Returns the keys of the document that services refer to.
    pub fn shared(&self) -> Vec<(String, Yaml)> {
        let marked = |name: &String, yaml: Yaml| yaml.marked(format!("&{name}"));
        let mut shared = Vec::new();
        if !self.ignored.is_empty() {
            let lists = self.ignored.iter();
            let lists = lists.map(|(name, list)| marked(name, words(list)));
            let note = "The paths in a folder of sources that no image is built from.";
            shared.push((
                "x-ignore".to_owned(),
                Yaml::List(lists.collect()).noted(note),
            ));
        }
        if !self.rules.is_empty() {
            let rules = self.rules.values();
            let rules = rules.map(|(name, rule)| marked(name, rule.clone()));
            let note = "The paths for which `docker compose watch` builds images again.";
            shared.push((
                "x-watch".to_owned(),
                Yaml::List(rules.collect()).noted(note),
            ));
        }
        shared
    }

    /// Returns the rules of one service.
    pub fn of(&self, service: &Service) -> Yaml {
        let folders = service.reads.iter().chain([&self.skeleton]);
        let rules: Vec<Yaml> = folders
            .map(|folder| Yaml::alias(&self.rules[folder].0))
            .collect();
        let is_short = rules.len() <= SHORT;
        let watch = Yaml::map([("watch", Yaml::List(rules))]);
        if is_short {
            Yaml::Line(Box::new(watch))
        } else {
            watch
        }
    }
}

fn words(list: &[String]) -> Yaml {
    Yaml::words(list.iter().map(String::as_str))
}

/// Returns the lists that several folders share, most folders first.
fn shared(lists: &BTreeMap<&ContextPath, Vec<String>>) -> Vec<(String, Vec<String>)> {
    let mut counts: BTreeMap<&[String], usize> = BTreeMap::new();
    for list in lists.values().filter(|list| !list.is_empty()) {
        *counts.entry(list).or_default() += 1;
    }
    let mut several: Vec<(&[String], usize)> =
        counts.into_iter().filter(|(_, count)| *count > 1).collect();
    several.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let named = several.into_iter().enumerate().map(|(index, (list, _))| {
        let name = match index {
            0 => "ignore".to_owned(),
            _ => format!("ignore-{}", index + 1),
        };
        (name, list.to_owned())
    });
    named.collect()
}

/// Returns an anchor for a folder. Compose's parser accepts letters, digits, `_` and `-`.
fn anchor(folder: &Utf8Path, taken: &mut BTreeSet<String>) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = folder.as_str().chars().map(plain).collect();
    let first = format!("watch-{}", name.trim_matches('-'));
    let mut further = (2..).map(|number| format!("{first}-{number}"));
    let mut name = first.clone();
    while !taken.insert(name.clone()) {
        name = further.next().unwrap_or_default();
    }
    name
}

/// Returns the paths in a folder that no build reads, as in the Dockerfile's ignore file, relative to the folder.
fn ignored(plan: &Plan, folder: &Utf8Path) -> Vec<String> {
    let inside = |path: &ContextPath| {
        let path = path.strip_prefix(folder).ok()?;
        (!path.as_str().is_empty()).then(|| path.to_string())
    };
    // Most pairs of a member and a folder are unrelated, so they are skipped early.
    let near = |member: &&MemberSkeleton| member.dir.as_str().starts_with(folder.as_str());
    let manifests = plan.skeleton.members.values().filter(near);
    let manifests: Vec<ContextPath> =
        ContextPath::all(manifests.map(|member| member.path("Cargo.toml")));
    let mut ignored: Vec<String> = manifests.iter().filter_map(inside).collect();
    if ignored.is_empty() {
        // The path is not in a package: it is a declared or shipped file, or a folder of such files.
        return ignored;
    }
    ignored.extend(NEVER_SOURCES.map(|name| format!("**/{name}")));
    let back = |path: String| format!("!{path}");
    ignored.extend(plan.kept.iter().filter_map(inside).map(back));
    ignored.extend(plan.left_out.iter().filter_map(inside));
    ignored.extend(plan.put_back.iter().filter_map(inside).map(back));
    ignored
}
