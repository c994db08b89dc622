//! The paths that an expression can evaluate to: literals, `CARGO_MANIFEST_DIR`, and what is joined to them.

use std::collections::HashMap;

use proc_macro2::Span;
use syn::punctuated::Punctuated;
use syn::{Block, Expr, ExprMethodCall, Lit, Macro, Pat, Stmt, Token};

/// A value that an expression can have, if it is a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathValue {
    /// Set if it begins with the package's folder.
    pub in_package: bool,
    /// The rest of the path, with or without a leading slash.
    pub text: String,
    /// Set if an unknown part follows.
    pub open: bool,
    /// The line of the literal or macro that the value begins with.
    pub line: usize,
}

/// Variables, constants and functions without arguments, by name.
pub type KnownNames = HashMap<String, Vec<PathValue>>;

/// The name under which a build script knows the folder that it runs in.
pub const WORKING_FOLDER: &str = "current_dir()";

/// The largest number of values that are followed for one expression, such as a list of files.
const MOST: usize = 256;

/// Returns the values of `expr`, or none if it is not a path that can be known.
pub fn values(expr: &Expr, names: &KnownNames) -> Vec<PathValue> {
    match expr {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Str(text) => vec![literal(&text.value(), text.span())],
            _ => Vec::new(),
        },
        Expr::Path(path) => path
            .path
            .get_ident()
            .and_then(|name| names.get(&name.to_string()))
            .cloned()
            .unwrap_or_default(),
        Expr::Reference(inner) => values(&inner.expr, names),
        Expr::Paren(inner) => values(&inner.expr, names),
        Expr::Group(inner) => values(&inner.expr, names),
        Expr::Try(inner) => values(&inner.expr, names),
        Expr::Array(array) => list(array.elems.iter(), names),
        Expr::Block(inner) => of_block(&inner.block, names),
        Expr::Macro(inner) => of_macro(&inner.mac, names),
        Expr::MethodCall(call) => of_method(call, names),
        Expr::Call(call) => {
            let Expr::Path(function) = &*call.func else {
                return Vec::new();
            };
            let segments: Vec<String> = function
                .path
                .segments
                .iter()
                .map(|segment| segment.ident.to_string())
                .collect();
            let words: Vec<&str> = segments.iter().map(String::as_str).collect();
            match (&words[..], call.args.first()) {
                (
                    [.., "Path", "new"] | [.., "PathBuf" | "String" | "OsString", "from"],
                    Some(arg),
                ) => values(arg, names),
                ([.., "env", "var" | "var_os"] | ["var" | "var_os"], Some(arg))
                    if is_manifest_dir(arg) =>
                {
                    vec![package(call.paren_token.span.open())]
                }
                ([.., "env", "current_dir"] | ["current_dir"], None) => {
                    let folder = names.get(WORKING_FOLDER).cloned().unwrap_or_default();
                    let line = call.paren_token.span.open().start().line;
                    folder
                        .into_iter()
                        .map(|value| PathValue { line, ..value })
                        .collect()
                }
                ([name], None) => names.get(&format!("{name}()")).cloned().unwrap_or_default(),
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

/// Returns the values of the last expression of a block.
fn of_block(block: &Block, names: &KnownNames) -> Vec<PathValue> {
    let mut names = names.clone();
    for statement in &block.stmts {
        match statement {
            Stmt::Local(local) => {
                let init = local.init.as_ref();
                let found = init.map(|init| values(&init.expr, &names));
                bind(&local.pat, found.unwrap_or_default(), &mut names);
            }
            Stmt::Expr(expr, Some(_)) => {
                change(expr, &mut names);
            }
            _ => {}
        }
    }
    match block.stmts.last() {
        Some(Stmt::Expr(last, None)) => values(last, &names),
        _ => Vec::new(),
    }
}

/// Gives a variable its values.
pub fn bind(pat: &Pat, found: Vec<PathValue>, names: &mut KnownNames) {
    let pat = match pat {
        Pat::Type(typed) => &*typed.pat,
        Pat::Reference(inner) => &*inner.pat,
        other => other,
    };
    if let Pat::Ident(name) = pat {
        names.insert(name.ident.to_string(), found);
    }
}

/// Changes the values of a variable as `push` and `pop` do. Returns whether the expression is one of these.
pub fn change(expr: &Expr, names: &mut KnownNames) -> bool {
    let Expr::MethodCall(call) = expr else {
        return false;
    };
    let Expr::Path(receiver) = &*call.receiver else {
        return false;
    };
    let Some(name) = receiver.path.get_ident().map(ToString::to_string) else {
        return false;
    };
    let Some(before) = names.get(&name) else {
        return false;
    };
    if !before.iter().any(|value| value.in_package) {
        return false;
    }
    let after = match (call.method.to_string().as_str(), call.args.first()) {
        ("push", Some(part)) => joined(before, Some(&values(part, names))),
        ("pop", None) => before.iter().map(up).collect(),
        _ => return false,
    };
    names.insert(name, after);
    true
}

fn up(value: &PathValue) -> PathValue {
    PathValue {
        text: format!("{}/..", value.text),
        ..value.clone()
    }
}

fn list<'a>(exprs: impl Iterator<Item = &'a Expr>, names: &KnownNames) -> Vec<PathValue> {
    exprs
        .flat_map(|expr| values(expr, names))
        .take(MOST)
        .collect()
}

fn literal(text: &str, span: Span) -> PathValue {
    PathValue {
        in_package: false,
        text: text.to_owned(),
        open: false,
        line: span.start().line,
    }
}

fn package(span: Span) -> PathValue {
    PathValue {
        in_package: true,
        ..literal("", span)
    }
}

fn is_manifest_dir(expr: &Expr) -> bool {
    matches!(expr, Expr::Lit(lit) if matches!(&lit.lit, Lit::Str(text) if text.value() == "CARGO_MANIFEST_DIR"))
}

fn of_macro(mac: &Macro, names: &KnownNames) -> Vec<PathValue> {
    let Some(name) = mac.path.segments.last() else {
        return Vec::new();
    };
    let Ok(args) = mac.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated) else {
        return Vec::new();
    };
    match name.ident.to_string().as_str() {
        "env" | "option_env" if args.first().is_some_and(is_manifest_dir) => {
            vec![package(name.ident.span())]
        }
        "concat" => concatenated(args.iter().map(|arg| values(arg, names))),
        "vec" => list(args.iter(), names),
        "format" => formatted(&args, names),
        _ => Vec::new(),
    }
}

/// Evaluates `format!`, where braces stand for arguments in order or for variables.
fn formatted(args: &Punctuated<Expr, Token![,]>, names: &KnownNames) -> Vec<PathValue> {
    let Some(Expr::Lit(lit)) = args.first() else {
        return Vec::new();
    };
    let Lit::Str(template) = &lit.lit else {
        return Vec::new();
    };
    let mut positional = args.iter().skip(1);
    let mut parts = Vec::new();
    let text = template.value();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        parts.push(vec![literal(before, template.span())]);
        let Some((hole, tail)) = after.split_once('}') else {
            return Vec::new();
        };
        let name = hole.split(':').next().unwrap_or_default();
        parts.push(if name.is_empty() {
            positional
                .next()
                .map(|arg| values(arg, names))
                .unwrap_or_default()
        } else {
            names.get(name).cloned().unwrap_or_default()
        });
        rest = tail;
    }
    parts.push(vec![literal(rest, template.span())]);
    parts
        .retain(|part| !matches!(&part[..], [value] if !value.in_package && value.text.is_empty()));
    concatenated(parts.into_iter())
}

/// Concatenates texts. After an unknown text, only the folder before it counts.
fn concatenated(parts: impl Iterator<Item = Vec<PathValue>>) -> Vec<PathValue> {
    let mut all: Option<Vec<PathValue>> = None;
    for part in parts {
        let Some(before) = all else {
            all = Some(part);
            continue;
        };
        let mut after = Vec::new();
        for value in before {
            if value.open {
                after.push(value);
            } else if part.is_empty() {
                let folder = value.text.rfind('/').map_or("", |end| &value.text[..end]);
                after.push(PathValue {
                    text: folder.to_owned(),
                    open: true,
                    ..value
                });
            } else {
                after.extend(part.iter().map(|next| PathValue {
                    text: format!("{}{}", value.text, next.text),
                    open: next.open,
                    ..value.clone()
                }));
            }
        }
        after.truncate(MOST);
        all = Some(after);
    }
    all.unwrap_or_default()
}

/// Joins `parts` to each of `values`. `None` stands for an unknown part.
pub fn joined(values: &[PathValue], parts: Option<&[PathValue]>) -> Vec<PathValue> {
    let mut all = Vec::new();
    for value in values {
        match parts {
            _ if value.open => all.push(value.clone()),
            None | Some([]) => all.push(PathValue {
                open: true,
                ..value.clone()
            }),
            Some(parts) => all.extend(parts.iter().map(|part| {
                if part.in_package {
                    part.clone()
                } else {
                    PathValue {
                        text: format!("{}/{}", value.text, part.text),
                        open: part.open,
                        ..value.clone()
                    }
                }
            })),
        }
    }
    all.truncate(MOST);
    all
}

/// Methods that return the same path in another form.
const SAME: [&str; 26] = [
    "as_os_str",
    "as_path",
    "as_ref",
    "as_str",
    "borrow",
    "canonicalize",
    "clone",
    "cloned",
    "copied",
    "display",
    "expect",
    "into",
    "into_boxed_path",
    "into_iter",
    "into_os_string",
    "into_string",
    "iter",
    "ok",
    "to_owned",
    "to_path_buf",
    "to_str",
    "to_string",
    "to_string_lossy",
    "unwrap",
    "unwrap_or_default",
    "as_mut",
];

fn of_method(call: &ExprMethodCall, names: &KnownNames) -> Vec<PathValue> {
    let method = call.method.to_string();
    // `.ancestors().nth(2)` is two folders up.
    if let ("nth", Expr::MethodCall(inner), Some(Expr::Lit(count))) =
        (method.as_str(), &*call.receiver, call.args.first())
        && inner.method == "ancestors"
        && let Lit::Int(count) = &count.lit
    {
        let up = "/..".repeat(count.base10_parse().unwrap_or_default());
        return up_from(&inner.receiver, &up, names);
    }
    match (method.as_str(), call.args.first()) {
        ("join", Some(part)) => {
            let receiver = values(&call.receiver, names);
            joined(&receiver, Some(&values(part, names)))
        }
        ("map" | "and_then", Some(Expr::Closure(closure))) => {
            let mut names = names.clone();
            let receiver = values(&call.receiver, &names);
            if let Some(parameter) = closure.inputs.first() {
                bind(parameter, receiver, &mut names);
            }
            values(&closure.body, &names)
        }
        // A conversion, such as `PathBuf::from`.
        ("map", Some(Expr::Path(_))) => values(&call.receiver, names),
        ("parent", None) => up_from(&call.receiver, "/..", names),
        (same, _) if SAME.contains(&same) => values(&call.receiver, names),
        ("unwrap_or_else" | "map_err" | "context" | "with_context" | "wrap_err" | "ok_or", _) => {
            values(&call.receiver, names)
        }
        _ => Vec::new(),
    }
}

fn up_from(receiver: &Expr, up: &str, names: &KnownNames) -> Vec<PathValue> {
    let mut all = values(receiver, names);
    all.retain(|value| value.in_package && !value.open);
    for value in &mut all {
        value.text += up;
    }
    all
}
