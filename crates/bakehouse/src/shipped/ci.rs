//! Calls of Bake in workflows and scripts: the targets that they bake, with which values, and under which names.

use std::collections::{BTreeMap, BTreeSet};

use super::kinds::Kind;
use super::path::last;
use super::place::{Place, line};
use super::request::{Request, marked};
use super::shell;
use super::tree;
use super::walk::Text;
use super::workflow::{Context, environment, filled, listed, matrix};
use crate::packs::yaml::Node;

/// The target that docker/metadata-action fills if nobody names another.
const USUAL: &str = "docker-metadata-action";

/// The facts about a Bake file that workflows and scripts state.
#[derive(Clone, Debug, Default)]
pub struct Ci {
    /// The targets and groups that are baked.
    pub named: BTreeSet<String>,
    /// Values of variables.
    pub given: BTreeMap<String, String>,
    names: Vec<GivenNames>,
    sets: Vec<Set>,
}

/// The names that docker/metadata-action gives targets.
#[derive(Clone, Debug)]
struct GivenNames {
    targets: Vec<String>,
    images: Vec<String>,
    /// Its tags, if they are always the same.
    tags: Vec<String>,
    /// The Bake files of the job.
    files: Vec<String>,
    place: Place,
}

/// A call of Bake.
#[derive(Clone, Debug, Default)]
struct BakeCall {
    targets: Vec<String>,
    files: Vec<String>,
    /// The overrides, as for `docker buildx bake --set`.
    sets: Vec<String>,
}

impl Ci {
    /// Adds what a file says. `repository` is the repository's name, such as `acme/shop`.
    pub fn read(&mut self, text: &Text, repository: Option<&str>) {
        match text.kind {
            Kind::Workflow => {
                if let Ok(root) = tree::read(&text.text) {
                    self.workflow(text, &root, repository);
                }
            }
            Kind::Script => {
                let call = called(&text.text);
                self.set(&call.sets, &Place::new(&text.file, 1));
                self.named.extend(call.targets);
            }
            _ => {}
        }
    }

    fn workflow(&mut self, text: &Text, root: &Node, repository: Option<&str>) {
        let mut outer = Context::new();
        if let Some(repository) = repository {
            let owner = repository.split('/').next().unwrap_or_default();
            outer.insert("github.repository".to_owned(), repository.to_owned());
            outer.insert("github.repository_owner".to_owned(), owner.to_owned());
        }
        environment(root, &mut outer);
        let jobs = tree::get(root, "jobs").into_iter().flat_map(tree::entries);
        let jobs = jobs.map(|(_, job)| job).chain(tree::get(root, "runs"));
        for job in jobs {
            let mut context = outer.clone();
            environment(job, &mut context);
            for entry in matrix(job) {
                let mut context = context.clone();
                context.extend(entry);
                self.job(text, job, &context);
            }
        }
    }

    fn job(&mut self, text: &Text, job: &Node, context: &Context) {
        let steps = tree::get(job, "steps").map(tree::items).unwrap_or_default();
        let mut all = BakeCall::default();
        for step in steps {
            let uses = tree::text_of(step, "uses").unwrap_or_default();
            let script = tree::text_of(step, "run").map(|script| filled(script, context));
            let call = match script {
                Some(script) => called(&script),
                None if uses.contains("bake-action") => {
                    let with = tree::get(step, "with");
                    let part = |key: &str| {
                        let part = with.and_then(|with| tree::text_of(with, key));
                        let part = part.map(|part| listed(&filled(part, context)));
                        part.unwrap_or_default()
                            .into_iter()
                            .filter(|word| is_known(word))
                    };
                    BakeCall {
                        targets: part("targets").collect(),
                        files: part("files").collect(),
                        sets: {
                            let set = with.and_then(|with| tree::text_of(with, "set"));
                            let set = set.map(|set| filled(set, context)).unwrap_or_default();
                            set.lines().map(|line| line.trim().to_owned()).collect()
                        },
                    }
                }
                None => continue,
            };
            let bakes = uses.contains("bake-action") || !call.targets.is_empty();
            if bakes {
                let mut context = context.clone();
                environment(step, &mut context);
                for (name, value) in context {
                    let name = name.strip_prefix("env.").filter(|_| is_known(&value));
                    if let Some(name) = name {
                        self.given.entry(name.to_owned()).or_insert(value);
                    }
                }
            }
            let place = Place::new(&text.file, line(&text.text, step.span.start));
            self.set(&call.sets, &place);
            all.targets.extend(call.targets);
            all.files.extend(call.files);
        }
        for step in steps {
            let uses = tree::text_of(step, "uses").unwrap_or_default();
            let with = tree::get(step, "with").filter(|_| uses.contains("metadata-action"));
            let part = |key: &str| {
                let part = tree::text_of(with?, key)?;
                Some(filled(part, context))
            };
            let images = part("images")
                .map(|images| listed(&images))
                .unwrap_or_default();
            if images.is_empty() || !images.iter().all(|image| is_known(image)) {
                continue;
            }
            let mut targets: Vec<String> = Vec::from_iter(part("bake-target"));
            if targets.is_empty() {
                targets.push(USUAL.to_owned());
                // A job that bakes one target names that.
                if let [target] = &all.targets[..] {
                    targets.push(target.clone());
                }
            }
            self.names.push(GivenNames {
                targets,
                images,
                tags: match part("tags").and_then(|tags| fixed(&tags)) {
                    Some(tags) => tags,
                    None => {
                        let flavor = part("flavor").unwrap_or_default();
                        Vec::from_iter(flavored(&flavor))
                    }
                },
                files: all.files.clone(),
                place: Place::new(&text.file, line(&text.text, step.span.start)),
            });
        }
        self.named.extend(all.targets);
    }

    fn set(&mut self, sets: &[String], place: &Place) {
        let read = sets.iter().filter_map(|text| Set::read(text, place));
        self.sets.extend(read);
    }

    /// Gives a target what calls of Bake set and its file does not say. What they say otherwise is a remark.
    pub fn complete(&self, request: &mut Request) {
        let name = request.name.clone().unwrap_or_default();
        let own_platforms: BTreeSet<String> = request.platforms.iter().cloned().collect();
        let is_named = request.tags.iter().any(|tag| !tag.is_empty());
        for set in self.sets.iter().filter(|set| set.is_for(&name)) {
            let Some(bake) = &mut request.bake else {
                return;
            };
            let differs = match &set.key {
                SetKey::Platform => {
                    let mut platforms = set.value.split(',').map(str::to_owned);
                    if own_platforms.is_empty() {
                        request.platforms.extend(platforms);
                        request.platforms.sort();
                        request.platforms.dedup();
                        false
                    } else {
                        !platforms.all(|platform| own_platforms.contains(&platform))
                    }
                }
                SetKey::Argument(name) => match request.args.get(name) {
                    Some(own) if !own.is_empty() => *own != set.value,
                    _ => {
                        request.args.insert(name.clone(), set.value.clone());
                        false
                    }
                },
                SetKey::Other => true,
                SetKey::Tags if is_named => !request.tags.contains(&set.value),
                SetKey::Tags => {
                    request.tags.retain(|tag| !tag.is_empty());
                    bake.tags.retain(|tag| !tag.is_empty());
                    request.tags.push(set.value.clone());
                    bake.tags.push(set.value.clone());
                    request.named_at = Some(set.place.clone());
                    false
                }
            };
            if differs {
                bake.set
                    .push(format!("{}: `{}` is not proposed", set.place, set.text));
            }
        }
    }

    /// Gives a target that has no name the one that a workflow gives it. `over` are the files that are laid over others.
    pub fn name(&self, request: &mut Request, over: &BTreeSet<String>) {
        let Some(bake) = &mut request.bake else {
            return;
        };
        let is_named = |tag: &String| tag.contains('/') && !tag.starts_with(['/', ':']);
        if request.tags.iter().any(is_named) {
            return;
        }
        let own = request.name.iter().chain(&bake.parents);
        let own: BTreeSet<&String> = own.collect();
        let lays = |file: &String| over.iter().any(|over| last(file) == *over);
        let named = self.names.iter().find(|names| {
            let lain: Vec<&String> = names.files.iter().filter(|file| lays(file)).collect();
            let of_files = match &bake.overlay {
                Some(_) => {
                    let mut lain = lain.iter();
                    lain.any(|file| Some(last(file)) == request.place.file.file_name())
                }
                None => lain.is_empty(),
            };
            of_files && names.targets.iter().any(|target| own.contains(target))
        });
        let Some(names) = named else { return };
        let usual = vec![marked("")];
        let tags = if names.tags.is_empty() {
            &usual
        } else {
            &names.tags
        };
        request.tags.clone_from(&names.images);
        request.named_at = Some(names.place.clone());
        let tagged = |image: &String| {
            let image = image.clone();
            tags.iter().map(move |tag| format!("{image}:{tag}"))
        };
        bake.tags = names.images.iter().flat_map(tagged).collect();
    }
}

/// An override that a call of Bake has for targets.
#[derive(Clone, Debug)]
struct Set {
    /// The name of the targets, with `*` for anything.
    target: String,
    key: SetKey,
    value: String,
    text: String,
    place: Place,
}

/// A key that overrides change, and that says what an image is.
#[derive(Clone, Debug)]
enum SetKey {
    Platform,
    Argument(String),
    Tags,
    /// A key that is not read.
    Other,
}

/// The further keys that say what an image is.
const OTHERS: [&str; 6] = [
    "annotations",
    "context",
    "contexts",
    "dockerfile",
    "labels",
    "target",
];

impl Set {
    /// Reads `target.key=value`; none if the key does not say what an image is, or the value is not known.
    fn read(text: &str, place: &Place) -> Option<Self> {
        let (path, value) = text.split_once('=')?;
        let (target, key) = path.split_once('.')?;
        let key = match key.trim_end_matches('+') {
            "platform" | "platforms" => SetKey::Platform,
            "tags" => SetKey::Tags,
            other => match other.split_once('.') {
                Some(("args", name)) => SetKey::Argument(name.to_owned()),
                _ if OTHERS.contains(&other.split('.').next()?) => SetKey::Other,
                _ => return None,
            },
        };
        let known = is_known(value) && !value.contains(['$', '`']) && !value.is_empty();
        known.then(|| Self {
            target: target.to_owned(),
            key,
            value: value.to_owned(),
            text: text.to_owned(),
            place: place.clone(),
        })
    }

    fn is_for(&self, name: &str) -> bool {
        match self.target.split_once('*') {
            Some((start, end)) => {
                let rest = name.strip_prefix(start);
                rest.is_some_and(|rest| rest.ends_with(end))
            }
            None => self.target == name,
        }
    }
}

fn is_known(text: &str) -> bool {
    !text.contains("${{")
}

/// Returns the tag of a run with the beginning and end that docker/metadata-action gives it; none if it gives neither.
fn flavored(flavor: &str) -> Option<String> {
    let part = |key: &str| {
        let mut lines = flavor.lines().flat_map(|line| line.trim().split(','));
        let value = lines.find_map(|field| field.trim().strip_prefix(key))?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        (!value.is_empty() && value.chars().all(plain)).then(|| value.to_owned())
    };
    let (start, end) = (part("prefix="), part("suffix="));
    let either = start.is_some() || end.is_some();
    let (start, end) = (start.unwrap_or_default(), end.unwrap_or_default());
    either.then(|| format!("{start}{}{end}", marked("")))
}

/// Returns the tags of docker/metadata-action if they are always the same.
fn fixed(tags: &str) -> Option<Vec<String>> {
    let tag = |line: &str| {
        let mut fields = line.split(',');
        let value = match fields.next()? {
            "type=raw" => fields.next()?.strip_prefix("value=")?,
            value if !value.contains('=') => value,
            _ => return None,
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        (fields.next().is_none() && value.chars().all(plain)).then(|| value.to_owned())
    };
    tags.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(tag)
        .collect()
}

/// Returns what a script bakes.
fn called(script: &str) -> BakeCall {
    const WITH_VALUE: [&str; 12] = [
        "-f",
        "--file",
        "--set",
        "--builder",
        "--metadata-file",
        "--progress",
        "--allow",
        "--call",
        "--provenance",
        "--sbom",
        "--list",
        "--var",
    ];
    let mut all = BakeCall::default();
    for command in shell::commands(script) {
        let mut words = command.iter().map(|word| word.text.as_str());
        if !words.any(|word| last(word) == "docker") {
            continue;
        }
        let next = words.next();
        let next = if next == Some("buildx") {
            words.next()
        } else {
            next
        };
        if next != Some("bake") {
            continue;
        }
        while let Some(word) = words.next() {
            if WITH_VALUE.contains(&word) {
                let value = words.next().unwrap_or_default().to_owned();
                match word {
                    "-f" | "--file" => all.files.push(value),
                    "--set" => all.sets.push(value),
                    _ => {}
                }
            } else if let Some(set) = word.strip_prefix("--set=") {
                all.sets.push(set.to_owned());
            } else if let Some(file) = word.strip_prefix("--file=") {
                all.files.push(file.to_owned());
            } else if !word.starts_with('-') && !word.contains(['$', '{', '>']) {
                all.targets.push(word.to_owned());
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_found_in_calls_of_bake() {
        let table: &[(&str, &[&str], &[&str])] = &[
            (
                "docker buildx bake -f deploy/docker-bake.hcl --load server ort",
                &["server", "ort"],
                &["deploy/docker-bake.hcl"],
            ),
            ("sudo docker bake --set '*.platform=x' api", &["api"], &[]),
            ("docker buildx bake $TARGETS", &[], &[]),
            ("docker build -t bake .", &[], &[]),
        ];
        for (script, targets, files) in table {
            let call = called(script);
            assert_eq!(
                (&call.targets[..], &call.files[..]),
                (
                    &targets.iter().map(ToString::to_string).collect::<Vec<_>>()[..],
                    &files.iter().map(ToString::to_string).collect::<Vec<_>>()[..],
                ),
                "{script}"
            );
        }
    }

    #[test]
    fn tags_are_fixed_only_if_nothing_decides_about_them() {
        let table = [
            ("type=raw,value=nightly\n", Some(vec!["nightly".to_owned()])),
            ("latest\n", Some(vec!["latest".to_owned()])),
            ("type=raw,value=latest,enable={{is_default_branch}}\n", None),
            ("type=semver,pattern={{version}}\n", None),
            ("type=raw,value=${{ inputs.tag }}\n", None),
        ];
        for (tags, expected) in table {
            assert_eq!(fixed(tags), expected, "{tags}");
        }
    }
}
