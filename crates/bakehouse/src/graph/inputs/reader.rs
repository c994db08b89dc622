//! The state while a source file is read: known names, and the paths found so far.

use std::collections::BTreeSet;

use syn::{Expr, ExprMethodCall, Item, Pat, Stmt};

use super::call::{asks_git, asks_network, may_fetch};
use super::finding::{Certainty, Kind};
use super::reference::{Place, Reference, Role};
use super::value::{KnownNames, PathValue, WORKING_FOLDER, bind, values};

/// Reads a source file.
pub struct Reader {
    pub role: Role,
    pub names: KnownNames,
    pub found: BTreeSet<Reference>,
    /// The unknown macro or attribute whose arguments are being read.
    pub other_macro: Option<String>,
    /// Set inside code that is compiled under a condition.
    pub perhaps: bool,
    /// Set inside a loop that ends by a condition.
    pub in_loop: bool,
}

impl Reader {
    pub fn new(role: Role) -> Self {
        // Cargo runs a build script in the folder of its package.
        let working = (role == Role::BuildScript).then(|| {
            let folder = PathValue {
                in_package: true,
                text: String::new(),
                open: false,
                line: 0,
            };
            (WORKING_FOLDER.to_owned(), vec![folder])
        });
        Self {
            role,
            names: KnownNames::from_iter(working),
            found: BTreeSet::new(),
            other_macro: None,
            perhaps: false,
            in_loop: false,
        }
    }

    pub fn add(&mut self, line: usize, kind: Kind, by: &str, place: Place, certainty: Certainty) {
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

    /// Records a path that is used in some way.
    pub fn used(&mut self, value: &PathValue) {
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

    /// Records a build script that goes up from the package by a number of steps that only running it tells.
    pub fn climbs_unfollowed(&mut self, expr: &Expr) {
        let Some(call) = stepped(expr, self.in_loop) else {
            return;
        };
        let method = call.method.to_string();
        let steps = match method.as_str() {
            "ancestors" => true,
            "parent" | "pop" => self.in_loop,
            _ => false,
        };
        let from = || values(&call.receiver, &self.names);
        if steps && self.role == Role::BuildScript && from().iter().any(|value| value.in_package) {
            let line = call.method.span().start().line;
            let place = Place::Package("..".to_owned());
            let by = format!("{method}()");
            self.add(line, Kind::Unfollowed, &by, place, Certainty::Perhaps);
        }
    }

    /// Records a string that may be a path.
    pub fn literal(&mut self, text: &str, line: usize) {
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

    /// Remembers the value of a constant, or of a function without arguments.
    pub fn name_item(&mut self, item: &Item) {
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

    pub fn bind(&mut self, pat: &Pat, found: Vec<PathValue>) {
        bind(pat, found, &mut self.names);
    }

    pub fn git(&mut self, name: &str, line: usize) {
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

    /// Records a crate of which a build script uses something.
    pub fn of_crate(&mut self, name: &str, line: usize) {
        if self.role == Role::BuildScript && asks_network(name) {
            let place = Place::Network;
            self.add(line, Kind::Network, name, place, Certainty::Certain);
        }
    }

    /// Records a program that a build script runs.
    pub fn program(&mut self, name: &str, line: usize) {
        if name == "git" {
            self.add(line, Kind::Git, name, Place::Git, Certainty::Certain);
        } else if may_fetch(name) {
            let place = Place::Network;
            self.add(line, Kind::Network, name, place, Certainty::Perhaps);
        }
    }
}

/// Returns the call that an expression is. In a loop its result may be unwrapped.
fn stepped(expr: &Expr, in_loop: bool) -> Option<&ExprMethodCall> {
    match expr {
        Expr::MethodCall(call)
            if in_loop && ["unwrap", "expect"].iter().any(|name| call.method == name) =>
        {
            stepped(&call.receiver, in_loop)
        }
        Expr::Try(inner) if in_loop => stepped(&inner.expr, in_loop),
        Expr::MethodCall(call) => Some(call),
        _ => None,
    }
}

fn is_proto(path: &str) -> bool {
    path.ends_with(".proto")
}

/// Returns whether a path contains `..`.
pub fn climbs(path: &str) -> bool {
    path.split('/').any(|part| part == "..")
}
