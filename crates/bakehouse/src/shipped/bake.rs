//! Requests of Bake files.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use hcl::Expression;

use super::bake_file::{Attributes, BakeFile, Block};
use super::bake_names::{attributes, defaults, expanded, names};
use super::bake_variables::{Named, Used};
use super::place::Place;
use super::request::{Asker, NamedContext, OfBake, Request, find_dockerfile, marked};
use super::values::{Names, Value};

/// The requests and groups of a Bake file.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub requests: Vec<Request>,
    /// Groups, each with its place and targets.
    pub groups: BTreeMap<String, (Place, Vec<String>)>,
    /// Remarks on what could not be told, each with its place.
    pub passed: Vec<String>,
}

/// The facts beside a Bake file.
#[derive(Clone, Debug)]
pub struct Around<'a> {
    /// All files of the repository.
    pub files: &'a BTreeSet<Utf8PathBuf>,
    /// The targets that workflows and scripts bake.
    pub named: BTreeSet<String>,
    /// Values of variables that workflows bake with.
    pub given: BTreeMap<String, String>,
}

/// A target before its parents are known.
struct Target {
    names: Names,
    /// Its attributes in each file that has it.
    layers: Vec<Attributes>,
    place: Place,
}

/// All targets of a Bake file.
struct Targets<'a> {
    all: BTreeMap<String, Target>,
    /// The defaults of variables that are text.
    defaults: BTreeMap<String, String>,
    /// The names of all variables.
    variables: BTreeSet<String>,
    /// The attributes outside of blocks.
    attributes: BTreeMap<String, Expression>,
    /// The targets of the group `default`, if there is one.
    default: Option<BTreeSet<String>>,
    folder: &'a Utf8Path,
    files: &'a BTreeSet<Utf8PathBuf>,
}

/// Most targets that inherit from each other, or are contexts of each other.
const DEEPEST: usize = 20;
/// Keys of targets that `bakehouse.toml` says otherwise, or not at all.
const UNSAID: [&str; 9] = [
    "annotations",
    "attest",
    "entitlements",
    "extra-hosts",
    "network",
    "secret",
    "shm-size",
    "ssh",
    "ulimits",
];
/// The names that docker/metadata-action writes targets under begin with this.
const METADATA: &str = "docker-metadata";

/// Reads a Bake file, with others laid over it.
pub fn read(layers: &[&BakeFile], around: &Around<'_>) -> Asked {
    let mut asked = Asked::default();
    let blocks: Vec<&Block> = layers.iter().flat_map(|layer| &layer.blocks).collect();
    let names = names(&blocks, &around.given);
    let folder = layers.first().and_then(|layer| layer.file.parent());
    let mut targets = Targets {
        all: BTreeMap::new(),
        defaults: defaults(&blocks, &names),
        variables: layers
            .iter()
            .flat_map(|layer| layer.labels("variable"))
            .map(str::to_owned)
            .collect(),
        attributes: attributes(&blocks),
        default: None,
        folder: folder.unwrap_or(Utf8Path::new("")),
        files: around.files,
    };
    let mut order = Vec::new();
    for layer in layers {
        for (kind, label, attributes) in &layer.blocks {
            let Some(label) = label else { continue };
            let place = || layer.place(kind, label);
            match kind.as_str() {
                "group" => {
                    let members = attributes.get("targets").map(|list| names.value(list));
                    if let Some(Ok(members)) = members {
                        let members = members.list().unwrap_or_default();
                        asked.groups.insert(label.clone(), (place(), members));
                    }
                }
                "target" => match expanded(label, attributes, &names) {
                    Ok(expanded) => {
                        if attributes.contains_key("matrix") {
                            let members = expanded.iter().map(|(name, _)| name.clone());
                            let group = (place(), members.collect());
                            asked.groups.entry(label.clone()).or_insert(group);
                        }
                        for (name, names) in expanded {
                            if !targets.all.contains_key(&name) {
                                order.push(name.clone());
                            }
                            let target = targets.all.entry(name).or_insert_with(|| Target {
                                names,
                                layers: Vec::new(),
                                place: place(),
                            });
                            target.layers.push(attributes.clone());
                            target.place = place();
                        }
                    }
                    Err(why) => asked.passed.push(format!(
                        "{}: target {label} is not read: it needs {why}",
                        place()
                    )),
                },
                _ => {}
            }
        }
    }
    let is_target = targets.all.contains_key("default");
    targets.default = (is_target || asked.groups.contains_key("default")).then(|| {
        let mut members = BTreeSet::new();
        collect(&asked.groups, "default", &mut members);
        // A group comes before a target of its name.
        if members.is_empty() {
            members.insert("default".to_owned());
        }
        members
    });
    let groups = asked.groups.values();
    let mut named: BTreeSet<String> = groups.flat_map(|(_, members)| members.clone()).collect();
    named.extend(around.named.iter().cloned());
    let helpers = targets.helpers(&named);
    order.retain(|name| !helpers.contains(name));
    for name in &order {
        match targets.request(name, 0) {
            Ok(mut request) => {
                let shorter = |other: &&String| continued(other, name).is_some();
                if let Some(bake) = &mut request.bake {
                    bake.continues = order.iter().filter(shorter).count();
                }
                asked.requests.push(request);
            }
            Err(why) => {
                let place = &targets.all[name].place;
                asked
                    .passed
                    .push(format!("{place}: target {name} is not read: {why}"));
            }
        }
    }
    asked
}

/// Returns the word by which a target's name continues another one: `heap` of `api-heap`.
pub fn continued<'a>(shorter: &str, name: &'a str) -> Option<&'a str> {
    let rest = name.strip_prefix(shorter)?;
    rest.strip_prefix(['-', '_'])
        .filter(|word| !word.is_empty())
}

/// Collects the targets of a group, and of groups in it.
fn collect(
    groups: &BTreeMap<String, (Place, Vec<String>)>,
    group: &str,
    found: &mut BTreeSet<String>,
) {
    for member in groups
        .get(group)
        .into_iter()
        .flat_map(|(_, members)| members)
    {
        if found.insert(member.clone()) && member != group {
            collect(groups, member, found);
        }
    }
}

impl Targets<'_> {
    /// Returns the targets that give something to others and are no images: those that others inherit or take files
    /// from, and that nobody names. One with tags is an image as long as none that inherits from it has the same.
    fn helpers(&self, named: &BTreeSet<String>) -> BTreeSet<String> {
        let mut heirs: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let mut sources = BTreeSet::new();
        for (name, target) in &self.all {
            for parent in target.parents().unwrap_or_default() {
                heirs.entry(parent).or_default().push(name);
            }
            for contexts in target.values("contexts") {
                let Ok(Value::Map(contexts)) = contexts else {
                    continue;
                };
                let contexts = contexts.values().filter_map(Value::text);
                sources.extend(
                    contexts
                        .filter_map(|context| Some(context.strip_prefix("target:")?.to_owned())),
                );
            }
        }
        let has_tags = |name: &str| {
            let mut all = BTreeMap::new();
            let read = self.inherited(name, &["tags"], &BTreeMap::new(), &mut all, 0);
            let tags = all.get("tags").and_then(Value::list).unwrap_or_default();
            read.is_err() || tags.iter().any(|tag| !tag.is_empty())
        };
        let is_helper = |name: &String| {
            let heirs = heirs.get(name);
            if name.starts_with('_') || name.starts_with(METADATA) {
                return true;
            }
            if named.contains(name) || (heirs.is_none() && !sources.contains(name)) {
                return false;
            }
            let mut heirs = heirs.into_iter().flatten();
            let own = |heir: &&str| {
                let mut layers = self.all[*heir].layers.iter();
                layers.any(|layer| layer.contains_key("tags"))
            };
            !has_tags(name) || !heirs.all(own)
        };
        self.all
            .keys()
            .filter(|name| is_helper(name))
            .cloned()
            .collect()
    }

    fn request(&self, name: &str, depth: usize) -> Result<Request, String> {
        const KEYS: [&str; 10] = [
            "context",
            "contexts",
            "dockerfile",
            "dockerfile-inline",
            "target",
            "args",
            "tags",
            "platforms",
            "output",
            "labels",
        ];
        let target = &self.all[name];
        let read = |keys: &[&str]| {
            let mut all: BTreeMap<String, Value> = BTreeMap::new();
            self.inherited(name, keys, &BTreeMap::new(), &mut all, 0)
                .map(|()| all)
        };
        let all = read(&KEYS).map_err(|why| format!("it needs {why}"))?;
        let text = |key: &str| {
            all.get(key)
                .and_then(Value::text)
                .filter(|text| !text.is_empty())
        };
        let list = |key: &str| all.get(key).and_then(Value::list).unwrap_or_default();
        let map = |key: &str| texts(all.get(key));
        let context = text("context").unwrap_or_else(|| ".".to_owned());
        if context.contains("://") {
            return Err(format!("its context is {context}"));
        }
        if all.contains_key("dockerfile-inline") {
            return Err("its Dockerfile is in the Bake file: give it a file of its own".to_owned());
        }
        let dockerfile = text("dockerfile");
        let folders = [Utf8Path::new(""), self.folder];
        let found = find_dockerfile(self.files, &folders, &context, dockerfile.as_deref());
        let (context, dockerfile) = found.ok_or_else(|| {
            let dockerfile = dockerfile.as_deref().unwrap_or("Dockerfile");
            format!("there is no {dockerfile} in {context}")
        })?;
        let mut decided = BTreeMap::new();
        let mut with_variables = |key: &'static str| {
            let told = self.with_variables(name, key);
            if !told.decided.is_empty() {
                decided.insert(key, told.decided);
            }
            (told.value, told.defaults)
        };
        let (args, _) = with_variables("args");
        let is_variable = |text: &String| {
            let name = text.strip_prefix('\u{1}')?.strip_suffix('\u{2}')?;
            (!name.contains('\u{1}')).then(|| name.to_owned())
        };
        let variables = texts(args.as_ref()).into_iter();
        let variables = variables.filter_map(|(key, text)| Some((key, is_variable(&text)?)));
        let (tags, of_tags) = with_variables("tags");
        let (labels, _) = with_variables("labels");
        for key in ["output", "platforms", "target"] {
            let mut used = self.used(name, key);
            // The generated file has a variable of this name for the same.
            if key == "platforms" {
                used.remove("PLATFORMS");
            }
            if !used.is_empty() {
                decided.insert(key, used);
            }
        }
        let tags = tags.as_ref().and_then(Value::list).unwrap_or_default();
        let mut parents = BTreeSet::new();
        self.ancestors(name, &mut parents);
        let used = tags.iter().flat_map(|tag| super::request::variables(tag));
        let defaults = used
            .filter_map(|name| Some((name.to_owned(), of_tags.get(name)?.clone())))
            .collect();
        let unsaid = UNSAID.into_iter().filter(|key| {
            let value = self.inherited_value(name, key, &BTreeMap::new());
            !matches!(value, None | Some(Value::Null)) && value != Some(Value::List(Vec::new()))
        });
        Ok(Request {
            name: Some(name.to_owned()),
            context,
            target: text("target"),
            target_untold: false,
            args: map("args"),
            tags: list("tags"),
            platforms: list("platforms"),
            bake: Some(OfBake {
                tags,
                labels: texts(labels.as_ref()),
                outputs: list("output"),
                variables: variables.collect(),
                default: self.default.as_ref().map(|default| default.contains(name)),
                parents,
                contexts: self.contexts(target, map("contexts"), depth),
                overlay: None,
                continues: 0,
                defaults,
                unsaid: unsaid.collect(),
                set: Vec::new(),
                decided,
            }),
            ..Request::new(Asker::Bake, target.place.clone(), dockerfile)
        })
    }

    /// Returns what the names in a Dockerfile stand for. Folders have no stages.
    fn contexts(
        &self,
        target: &Target,
        contexts: BTreeMap<String, String>,
        depth: usize,
    ) -> BTreeMap<String, NamedContext> {
        let context = |text: &str| {
            if let Some(image) = text.strip_prefix("docker-image://") {
                return Some(NamedContext::Image(image.to_owned(), target.place.clone()));
            }
            let other = text.strip_prefix("target:")?;
            let known = depth < DEEPEST && self.all.contains_key(other);
            let request = known.then(|| self.request(other, depth + 1))?;
            request
                .ok()
                .map(|request| NamedContext::Target(Box::new(request)))
        };
        let contexts = contexts.into_iter();
        contexts
            .filter_map(|(name, text)| Some((name, context(&text)?)))
            .collect()
    }

    /// Returns a value with the variables in it as [`marked`] that stand in it. The others decide about it.
    fn with_variables(&self, name: &str, key: &'static str) -> Told {
        let read = |given: &BTreeMap<String, Value>| self.inherited_value(name, key, given);
        let mut told = Told {
            defaults: self.defaults.clone(),
            ..Told::default()
        };
        let mut given = BTreeMap::new();
        let Some(plain) = read(&given) else {
            return told;
        };
        let mut value = plain.clone();
        for variable in self.defaults.keys() {
            let before = given.clone();
            given.insert(variable.clone(), Value::Text(marked(variable)));
            let Some(found) = read(&given).filter(|found| *found != value) else {
                given = before;
                continue;
            };
            let back = |names: &BTreeMap<String, Value>| {
                found.replaced(&|text| {
                    let names = names.keys();
                    names.fold(text.to_owned(), |text, name| {
                        text.replace(&marked(name), &told.defaults[name])
                    })
                })
            };
            if back(&given) == plain {
                value = found;
            } else if let Some(default) =
                stands_for(&back(&before), &plain, variable, &self.defaults[variable])
            {
                told.defaults.insert(variable.clone(), default);
                value = found;
            } else {
                given = before;
            }
        }
        let mut standing = BTreeSet::new();
        value.each_text(&mut |text| {
            standing.extend(super::request::variables(text).map(str::to_owned));
        });
        let used = self.names_in(name, key);
        let others = used.all.difference(&standing).chain(&used.deciding);
        let others = others.filter(|name| self.variables.contains(*name));
        told.decided = others.cloned().collect();
        told.value = Some(value);
        told
    }

    /// Returns the variables that a key of a target names.
    fn used(&self, name: &str, key: &str) -> BTreeSet<String> {
        let used = self.names_in(name, key).all;
        used.intersection(&self.variables).cloned().collect()
    }

    /// Returns the names in a key of a target.
    fn names_in(&self, name: &str, key: &str) -> Used {
        let mut parts = Vec::new();
        self.parts(name, key, &mut parts, 0);
        let mut used = Used::default();
        for part in parts {
            let named = Named {
                names: part.names,
                attributes: &self.attributes,
            };
            named.add(part.value, &mut used);
        }
        used
    }

    /// Collects the expressions that the value of a key is made of: tables are laid over each other row by row, and
    /// others replaced.
    fn parts<'t>(&'t self, name: &str, key: &str, parts: &mut Vec<Part<'t>>, depth: usize) {
        let Some(target) = self.all.get(name).filter(|_| depth <= DEEPEST) else {
            return;
        };
        for parent in target.parents().unwrap_or_default() {
            self.parts(&parent, key, parts, depth + 1);
        }
        let names = &target.names;
        for value in target.layers.iter().filter_map(|layer| layer.get(key)) {
            let Expression::Object(rows) = value else {
                if !["args", "labels"].contains(&key) {
                    parts.clear();
                }
                parts.push(Part {
                    row: None,
                    value,
                    names,
                });
                continue;
            };
            for (row, value) in rows {
                let row = Some(row.to_string().trim_matches('"').to_owned());
                parts.retain(|part| part.row != row);
                parts.push(Part { row, value, names });
            }
        }
    }

    /// Returns the value of a key of a target; none if it has none, or one that is not known. `given` are other values of
    /// variables.
    fn inherited_value(
        &self,
        name: &str,
        key: &str,
        given: &BTreeMap<String, Value>,
    ) -> Option<Value> {
        let mut all = BTreeMap::new();
        self.inherited(name, &[key], given, &mut all, 0).ok()?;
        all.remove(key)
    }

    fn ancestors(&self, name: &str, found: &mut BTreeSet<String>) {
        let parents = self
            .all
            .get(name)
            .map(|target| target.parents().unwrap_or_default());
        for parent in parents.into_iter().flatten() {
            if found.insert(parent.clone()) {
                self.ancestors(&parent, found);
            }
        }
    }

    /// Collects attributes of a target and of those that it inherits from. `given` are other values of variables.
    fn inherited(
        &self,
        name: &str,
        keys: &[&str],
        given: &BTreeMap<String, Value>,
        all: &mut BTreeMap<String, Value>,
        depth: usize,
    ) -> Result<(), String> {
        let target = self
            .all
            .get(name)
            .ok_or_else(|| format!("the target {name}"))?;
        if depth > DEEPEST {
            return Err("targets that inherit from each other".to_owned());
        }
        for parent in target.parents()? {
            // Such as the file that docker/metadata-action writes.
            if self.all.contains_key(&parent) {
                let mut inherited = BTreeMap::new();
                self.inherited(&parent, keys, given, &mut inherited, depth + 1)?;
                for (key, value) in inherited {
                    // As Bake has it: only a target's own empty list takes outputs away.
                    let keeps = key == "output" && value == Value::List(Vec::new());
                    if !keeps {
                        merge(all, key, value);
                    }
                }
            }
        }
        let mut names = None;
        for layer in &target.layers {
            for key in keys {
                let Some(expression) = layer.get(*key) else {
                    continue;
                };
                let names = names.get_or_insert_with(|| {
                    let mut names = target.names.clone();
                    names.values.extend(given.clone());
                    names
                });
                let value = names.value(expression)?;
                merge(all, (*key).to_owned(), value);
            }
        }
        Ok(())
    }
}

/// Adds the rows of a map to those that are there; another value takes the place of the old one.
fn merge(all: &mut BTreeMap<String, Value>, key: String, value: Value) {
    match (all.get_mut(&key), value) {
        (Some(Value::Map(old)), Value::Map(new)) => old.extend(new),
        (_, value) => {
            all.insert(key, value);
        }
    }
}

/// An expression that is a value, or a row of it.
struct Part<'t> {
    row: Option<String>,
    value: &'t Expression,
    names: &'t Names,
}

/// A value with the variables that stand in it.
#[derive(Default)]
struct Told {
    value: Option<Value>,
    /// The defaults of variables.
    defaults: BTreeMap<String, String>,
    /// The variables that decide about the value in another way.
    decided: BTreeSet<String>,
}

/// Returns the default that a variable would need for `found` to be `plain`: a variable may have another value if it is
/// empty, or be a list.
fn stands_for(found: &Value, plain: &Value, variable: &str, default: &str) -> Option<String> {
    let (found, plain) = (found.list()?, plain.list()?);
    let mark = marked(variable);
    let split = |text: &String| -> Vec<String> {
        let parts = default.split(',').map(str::trim);
        let each = |part: &str| text.replace(&mark, part);
        match text.contains(&mark) {
            true => parts.map(each).collect(),
            false => vec![text.clone()],
        }
    };
    if default.contains(',') && found.iter().flat_map(split).eq(plain.iter().cloned()) {
        return Some(default.to_owned());
    }
    if !default.is_empty() {
        return None;
    }
    let mut needed: Option<&str> = None;
    for (found, plain) in found.iter().zip(&plain) {
        let Some((start, end)) = found.split_once(&mark) else {
            if found != plain {
                return None;
            }
            continue;
        };
        let own = plain.strip_prefix(start)?.strip_suffix(end)?;
        if own.is_empty() || needed.is_some_and(|needed| needed != own) {
            return None;
        }
        needed = Some(own);
    }
    needed
        .filter(|_| found.len() == plain.len())
        .map(str::to_owned)
}

impl Target {
    /// Returns the values of a key in each file that has it.
    fn values(&self, key: &str) -> impl Iterator<Item = Result<Value, String>> {
        let layers = self.layers.iter().filter_map(move |layer| layer.get(key));
        layers.map(|expression| self.names.value(expression))
    }

    fn parents(&self) -> Result<Vec<String>, String> {
        let last = self.values("inherits").last().transpose()?;
        Ok(last.and_then(|list| list.list()).unwrap_or_default())
    }
}

/// Returns a table of texts.
fn texts(value: Option<&Value>) -> BTreeMap<String, String> {
    let Some(Value::Map(map)) = value else {
        return BTreeMap::new();
    };
    map.iter()
        .filter(|(_, value)| **value != Value::Null)
        .filter_map(|(key, value)| Some((key.clone(), value.text()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::request::variables;
    use super::*;

    fn ask(file: &str, text: &str) -> Option<Asked> {
        let files = BTreeSet::from(["Dockerfile".into()]);
        let file = BakeFile::read(file.into(), text).ok()?;
        let around = Around {
            files: &files,
            named: BTreeSet::new(),
            given: BTreeMap::new(),
        };
        Some(read(&[&file], &around))
    }

    const TEXT: &str = r#"variable "V" { default = "é" }
variable "EMPTY" {}
function "f" {
  params = [a, b]
  result = V == "é" && a != b ? ["${a}/${lower(b)}:1"] : []
}
target "x" {
  matrix = { item = [{ n = "a", t = "A" }, { n = "b", t = "B" }] }
  name = "x-${item.n}"
  tags = concat(f("r/ä", item.t), ["${EMPTY}/y"])
  args = { A = "1", B = item["n"] }
}
group "all" { targets = ["x-a", "x-b", "z"] }
target "z" {
  inherits = ["x-a", "docker-metadata-action"]
  args = { B = "2" }
}
"#;

    #[test]
    fn a_bake_file_is_evaluated_and_may_end_anywhere() {
        for (end, _) in TEXT.char_indices() {
            let _ = ask("docker-bake.hcl", &TEXT[..end]);
        }
        let asked = ask("docker-bake.hcl", TEXT).unwrap();
        let found: Vec<(&str, &[String], &str)> = asked
            .requests
            .iter()
            .map(|request| {
                let name = request.name.as_deref().unwrap();
                (name, &request.tags[..], request.args["B"].as_str())
            })
            .collect();
        let a = ["r/ä/a:1".to_owned(), "/y".to_owned()];
        let b = ["r/ä/b:1".to_owned(), "/y".to_owned()];
        assert_eq!(
            found,
            [
                ("x-a", &a[..], "a"),
                ("x-b", &b[..], "b"),
                ("z", &a[..], "2")
            ]
        );
    }

    #[test]
    fn json_says_the_same_and_functions_that_call_each_other_end() {
        let text = r#"{"variable": {"V": {"default": "1"}}, "target": {"x": {"tags": ["a:${V}"], "args": {"N": 2}}}}"#;
        let asked = ask("bake.json", text).unwrap();
        assert_eq!(asked.requests[0].tags, ["a:1"]);
        assert_eq!(asked.requests[0].args["N"], "2");
        let text =
            "function \"f\" {\n  params = []\n  result = f()\n}\ntarget \"x\" { tags = f() }\n";
        let asked = ask("bake.hcl", text).unwrap();
        assert_eq!(asked.passed.len(), 1, "{:?}", asked.passed);
    }

    /// Bake file → its requests.
    type Row = (&'static str, &'static [&'static str]);

    #[test]
    fn a_target_that_gives_something_to_others_is_a_request_only_if_it_is_one() {
        let table: &[Row] = &[
            (
                "target \"docker-metadata\" {}\ntarget \"api\" { inherits = [\"_c\", \"docker-metadata\"] }\ntarget \"_c\" {}\n",
                &["api"],
            ),
            (
                "target \"docker-metadata-action\" { tags = [\"a/b:1\"] }\ntarget \"api\" { inherits = [\"docker-metadata-action\"] }\n",
                &["api"],
            ),
            (
                "target \"rust\" { dockerfile = \"Dockerfile\" }\ntarget \"api\" { inherits = [\"rust\"] }\n",
                &["api"],
            ),
            (
                "target \"api\" { tags = [\"a\"] }\ntarget \"api-debug\" {\n  inherits = [\"api\"]\n  tags = [\"b\"]\n}\n",
                &["api", "api-debug"],
            ),
            (
                "group \"all\" { targets = [\"api\"] }\ntarget \"api\" {}\ntarget \"debug\" { inherits = [\"api\"] }\n",
                &["api", "debug"],
            ),
            (
                "target \"builder\" {}\ntarget \"api\" { contexts = { x = \"target:builder\" } }\n",
                &["api"],
            ),
        ];
        for (text, expected) in table {
            let asked = ask("docker-bake.hcl", text).unwrap();
            let found: Vec<&str> = asked
                .requests
                .iter()
                .filter_map(|request| request.name.as_deref())
                .collect();
            assert_eq!(found, *expected, "{text}");
        }
    }

    /// Tags → variables in them.
    type Tags = (&'static str, &'static [&'static str]);

    #[test]
    fn variables_are_told_that_only_stand_in_a_tag() {
        let table: &[Tags] = &[
            ("[\"a:${TAG}-x\"]", &["TAG"]),
            ("[\"a:x\", \"a:${TAG}\"]", &["TAG"]),
            ("[TAG == \"dev\" ? \"a:x\" : \"a:y\"]", &[]),
            ("[\"a:${replace(TAG, \"d\", \"D\")}\"]", &[]),
            ("EMPTY == \"\" ? [] : [\"a:${EMPTY}\"]", &[]),
            (
                "[for t in [\"x\", TAG] : \"a:${t}\" if t != \"x\"]",
                &["TAG"],
            ),
        ];
        for (tags, expected) in table {
            let text = format!(
                "variable \"TAG\" {{ default = \"dev\" }}\nvariable \"EMPTY\" {{}}\ntarget \"x\" {{ tags = {tags} }}\n"
            );
            let asked = ask("docker-bake.hcl", &text).unwrap();
            assert_eq!(asked.passed, [""; 0], "{tags}");
            let bake = asked.requests[0].bake.as_ref().unwrap();
            let found: Vec<&str> = bake.tags.iter().flat_map(|tag| variables(tag)).collect();
            assert_eq!(found, *expected, "{tags}");
        }
    }
}
