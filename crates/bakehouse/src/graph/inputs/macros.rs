//! Reads macros and attributes. Some are known to read files, and any other may be given a path.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::{Block, Expr, Lit, Meta, Token};

use super::call::{Reads, reads};
use super::finding::{Certainty, Kind};
use super::reader::{Reader, climbs};
use super::reference::Place;
use super::tests_only::asks_for_tests;
use super::value::{PathValue, values};

impl Reader {
    /// Reads `name!(tokens)`.
    pub fn call(&mut self, name: &str, tokens: TokenStream, line: usize) {
        let by = format!("{}!", name.rsplit("::").next().unwrap_or(name));
        let args = arguments(tokens.clone());
        let first = args.iter().flat_map(|args| args.first());
        let paths: Vec<PathValue> = first.flat_map(|arg| values(arg, &self.names)).collect();
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

    /// Reads the inside of a macro: expressions, or statements, or at least tokens.
    pub fn inside(&mut self, tokens: TokenStream, args: Option<Punctuated<Expr, Token![,]>>) {
        if let Some(args) = args {
            args.iter().for_each(|arg| self.visit_expr(arg));
        } else if let Ok(stmts) = syn::parse::Parser::parse2(Block::parse_within, tokens.clone()) {
            stmts.iter().for_each(|stmt| self.visit_stmt(stmt));
        } else {
            self.tokens(tokens);
        }
    }

    pub fn tokens(&mut self, tokens: TokenStream) {
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

    pub fn attribute(&mut self, meta: &Meta, line: usize) {
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
                    // A grammar is looked up in the folder `src`.
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

    pub fn in_other(&mut self, by: String, read: impl FnOnce(&mut Self)) {
        let outer = self.other_macro.replace(by);
        read(self);
        self.other_macro = outer;
    }
}

fn query_cache() -> Place {
    Place::PackageOrWorkspace(".sqlx".to_owned())
}

/// Returns a macro's path relative to the package: some macros accept a path that starts with the package's folder.
fn in_package(text: &str) -> String {
    ["$CARGO_MANIFEST_DIR/", "${CARGO_MANIFEST_DIR}/"]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix))
        .unwrap_or(text)
        .to_owned()
}

fn arguments(tokens: TokenStream) -> Option<Punctuated<Expr, Token![,]>> {
    syn::parse::Parser::parse2(Punctuated::parse_terminated, tokens).ok()
}

/// Returns the string literals among a macro's arguments, except those in nested groups.
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
