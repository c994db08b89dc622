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

/// Keys of `build` that change the image, and are not read.
const LEFT_OF_BUILD: [(&str, &str); 10] = [
    ("additional_contexts", "build.additional_contexts"),
    ("entitlements", "build.entitlements"),
    ("extra_hosts", "build.extra_hosts"),
    ("labels", "build.labels"),
    ("network", "build.network"),
    ("privileged", "build.privileged"),
    ("secrets", "build.secrets"),
    ("ssh", "build.ssh"),
    ("tags", "build.tags"),
    ("x-bake", "build.x-bake"),
];

/// Reads a Compose file. Returns its requests, and remarks on services that are not read.
///
/// # Errors
/// A text that is not YAML.
pub fn read(
    file: &Utf8Path,
    source: &str,
    files: &BTreeSet<Utf8PathBuf>,
) -> Result<(Vec<Request>, Vec<String>), String> {
    let root = tree::read(source)?;
    let Some(services) = tree::get(&root, "services") else {
        return Ok((Vec::new(), Vec::new()));
    };
    let folder = file.parent().unwrap_or(Utf8Path::new(""));
    let environment = Scope::default();
    let filled = |text: &str| environment.fill(&escaped(text)).text;
    let (mut requests, mut passed) = (Vec::new(), Vec::new());
    for (name, start, service) in tree::placed(services) {
        let Some(build) = tree::get(service, "build") else {
            continue;
        };
        let part = |key: &str| tree::text_of(build, key).map(filled);
        let context = tree::text(build).map(filled).or_else(|| part("context"));
        let context = context.unwrap_or_else(|| ".".to_owned());
        let place = Place::new(file, line(source, start));
        if tree::get(build, "dockerfile_inline").is_some() {
            passed.push(format!(
                "{place}: service {name} is not read: its Dockerfile is in the Compose file: give it a file of its own"
            ));
            continue;
        }
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
            place,
            context,
            dockerfile,
            target: part("target"),
            target_untold: false,
            args: tree::get(build, "args").map(pairs).unwrap_or_default(),
            tags: tags.filter(|tag| !tag.contains('$')).into_iter().collect(),
            named_at: None,
            platforms: tree::get(build, "platforms").map(names).unwrap_or_default(),
            bake: None,
            compose: Some(OfCompose {
                entrypoint: tree::get(service, "entrypoint").and_then(words_of),
                command: tree::get(service, "command").and_then(words_of),
                ports: ports(service),
                depends_on: tree::get(service, "depends_on")
                    .map(names)
                    .unwrap_or_default(),
                left: left(service, build),
            }),
        });
    }
    Ok((requests, passed))
}

/// Returns the keys of a service that are not proposed.
fn left(service: &Node, build: &Node) -> Vec<&'static str> {
    let own = LEFT.into_iter();
    let own = own.filter(|key| tree::get(service, key).is_some());
    let of_build = LEFT_OF_BUILD
        .into_iter()
        .filter(|(key, _)| tree::get(build, key).is_some());
    let run = ["entrypoint", "command"].into_iter().filter(|key| {
        let words = tree::get(service, key);
        words.is_some_and(|node| has_words(node) && words_of(node).is_none())
    });
    let has_range = |list: &&str| {
        let items = tree::get(service, list).map(tree::items);
        items.into_iter().flatten().any(|item| {
            let text = tree::text(item).or_else(|| tree::text_of(item, "target"));
            text.is_some_and(|text| port(text).is_none() && !text.ends_with("/udp"))
        })
    };
    let ports = ["ports", "expose"].into_iter().filter(has_range);
    let of_tag = tree::text_of(service, "image").is_some_and(|image| {
        let tag = image.rsplit('/').next().unwrap_or(image);
        tag.split_once(':')
            .is_some_and(|(_, tag)| tag.contains('$'))
    });
    own.chain(of_build.map(|(_, key)| key))
        .chain(run)
        .chain(ports)
        .chain(of_tag.then_some("the tag of image"))
        .collect()
}

fn has_words(node: &Node) -> bool {
    tree::text(node).is_some_and(|text| !text.trim().is_empty()) || !tree::items(node).is_empty()
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

/// Returns the words of a command; none if the environment decides, or there are none.
fn words_of(node: &Node) -> Option<Vec<String>> {
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
    // Compose puts in variables when it starts a container, whatever their defaults are.
    let plain = |word: String| {
        let word = escaped(&word);
        let filled = Scope::default().fill(&word).complete()?;
        (filled == word.replace("\\$", "$")).then_some(filled)
    };
    let words: Option<Vec<String>> = words.into_iter().map(plain).collect();
    words.filter(|words| !words.is_empty())
}

/// Returns the ports inside the container.
fn ports(service: &Node) -> Vec<u16> {
    let lists = ["ports", "expose"].into_iter();
    let items = lists
        .filter_map(|key| tree::get(service, key))
        .flat_map(tree::items);
    let of = |item: &Node| port(tree::text(item).or_else(|| tree::text_of(item, "target"))?);
    let ports: BTreeSet<u16> = items.filter_map(of).collect();
    ports.into_iter().collect()
}

/// Returns the port inside the container; none for a range, and for other protocols than TCP.
fn port(text: &str) -> Option<u16> {
    let (text, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let inner = text.rsplit(':').next()?;
    (protocol == "tcp").then(|| inner.parse().ok()).flatten()
}

fn names(node: &Node) -> Vec<String> {
    let of_map = tree::entries(node).map(|(name, _)| name);
    let of_list = tree::items(node).iter().filter_map(tree::text);
    of_map.chain(of_list).map(str::to_owned).collect()
}
