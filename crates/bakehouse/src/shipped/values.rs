//! The values of expressions in Bake files, as far as the file alone tells them.

use std::collections::BTreeMap;

use hcl::Expression;
use hcl::expr::{BinaryOperator, ForExpr, ObjectKey, Operation, TraversalOperator, UnaryOperator};
use hcl::template::{Directive, Element, Template};

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(String),
    Bool(bool),
    List(Vec<Value>),
    Map(BTreeMap<String, Value>),
    Null,
}

/// A function of the file: its parameters and its result.
pub type Function = (Vec<String>, Expression);

/// Everything that expressions can name.
#[derive(Clone, Debug, Default)]
pub struct Names {
    pub values: BTreeMap<String, Value>,
    pub functions: BTreeMap<String, Function>,
}

/// Calls of functions inside each other, after which an expression is given up.
const DEEPEST: usize = 64;

impl Value {
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Bool(value) => Some(value.to_string()),
            Self::Null => Some(String::new()),
            Self::List(_) | Self::Map(_) => None,
        }
    }

    pub fn list(&self) -> Option<Vec<String>> {
        match self {
            Self::List(values) => values
                .iter()
                .filter(|value| **value != Self::Null)
                .map(Self::text)
                .collect(),
            Self::Null => Some(Vec::new()),
            other => other.text().map(|text| vec![text]),
        }
    }

    /// Returns the value with every text in it replaced.
    pub fn replaced(&self, by: &impl Fn(&str) -> String) -> Self {
        match self {
            Self::Text(text) => Self::Text(by(text)),
            Self::List(values) => {
                Self::List(values.iter().map(|value| value.replaced(by)).collect())
            }
            Self::Map(map) => Self::Map(
                map.iter()
                    .map(|(key, value)| (key.clone(), value.replaced(by)))
                    .collect(),
            ),
            other => other.clone(),
        }
    }

    /// Calls `seen` with every text in it.
    pub fn each_text(&self, seen: &mut impl FnMut(&str)) {
        match self {
            Self::Text(text) => seen(text),
            Self::List(values) => values.iter().for_each(|value| value.each_text(seen)),
            Self::Map(map) => map.values().for_each(|value| value.each_text(seen)),
            Self::Bool(_) | Self::Null => {}
        }
    }

    fn is_true(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }
}

impl Names {
    /// Returns the value of an expression.
    ///
    /// # Errors
    /// The part of the expression that the file does not tell.
    pub fn value(&self, expression: &Expression) -> Result<Value, String> {
        self.at(expression, 0)
    }

    fn at(&self, expression: &Expression, depth: usize) -> Result<Value, String> {
        if depth > DEEPEST {
            return Err("functions that call each other".to_owned());
        }
        let next = |expression: &Expression| self.at(expression, depth + 1);
        match expression {
            Expression::Null => Ok(Value::Null),
            Expression::Bool(value) => Ok(Value::Bool(*value)),
            Expression::Number(number) => Ok(Value::Text(number.to_string())),
            Expression::String(text) => Ok(Value::Text(text.clone())),
            Expression::Array(items) => {
                let values = items.iter().map(next).collect::<Result<_, _>>()?;
                Ok(Value::List(values))
            }
            Expression::Object(object) => {
                let mut map = BTreeMap::new();
                for (key, value) in object {
                    let key = match key {
                        ObjectKey::Identifier(name) => name.to_string(),
                        ObjectKey::Expression(key) => {
                            next(key)?.text().ok_or("a key that is no text")?
                        }
                        _ => return Err("a key of an unknown kind".to_owned()),
                    };
                    map.insert(key, next(value)?);
                }
                Ok(Value::Map(map))
            }
            Expression::TemplateExpr(template) => {
                let template = Template::from_expr(template).map_err(|error| error.to_string())?;
                self.template(&template, depth).map(Value::Text)
            }
            Expression::Variable(name) => {
                let value = self.values.get(name.as_str()).cloned();
                value.ok_or_else(|| format!("`{}` is no variable of the file", name.as_str()))
            }
            Expression::Parenthesis(inner) => next(inner),
            Expression::Conditional(conditional) => {
                let holds = next(&conditional.cond_expr)?.is_true();
                let holds = holds.ok_or("a condition that is neither true nor false")?;
                next(if holds {
                    &conditional.true_expr
                } else {
                    &conditional.false_expr
                })
            }
            Expression::Traversal(traversal) => {
                let mut value = next(&traversal.expr)?;
                for operator in &traversal.operators {
                    let key = match operator {
                        TraversalOperator::GetAttr(name) => name.to_string(),
                        TraversalOperator::Index(index) => {
                            next(index)?.text().ok_or("an index that is no text")?
                        }
                        TraversalOperator::LegacyIndex(index) => index.to_string(),
                        _ => return Err("a splat".to_owned()),
                    };
                    let found = match &value {
                        Value::Map(map) => map.get(&key).cloned(),
                        Value::List(list) => key
                            .parse()
                            .ok()
                            .and_then(|index: usize| list.get(index).cloned()),
                        _ => None,
                    };
                    value = found.ok_or_else(|| format!("`{key}` of something that has none"))?;
                }
                Ok(value)
            }
            Expression::Operation(operation) => self.operation(operation, depth),
            Expression::ForExpr(each) => self.each(each, depth),
            Expression::FuncCall(call) => {
                let name = call.name.name.to_string();
                let arguments: Vec<Value> = call.args.iter().map(next).collect::<Result<_, _>>()?;
                if let Some((parameters, result)) = self.functions.get(&name) {
                    let mut inner = self.clone();
                    inner
                        .values
                        .extend(parameters.iter().cloned().zip(arguments));
                    return inner.at(result, depth + 1);
                }
                builtin(&name, &arguments).ok_or_else(|| format!("the function `{name}`"))
            }
            _ => Err("an expression of an unknown kind".to_owned()),
        }
    }

    fn each(&self, each: &ForExpr, depth: usize) -> Result<Value, String> {
        let collection = match self.at(&each.collection_expr, depth + 1)? {
            Value::List(values) => (0..)
                .map(|index: usize| Value::Text(index.to_string()))
                .zip(values)
                .collect(),
            Value::Map(map) => map
                .into_iter()
                .map(|(key, value)| (Value::Text(key), value))
                .collect(),
            _ => Vec::new(),
        };
        let (mut list, mut map) = (Vec::new(), BTreeMap::new());
        for (key, value) in collection {
            let mut inner = self.clone();
            if let Some(name) = &each.key_var {
                inner.values.insert(name.to_string(), key);
            }
            inner.values.insert(each.value_var.to_string(), value);
            if let Some(condition) = &each.cond_expr {
                let holds = inner.at(condition, depth + 1)?.is_true();
                if !holds.ok_or("a condition that is neither true nor false")? {
                    continue;
                }
            }
            let value = inner.at(&each.value_expr, depth + 1)?;
            match &each.key_expr {
                Some(key) => {
                    let key = inner.at(key, depth + 1)?.text();
                    map.insert(key.ok_or("a key that is no text")?, value);
                }
                None => list.push(value),
            }
        }
        if each.grouping {
            return Err("a loop that groups values".to_owned());
        }
        Ok(if each.key_expr.is_some() {
            Value::Map(map)
        } else {
            Value::List(list)
        })
    }

    fn template(&self, template: &Template, depth: usize) -> Result<String, String> {
        let mut text = String::new();
        for element in template.elements() {
            match element {
                Element::Literal(literal) => text += literal,
                Element::Interpolation(interpolation) => {
                    let value = self.at(&interpolation.expr, depth + 1)?;
                    text += &value.text().ok_or("a list inside a text")?;
                }
                Element::Directive(directive) => match &**directive {
                    Directive::If(decision) => {
                        let holds = self.at(&decision.cond_expr, depth + 1)?.is_true();
                        if holds.ok_or("a condition that is neither true nor false")? {
                            text += &self.template(&decision.true_template, depth + 1)?;
                        } else if let Some(other) = &decision.false_template {
                            text += &self.template(other, depth + 1)?;
                        }
                    }
                    Directive::For(_) => return Err("a loop inside a text".to_owned()),
                },
            }
        }
        Ok(text)
    }

    fn operation(&self, operation: &Operation, depth: usize) -> Result<Value, String> {
        let truth = |expression: &Expression| {
            let value = self.at(expression, depth + 1)?.is_true();
            value.ok_or_else(|| "a condition that is neither true nor false".to_owned())
        };
        Ok(Value::Bool(match operation {
            Operation::Unary(unary) if unary.operator == UnaryOperator::Not => !truth(&unary.expr)?,
            Operation::Binary(binary) => {
                let (left, right) = (&binary.lhs_expr, &binary.rhs_expr);
                let equal = || -> Result<bool, String> {
                    let left = self.at(left, depth + 1)?;
                    let right = self.at(right, depth + 1)?;
                    Ok(left == right || left.text().is_some_and(|text| Some(text) == right.text()))
                };
                match binary.operator {
                    BinaryOperator::Eq => equal()?,
                    BinaryOperator::NotEq => !equal()?,
                    BinaryOperator::And => truth(left)? && truth(right)?,
                    BinaryOperator::Or => truth(left)? || truth(right)?,
                    _ => return Err("arithmetic".to_owned()),
                }
            }
            Operation::Unary(_) => return Err("arithmetic".to_owned()),
        }))
    }
}

fn flatten(value: &Value, all: &mut Vec<Value>) {
    match value {
        Value::List(values) => values.iter().for_each(|value| flatten(value, all)),
        other => all.push(other.clone()),
    }
}

/// Functions of Bake that name images in practice.
fn builtin(name: &str, arguments: &[Value]) -> Option<Value> {
    let text = |index: usize| arguments.get(index)?.text();
    let equal = || Some(text(0)? == text(1)?);
    Some(match (name, arguments) {
        ("equal", _) => Value::Bool(equal()?),
        ("notequal", _) => Value::Bool(!equal()?),
        ("and" | "or", [left, right]) => {
            let (left, right) = (left.is_true()?, right.is_true()?);
            Value::Bool(if name == "and" {
                left && right
            } else {
                left || right
            })
        }
        ("not", [value]) => Value::Bool(!value.is_true()?),
        ("lower", _) => Value::Text(text(0)?.to_lowercase()),
        ("upper", _) => Value::Text(text(0)?.to_uppercase()),
        ("trimspace", _) => Value::Text(text(0)?.trim().to_owned()),
        ("trimprefix", _) => {
            let (whole, start) = (text(0)?, text(1)?);
            Value::Text(whole.strip_prefix(&start).unwrap_or(&whole).to_owned())
        }
        ("trimsuffix", _) => {
            let (whole, end) = (text(0)?, text(1)?);
            Value::Text(whole.strip_suffix(&end).unwrap_or(&whole).to_owned())
        }
        ("replace", _) => Value::Text(text(0)?.replace(&text(1)?, &text(2)?)),
        ("split", _) => {
            let (separator, whole) = (text(0)?, text(1)?);
            let parts = whole.split(separator.as_str());
            Value::List(parts.map(|part| Value::Text(part.to_owned())).collect())
        }
        ("join", [_, list]) => Value::Text(list.list()?.join(&text(0)?)),
        ("flatten", [list]) => {
            let mut all = Vec::new();
            flatten(list, &mut all);
            Value::List(all)
        }
        ("concat" | "setunion", lists) => {
            let mut all = Vec::new();
            for list in lists {
                match list {
                    Value::List(values) => all.extend(values.iter().cloned()),
                    other => all.push(other.clone()),
                }
            }
            Value::List(all)
        }
        ("compact", [Value::List(values)]) => {
            let empty = |value: &Value| value.text().is_some_and(|text| text.is_empty());
            Value::List(
                values
                    .iter()
                    .filter(|value| !empty(value))
                    .cloned()
                    .collect(),
            )
        }
        ("distinct" | "tolist" | "toset", [list]) => list.clone(),
        ("format", [first, rest @ ..]) => {
            let template = first.text()?;
            let mut parts = template.split('%');
            let mut text = parts.next().unwrap_or_default().to_owned();
            let mut rest = rest.iter();
            for part in parts {
                let after = part.strip_prefix(['s', 'd', 'v'])?;
                text += &rest.next()?.text()?;
                text += after;
            }
            Value::Text(text)
        }
        ("coalesce", values) => values.iter().find(|value| **value != Value::Null)?.clone(),
        ("timestamp", []) => Value::Text(String::new()),
        ("merge", maps) => {
            let mut all = BTreeMap::new();
            for map in maps {
                let Value::Map(map) = map else { return None };
                all.extend(map.clone());
            }
            Value::Map(all)
        }
        _ => return None,
    })
}
