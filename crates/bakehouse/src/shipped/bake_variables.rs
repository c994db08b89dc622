//! The variables that an expression of a Bake file names.

use std::collections::{BTreeMap, BTreeSet};

use hcl::Expression;
use hcl::expr::{BinaryOperator, ObjectKey, Operation, TraversalOperator};
use hcl::template::{Directive, Element, Template};

use super::values::Names;

/// Functions and attributes inside each other, after which no more are followed.
const DEEPEST: usize = 20;

/// The names in an expression, and in the functions and attributes that it names.
#[derive(Clone, Debug, Default)]
pub struct Used {
    /// Everything named.
    pub all: BTreeSet<String>,
    /// Names in conditions. Whether a value is empty is none: an empty tag falls out.
    pub deciding: BTreeSet<String>,
}

/// The functions and attributes of a file.
pub struct Named<'a> {
    pub names: &'a Names,
    pub attributes: &'a BTreeMap<String, Expression>,
}

impl Named<'_> {
    /// Adds the names in an expression.
    pub fn add(&self, expression: &Expression, used: &mut Used) {
        self.walk(expression, &BTreeSet::new(), false, used, 0);
    }

    /// Adds the names in an expression that are not `bound` by a function or a loop around it.
    fn walk(
        &self,
        expression: &Expression,
        bound: &BTreeSet<String>,
        decides: bool,
        used: &mut Used,
        depth: usize,
    ) {
        if depth > DEEPEST {
            return;
        }
        let mut next = |expression: &Expression, decides: bool| {
            self.walk(expression, bound, decides, used, depth + 1);
        };
        match expression {
            Expression::Array(items) => items.iter().for_each(|item| next(item, decides)),
            Expression::Object(object) => {
                for (key, value) in object {
                    if let ObjectKey::Expression(key) = key {
                        next(key, decides);
                    }
                    next(value, decides);
                }
            }
            Expression::TemplateExpr(template) => {
                if let Ok(template) = Template::from_expr(template) {
                    self.template(&template, bound, decides, used, depth);
                }
            }
            Expression::Variable(name) => {
                let name = name.as_str();
                if bound.contains(name) {
                    return;
                }
                if let Some(value) = self.attributes.get(name) {
                    self.walk(value, &BTreeSet::new(), decides, used, depth + 1);
                }
                used.all.insert(name.to_owned());
                if decides {
                    used.deciding.insert(name.to_owned());
                }
            }
            Expression::Parenthesis(inner) => next(inner, decides),
            Expression::Conditional(conditional) => {
                let condition = &conditional.cond_expr;
                next(condition, decides || !asks_for_empty(condition));
                next(&conditional.true_expr, decides);
                next(&conditional.false_expr, decides);
            }
            Expression::Traversal(traversal) => {
                next(&traversal.expr, decides);
                for operator in &traversal.operators {
                    if let TraversalOperator::Index(index) = operator {
                        next(index, true);
                    }
                }
            }
            Expression::Operation(operation) => match &**operation {
                Operation::Unary(unary) => next(&unary.expr, decides),
                Operation::Binary(binary) => {
                    next(&binary.lhs_expr, decides);
                    next(&binary.rhs_expr, decides);
                }
            },
            Expression::ForExpr(each) => {
                next(&each.collection_expr, decides);
                let mut inner = bound.clone();
                inner.extend(each.key_var.as_ref().map(ToString::to_string));
                inner.insert(each.value_var.to_string());
                let parts = each.key_expr.iter().chain([&each.value_expr]);
                parts.for_each(|part| self.walk(part, &inner, decides, used, depth + 1));
                if let Some(condition) = &each.cond_expr {
                    let decides = decides || !asks_for_empty(condition);
                    self.walk(condition, &inner, decides, used, depth + 1);
                }
            }
            Expression::FuncCall(call) => {
                call.args
                    .iter()
                    .for_each(|argument| next(argument, decides));
                let function = self.names.functions.get(call.name.name.as_str());
                if let Some((parameters, result)) = function {
                    let inner = parameters.iter().cloned().collect();
                    self.walk(result, &inner, decides, used, depth + 1);
                }
            }
            _ => {}
        }
    }

    fn template(
        &self,
        template: &Template,
        bound: &BTreeSet<String>,
        decides: bool,
        used: &mut Used,
        depth: usize,
    ) {
        for element in template.elements() {
            match element {
                Element::Literal(_) => {}
                Element::Interpolation(part) => {
                    self.walk(&part.expr, bound, decides, used, depth + 1);
                }
                Element::Directive(directive) => match &**directive {
                    Directive::If(decision) => {
                        let condition = &decision.cond_expr;
                        let asks = decides || !asks_for_empty(condition);
                        self.walk(condition, bound, asks, used, depth + 1);
                        let parts = [
                            Some(&decision.true_template),
                            decision.false_template.as_ref(),
                        ];
                        for part in parts.into_iter().flatten() {
                            self.template(part, bound, decides, used, depth + 1);
                        }
                    }
                    Directive::For(_) => {}
                },
            }
        }
    }
}

/// Returns whether a condition compares something with an empty text.
fn asks_for_empty(condition: &Expression) -> bool {
    let is_empty = |expression: &Expression| match expression {
        Expression::String(text) => text.is_empty(),
        Expression::Null => true,
        _ => false,
    };
    match condition {
        Expression::Parenthesis(inner) => asks_for_empty(inner),
        Expression::Operation(operation) => match &**operation {
            Operation::Unary(unary) => asks_for_empty(&unary.expr),
            Operation::Binary(binary) => {
                let compares =
                    [BinaryOperator::Eq, BinaryOperator::NotEq].contains(&binary.operator);
                compares && (is_empty(&binary.lhs_expr) || is_empty(&binary.rhs_expr))
            }
        },
        Expression::FuncCall(call) => {
            let compares = ["equal", "notequal"].contains(&call.name.name.as_str());
            compares && call.args.iter().any(is_empty)
        }
        _ => false,
    }
}
