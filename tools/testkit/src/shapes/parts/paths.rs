//! Path dependencies that are not members.

use super::super::model::Model;
use super::super::package::{Dependency, Package, join};
use super::super::shape::{Seat, Standing};

pub fn path(model: &mut Model, seat: Seat, at: Standing) {
    let edition = model.shape.edition;
    let guest = match at {
        Standing::Above if model.shape.nested => Package::library("guest", "common/guest", edition),
        Standing::Excluded | Standing::Above => {
            let folder = model.path("local/guest");
            model.excluded.insert(folder.clone());
            Package::library("guest", &folder, edition)
        }
        Standing::OtherWorkspace => other_workspace(model, edition),
    };
    let mut guest = guest;
    guest.tell("version", "env!(\"CARGO_PKG_VERSION\")");
    guest.tell("data", "include_str!(\"../data.txt\").trim()");
    model.add(&guest.path("data.txt"), "data_A_\n");
    model
        .seat(seat)
        .depend(Dependency::on("guest", &guest.folder));
    model.others.push(guest);
}

/// Returns a package that inherits its version from a workspace of its own, and needs another member of that workspace.
fn other_workspace(model: &mut Model, edition: u16) -> Package {
    let root = model.path("other");
    model.excluded.insert(root.clone());
    model.add(
        &join(&root, "Cargo.toml"),
        "[workspace]\nresolver = \"2\"\nmembers = [\"guest\", \"inner\"]\n\n[workspace.package]\nversion = \"3.4.5\"\n",
    );
    let inner = Package::library("inner", &join(&root, "inner"), edition);
    let mut guest = Package::library("guest", &join(&root, "guest"), edition);
    guest.version.clear();
    guest.keys.push("version.workspace = true".to_owned());
    guest
        .dependencies
        .push(Dependency::on("inner", &inner.folder));
    model.others.push(inner);
    guest
}
