//! Patches of crates.

use std::collections::BTreeMap;

use super::super::edits::Edit;
use super::super::model::{GIT, Model, Repository};
use super::super::package::{Dependency, Package, join};
use super::super::shape::{Patched, Seat};
use super::super::stand_ins::{call, stand_in};
use super::super::{manifest, sources};
use super::git::from;
use super::registries::crate_of;

pub fn patch(model: &mut Model, seat: Seat, by: Patched) {
    let (name, version) = match by {
        Patched::Path => ("fnv", "1.0.7"),
        Patched::Git => ("ryu", "1.0.23"),
        Patched::Member => ("itoa", "1.0.19"),
    };
    let used = crate_of(model, name, version);
    let files = stand_in(name, version).files();
    let replacement = match by {
        Patched::Path => {
            let folder = model.path("patched/fnv");
            for (path, text) in files {
                model.add(&join(&folder, &path), &text);
            }
            model.edits.push(Edit::Replace {
                path: join(&folder, "src/lib.rs"),
                old: "7001".to_owned(),
                new: "7003".to_owned(),
                lock: false,
            });
            model.excluded.insert(folder.clone());
            Dependency::new(name).key("path", &folder)
        }
        Patched::Git => {
            model.repositories.push(Repository {
                name: "ryu".to_owned(),
                files,
                submodule: None,
            });
            model.edits.push(Edit::Commit {
                repository: "ryu".to_owned(),
                package: "ryu".to_owned(),
                path: "src/lib.rs".to_owned(),
            });
            from(name, "ryu")
        }
        Patched::Member => {
            let mut member = model.member(name);
            member.inherits = false;
            member.version = "1.0.30".to_owned();
            member.items = files["src/lib.rs"].clone();
            let folder = member.folder.clone();
            model.members.push(member);
            Dependency::new(name).key("path", &folder)
        }
    };
    let table = model.patches.entry("crates-io".to_owned()).or_default();
    table.push(replacement);
    let package = model.seat(seat);
    if package.depend(used) {
        package.tell(&format!("patched {name}"), &call(name, name));
    }
}

pub fn patch_git(model: &mut Model, seat: Seat) {
    let edition = model.shape.edition;
    let original = Package::library("tone", "", edition);
    let mut files = BTreeMap::new();
    manifest::alone(&original, &mut files);
    sources::write(&original, &mut files);
    model.repositories.push(Repository {
        name: "tone".to_owned(),
        files,
        submodule: None,
    });
    let mut patched = Package::library("tone", &model.path("patched/tone"), edition);
    patched.tell("patched", "\"patched_A_\"");
    model.excluded.insert(patched.folder.clone());
    let table = format!("\"{GIT}/tone.git\"");
    model
        .patches
        .entry(table)
        .or_default()
        .push(Dependency::new("tone").key("path", &patched.folder));
    model.others.push(patched);
    model.seat(seat).depend(from("tone", "tone").telling());
}
