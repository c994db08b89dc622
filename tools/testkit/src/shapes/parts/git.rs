//! Crates from git.

use std::collections::BTreeMap;

use super::super::edits::Edit;
use super::super::model::{GIT, Model, Repository, commit_of};
use super::super::package::{Dependency, Package, join};
use super::super::shape::{Flavour, Reference, Seat};
use super::super::stand_ins::{call, stand_in};
use super::super::{manifest, sources};
use super::registries::crate_of;

/// Counts the files of `templates`, and gives zero if the folder is missing.
const COUNT: &str = "std::fs::read_dir(\"templates\").map_or(0, |files| files.count())";

pub fn git(model: &mut Model, seat: Seat, flavour: Flavour, reference: Reference) {
    let edition = model.shape.edition;
    let folder = match flavour {
        Flavour::Above | Flavour::Submodule | Flavour::Workspace => "greet",
        _ => "",
    };
    let mut kit = Package::library("greet-kit", folder, edition);
    let mut files = BTreeMap::new();
    let mut submodule = None;
    let mut file = |path: &str, text: &str| drop(files.insert(path.to_owned(), text.to_owned()));
    match flavour {
        Flavour::Plain => {}
        Flavour::Exclude | Flavour::Include | Flavour::Nested | Flavour::Ignored => {
            kit.tell_scripted("templates", "GREET_TEMPLATES", COUNT);
            file("templates/one.txt", "template_A_\n");
            file("templates/two.txt", "template_A_\n");
            match flavour {
                Flavour::Exclude => kit.keys.push("exclude = [\"templates\"]".to_owned()),
                Flavour::Include => kit
                    .keys
                    .push("include = [\"src\", \"build.rs\"]".to_owned()),
                Flavour::Ignored => file(".gitignore", "templates/\n"),
                _ => file(
                    "templates/Cargo.toml",
                    "[package]\nname = \"templates\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
                ),
            }
        }
        Flavour::Above => {
            kit.tell("banner", "include_str!(\"../../shared/banner.txt\").trim()");
            file("shared/banner.txt", "banner_A_\n");
        }
        Flavour::Submodule => {
            kit.tell("word", "include_str!(\"../words/word.txt\").trim()");
            submodule = Some(("greet/words".to_owned(), "words".to_owned()));
            model.repositories.push(Repository {
                name: "words".to_owned(),
                files: BTreeMap::from([("word.txt".to_owned(), "word_A_\n".to_owned())]),
                submodule: None,
            });
        }
        Flavour::Workspace => {
            let inner = Package::library("greet-inner", "inner", edition);
            kit.dependencies
                .push(Dependency::on("greet-inner", "inner"));
            kit.version.clear();
            kit.keys.push("version.workspace = true".to_owned());
            kit.tell("version", "env!(\"CARGO_PKG_VERSION\")");
            file(
                "Cargo.toml",
                "[workspace]\nresolver = \"2\"\nmembers = [\"greet\", \"inner\"]\n\n[workspace.package]\nversion = \"2.3.4\"\n",
            );
            manifest::alone(&inner, &mut files);
            sources::write(&inner, &mut files);
        }
    }
    manifest::alone(&kit, &mut files);
    sources::write(&kit, &mut files);
    model.edits.push(Edit::Commit {
        repository: "kit".to_owned(),
        package: "greet-kit".to_owned(),
        path: join(folder, "src/lib.rs"),
    });
    model.repositories.push(Repository {
        name: "kit".to_owned(),
        files,
        submodule,
    });
    let dependency = from("greet-kit", "kit").telling();
    let dependency = match reference {
        Reference::Default => dependency,
        Reference::Branch => dependency.key("branch", "side"),
        Reference::Tag => dependency.key("tag", "v1"),
        Reference::Rev => dependency.key("rev", &commit_of("kit")),
    };
    model.seat(seat).depend(dependency);
}

/// Adds a crate from git whose source is a committed folder with other values. Cargo locks it only while it can see the
/// repository.
pub fn vendored(model: &mut Model, seat: Seat) {
    let package = Package::library("kept-kit", "", model.shape.edition);
    let mut files = BTreeMap::new();
    manifest::alone(&package, &mut files);
    sources::write(&package, &mut files);
    let folder = model.path("vendor-git/kept-kit");
    for (path, text) in &files {
        model.add(&join(&folder, path), &text.replace("_A_", "_K_"));
    }
    let sums = "{\"files\":{},\"package\":null}";
    model.add(&join(&folder, ".cargo-checksum.json"), sums);
    model.repositories.push(Repository {
        name: "kept".to_owned(),
        files,
        submodule: None,
    });
    model.late += &format!(
        "[source.\"git+{GIT}/kept.git\"]\ngit = \"{GIT}/kept.git\"\nreplace-with = \"kept\"\n\n\
         [source.kept]\ndirectory = \"vendor-git\"\n"
    );
    model.seat(seat).depend(from("kept-kit", "kept").telling());
}

/// Adds the same crate in the same version from crates.io, or its replacement, and from git.
pub fn two_sources(model: &mut Model, seat: Seat) {
    let real = crate_of(model, "itoa", "1.0.19");
    model.repositories.push(Repository {
        name: "itoa".to_owned(),
        files: stand_in("itoa", "1.0.19").files(),
        submodule: None,
    });
    let package = model.seat(seat);
    if package.depend(real) {
        package.tell("itoa", &call("itoa", "itoa"));
    }
    package.depend(Dependency {
        name: "git-itoa".to_owned(),
        ..from("itoa", "itoa").key("package", "itoa")
    });
    package.tell("git itoa", &call("itoa", "git_itoa"));
}

/// Returns a dependency on a package of a repository.
pub fn from(package: &str, repository: &str) -> Dependency {
    Dependency::new(package).key("git", &format!("{GIT}/{repository}.git"))
}
