//! Bake files as a list of blocks.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use hcl::expr::TemplateExpr;
use hcl::{Body, Expression};

use super::place::{Place, line};

pub type Attributes = BTreeMap<String, Expression>;

/// A block: its kind, its label and its attributes.
pub type Block = (String, Option<String>, Attributes);

/// A Bake file.
#[derive(Clone, Debug)]
pub struct BakeFile {
    pub file: Utf8PathBuf,
    text: String,
    pub blocks: Vec<Block>,
}

impl BakeFile {
    /// Reads a text.
    ///
    /// # Errors
    /// A text that is neither HCL nor JSON.
    pub fn read(file: &Utf8Path, text: &str) -> Result<Self, String> {
        let blocks = if file.extension() == Some("json") {
            of_json(text)?
        } else {
            of_hcl(text)?
        };
        Ok(Self {
            file: file.to_owned(),
            text: text.to_owned(),
            blocks,
        })
    }

    /// Returns the place of a block.
    pub fn place(&self, kind: &str, label: &str) -> Place {
        let quoted = [format!("{kind} \"{label}\""), format!("\"{label}\"")];
        let mut quoted = quoted.iter();
        let at = quoted.find_map(|wanted| self.text.find(wanted.as_str()));
        Place::new(&self.file, at.map_or(1, |at| line(&self.text, at)))
    }

    /// Returns the labels of blocks of a kind.
    pub fn labels(&self, kind: &str) -> impl Iterator<Item = &str> {
        let of_kind = self.blocks.iter().filter(move |(own, ..)| own == kind);
        of_kind.filter_map(|(_, label, _)| label.as_deref())
    }
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
