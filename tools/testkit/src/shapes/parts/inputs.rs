//! Files that are read while a package compiles.

use super::super::edits::Edit;
use super::super::model::Model;
use super::super::package::{join, relative};
use super::super::shape::{Place, Reader, Seat};

pub fn input(model: &mut Model, number: usize, seat: Seat, (place, reader): (Place, Reader)) {
    let (root, nested) = (model.workspace.clone(), model.shape.nested);
    let package = model.seat(seat);
    let folder = match place {
        Place::Inside => package.path("assets"),
        Place::Root => root.clone(),
        Place::Above if nested => "above".to_owned(),
        Place::Ignored => join(&root, "dist"),
        Place::Beside | Place::Above => join(&root, "shared"),
    };
    let file = join(&folder, &format!("note-{number}.txt"));
    let read = match reader {
        Reader::Source => {
            let way = relative(&package.source_folder(), &file);
            package.tell(
                &format!("note {number}"),
                &format!("include_str!(\"{way}\").trim()"),
            );
            file.clone()
        }
        Reader::Script => {
            let way = relative(&package.folder, &file);
            package.tell_scripted(
                &format!("note {number}"),
                &format!("ORACLE_NOTE_{number}"),
                &format!(
                    "std::fs::read_to_string(\"{way}\").unwrap_or_else(|_| \"none\".to_owned()).trim()"
                ),
            );
            file.clone()
        }
        Reader::Count => {
            let counted = join(&folder, &format!("notes-{number}"));
            let way = relative(&package.folder, &counted);
            package.tell_scripted(
                &format!("notes {number}"),
                &format!("ORACLE_NOTES_{number}"),
                &format!("std::fs::read_dir(\"{way}\").map_or(0, |files| files.count())"),
            );
            counted
        }
        Reader::Module => {
            let module = join(&folder, &format!("part_{number}.rs"));
            let way = relative(&package.source_folder(), &module);
            package.items += &format!("#[path = \"{way}\"]\nmod part_{number};\n");
            package.tell(
                &format!("module {number}"),
                &format!("part_{number}::VALUE"),
            );
            module
        }
    };
    let is_inside = package.folder.is_empty() || read.starts_with(&format!("{}/", package.folder));
    let name = package.name.clone();
    // A file that is not in git belongs to no package unless it is declared.
    if !is_inside || place == Place::Ignored {
        let declared = relative(&root, &read);
        model.inputs.entry(name).or_default().insert(declared);
    }
    if place == Place::Ignored {
        model.add(&join(&root, ".gitignore"), "dist/\n");
    }
    match reader {
        Reader::Count => {
            for file in ["one.txt", "two.txt"] {
                model.add(&join(&read, file), "counted_A_\n");
            }
            let (file, other) = (join(&read, "two.txt"), join(&read, "three.txt"));
            model.edits.push(Edit::Remove { path: file });
            model.edits.push(Edit::Write {
                path: other,
                text: "counted\n".to_owned(),
            });
        }
        Reader::Module => {
            model.add(
                &read,
                &format!("pub const VALUE: &str = \"module_{number}_A_\";\n"),
            );
        }
        Reader::Source | Reader::Script => {
            model.add(&read, &format!("note_{number}_A_\n"));
            if reader == Reader::Script {
                model.edits.push(Edit::Remove { path: read.clone() });
                model.edits.push(Edit::Rename {
                    to: format!("{read}.old"),
                    from: read,
                });
            }
        }
    }
}

pub fn own_manifest(model: &mut Model, seat: Seat) {
    let package = model.seat(seat);
    let way = relative(&package.source_folder(), &package.path("Cargo.toml"));
    package.keys.push("description = \"about_A_\"".to_owned());
    package.tell("manifest", &format!("include_str!(\"{way}\").len()"));
    package.tell(
        "manifest sum",
        &format!(
            "include_str!(\"{way}\").bytes().fold(0u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)))"
        ),
    );
}
