//! Requests of Compose files.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::place::{Place, line};
use super::request::{Asker, OfCompose, Request, find_dockerfile};
use super::scope::Scope;
use super::shell;
use super::tree;
use crate::packs::yaml::Node;

/// Keys that change what a container does and that a service of `bakehouse.toml` can say, but which only the reader can
/// tell to be the image's.
const LEFT: [&str; 5] = [
    "environment",
    "user",
    "working_dir",
    "healthcheck",
    "stop_signal",
];

/// Reads a Compose file.
///
/// # Errors
/// A text that is not YAML.
pub fn read(
    file: &Utf8Path,
    source: &str,
    files: &BTreeSet<Utf8PathBuf>,
) -> Result<Vec<Request>, String> {
    let root = tree::read(source)?;
    let Some(services) = tree::get(&root, "services") else {
        return Ok(Vec::new());
    };
    let folder = file.parent().unwrap_or(Utf8Path::new(""));
    let environment = Scope::default();
    let filled = |text: &str| environment.fill(&escaped(text)).text;
    let mut requests = Vec::new();
    for (name, start, service) in tree::placed(services) {
        let Some(build) = tree::get(service, "build") else {
            continue;
        };
        let part = |key: &str| tree::text_of(build, key).map(filled);
        let context = tree::text(build).map(filled).or_else(|| part("context"));
        let context = context.unwrap_or_else(|| ".".to_owned());
        let dockerfile = part("dockerfile");
        let Some((context, dockerfile)) =
            find_dockerfile(files, &[folder], &context, dockerfile.as_deref())
        else {
            continue;
        };
        let tags = tree::text_of(service, "image").map(filled);
        requests.push(Request {
            asker: Asker::Compose,
            name: Some(name.to_owned()),
            place: Place::new(file, line(source, start)),
            context,
            dockerfile,
            target: part("target"),
            args: tree::get(build, "args").map(pairs).unwrap_or_default(),
            tags: tags.filter(|tag| !tag.contains('$')).into_iter().collect(),
            named_at: None,
            platforms: Vec::new(),
            bake: None,
            compose: Some(OfCompose {
                entrypoint: tree::get(service, "entrypoint").and_then(words),
                command: tree::get(service, "command").and_then(words),
                ports: ports(service),
                depends_on: tree::get(service, "depends_on")
                    .map(names)
                    .unwrap_or_default(),
                left: LEFT
                    .into_iter()
                    .filter(|key| tree::get(service, key).is_some())
                    .collect(),
            }),
        });
    }
    Ok(requests)
}

/// Writes the `$$` of Compose, which is a dollar, as [`Scope::fill`] has it.
fn escaped(text: &str) -> String {
    text.replace("$$", "\\$")
}

/// Returns `KEY=value` entries, as a list or a map.
fn pairs(node: &Node) -> BTreeMap<String, String> {
    let scope = Scope::default();
    let of_map = tree::entries(node).filter_map(|(key, value)| Some((key, tree::text(value)?)));
    let of_list = tree::items(node)
        .iter()
        .filter_map(|item| tree::text(item)?.split_once('='));
    of_map
        .chain(of_list)
        .filter_map(|(key, value)| Some((key.to_owned(), scope.fill(&escaped(value)).complete()?)))
        .collect()
}

/// Returns the words of a command; none if the environment decides.
fn words(node: &Node) -> Option<Vec<String>> {
    let scope = Scope::default();
    let words: Vec<String> = match tree::text(node) {
        Some(text) => shell::words(text)
            .into_iter()
            .map(|word| word.text.replace("\\$", "$"))
            .collect(),
        None => tree::items(node)
            .iter()
            .filter_map(|item| tree::text(item).map(str::to_owned))
            .collect(),
    };
    let words: Option<Vec<String>> = words
        .into_iter()
        .map(|word| scope.fill(&escaped(&word)).complete())
        .collect();
    words.filter(|words| !words.is_empty())
}

/// Returns the ports inside the container.
fn ports(service: &Node) -> Vec<u16> {
    let lists = ["ports", "expose"].into_iter();
    let items = lists
        .filter_map(|key| tree::get(service, key))
        .flat_map(tree::items);
    let port = |item: &Node| {
        let text = tree::text(item).or_else(|| tree::text_of(item, "target"))?;
        let (text, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        let inner = text.rsplit(':').next()?;
        (protocol == "tcp").then(|| inner.parse().ok()).flatten()
    };
    let ports: BTreeSet<u16> = items.filter_map(port).collect();
    ports.into_iter().collect()
}

fn names(node: &Node) -> Vec<String> {
    let of_map = tree::entries(node).map(|(name, _)| name);
    let of_list = tree::items(node).iter().filter_map(tree::text);
    of_map.chain(of_list).map(str::to_owned).collect()
}
