//! Bake files that are laid over others.

use camino::Utf8Path;

use super::bake::{Around, Asked, read};
use super::bake_file::BakeFile;
use super::request::Request;

/// A Bake file, and those of its folder that are laid over it.
struct Layers<'a> {
    /// The file itself, and the one that Bake always lays over it.
    base: Vec<&'a BakeFile>,
    over: Vec<&'a BakeFile>,
}

/// Returns what Bake files ask for, each file with its own index.
pub fn ask(files: &[BakeFile], around: &Around<'_>) -> Vec<(usize, Asked)> {
    let index = |file: &BakeFile| {
        let mut files = files.iter();
        files.position(|other| other.file == file.file).unwrap_or(0)
    };
    let mut all = Vec::new();
    for Layers { base, over } in layers(files) {
        let mut asked = read(&base, around);
        for over in over {
            lay(&mut asked, &base, over, around);
        }
        all.push((index(base[0]), asked));
    }
    all
}

fn layers(files: &[BakeFile]) -> Vec<Layers<'_>> {
    let mut all: Vec<Layers<'_>> = Vec::new();
    let mut sorted: Vec<&BakeFile> = files.iter().collect();
    // The file that Bake finds by itself comes first, else the one with the shortest name.
    sorted.sort_by_key(|file| {
        let stem = file.file.file_stem().unwrap_or_default();
        (file.file.parent(), stem != "docker-bake", stem.len())
    });
    for file in sorted {
        let folder = file.file.parent();
        let mut bases = all.iter_mut();
        let base = bases
            .find(|layers| layers.base[0].file.parent() == folder && is_over(file, layers.base[0]));
        match base {
            Some(layers) if stem(&file.file) == "docker-bake.override" => layers.base.push(file),
            Some(layers) => layers.over.push(file),
            None => all.push(Layers {
                base: vec![file],
                over: Vec::new(),
            }),
        }
    }
    all
}

fn stem(file: &Utf8Path) -> &str {
    file.file_stem().unwrap_or_default()
}

/// Returns whether a file changes targets of another one.
fn is_over(file: &BakeFile, base: &BakeFile) -> bool {
    let mut own = file.labels("target");
    stem(&file.file) == "docker-bake.override"
        || own.any(|label| base.labels("target").any(|other| other == label))
}

/// Adds what a file changes that is laid over `base`.
fn lay(asked: &mut Asked, base: &[&BakeFile], over: &BakeFile, around: &Around<'_>) {
    let mut all = base.to_vec();
    all.push(over);
    let laid = read(&all, around);
    let word = word(stem(&base[0].file), stem(&over.file));
    let own = |request: &Request| request.place.file == over.file;
    let names_some = laid.requests.iter().any(own);
    for mut request in laid.requests {
        let of_name = |other: &&mut Request| other.name == request.name;
        let Some(plain) = asked.requests.iter_mut().find(of_name) else {
            asked.requests.push(request);
            continue;
        };
        let is_named = |request: &Request| request.tags.iter().any(|tag| !tag.is_empty());
        if !is_named(plain) && is_named(&request) {
            let with_tags = Request {
                tags: request.tags.clone(),
                ..plain.clone()
            };
            if builds_like(&with_tags, &request) {
                let mut labels = over.labels("target");
                let named = labels.find(|label| {
                    let bake = request.bake.as_ref();
                    bake.is_some_and(|bake| bake.parents.contains(*label))
                });
                plain.named_at = named.map(|label| over.place("target", label));
                plain.tags = request.tags;
                if let (Some(plain), Some(bake)) = (&mut plain.bake, request.bake) {
                    plain.tags = bake.tags;
                    plain.defaults = bake.defaults;
                }
                continue;
            }
        }
        if builds_like(plain, &request) || (names_some && !own(&request)) {
            continue;
        }
        if !own(&request) {
            request.place = super::place::Place::new(&over.file, 1);
        }
        if let Some(bake) = &mut request.bake {
            bake.overlay = Some(word.clone());
            bake.default = Some(false);
        }
        asked.requests.push(request);
    }
    for (group, members) in laid.groups {
        asked.groups.entry(group).or_insert(members);
    }
    let passed = laid.passed.into_iter();
    let more: Vec<String> = passed.filter(|why| !asked.passed.contains(why)).collect();
    asked.passed.extend(more);
}

/// Returns whether two requests build the same, under the same names.
fn builds_like(one: &Request, other: &Request) -> bool {
    let parts = |of: &Request| {
        let bake = of.bake.clone().unwrap_or_default();
        (
            of.context.clone(),
            of.dockerfile.clone(),
            of.target.clone(),
            of.args.clone(),
            of.tags.clone(),
            of.platforms.clone(),
            (bake.labels, bake.outputs, bake.contexts),
        )
    };
    parts(one) == parts(other)
}

/// Returns the word by which a file's name differs: `profiling` of `docker-bake-profiling`.
fn word(base: &str, over: &str) -> String {
    let rest = over.strip_prefix(base).unwrap_or(over);
    let word = rest.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    if word.is_empty() { over } else { word }.to_owned()
}
