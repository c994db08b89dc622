//! Dependencies between the modules of the sources: `use` trees, `super::` paths and full paths, read by a parser.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;

/// Rooms in the order of the data flow. Each may use only those before it; all may report problems.
const ROOMS: [&str; 15] = [
    "toolchain",
    "graph",
    "plan",
    "documents",
    "files",
    "git",
    "engine",
    "registry",
    "packs",
    "rebase",
    "reproduce",
    "shipped",
    "doctor",
    "bench",
    "cli",
];

/// Rooms at the edge, where a file and its parts may use each other.
const WITH_CIRCLES: &[&str] = &["engine", "doctor", "bench", "cli"];

#[test]
fn rooms_look_only_at_those_before_them() {
    let backward = backward(&arrows(&sources()));
    assert!(backward.is_empty(), "{backward:#?}");
}

#[test]
fn the_architecture_page_lists_the_rooms_in_their_order() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/architecture.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, table) = page.split_once("\n## Modules\n").unwrap();
    let rows = table.lines().skip_while(|line| !line.starts_with("| `"));
    let rows = rows.take_while(|line| line.starts_with("| `"));
    let listed: Vec<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
    assert_eq!(listed, ROOMS);
}

#[test]
fn no_files_of_a_room_use_each_other_in_a_circle() {
    let arrows = arrows(&sources());
    let rooms = ROOMS
        .into_iter()
        .filter(|room| !WITH_CIRCLES.contains(room));
    let circles = rooms.flat_map(|room| circles(&arrows, room));
    let circles: Vec<Vec<String>> = circles.map(|circle| inside(&arrows, &circle)).collect();
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn an_arrow_is_found_in_whatever_form_it_is_written() {
    let forms = [
        "use crate::{problem::Code, plan::{self, Plan}};",
        "use super::super::plan::Plan;",
        "use crate::plan as later;",
        "fn f() -> crate::plan::Plan { todo!() }",
        "fn f() { let _ = vec![super::super::plan::Plan]; }",
        "mod inner { use super::super::super::plan::Plan; }",
        "impl crate::plan::Planned for u8 {}",
    ];
    for form in forms {
        let planted = [
            ("plan/mod.rs", "pub struct Plan; pub trait Planned {}"),
            ("graph/member.rs", form),
        ];
        let found = backward(&arrows(&planted_in(&planted)));
        assert_eq!(found, ["graph/member.rs looks at plan/mod.rs"], "{form}");
    }
}

#[test]
fn a_circle_is_found_over_any_number_of_files_and_over_what_a_module_hands_on() {
    let two = [
        ("plan/mod.rs", "mod a; mod b; pub use b::B;"),
        ("plan/a.rs", "use super::B; pub fn a() {}"),
        ("plan/b.rs", "pub struct B; fn b() { super::a::a() }"),
    ];
    let three = [
        ("plan/a.rs", "use super::b;"),
        ("plan/b.rs", "use crate::plan::{c::C};"),
        ("plan/c.rs", "use super::{a};"),
    ];
    let with_mod = [
        ("plan/x/mod.rs", "mod a; fn x() { a::a() } pub struct X;"),
        ("plan/x/a.rs", "use super::X;"),
    ];
    let none = [
        ("plan/mod.rs", "mod a; mod b; pub use {a::A, b::B};"),
        ("plan/a.rs", "pub struct A;"),
        ("plan/b.rs", "use super::A; pub struct B;"),
    ];
    let found = |planted: &[(&str, &str)]| circles(&arrows(&planted_in(planted)), "plan");
    assert_eq!(found(&two), [["plan/a.rs", "plan/b.rs"]]);
    assert_eq!(found(&three), [["plan/a.rs", "plan/b.rs", "plan/c.rs"]]);
    assert_eq!(found(&with_mod), [["plan/x/a.rs", "plan/x/mod.rs"]]);
    assert!(found(&none).is_empty());
}

#[test]
fn no_two_types_of_a_room_have_one_name() {
    let mut files: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for source in sources().into_values() {
        let Some((room, _)) = source.file.split_once('/') else {
            continue;
        };
        for name in types(&source.text) {
            let known = files.entry((room.to_owned(), name)).or_default();
            known.push(source.file.clone());
        }
    }
    files.retain(|_, files| files.len() > 1);
    assert!(files.is_empty(), "{files:#?}");
    assert_eq!(
        types("struct A; enum B {} mod c { pub trait D {} } fn e() { type F = u8; }"),
        ["A", "B"]
    );
}

/// Returns the types that a file defines at its top level.
fn types(text: &str) -> Vec<String> {
    let items = syn::parse_file(text).unwrap().items;
    let name = |item: &syn::Item| match item {
        syn::Item::Struct(item) => Some(item.ident.to_string()),
        syn::Item::Enum(item) => Some(item.ident.to_string()),
        syn::Item::Trait(item) => Some(item.ident.to_string()),
        syn::Item::Type(item) => Some(item.ident.to_string()),
        _ => None,
    };
    items.iter().filter_map(name).collect()
}

/// The path of a module from the root of the crate.
type Module = Vec<String>;

/// A module with a file of its own.
struct Source {
    /// The path relative to `src`.
    file: String,
    text: String,
}

/// File → the files that it uses.
type Arrows = BTreeMap<String, BTreeSet<String>>;

fn sources() -> BTreeMap<Module, Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(&root).unwrap().to_str().unwrap();
                let text = std::fs::read_to_string(&path).unwrap();
                files.push((inside.to_owned(), text));
            }
        }
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(file, text)| (&**file, &**text))
        .collect();
    planted_in(&files)
}

fn planted_in(files: &[(&str, &str)]) -> BTreeMap<Module, Source> {
    let source = |(file, text): &(&str, &str)| {
        let stem = file.trim_end_matches(".rs");
        let mut module: Module = stem.split('/').map(str::to_owned).collect();
        if matches!(&**module.last().unwrap(), "mod" | "lib" | "main") {
            module.pop();
        }
        let (file, text) = ((*file).to_owned(), (*text).to_owned());
        (module, Source { file, text })
    };
    // The two crate roots are left out, because no module uses them.
    files.iter().map(source).collect()
}

/// The paths in a file.
struct Paths<'a> {
    modules: &'a BTreeMap<Module, Source>,
    /// The current module, which differs from the file's inside a module without a file.
    at: Module,
    /// Paths from the root.
    used: Vec<Module>,
    /// Name → path from the root, for names that the file re-exports.
    handed_on: BTreeMap<String, Module>,
}

impl Paths<'_> {
    /// Returns a path from the root; none for a path out of the crate or to a name in scope.
    fn absolute(&self, path: &[String]) -> Option<Module> {
        let first = path.first()?;
        let mut from = self.at.clone();
        let up = path.iter().take_while(|part| *part == "super").count();
        if first == "crate" {
            return Some(path[1..].to_vec());
        }
        if up > 0 {
            from.truncate(from.len().checked_sub(up)?);
            return Some([&from[..], &path[up..]].concat());
        }
        if first == "self" {
            return Some([&from[..], &path[1..]].concat());
        }
        from.push(first.clone());
        let inner = self.modules.contains_key(&from);
        inner.then(|| [&from[..], &path[1..]].concat())
    }

    fn add(&mut self, path: &[String]) {
        self.used.extend(self.absolute(path));
    }

    fn tree(&mut self, before: &[String], tree: &syn::UseTree, handed_on: bool) {
        let joined = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        let (path, name) = match tree {
            syn::UseTree::Path(path) => {
                return self.tree(&joined(&path.ident), &path.tree, handed_on);
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(before, tree, handed_on);
                }
                return;
            }
            syn::UseTree::Name(name) if name.ident == "self" => (before.to_vec(), None),
            syn::UseTree::Name(name) => (joined(&name.ident), Some(name.ident.to_string())),
            syn::UseTree::Rename(rename) => {
                (joined(&rename.ident), Some(rename.rename.to_string()))
            }
            syn::UseTree::Glob(_) => {
                assert!(!handed_on, "{before:?} is handed on with all that it holds");
                (before.to_vec(), None)
            }
        };
        match (self.absolute(&path), name) {
            (Some(path), Some(name)) if handed_on => {
                self.handed_on.insert(name, path);
            }
            (path, _) => self.used.extend(path),
        }
    }

    /// Reads the paths in the arguments of a macro, which the parser leaves as tokens.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) if path.is_empty() || colons == 2 => {
                    path.push(name.to_string());
                    colons = 0;
                    continue;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => {
                    colons += 1;
                    continue;
                }
                TokenTree::Ident(name) => {
                    self.add(&std::mem::replace(&mut path, vec![name.to_string()]));
                }
                TokenTree::Group(group) => {
                    self.add(&std::mem::take(&mut path));
                    self.tokens(group.stream());
                }
                _ => self.add(&std::mem::take(&mut path)),
            }
            colons = 0;
        }
        self.add(&path);
    }
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let handed_on = !matches!(item.vis, syn::Visibility::Inherited);
        self.tree(&[], &item.tree, handed_on);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if item.content.is_some() {
            self.at.push(item.ident.to_string());
            syn::visit::visit_item_mod(self, item);
            self.at.pop();
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path
            .segments
            .iter()
            .map(|part| part.ident.to_string())
            .collect();
        self.add(&names);
        syn::visit::visit_path(self, path);
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {
        // A visibility names a module that may use the item, but does not use anything itself.
    }

    fn visit_macro(&mut self, found: &'ast syn::Macro) {
        self.tokens(found.tokens.clone());
        syn::visit::visit_macro(self, found);
    }
}

fn arrows(modules: &BTreeMap<Module, Source>) -> Arrows {
    let read = |(module, source): (&Module, &Source)| {
        let mut paths = Paths {
            modules,
            at: module.clone(),
            used: Vec::new(),
            handed_on: BTreeMap::new(),
        };
        let file = syn::parse_file(&source.text)
            .unwrap_or_else(|error| panic!("{}: {error}", source.file));
        paths.visit_file(&file);
        (module.clone(), (paths.used, paths.handed_on))
    };
    let read: BTreeMap<Module, _> = modules.iter().map(read).collect();
    // The module that defines the path's target; other modules may re-export it.
    let target = |path: &Module| {
        let mut path = path.clone();
        loop {
            let known = (0..=path.len())
                .rev()
                .find(|&end| modules.contains_key(&path[..end]))?;
            let (module, rest) = path.split_at(known);
            let next = rest.first().and_then(|name| read[module].1.get(name));
            match next {
                Some(next) => path = [&next[..], &rest[1..]].concat(),
                None => return Some(module.to_vec()),
            }
        }
    };
    let mut arrows = Arrows::new();
    for (module, (used, _)) in &read {
        let file = &modules[module].file;
        let targets = used.iter().filter_map(target);
        let targets = targets.map(|target| modules[&target].file.clone());
        let targets = targets.filter(|target| target != file);
        arrows.entry(file.clone()).or_default().extend(targets);
    }
    arrows
}

fn room(file: &str) -> Option<usize> {
    let room = file.split('/').next()?;
    ROOMS.iter().position(|known| *known == room)
}

fn backward(arrows: &Arrows) -> Vec<String> {
    let all = arrows
        .iter()
        .flat_map(|(from, to)| to.iter().map(move |to| (from, to)));
    let back =
        all.filter(|(from, to)| room(from).zip(room(to)).is_some_and(|(from, to)| from < to));
    back.map(|(from, to)| format!("{from} looks at {to}"))
        .collect()
}

/// Returns the groups of files of a room that reach each other.
fn circles(arrows: &Arrows, room: &str) -> Vec<Vec<String>> {
    let files = arrows.keys().filter(|file| is_in(room, file));
    let files: BTreeMap<&str, BTreeSet<&str>> = files
        .map(|file| (file.as_str(), reach(arrows, room, file)))
        .collect();
    let mut circles: BTreeSet<Vec<String>> = BTreeSet::new();
    for (file, reached) in &files {
        let around = reached.iter().filter(|other| files[*other].contains(file));
        let around: Vec<String> = around.map(|file| (*file).to_owned()).collect();
        circles.extend((around.len() > 1).then_some(around));
    }
    circles.into_iter().collect()
}

fn is_in(room: &str, file: &str) -> bool {
    file.split('/').next() == Some(room)
}

/// Returns the files of `room` that `from` uses, directly or indirectly.
fn reach<'a>(arrows: &'a Arrows, room: &str, from: &'a str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        let next = arrows.get(file).into_iter().flatten().map(String::as_str);
        let next = next.filter(|file| is_in(room, file));
        open.extend(next.filter(|file| reached.insert(*file)));
    }
    reached
}

/// Returns the dependencies among the files of a circle.
fn inside(arrows: &Arrows, circle: &[String]) -> Vec<String> {
    let from = circle.iter();
    let inside = from.flat_map(|from| {
        let to = arrows[from].iter().filter(|to| circle.contains(to));
        to.map(move |to| format!("{from} uses {to}"))
    });
    inside.collect()
}
