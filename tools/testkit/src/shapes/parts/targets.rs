//! Targets in unusual places.

use super::super::model::Model;
use super::super::package::{Binary, relative};
use super::super::shape::{Odd, Seat};

pub fn target(model: &mut Model, seat: Seat, odd: Odd) {
    let elsewhere = model.path("elsewhere");
    match odd {
        Odd::LibraryOutside => {
            let Some(library) = model.library(seat) else {
                return;
            };
            let file = format!("{elsewhere}/{}/lib.rs", library.name);
            library.library_path = Some(relative(&library.folder, &file));
        }
        Odd::BinaryElsewhere => {
            let service = model.service(seat);
            let file = format!("{elsewhere}/{}.rs", service.name);
            let inside = seat.0.is_multiple_of(2);
            service.binaries[0].said = true;
            service.binaries[0].path = if inside {
                "cmd/run.rs".to_owned()
            } else {
                relative(&service.folder, &file)
            };
        }
        Odd::ScriptOutside => {
            let package = model.seat(seat);
            let file = format!("{elsewhere}/{}-build.rs", package.name);
            package.script_path = Some(relative(&package.folder, &file));
            package.tell_scripted("script", "ORACLE_SCRIPT", "\"script_A_\"");
        }
        Odd::SeveralBinaries => {
            let service = model.service(seat);
            service.library = true;
            let name = format!("{}-second", service.name);
            service.binaries.push(Binary {
                path: format!("src/bin/{name}.rs"),
                name,
                said: false,
            });
        }
    }
}
