//! Reads Rust source and collects every path that a build may read.

use syn::visit::{self, Visit};
use syn::{Attribute, Expr, Item, Lit, Macro};

use super::depth;
use super::reader::Reader;
use super::reference::{Reference, Role};
use super::tests_only::{attributes, is_tests_only};
use super::value::{change, values};
use crate::graph::tokens::Lexeme;

/// Returns the paths in a source file, sorted. In text that is not Rust, macros are still searched as far as the text
/// has tokens. Text that nests too deeply is skipped.
pub fn references(text: &str, role: Role) -> Vec<Reference> {
    references_if(text, role, |_| true)
}

/// Returns the same if the tokens of the text meet a condition, and none otherwise.
pub fn references_if(
    text: &str,
    role: Role,
    condition: impl FnOnce(&[Lexeme<'_>]) -> bool,
) -> Vec<Reference> {
    depth::parsing(text, condition, || read(text, role)).unwrap_or_default()
}

fn read(text: &str, role: Role) -> Vec<Reference> {
    let mut reader = Reader::new(role);
    match syn::parse_file(text) {
        Ok(file) => {
            // Constants and functions may be used before they are declared.
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

impl Visit<'_> for Reader {
    fn visit_item(&mut self, item: &Item) {
        if is_tests_only(attributes(item)) {
            return;
        }
        // Variables are local to a function.
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
        // Reported at its use.
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
        // Reported at its use. A variable that hides a known name has no known value.
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

    fn visit_expr_while(&mut self, each: &syn::ExprWhile) {
        let outer = std::mem::replace(&mut self.in_loop, true);
        visit::visit_expr_while(self, each);
        self.in_loop = outer;
    }

    fn visit_expr_loop(&mut self, each: &syn::ExprLoop) {
        let outer = std::mem::replace(&mut self.in_loop, true);
        visit::visit_expr_loop(self, each);
        self.in_loop = outer;
    }

    fn visit_expr(&mut self, expr: &Expr) {
        self.climbs_unfollowed(expr);
        if change(expr, &mut self.names) {
            return;
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
            let (name, line) = (first.ident.to_string(), first.ident.span().start().line);
            self.git(&name, line);
            if path.segments.len() > 1 {
                self.of_crate(&name, line);
            }
        }
        visit::visit_path(self, path);
    }

    fn visit_use_path(&mut self, path: &syn::UsePath) {
        let (name, line) = (path.ident.to_string(), path.ident.span().start().line);
        self.git(&name, line);
        self.of_crate(&name, line);
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
        {
            self.program(&program.value(), program.span().start().line);
        }
        visit::visit_expr_call(self, call);
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::{TokenStream, TokenTree};

    use super::depth::{DEEPEST, SHALLOW};
    use super::references;
    use crate::graph::inputs::reference::Role;

    fn count(tokens: TokenStream) -> usize {
        let inside = |token| match token {
            TokenTree::Group(group) => 1 + count(group.stream()),
            _ => 1,
        };
        tokens.into_iter().map(inside).sum()
    }

    fn nested(begin: &str, end: &str, times: usize) -> String {
        let (begin, end) = (begin.repeat(times), end.repeat(times));
        format!("fn main() {{ let _ = {begin}include_str!(\"../../a\"){end}; }}")
    }

    #[test]
    fn what_nests_deep_overflows_no_stack() {
        let nests = [
            ("(", ")"),
            ("[", "]"),
            ("{", "}"),
            ("!", ""),
            ("- ", ""),
            ("&", ""),
            ("a = ", ""),
            ("a + ", ""),
            ("a(", ")"),
            ("a!(", ")"),
            ("A { b: ", "}"),
            ("a::<{", "}>"),
            ("return ", ""),
            ("break ", ""),
            ("|| ", ""),
            ("|a, b| ", ""),
            ("async move {", "}"),
            ("match a { b => ", "}"),
            ("if a {} else ", "{}"),
            ("Path::new(", ").join(\"b\")"),
            ("{ fn a() {", "} }"),
        ];
        let types = [("&", ""), ("[", "]"), ("A<", ">"), ("fn() -> ", "")];
        let each_of = |begin: &str, end: &str, text: &dyn Fn(usize) -> String| {
            let tokens: TokenStream = format!("{begin}{end}").parse().expect("tokens");
            let level = count(tokens);
            for times in [(SHALLOW - 20) / level, (DEEPEST - 100) / level, 20_000] {
                references(&text(times), Role::Source);
            }
        };
        for (begin, end) in nests {
            each_of(begin, end, &|times| nested(begin, end, times));
        }
        for (begin, end) in types {
            let text =
                |times: usize| format!("type A = {}B{};", begin.repeat(times), end.repeat(times));
            each_of(begin, end, &text);
        }
        let found_in = |times: usize| references(&nested("(", ")", times), Role::Source).len();
        assert_eq!([10, DEEPEST - 100, DEEPEST].map(found_in), [1, 1, 0]);
    }
}
