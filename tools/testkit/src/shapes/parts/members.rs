//! Members of the workspace, and the values that they know about themselves.

use super::super::edits::Edit;
use super::super::model::Model;
use super::super::package::{Dependency, Package};
use super::super::shape::{Member, Seat};
use super::super::stand_ins::call;
use super::registries::crate_of;

/// Source of a procedural macro.
const SPELL: &str = "#[proc_macro]\npub fn spell(_: proc_macro::TokenStream) -> proc_macro::TokenStream {\n    \
                     \"\\\"spell_A_\\\"\".parse().unwrap()\n}\n";

/// Build script code that queries Cargo.
const ASK: &str = "let cargo = std::env::var_os(\"CARGO\").unwrap();\n    \
                   let asked = [\"metadata\", \"--format-version\", \"1\", \"--locked\", \"--offline\"];\n    \
                   let told = std::process::Command::new(cargo).args(&asked).output().unwrap();\n    \
                   let told = String::from_utf8(told.stdout).unwrap();";

impl Package {
    /// Adds a dependency unless the package already has it.
    pub fn depend(&mut self, dependency: Dependency) -> bool {
        let known = self
            .dependencies
            .iter()
            .any(|one| one.name == dependency.name && one.table == dependency.table);
        if !known {
            self.dependencies.push(dependency);
        }
        !known
    }
}

pub fn version(model: &mut Model, seat: Seat) {
    let root = model.path("Cargo.toml");
    let package = model.seat(seat);
    package.tell("version", "env!(\"CARGO_PKG_VERSION\")");
    let path = if package.inherits {
        root
    } else {
        package.path("Cargo.toml")
    };
    model.edits.push(Edit::Replace {
        path,
        old: "version = \"0.1.0\"".to_owned(),
        new: "version = \"0.1.1\"".to_owned(),
        lock: true,
    });
}

pub fn procedural_macro(model: &mut Model, seat: Seat) {
    let mut spell = model.member("spell");
    spell.is_macro = true;
    spell.items = SPELL.to_owned();
    spell.tells.clear();
    let dependency = Dependency::new("spell").key("path", &spell.folder);
    model.members.push(spell);
    let package = model.seat(seat);
    package.depend(dependency);
    package.tell("spells", "spell::spell!()");
}

pub fn same_name(model: &mut Model, seat: Seat) {
    let namesake = model.member("ryu");
    let own = Dependency::on("ryu", &namesake.folder);
    model.members.push(namesake);
    let real = crate_of(model, "ryu", "1.0.23").key("package", "ryu");
    let package = model.seat(seat);
    // If a patched ryu has the name, Cargo does not accept the same crate under another name.
    if package.depend(own) {
        package.depend(Dependency {
            name: "real-ryu".to_owned(),
            ..real
        });
        package.tell("real ryu", &call("ryu", "real_ryu"));
    }
}

pub fn links(model: &mut Model, seat: Seat) {
    let mut kit = model.member("links-kit");
    kit.keys.push("links = \"oracle\"".to_owned());
    kit.script
        .push("println!(\"cargo:WORD=linked_A_\");".to_owned());
    let dependency = Dependency::on("links-kit", &kit.folder);
    model.members.push(kit);
    let package = model.seat(seat);
    package.depend(dependency);
    package.tell_scripted(
        "links",
        "ORACLE_LINKS",
        "std::env::var(\"DEP_ORACLE_WORD\").unwrap_or_default()",
    );
}

pub fn profile(model: &mut Model, seat: Seat) {
    let path = model.path("Cargo.toml");
    model.profile += "debug-assertions = true\n";
    let package = model.seat(seat);
    package.tell("assertions", "cfg!(debug_assertions)");
    model.edits.push(Edit::Replace {
        path,
        old: "debug-assertions = true".to_owned(),
        new: "debug-assertions = false".to_owned(),
        lock: false,
    });
}

pub fn development(model: &mut Model, seat: Seat) {
    let mut fixture = model.member("fixture");
    let folder = fixture.folder.clone();
    let Some(library) = model.library(seat) else {
        return;
    };
    fixture
        .dependencies
        .push(Dependency::on(&library.name, &library.folder));
    library.depend(Dependency::on("fixture", &folder).table("dev-dependencies"));
    let test = library.path("tests/all.rs");
    model.members.push(fixture);
    model.add(&test, "#[test]\nfn value_A_() {}\n");
}

pub fn of_a_target(model: &mut Model, seat: Seat, built: bool) {
    let seldom = model.member("seldom");
    let cfg = if built { "unix" } else { "oracle_never" };
    let dependency = Dependency::on("seldom", &seldom.folder)
        .table(&format!("target.'cfg({cfg})'.dependencies"));
    model.members.push(seldom);
    model.seat(seat).depend(dependency);
}

pub fn metadata(model: &mut Model, seat: Seat) {
    let dependency = crate_of(model, "itoa", "1.0.19");
    let package = model.seat(seat);
    if package.depend(dependency) {
        package.tell("itoa", &call("itoa", "itoa"));
    }
    package.script.push(ASK.to_owned());
    package.tell_scripted(
        "metadata",
        "ORACLE_METADATA",
        "told.contains(\"\\\"name\\\":\\\"itoa\\\"\")",
    );
}

pub fn unused(model: &mut Model, member: Member) {
    let mut idle = model.member("idle");
    if member == Member::WithCrate {
        let dependency = if model.asks_registry() {
            Dependency::new("scopeguard").key("version", "1")
        } else {
            crate_of(model, "bakehouse-oracle-word", "2.0.0")
        };
        idle.dependencies.push(dependency);
    }
    model.members.push(idle);
}
