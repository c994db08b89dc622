//! Values in YAML files, by key.

use crate::packs::yaml::{Node, Value, parse};

/// Reads a file.
///
/// # Errors
/// The first mistake of a text that is not YAML.
pub fn read(text: &str) -> Result<Node, String> {
    let (root, mistakes) = parse(text);
    root.ok_or_else(|| {
        let mistake = mistakes.into_iter().next();
        mistake.map_or_else(|| "it is empty".to_owned(), |mistake| mistake.message)
    })
}

pub fn get<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    entries(node)
        .find(|(name, _)| *name == key)
        .map(|(_, node)| node)
}

/// Returns the entries of a map, each with the offset of its key.
pub fn placed(node: &Node) -> impl Iterator<Item = (&str, usize, &Node)> {
    let entries = match &node.value {
        Value::Map(entries) => &entries[..],
        _ => &[],
    };
    entries
        .iter()
        .map(|(key, node)| (key.text.as_str(), key.span.start, node))
}

pub fn entries(node: &Node) -> impl Iterator<Item = (&str, &Node)> {
    placed(node).map(|(key, _, node)| (key, node))
}

pub fn items(node: &Node) -> &[Node] {
    match &node.value {
        Value::List(items) => items,
        _ => &[],
    }
}

pub fn text(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar { text, .. } if !node.value.is_null() => Some(text),
        _ => None,
    }
}

pub fn text_of<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    text(get(node, key)?)
}
