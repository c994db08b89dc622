//! Requests of GitHub's workflows and of scripts that call `docker build`.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::place::{Place, line};
use super::request::{Asker, Request, find_dockerfile};
use super::shell;
use super::tree;
use crate::packs::yaml::Node;

/// Values of `env`, `matrix` and the like, by their full name: `matrix.name`.
pub type Context = BTreeMap<String, String>;

/// Most entries of a matrix that are looked at.
const MOST_OF_MATRIX: usize = 50;

/// Reads a workflow, or an action of the repository.
///
/// # Errors
/// A text that is not YAML.
pub fn read(
    file: &Utf8Path,
    source: &str,
    files: &BTreeSet<Utf8PathBuf>,
) -> Result<Vec<Request>, String> {
    let root = tree::read(source)?;
    let mut outer = Context::new();
    environment(&root, &mut outer);
    let mut requests = Vec::new();
    let jobs = tree::get(&root, "jobs").into_iter().flat_map(tree::entries);
    let jobs = jobs.map(|(_, job)| job).chain(tree::get(&root, "runs"));
    for job in jobs {
        let mut context = outer.clone();
        environment(job, &mut context);
        let steps = tree::get(job, "steps").map(tree::items).unwrap_or_default();
        for entry in matrix(job) {
            let mut context = context.clone();
            context.extend(entry);
            for step in steps {
                let at = line(source, step.span.start);
                let place = Place::new(file, at);
                let uses = tree::text_of(step, "uses").unwrap_or_default();
                if uses.contains("build-push-action") {
                    requests.extend(of_action(step, steps, &context, &place, files));
                }
                if let Some(script) = tree::text_of(step, "run") {
                    let script = filled(script, &context);
                    requests.extend(of_script(Asker::Workflow, &place, &script, files));
                }
            }
        }
    }
    configured(file, source, &root, files, &mut requests);
    requests.dedup_by(|a, b| {
        a.place == b.place
            && a.args == b.args
            && a.tags == b.tags
            && a.target == b.target
            && a.dockerfile == b.dockerfile
    });
    Ok(requests)
}

/// Finds entries of a file that workflows read: a map with a `dockerfile` and an `image`.
fn configured(
    file: &Utf8Path,
    source: &str,
    node: &Node,
    files: &BTreeSet<Utf8PathBuf>,
    requests: &mut Vec<Request>,
) {
    let known = |key: &str| tree::text_of(node, key).filter(|text| !text.contains("${{"));
    if let (Some(dockerfile), Some(image)) = (known("dockerfile"), known("image")) {
        let context = known("context").unwrap_or(".");
        let found = find_dockerfile(files, &[Utf8Path::new("")], context, Some(dockerfile));
        let platforms = tree::get(node, "platforms")
            .map(tree::items)
            .unwrap_or_default();
        requests.extend(found.map(|(context, dockerfile)| {
            let place = Place::new(file, line(source, node.span.start));
            Request {
                context,
                target: known("target").map(str::to_owned),
                tags: vec![image.to_owned()],
                platforms: platforms
                    .iter()
                    .filter_map(tree::text)
                    .map(str::to_owned)
                    .collect(),
                ..Request::new(Asker::Workflow, place, dockerfile)
            }
        }));
    }
    let inner = tree::entries(node)
        .map(|(_, node)| node)
        .chain(tree::items(node));
    inner.for_each(|node| configured(file, source, node, files, requests));
}

fn of_action(
    step: &Node,
    steps: &[Node],
    context: &Context,
    place: &Place,
    files: &BTreeSet<Utf8PathBuf>,
) -> Option<Request> {
    let with = tree::get(step, "with")?;
    let part = |key: &str| tree::text_of(with, key).map(|text| filled(text, context));
    let known = |text: String| (!text.contains("${{")).then_some(text);
    let folder = match part("context") {
        Some(folder) => known(folder)?,
        None => ".".to_owned(),
    };
    let dockerfile = match part("file") {
        Some(file) => Some(known(file)?),
        None => None,
    };
    let (folder, dockerfile) =
        find_dockerfile(files, &[Utf8Path::new("")], &folder, dockerfile.as_deref())?;
    let mut tags: Vec<String> = part("tags").map(|tags| listed(&tags)).unwrap_or_default();
    // The names may come from another step: docker/metadata-action.
    let meta = tags.iter().find_map(|tag| {
        let id = tag.split_once("steps.")?.1.split('.').next()?;
        let step = steps
            .iter()
            .find(|step| tree::text_of(step, "id") == Some(id))?;
        let with = tree::get(step, "with")?;
        tree::text_of(with, "images").map(|images| listed(&filled(images, context)))
    });
    tags = meta.unwrap_or(tags);
    // The rest of a tag need not be known, unlike the name before it.
    let tags = tags.into_iter().filter_map(|tag| {
        let name = tag.split("${{").next()?.to_owned();
        let whole = name == tag || name.contains(':');
        (whole && !name.is_empty()).then_some(name)
    });
    let args = part("build-args").unwrap_or_default();
    let args = args.lines().filter_map(|line| {
        let (key, value) = line.trim().split_once('=')?;
        Some((key.to_owned(), known(value.trim_matches('"').to_owned())?))
    });
    let platforms = part("platforms").and_then(known).unwrap_or_default();
    let target = part("target");
    let target_untold = target.as_ref().is_some_and(|target| target.contains("${{"));
    Some(Request {
        context: folder,
        target: target.and_then(known),
        target_untold,
        args: args.collect(),
        tags: tags.collect(),
        platforms: listed(&platforms),
        ..Request::new(Asker::Workflow, place.clone(), dockerfile)
    })
}

/// Returns the builds that a script asks for.
pub fn of_script(
    asker: Asker,
    place: &Place,
    script: &str,
    files: &BTreeSet<Utf8PathBuf>,
) -> Vec<Request> {
    if !script.contains("docker") && !script.contains("podman") {
        return Vec::new();
    }
    let commands = shell::commands(script);
    let request = |command: &Vec<shell::Word>| {
        let mut words = command.iter().map(|word| word.text.as_str()).peekable();
        let program = words.find(|word| matches!(super::path::last(word), "docker" | "podman"))?;
        let _ = program;
        words.next_if(|word| *word == "buildx");
        words.next().filter(|word| *word == "build")?;
        let place_of_call = Place {
            file: place.file.clone(),
            line: match asker {
                Asker::Script => line(script, command[0].offset),
                _ => place.line,
            },
        };
        let mut request = Request::new(asker, place_of_call, Utf8PathBuf::new());
        let (mut context, mut dockerfile) = (None, None);
        while let Some(word) = words.next() {
            let (option, value) = match word.split_once('=') {
                Some((option, value)) if word.starts_with("--") => (option, Some(value)),
                _ => (word, None),
            };
            let mut value = || {
                value
                    .or_else(|| words.next())
                    .unwrap_or_default()
                    .to_owned()
            };
            let known = |text: String| (!text.contains(['$', '{', '`'])).then_some(text);
            match option {
                "-f" | "--file" => dockerfile = Some(known(value())?),
                "-t" | "--tag" => {
                    let tag = value();
                    let name = tag.split('$').next().unwrap_or_default();
                    let named = name == tag || name.contains(':');
                    request.tags.extend(named.then(|| name.to_owned()));
                }
                "--target" => request.target = known(value()),
                "--platform" => {
                    request.platforms =
                        known(value()).map(|list| listed(&list)).unwrap_or_default();
                }
                "--build-arg" => {
                    let pair = value();
                    let pair = pair
                        .split_once('=')
                        .map(|(key, value)| (key.to_owned(), value.to_owned()));
                    request
                        .args
                        .extend(pair.filter(|(_, value)| !value.contains('$')));
                }
                "--load" | "--push" | "--pull" | "--no-cache" | "-q" | "--quiet" | "--rm" => {}
                _ if option.starts_with('-') => {
                    if word == option {
                        value();
                    }
                }
                _ => context = Some(known(word.to_owned())?),
            }
        }
        let (root, own) = (
            Utf8Path::new(""),
            place.file.parent().unwrap_or(Utf8Path::new("")),
        );
        // Make runs in the folder of its file, and most scripts are called from the root.
        let folders = match asker {
            Asker::Script if place.file.extension().is_none() => [own, root],
            Asker::Script => [root, own],
            _ => [root, root],
        };
        let found = find_dockerfile(files, &folders, &context?, dockerfile.as_deref())?;
        (request.context, request.dockerfile) = found;
        Some(request)
    };
    commands.iter().filter_map(request).collect()
}

pub fn environment(node: &Node, context: &mut Context) {
    let env = tree::get(node, "env").into_iter().flat_map(tree::entries);
    for (name, value) in env {
        if let Some(value) = tree::text(value) {
            let value = filled(value, context);
            context.insert(format!("env.{name}"), value);
        }
    }
}

/// Returns the entries of a job's matrix; one empty one if it has none.
pub fn matrix(job: &Node) -> Vec<Context> {
    let matrix = tree::get(job, "strategy").and_then(|strategy| tree::get(strategy, "matrix"));
    let Some(matrix) = matrix else {
        return vec![Context::new()];
    };
    let fields = |prefix: &str, node: &Node| -> Context {
        match tree::text(node) {
            Some(text) => Context::from([(prefix.to_owned(), text.to_owned())]),
            None => tree::entries(node)
                .filter_map(|(key, value)| {
                    Some((format!("{prefix}.{key}"), tree::text(value)?.to_owned()))
                })
                .collect(),
        }
    };
    let mut all = vec![Context::new()];
    for (key, values) in tree::entries(matrix) {
        if matches!(key, "include" | "exclude") || tree::items(values).is_empty() {
            continue;
        }
        let values: Vec<Context> = tree::items(values)
            .iter()
            .map(|value| fields(&format!("matrix.{key}"), value))
            .collect();
        let with = |entry: Context| {
            values.iter().map(move |value| {
                let mut entry = entry.clone();
                entry.extend(value.clone());
                entry
            })
        };
        all = all
            .into_iter()
            .flat_map(with)
            .take(MOST_OF_MATRIX)
            .collect();
    }
    let include = tree::get(matrix, "include")
        .map(tree::items)
        .unwrap_or_default();
    if !include.is_empty() {
        if all.len() == 1 && all[0].is_empty() {
            all.clear();
        }
        let included = include.iter().take(MOST_OF_MATRIX);
        all.extend(included.map(|entry| fields("matrix", entry)));
    }
    all
}

/// Replaces expressions whose value the file tells.
pub fn filled(text: &str, context: &Context) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        filled += before;
        let Some((expression, behind)) = after.split_once("}}") else {
            rest = &rest[before.len()..];
            break;
        };
        match context.get(expression.trim()) {
            Some(value) => filled += value,
            None => filled += &format!("${{{{{expression}}}}}"),
        }
        rest = behind;
    }
    filled + rest
}

pub fn listed(text: &str) -> Vec<String> {
    let items = text.split(['\n', ',']).map(str::trim);
    items
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_are_found_in_scripts() {
        let files = BTreeSet::from(["api/Dockerfile".into(), "Dockerfile".into()]);
        let place = Place::new("ci.yml".into(), 7);
        let table = [
            (
                "docker build -t acme/api:1 -f api/Dockerfile .",
                Some(("api/Dockerfile", "acme/api:1")),
            ),
            (
                "docker buildx build --push --tag=x:$V --platform linux/amd64 api",
                Some(("api/Dockerfile", "x:")),
            ),
            (
                "cd x && sudo docker build --build-arg A=1 --network host -t y .",
                Some(("Dockerfile", "y")),
            ),
            ("docker build -f $FILE .", None),
            ("docker buildx bake", None),
            ("docker push x", None),
        ];
        for (script, expected) in table {
            let found = of_script(Asker::Workflow, &place, script, &files);
            let found = found
                .first()
                .map(|request| (request.dockerfile.as_str(), request.tags[0].as_str()));
            assert_eq!(found, expected, "{script}");
        }
    }
}
