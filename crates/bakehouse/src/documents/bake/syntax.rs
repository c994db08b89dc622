//! HCL for Bake files: parsed expressions, quoted texts, and blocks formatted as a person writes them.

use hcl::expr::{ObjectKey, TemplateExpr, Variable};
use hcl::format::{Format, Formatter};
use hcl::{Attribute, Block, Expression, Structure};

/// The longest line for a group or an object.
const WIDTH: usize = 120;

/// A block with a comment above it, which may be empty.
pub struct Noted {
    pub comment: String,
    pub block: Block,
}

impl Noted {
    pub fn new(comment: impl Into<String>, block: Block) -> Self {
        Self {
            comment: comment.into(),
            block,
        }
    }

    /// Returns the text, with an empty line before it.
    pub fn text(&self) -> String {
        let comment = self.comment.lines().map(|line| format!("# {line}\n"));
        format!("\n{}{}", comment.collect::<String>(), block(&self.block))
    }
}

/// Formats a block. A block with a single attribute takes one line if that is short enough. Otherwise each item of its
/// list has its own line, so that git merges items that two branches added.
fn block(block: &Block) -> String {
    if let [Structure::Attribute(only)] = &block.body.0[..] {
        let labels = block.labels.iter().map(hcl::BlockLabel::as_str);
        let head: String = labels.map(|label| format!("{label:?} ")).collect();
        let line = format!("{} {head}{{ {} }}", block.identifier, attribute(only));
        return if line.len() <= WIDTH {
            line + "\n"
        } else {
            formatted(block, false, true)
        };
    }
    let mut attributes = block.body.attributes();
    let is_long = |object: &Attribute| {
        matches!(object.expr(), Expression::Object(_)) && attribute(object).len() + 2 > WIDTH
    };
    formatted(block, true, !attributes.any(is_long))
}

fn attribute(attribute: &Attribute) -> String {
    formatted(attribute, true, true).trim_end().to_owned()
}

fn formatted(format: &impl Format, arrays: bool, objects: bool) -> String {
    let builder = Formatter::builder()
        .compact_arrays(arrays)
        .compact_objects(objects);
    format
        .format_string(&mut builder.build_vec())
        .expect("plain expressions can be written")
}

/// Parses an expression from this program's source.
pub fn expression(text: &str) -> Expression {
    text.parse()
        .expect("the expressions of this file are written in it")
}

pub fn list(items: impl IntoIterator<Item = Expression>) -> Expression {
    Expression::Array(items.into_iter().collect())
}

pub fn names<'a>(items: impl IntoIterator<Item = &'a str>) -> Expression {
    list(items.into_iter().map(text))
}

/// Returns an object with a single key, which is quoted.
pub fn label(key: &str, value: Expression) -> Expression {
    Expression::Object([(ObjectKey::Expression(key.into()), value)].into())
}

/// Quotes a text so that Bake reads it back unchanged. The formatter does not escape the second of two adjacent
/// markers, as in `$$ $${A}`.
pub fn text(text: &str) -> Expression {
    let mut quoted = String::new();
    for char in text.chars() {
        match char {
            '"' | '\\' => quoted.extend(['\\', char]),
            '\n' => quoted += "\\n",
            _ if char.is_control() => quoted += &format!("\\u{:04x}", u32::from(char)),
            _ => quoted.push(char),
        }
    }
    let quoted = quoted.replace("${", "$${").replace("%{", "%%{");
    template(quoted)
}

/// Returns a quoted text in which Bake replaces variables.
pub fn template(text: String) -> Expression {
    TemplateExpr::QuotedString(text).into()
}

pub fn reference(name: &str) -> Expression {
    Expression::from(Variable::new(name).expect("names of variables are identifiers"))
}

/// Returns a variable.
pub fn variable(name: &str, default: &str, description: &str) -> Block {
    Block::builder("variable")
        .add_label(name)
        .add_attribute(("default", text(default)))
        .add_attribute(("description", text(description)))
        .build()
}

/// Adds validations to a variable. Bake refuses a value that fails one.
pub fn validated(mut variable: Block, validations: impl IntoIterator<Item = Block>) -> Block {
    let validations = validations.into_iter().map(Structure::from);
    variable.body.0.extend(validations);
    variable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_as_short_as_it_can_be_read() {
        let group = |count: usize| {
            let names = names(std::iter::repeat_n("service", count));
            let block = Block::builder("group")
                .add_label("all")
                .add_attribute(("targets", names));
            Noted::new("Some.", block.build()).text()
        };
        assert_eq!(
            group(2),
            "\n# Some.\ngroup \"all\" { targets = [\"service\", \"service\"] }\n"
        );
        let long = group(20);
        assert_eq!(long.lines().count(), 1 + 1 + 2 + 20 + 2, "{long}");
        hcl::parse(&long).unwrap();
    }
}
