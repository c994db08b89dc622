//! The variables, functions and matrices of Bake files.

use std::collections::BTreeMap;

use hcl::Expression;

use super::bake_file::{Attributes, Block};
use super::values::{Names, Value};

/// Most targets that one matrix gives.
const MOST_OF_MATRIX: usize = 100;

/// Returns the targets that a block stands for: one, or one for each entry of its matrix. Each has its own names.
pub fn expanded(
    label: &str,
    attributes: &Attributes,
    names: &Names,
) -> Result<Vec<(String, Names)>, String> {
    let Some(matrix) = attributes.get("matrix") else {
        return Ok(vec![(label.to_owned(), names.clone())]);
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
            Ok((name, names))
        })
        .collect()
}

/// Returns the variables and functions of a file. `given` are the values of variables that are empty without them.
pub fn names(blocks: &[&Block], given: &BTreeMap<String, String>) -> Names {
    let mut names = Names::default();
    // Bake's own.
    let own = [("BAKE_LOCAL_PLATFORM", ""), ("BAKE_CMD_CONTEXT", ".")];
    let own = own.map(|(name, value)| (name.to_owned(), Value::Text(value.to_owned())));
    names.values.extend(own);
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
            let value = match value.map(|value| names.value(value)) {
                Some(Ok(value)) => value,
                None if kind == "variable" => Value::Null,
                _ => continue,
            };
            let is_empty = value.text().is_some_and(|text| text.is_empty());
            let given = given.get(name).filter(|_| is_empty && kind == "variable");
            let value = given.map_or(value, |given| Value::Text(given.clone()));
            names.values.insert(name.clone(), value);
        }
    }
    names
}

/// Returns the attributes of a file that are in no block.
pub fn attributes(blocks: &[&Block]) -> BTreeMap<String, Expression> {
    let outside = blocks.iter().filter(|(kind, ..)| kind.is_empty());
    outside
        .filter_map(|(_, label, value)| Some((label.clone()?, value.get("")?.clone())))
        .collect()
}

/// Returns the defaults of variables that are text.
pub fn defaults(blocks: &[&Block], names: &Names) -> BTreeMap<String, String> {
    let variables = blocks.iter().filter(|(kind, ..)| kind == "variable");
    let default = |label: &Option<String>| {
        let label = label.clone()?;
        match names.values.get(&label)? {
            Value::Text(text) => Some((label, text.clone())),
            Value::Null => Some((label, String::new())),
            _ => None,
        }
    };
    variables
        .filter_map(|(_, label, _)| default(label))
        .collect()
}
