//! Reads Rust source: every path in it that a build may read.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, Expr, Item, Lit, Macro, Meta, Pat, Stmt, Token};

use super::call::{Reads, asks_git, reads};
use super::finding::{Certainty, Kind};
use super::reference::{Place, Reference, Role};
use super::tests_only::{asks_for_tests, attributes, is_tests_only};
use super::value::{Names, Value, joined, values};

/// Words without which a source file names nothing outside its package: most files need not be parsed.
pub const SIGNS: [&str; 17] = [
    "\"../",
    "\"./../",
    "/../",
    "\"..\"",
    "include_str!",
    "include_bytes!",
    "include!",
    "include_dir!",
    "CARGO_MANIFEST_DIR",
    "migrate!",
    "embed_migrations!",
    "query!",
    "query_as!",
    "query_scalar!",
    "query_file",
    "git_version!",
    "git_testament!",
];

/// The paths in a source file, sorted. Text that is no Rust is searched for macros as far as it has tokens.
pub fn references(text: &str, role: Role) -> Vec<Reference> {
    let mut reader = Reader {
        role,
        names: Names::new(),
        found: BTreeSet::new(),
        other_macro: None,
        perhaps: false,
    };
    match syn::parse_file(text) {
        Ok(file) => {
            // Constants and functions may be used before the place where they stand.
            file.items.iter().for_each(|item| reader.name_item(item));
            reader.visit_file(&file);
        }
        Err(_) => {
            if let Ok(tokens) = text.parse() {
                reader.tokens(tokens);
            }
        }
    }
    reader.found.into_iter().collect()
}

struct Reader {
    role: Role,
    names: Names,
    found: BTreeSet<Reference>,
    /// The macro or attribute, not known here, whose arguments are being read.
    other_macro: Option<String>,
    /// Under a condition.
    perhaps: bool,
}

impl Reader {
    fn add(&mut self, line: usize, kind: Kind, by: &str, place: Place, certainty: Certainty) {
        let certainty = if self.perhaps {
            Certainty::Perhaps
        } else {
            certainty
        };
        self.found.insert(Reference {
            line,
            kind,
            by: by.to_owned(),
            place,
            certainty,
        });
    }

    /// A path that is used somehow.
    fn used(&mut self, value: &Value) {
        let build = self.role == Role::BuildScript;
        let certain = if build && !value.open {
            Certainty::Certain
        } else {
            Certainty::Perhaps
        };
        if value.in_package {
            if climbs(&value.text) {
                let kind = match (build, is_proto(&value.text)) {
                    (true, true) => Kind::Proto,
                    (true, false) => Kind::BuildScript,
                    (false, _) => Kind::ManifestDir,
                };
                let place = Place::Package(value.text.clone());
                self.add(value.line, kind, "CARGO_MANIFEST_DIR", place, certain);
            }
            return;
        }
        self.literal(&value.text, value.line);
    }

    /// A string that may be a path.
    fn literal(&mut self, text: &str, line: usize) {
        let text = ["cargo:rerun-if-changed=", "cargo::rerun-if-changed="]
            .iter()
            .find_map(|prefix| text.strip_prefix(prefix))
            .unwrap_or(text);
        if !climbs(text) || text.contains(['\n', ' ', '*', '{', '\\']) {
            return;
        }
        let place = Place::Package(text.to_owned());
        match (self.role, &self.other_macro) {
            (Role::BuildScript, _) => {
                if text.split('/').any(|part| part == ".git") {
                    self.add(line, Kind::Git, ".git", Place::Git, Certainty::Certain);
                } else {
                    let kind = if is_proto(text) {
                        Kind::Proto
                    } else {
                        Kind::BuildScript
                    };
                    self.add(line, kind, "build script", place, Certainty::Certain);
                }
            }
            (Role::Source, Some(name)) => {
                let name = name.clone();
                self.add(line, Kind::Macro, &name, place, Certainty::Perhaps);
            }
            (Role::Source, None) => {}
        }
    }

    /// Remembers what a constant is, or what a function without arguments gives.
    fn name_item(&mut self, item: &Item) {
        let (name, found) = match item {
            Item::Const(item) => (item.ident.to_string(), values(&item.expr, &self.names)),
            Item::Static(item) => (item.ident.to_string(), values(&item.expr, &self.names)),
            Item::Fn(item) if item.sig.inputs.is_empty() => match item.block.stmts.last() {
                Some(Stmt::Expr(expr, None)) => {
                    (format!("{}()", item.sig.ident), values(expr, &self.names))
                }
                _ => return,
            },
            _ => return,
        };
        if !found.is_empty() {
            self.names.insert(name, found);
        }
    }

    fn bind(&mut self, pat: &Pat, found: Vec<Value>) {
        let pat = match pat {
            Pat::Type(typed) => &*typed.pat,
            Pat::Reference(inner) => &*inner.pat,
            other => other,
        };
        if let Pat::Ident(name) = pat {
            self.names.insert(name.ident.to_string(), found);
        }
    }

    /// Reads `name!(tokens)`.
    fn call(&mut self, name: &str, tokens: TokenStream, line: usize) {
        let by = format!("{}!", name.rsplit("::").next().unwrap_or(name));
        let args = arguments(tokens.clone());
        let first = args.iter().flat_map(|args| args.first());
        let paths: Vec<Value> = first.flat_map(|arg| values(arg, &self.names)).collect();
        let strings = || strings(tokens.clone());
        let known = match reads(name) {
            Reads::File(kind) => {
                for path in paths.iter().filter(|path| !path.open) {
                    let place = if path.in_package {
                        Place::Package(path.text.clone())
                    } else {
                        Place::File(path.text.clone())
                    };
                    self.add(line, kind, &by, place, Certainty::Certain);
                }
                return;
            }
            Reads::Package(kind, default) => {
                let text = strings().into_iter().next();
                text.or_else(|| default.map(str::to_owned))
                    .map(|text| (kind, Place::Package(in_package(&text))))
            }
            Reads::Upward(kind, default) => {
                let text = strings().into_iter().next();
                let upward = || Place::Upward(default.to_owned());
                Some((
                    kind,
                    text.map_or_else(upward, |text| Place::Package(in_package(&text))),
                ))
            }
            Reads::QueryCache => {
                self.add(line, Kind::Queries, &by, query_cache(), Certainty::Certain);
                None
            }
            Reads::QueryFile => {
                self.add(line, Kind::Queries, &by, query_cache(), Certainty::Certain);
                let text = strings().into_iter().next();
                text.map(|text| (Kind::Queries, Place::Package(text)))
            }
            Reads::Git => Some((Kind::Git, Place::Git)),
            Reads::Nothing | Reads::Unknown => None,
        };
        if let Some((kind, place)) = known {
            self.add(line, kind, &by, place, Certainty::Certain);
        }
        let outer = self.other_macro.take();
        if reads(name) == Reads::Unknown {
            self.other_macro = Some(by);
        }
        self.inside(tokens, args);
        self.other_macro = outer;
    }

    /// Reads what stands in a macro: expressions, or statements, or at least tokens.
    fn inside(&mut self, tokens: TokenStream, args: Option<Punctuated<Expr, Token![,]>>) {
        if let Some(args) = args {
            args.iter().for_each(|arg| self.visit_expr(arg));
        } else if let Ok(stmts) = syn::parse::Parser::parse2(Block::parse_within, tokens.clone()) {
            stmts.iter().for_each(|stmt| self.visit_stmt(stmt));
        } else {
            self.tokens(tokens);
        }
    }

    fn tokens(&mut self, tokens: TokenStream) {
        let mut name: Option<(String, usize)> = None;
        let mut bang = false;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    name = Some((ident.to_string(), ident.span().start().line));
                    bang = false;
                }
                TokenTree::Punct(punct) => {
                    bang = punct.as_char() == '!' && name.is_some();
                    if !bang {
                        name = None;
                    }
                }
                TokenTree::Group(group) => {
                    match name.take().filter(|_| bang) {
                        Some((name, line)) => self.call(&name, group.stream(), line),
                        None if group.delimiter() == Delimiter::None => self.tokens(group.stream()),
                        None => self.inside(group.stream(), arguments(group.stream())),
                    }
                    bang = false;
                }
                TokenTree::Literal(literal) => {
                    let line = literal.span().start().line;
                    if let Lit::Str(text) = Lit::new(literal) {
                        self.literal(&text.value(), line);
                    }
                    name = None;
                    bang = false;
                }
            }
        }
    }

    fn git(&mut self, name: &str, line: usize) {
        if self.role == Role::BuildScript
            && let Some(certain) = asks_git(name)
        {
            let certainty = if certain {
                Certainty::Certain
            } else {
                Certainty::Perhaps
            };
            self.add(line, Kind::Git, name, Place::Git, certainty);
        }
    }

    fn attribute(&mut self, meta: &Meta, line: usize) {
        let name = meta
            .path()
            .segments
            .last()
            .map(|segment| segment.ident.to_string())
            .unwrap_or_default();
        match meta {
            Meta::Path(_) => {}
            Meta::NameValue(pair) => {
                let text = match &pair.value {
                    Expr::Lit(lit) => match &lit.lit {
                        Lit::Str(text) => Some(text.value()),
                        _ => None,
                    },
                    other => {
                        self.visit_expr(other);
                        None
                    }
                };
                let Some(text) = text else { return };
                let by = format!("#[{name}]");
                match name.as_str() {
                    "doc" => {}
                    "folder" => {
                        let place = Place::Package(in_package(&text));
                        self.add(line, Kind::Folder, &by, place, Certainty::Certain);
                    }
                    "path" if climbs(&text) => {
                        self.add(
                            line,
                            Kind::Module,
                            &by,
                            Place::File(text),
                            Certainty::Certain,
                        );
                    }
                    // A grammar is sought in the folder `src`.
                    "grammar" if climbs(&text) => {
                        let place = Place::Package(format!("src/{text}"));
                        self.add(line, Kind::Macro, &by, place, Certainty::Certain);
                    }
                    _ => self.in_other(by, |reader| reader.literal(&text, line)),
                }
            }
            Meta::List(list) if name == "cfg_attr" => {
                let parser = Punctuated::<Meta, Token![,]>::parse_terminated;
                let Ok(parts) = list.parse_args_with(parser) else {
                    return;
                };
                if !parts.first().is_some_and(asks_for_tests) {
                    let outer = std::mem::replace(&mut self.perhaps, true);
                    let rest = parts.iter().skip(1);
                    rest.for_each(|meta| self.attribute(meta, line));
                    self.perhaps = outer;
                }
            }
            Meta::List(list) => {
                let tokens = list.tokens.clone();
                self.in_other(format!("#[{name}]"), |reader| reader.tokens(tokens));
            }
        }
    }

    fn in_other(&mut self, by: String, read: impl FnOnce(&mut Self)) {
        let outer = self.other_macro.replace(by);
        read(self);
        self.other_macro = outer;
    }
}

impl Visit<'_> for Reader {
    fn visit_item(&mut self, item: &Item) {
        if is_tests_only(attributes(item)) {
            return;
        }
        // Variables of a function are not those of the next.
        let names =
            matches!(item, Item::Fn(_) | Item::Impl(_) | Item::Mod(_)).then(|| self.names.clone());
        if let Item::Mod(module) = item {
            let items = module.content.iter().flat_map(|(_, items)| items);
            items.for_each(|item| self.name_item(item));
        }
        visit::visit_item(self, item);
        if let Some(names) = names {
            self.names = names;
        }
    }

    fn visit_impl_item_fn(&mut self, function: &syn::ImplItemFn) {
        if is_tests_only(&function.attrs) {
            return;
        }
        let names = self.names.clone();
        visit::visit_impl_item_fn(self, function);
        self.names = names;
    }

    fn visit_item_const(&mut self, item: &syn::ItemConst) {
        // Reported where it is used.
        if !self.names.contains_key(&item.ident.to_string()) {
            visit::visit_item_const(self, item);
        }
    }

    fn visit_item_static(&mut self, item: &syn::ItemStatic) {
        if !self.names.contains_key(&item.ident.to_string()) {
            visit::visit_item_static(self, item);
        }
    }

    fn visit_local(&mut self, local: &syn::Local) {
        let found = local
            .init
            .as_ref()
            .map(|init| values(&init.expr, &self.names))
            .unwrap_or_default();
        if found.is_empty() {
            visit::visit_local(self, local);
        }
        // Reported where it is used. What hides a known name is not known.
        self.bind(&local.pat, found);
    }

    fn visit_expr_for_loop(&mut self, each: &syn::ExprForLoop) {
        let found = values(&each.expr, &self.names);
        if found.is_empty() {
            self.visit_expr(&each.expr);
        }
        self.bind(&each.pat, found);
        self.visit_block(&each.body);
    }

    fn visit_expr(&mut self, expr: &Expr) {
        if let Expr::MethodCall(call) = expr
            && let Expr::Path(receiver) = &*call.receiver
            && let Some(name) = receiver.path.get_ident().map(ToString::to_string)
            && let Some(before) = self.names.get(&name)
            && before.iter().any(|value| value.in_package)
        {
            let after = match (call.method.to_string().as_str(), call.args.first()) {
                ("push", Some(part)) => Some(joined(before, Some(&values(part, &self.names)))),
                ("pop", None) => Some(before.iter().map(up).collect()),
                _ => None,
            };
            if let Some(after) = after {
                self.names.insert(name, after);
                return;
            }
        }
        let found = values(expr, &self.names);
        if found.is_empty() {
            visit::visit_expr(self, expr);
        }
        found.iter().for_each(|value| self.used(value));
    }

    fn visit_macro(&mut self, mac: &Macro) {
        let segments: Vec<String> = mac
            .path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        let first = mac.path.segments.first();
        let line = first.map_or(0, |segment| segment.ident.span().start().line);
        self.call(&segments.join("::"), mac.tokens.clone(), line);
    }

    fn visit_attribute(&mut self, attribute: &Attribute) {
        let line = attribute.pound_token.span.start().line;
        self.attribute(&attribute.meta, line);
    }

    fn visit_path(&mut self, path: &syn::Path) {
        if let Some(first) = path.segments.first() {
            self.git(&first.ident.to_string(), first.ident.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_use_path(&mut self, path: &syn::UsePath) {
        self.git(&path.ident.to_string(), path.ident.span().start().line);
        visit::visit_use_path(self, path);
    }

    fn visit_expr_call(&mut self, call: &syn::ExprCall) {
        if self.role == Role::BuildScript
            && let Expr::Path(function) = &*call.func
            && function.path.segments.len() > 1
            && function
                .path
                .segments
                .last()
                .is_some_and(|last| last.ident == "new")
            && let Some(Expr::Lit(lit)) = call.args.first()
            && let Lit::Str(program) = &lit.lit
            && program.value() == "git"
        {
            let line = program.span().start().line;
            self.add(line, Kind::Git, "git", Place::Git, Certainty::Certain);
        }
        visit::visit_expr_call(self, call);
    }
}

fn up(value: &Value) -> Value {
    Value {
        text: format!("{}/..", value.text),
        ..value.clone()
    }
}

fn query_cache() -> Place {
    Place::PackageOrWorkspace(".sqlx".to_owned())
}

/// What a macro's path is relative to the package, where it may say so itself.
fn in_package(text: &str) -> String {
    ["$CARGO_MANIFEST_DIR/", "${CARGO_MANIFEST_DIR}/"]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix))
        .unwrap_or(text)
        .to_owned()
}

fn is_proto(path: &str) -> bool {
    path.ends_with(".proto")
}

/// Whether a path has a part that goes up.
fn climbs(path: &str) -> bool {
    path.split('/').any(|part| part == "..")
}

fn arguments(tokens: TokenStream) -> Option<Punctuated<Expr, Token![,]>> {
    syn::parse::Parser::parse2(Punctuated::parse_terminated, tokens).ok()
}

/// The string literals of a macro's arguments, not those of groups within.
fn strings(tokens: TokenStream) -> Vec<String> {
    let string = |token| match token {
        TokenTree::Literal(literal) => match Lit::new(literal) {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    };
    tokens.into_iter().filter_map(string).collect()
}
