//! Features of the workspace's packages.

use super::super::edits::Edit;
use super::super::model::Model;
use super::super::package::{Dependency, Package, identifier, relative};
use super::super::shape::{Asked, Seat};

pub fn feature(model: &mut Model, seat: Seat, asked: Asked) {
    if asked == Asked::ByConfig {
        return by_config(model, seat);
    }
    let Some(library) = member_library(model, seat) else {
        return;
    };
    let (name, folder) = (library.name.clone(), library.folder.clone());
    library.features.insert("extra".to_owned(), Vec::new());
    match asked {
        Asked::Default => {
            let default = vec!["extra".to_owned()];
            library.features.insert("default".to_owned(), default);
        }
        Asked::Optional => {
            let extra = vec!["option".to_owned()];
            library.features.insert("extra".to_owned(), extra);
        }
        Asked::ByScript => {
            library.items += "pub fn extra() -> bool {\n    cfg!(feature = \"extra\")\n}\n";
        }
        Asked::ByOne | Asked::ByConfig => {}
    }
    if asked == Asked::Optional {
        let option = model.member("option");
        let dependency = Dependency::on("option", &option.folder).key("optional", "true");
        model.members.push(option);
        model.named(&name).depend(dependency);
    }
    let service = model.service(seat);
    let asking = match asked {
        Asked::Default => Dependency::on(&name, &folder).key("default-features", "false"),
        Asked::ByScript => {
            let called = identifier(&name);
            service.tell_scripted("extra", "ORACLE_EXTRA", &format!("{called}::extra()"));
            Dependency::on(&name, &folder)
                .table("build-dependencies")
                .feature("extra")
        }
        _ => Dependency::on(&name, &folder).feature("extra"),
    };
    service
        .dependencies
        .retain(|one| one.name != name || one.table != asking.table);
    service.depend(asking);
    let path = service.path("Cargo.toml");
    if asked != Asked::Default {
        model.edits.push(Edit::Replace {
            path,
            old: "features = [\"extra\"]".to_owned(),
            new: "features = []".to_owned(),
            lock: false,
        });
    } else {
        let library = relative("", &format!("{folder}/Cargo.toml"));
        model.edits.push(Edit::Replace {
            path: library,
            old: "default = [\"extra\"]".to_owned(),
            new: "default = []".to_owned(),
            lock: false,
        });
    }
}

/// Returns a library that belongs to no service.
fn member_library(model: &mut Model, seat: Seat) -> Option<&mut Package> {
    let count = model.shape.libraries;
    let first = model.shape.services + usize::from(model.shape.root);
    (count > 0).then(|| &mut model.members[first + seat.0 % count])
}

fn by_config(model: &mut Model, seat: Seat) {
    let service = model.service(seat);
    service.features.insert("loud".to_owned(), Vec::new());
    let names: Vec<String> = service
        .binaries
        .iter()
        .map(|binary| binary.name.clone())
        .collect();
    for name in names {
        model.features.insert(name, vec!["loud".to_owned()]);
    }
}
