//! Requests of Bake files.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use hcl::expr::TemplateExpr;
use hcl::{Body, Expression};

use super::place::{Place, line};
use super::request::{Asker, Request, find_dockerfile};
use super::values::{Names, Value};

/// The requests and groups of a Bake file.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub requests: Vec<Request>,
    /// Groups, each with its targets.
    pub groups: BTreeMap<String, Vec<String>>,
    /// Remarks on what could not be told, each with its place.
    pub passed: Vec<String>,
}

type Attributes = BTreeMap<String, Expression>;

/// A target before its parents are known.
struct Target {
    names: Names,
    attributes: Attributes,
}

/// Most targets that one matrix gives.
const MOST_OF_MATRIX: usize = 100;

/// Reads a Bake file.
///
/// # Errors
/// A text that is neither HCL nor JSON.
pub fn read(file: &Utf8Path, text: &str, files: &BTreeSet<Utf8PathBuf>) -> Result<Asked, String> {
    let blocks = if file.extension() == Some("json") {
        of_json(text)?
    } else {
        of_hcl(text)?
    };
    let mut asked = Asked::default();
    let names = names(&blocks);
    let mut targets: BTreeMap<String, Target> = BTreeMap::new();
    let mut order = Vec::new();
    let place = |kind: &str, name: &str| {
        let quoted = [format!("{kind} \"{name}\""), format!("\"{name}\"")];
        let at = quoted.iter().find_map(|wanted| text.find(wanted.as_str()));
        Place::new(file, at.map_or(1, |at| line(text, at)))
    };
    let mut declared: BTreeMap<String, Place> = BTreeMap::new();
    for (kind, label, attributes) in &blocks {
        let Some(label) = label else { continue };
        match kind.as_str() {
            "group" => {
                let members = attributes.get("targets").map(|list| names.value(list));
                if let Some(Ok(members)) = members {
                    asked
                        .groups
                        .insert(label.clone(), members.list().unwrap_or_default());
                }
            }
            "target" => match expanded(label, attributes, &names) {
                Ok(expanded) => {
                    for (name, target) in expanded {
                        declared.insert(name.clone(), place(kind, label));
                        order.push(name.clone());
                        targets.insert(name, target);
                    }
                }
                Err(why) => asked.passed.push(format!(
                    "{}: target {label} is not read: it needs {why}",
                    place(kind, label)
                )),
            },
            _ => {}
        }
    }
    order.dedup();
    let folder = file.parent().unwrap_or(Utf8Path::new(""));
    for name in order {
        if name.starts_with('_') {
            continue;
        }
        match request(&name, &targets, &declared[&name], folder, files) {
            Ok(Some(request)) => asked.requests.push(request),
            Ok(None) => {}
            Err(why) => asked.passed.push(format!(
                "{}: target {name} is not read: it needs {why}",
                declared[&name]
            )),
        }
    }
    Ok(asked)
}

fn request(
    name: &str,
    targets: &BTreeMap<String, Target>,
    place: &Place,
    folder: &Utf8Path,
    files: &BTreeSet<Utf8PathBuf>,
) -> Result<Option<Request>, String> {
    let mut all: BTreeMap<String, Value> = BTreeMap::new();
    inherited(name, targets, &mut all, 0)?;
    let text = |key: &str| {
        all.get(key)
            .and_then(Value::text)
            .filter(|text| !text.is_empty())
    };
    let list = |key: &str| all.get(key).and_then(Value::list).unwrap_or_default();
    let context = text("context").unwrap_or_else(|| ".".to_owned());
    // A remote context, or a Dockerfile in the file itself.
    if context.contains("://") || all.contains_key("dockerfile-inline") {
        return Ok(None);
    }
    let dockerfile = text("dockerfile");
    let found = find_dockerfile(
        files,
        &[Utf8Path::new(""), folder],
        &context,
        dockerfile.as_deref(),
    );
    let Some((context, dockerfile)) = found else {
        // Targets that others inherit from often name none.
        return Ok(None);
    };
    let args = match all.get("args") {
        Some(Value::Map(map)) => map
            .iter()
            .filter_map(|(key, value)| Some((key.clone(), value.text()?)))
            .collect(),
        _ => BTreeMap::new(),
    };
    Ok(Some(Request {
        asker: Asker::Bake,
        name: Some(name.to_owned()),
        place: place.clone(),
        context,
        dockerfile,
        target: text("target"),
        args,
        tags: list("tags"),
        named_at: None,
        platforms: list("platforms"),
        compose: None,
    }))
}

/// Collects the attributes of a target and of those that it inherits from.
fn inherited(
    name: &str,
    targets: &BTreeMap<String, Target>,
    all: &mut BTreeMap<String, Value>,
    depth: usize,
) -> Result<(), String> {
    let target = targets
        .get(name)
        .ok_or_else(|| format!("the target {name}"))?;
    if depth > 20 {
        return Err("targets that inherit from each other".to_owned());
    }
    let parents = match target.attributes.get("inherits") {
        Some(parents) => target.names.value(parents)?.list().unwrap_or_default(),
        None => Vec::new(),
    };
    for parent in parents {
        // Such as the file that docker/metadata-action writes.
        if targets.contains_key(&parent) {
            inherited(&parent, targets, all, depth + 1)?;
        }
    }
    for key in [
        "context",
        "dockerfile",
        "dockerfile-inline",
        "target",
        "args",
        "tags",
        "platforms",
    ] {
        let Some(expression) = target.attributes.get(key) else {
            continue;
        };
        let value = target.names.value(expression)?;
        match (all.get_mut(key), value) {
            (Some(Value::Map(old)), Value::Map(new)) => old.extend(new),
            (_, value) => {
                all.insert(key.to_owned(), value);
            }
        }
    }
    Ok(())
}

/// Returns the targets that a block stands for: one, or one for each entry of its matrix.
fn expanded(
    label: &str,
    attributes: &Attributes,
    names: &Names,
) -> Result<Vec<(String, Target)>, String> {
    let target = |names: Names| Target {
        names,
        attributes: attributes.clone(),
    };
    let Some(matrix) = attributes.get("matrix") else {
        return Ok(vec![(label.to_owned(), target(names.clone()))]);
    };
    let Value::Map(matrix) = names.value(matrix)? else {
        return Err("a matrix that is a table".to_owned());
    };
    let mut all = vec![names.clone()];
    for (key, values) in matrix {
        let Value::List(values) = values else {
            return Err("a matrix of lists".to_owned());
        };
        let with = |names: Names| {
            let key = &key;
            values.iter().map(move |value| {
                let mut names = names.clone();
                names.values.insert(key.clone(), value.clone());
                names
            })
        };
        all = all
            .into_iter()
            .flat_map(with)
            .take(MOST_OF_MATRIX)
            .collect();
    }
    let name = attributes.get("name").ok_or("a name for its matrix")?;
    all.into_iter()
        .map(|names| {
            let name = names.value(name)?.text().ok_or("a name that is text")?;
            Ok((name, target(names)))
        })
        .collect()
}

/// A block: its kind, its label and its attributes.
type Block = (String, Option<String>, Attributes);

fn names(blocks: &[Block]) -> Names {
    let mut names = Names::default();
    for (kind, label, attributes) in blocks {
        let Some(label) = label.clone() else { continue };
        match kind.as_str() {
            "function" => {
                let parameters = match attributes.get("params") {
                    Some(Expression::Array(items)) => items
                        .iter()
                        .filter_map(|item| match item {
                            Expression::Variable(name) => Some(name.as_str().to_owned()),
                            Expression::String(name) => Some(name.clone()),
                            _ => None,
                        })
                        .collect(),
                    _ => Vec::new(),
                };
                if let Some(result) = attributes.get("result") {
                    names.functions.insert(label, (parameters, result.clone()));
                }
            }
            "variable" => {
                // Bake takes one without a default from the environment, and it is empty without that.
                names.values.insert(label, Value::Null);
            }
            _ => {}
        }
    }
    // Defaults and attributes may name each other in any order.
    for _ in 0..3 {
        for (kind, label, attributes) in blocks {
            let (name, value) = match (kind.as_str(), label) {
                ("variable", Some(label)) => (label, attributes.get("default")),
                ("", Some(label)) => (label, attributes.get("")),
                _ => continue,
            };
            if let Some(Ok(value)) = value.map(|value| names.value(value)) {
                names.values.insert(name.clone(), value);
            }
        }
    }
    names
}

fn of_hcl(text: &str) -> Result<Vec<Block>, String> {
    let body: Body = hcl::parse(text).map_err(|error| first_line(&error.to_string()))?;
    let mut blocks = Vec::new();
    for attribute in body.attributes() {
        let value = Attributes::from([(String::new(), attribute.expr.clone())]);
        blocks.push((String::new(), Some(attribute.key.to_string()), value));
    }
    for block in body.blocks() {
        let label = block.labels.first().map(|label| label.as_str().to_owned());
        let attributes = block
            .body
            .attributes()
            .map(|attribute| (attribute.key.to_string(), attribute.expr.clone()));
        blocks.push((block.identifier.to_string(), label, attributes.collect()));
    }
    Ok(blocks)
}

fn of_json(text: &str) -> Result<Vec<Block>, String> {
    let root: serde_json::Value =
        serde_json::from_str(text).map_err(|error| first_line(&error.to_string()))?;
    let mut blocks = Vec::new();
    for (kind, labels) in root.as_object().into_iter().flatten() {
        for (label, body) in labels.as_object().into_iter().flatten() {
            let attributes = body.as_object().into_iter().flatten();
            let attributes = attributes.map(|(key, value)| (key.clone(), expression(value)));
            blocks.push((kind.clone(), Some(label.clone()), attributes.collect()));
        }
    }
    Ok(blocks)
}

fn expression(value: &serde_json::Value) -> Expression {
    match value {
        serde_json::Value::Null => Expression::Null,
        serde_json::Value::Bool(value) => Expression::Bool(*value),
        serde_json::Value::Number(number) => Expression::String(number.to_string()),
        serde_json::Value::String(text) if text.contains("${") => {
            Expression::from(TemplateExpr::QuotedString(text.clone()))
        }
        serde_json::Value::String(text) => Expression::String(text.clone()),
        serde_json::Value::Array(items) => {
            Expression::Array(items.iter().map(expression).collect())
        }
        serde_json::Value::Object(map) => Expression::Object(
            map.iter()
                .map(|(key, value)| (hcl::expr::ObjectKey::from(key.as_str()), expression(value)))
                .collect(),
        ),
    }
}

/// Returns the line of an error that says most.
fn first_line(error: &str) -> String {
    let mut lines = error.lines().filter(|line| !line.trim().is_empty());
    lines
        .next()
        .unwrap_or("it is not understood")
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

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
target "z" {
  inherits = ["x-a", "docker-metadata-action"]
  args = { B = "2" }
}
"#;

    #[test]
    fn a_bake_file_is_evaluated_and_may_end_anywhere() {
        let files = BTreeSet::from(["Dockerfile".into()]);
        for (end, _) in TEXT.char_indices() {
            let _ = read("docker-bake.hcl".into(), &TEXT[..end], &files);
        }
        let asked = read("docker-bake.hcl".into(), TEXT, &files).unwrap();
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
        let files = BTreeSet::from(["Dockerfile".into()]);
        let text = r#"{"variable": {"V": {"default": "1"}}, "target": {"x": {"tags": ["a:${V}"], "args": {"N": 2}}}}"#;
        let asked = read("bake.json".into(), text, &files).unwrap();
        assert_eq!(asked.requests[0].tags, ["a:1"]);
        assert_eq!(asked.requests[0].args["N"], "2");
        let text =
            "function \"f\" {\n  params = []\n  result = f()\n}\ntarget \"x\" { tags = f() }\n";
        let asked = read("bake.hcl".into(), text, &files).unwrap();
        assert_eq!(asked.passed.len(), 1, "{:?}", asked.passed);
    }
}
