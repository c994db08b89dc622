//! Crates from registries, and replacements of crates.io.

use super::super::edits::Edit;
use super::super::model::{HTTP, Model};
use super::super::package::Dependency;
use super::super::shape::{Seat, Source};
use super::super::stand_ins::{call, stand_in};

/// Folders of the sources, or archives, that replace crates.io.
pub const VENDOR: &str = "vendor";
pub const LOCAL: &str = "archives";

/// Returns a dependency on a crate of crates.io, and adds the crate to the replacement of crates.io if there is one.
pub fn crate_of(model: &mut Model, name: &str, version: &str) -> Dependency {
    let one = stand_in(name, version);
    if !model.asks_registry() && !model.crates.contains(&one) {
        model.crates.push(one);
    }
    Dependency::new(name).key("version", version)
}

pub fn registry(model: &mut Model, seat: Seat) {
    let dependency = crate_of(model, "itoa", "1.0.19");
    let package = model.seat(seat);
    if package.depend(dependency) {
        package.tell("itoa", &call("itoa", "itoa"));
    }
}

pub fn two_versions(model: &mut Model, seat: Seat) {
    for (version, called) in [("0.3.2", "old-hex"), ("0.4.3", "new-hex")] {
        let dependency = crate_of(model, "hex", version).key("package", "hex");
        let package = model.seat(seat);
        package.depend(Dependency {
            name: called.to_owned(),
            ..dependency
        });
        package.tell(called, &call("hex", &called.replace('-', "_")));
    }
}

/// Adds a second registry, with one crate in two versions.
pub fn other(model: &mut Model, seat: Seat) {
    for version in ["1.0.0", "2.0.0"] {
        model.shop.push(stand_in("bakehouse-oracle-word", version));
    }
    let config = model.config();
    model.add(
        &config,
        &format!("[registries.shop]\nindex = \"sparse+{HTTP}/shop/\"\n"),
    );
    let package = model.seat(seat);
    let added = package.depend(Dependency {
        name: "shop-word".to_owned(),
        ..Dependency::new("")
            .key("package", "bakehouse-oracle-word")
            .key("version", "1")
            .key("registry", "shop")
            .telling()
    });
    let path = if package.inherits {
        model.path("Cargo.toml")
    } else {
        package.path("Cargo.toml")
    };
    if added {
        model.edits.push(Edit::Replace {
            path,
            old: "registry = \"shop\", version = \"1\"".to_owned(),
            new: "registry = \"shop\", version = \"2\"".to_owned(),
            lock: true,
        });
    }
}

/// Adds the replacement of crates.io, with two crates that the first package uses.
pub fn source(model: &mut Model) {
    let (name, table) = match model.shape.source {
        Source::Registry => return,
        Source::Vendor { .. } => ("vendored", format!("directory = \"{VENDOR}\"")),
        Source::Local => ("archived", format!("local-registry = \"{LOCAL}\"")),
        Source::Mirror => ("mirror", format!("registry = \"sparse+{HTTP}/mirror/\"")),
    };
    let config = model.config();
    model.add(
        &config,
        &format!("[source.crates-io]\nreplace-with = \"{name}\"\n\n[source.{name}]\n{table}\n"),
    );
    let word = crate_of(model, "bakehouse-oracle-word", "1.0.0").telling();
    let _ = crate_of(model, "bakehouse-oracle-word", "2.0.0");
    let fnv = crate_of(model, "fnv", "1.0.7");
    let package = model.seat(Seat(0));
    if package.depend(fnv) {
        package.tell("fnv", &call("fnv", "fnv"));
    }
    package.depend(word);
    let path = if package.inherits {
        model.path("Cargo.toml")
    } else {
        package.path("Cargo.toml")
    };
    model.edits.push(Edit::Replace {
        path,
        old: "bakehouse-oracle-word = { version = \"1.0.0\"".to_owned(),
        new: "bakehouse-oracle-word = { version = \"2.0.0\"".to_owned(),
        lock: true,
    });
    if matches!(model.shape.source, Source::Vendor { .. }) {
        let path = model.path(&format!("{VENDOR}/fnv-1.0.7/src/lib.rs"));
        model.edits.push(Edit::Replace {
            path,
            old: "7001".to_owned(),
            new: "7002".to_owned(),
            lock: false,
        });
    }
}
