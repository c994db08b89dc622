//! A generated workspace of any size, for measurements and for tests of scale.

mod layout;
mod library;
pub mod random;
mod service;
mod third_party;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use crate::ran::Ran;

pub use layout::Layout;
use third_party::{ALWAYS, SOMETIMES, ThirdParty};

/// The parameters of a synthetic workspace. The same three numbers always give the same files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Synthetic {
    pub services: usize,
    pub libraries: usize,
    pub seed: u64,
}

impl Synthetic {
    /// Returns the dependencies between members.
    pub fn layout(&self) -> Layout {
        Layout::new(self.services, self.libraries, self.seed)
    }

    /// Returns the text of every file except `Cargo.lock`, by path.
    pub fn files(&self) -> BTreeMap<Utf8PathBuf, String> {
        let layout = self.layout();
        let mut files = BTreeMap::from([
            ("Cargo.toml".into(), root_manifest(&layout)),
            ("bakehouse.toml".into(), CONFIG.to_owned()),
            ("rust-toolchain.toml".into(), TOOLCHAIN.to_owned()),
        ]);
        for (name, needs) in &layout.libraries {
            let crates = library::third_party(self.seed, name, 4);
            let folder = folder(name);
            files.insert(
                folder.join("Cargo.toml"),
                manifest(name, needs, &ALWAYS, &crates),
            );
            files.insert(folder.join("src/lib.rs"), library::root(name, "A", needs));
            files.insert(
                folder.join("src/models.rs"),
                library::models(self.seed, name),
            );
            files.insert(folder.join("src/store.rs"), library::store());
            files.insert(folder.join("src/tools.rs"), library::tools(&crates));
        }
        for (name, needs) in &layout.services {
            let crates = library::third_party(self.seed, name, 3);
            let folder = folder(name);
            files.insert(
                folder.join("Cargo.toml"),
                manifest(name, needs, &[], &crates),
            );
            files.insert(folder.join("src/main.rs"), service::main(name, "A", needs));
            files.insert(folder.join("src/tools.rs"), library::tools(&crates));
        }
        files
    }

    /// Writes all files into `dir`, with a lock made by Cargo.
    ///
    /// # Panics
    /// If a file cannot be written, or a crate is neither on this machine nor in the registry.
    #[track_caller]
    pub fn write(&self, dir: &Utf8Path) {
        for (path, text) in self.files() {
            let path = dir.join(path);
            let folder = path.parent().expect("a file lies in a folder");
            fs::create_dir_all(folder).expect("a folder can be made");
            fs::write(&path, text).expect("a file can be written");
        }
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let _ = Ran::of(
            Command::new(cargo)
                .current_dir(dir)
                .args(["generate-lockfile", "--quiet"]),
        )
        .succeeded();
    }

    /// Returns the output of `service` if each member has the value that `value` returns, which is initially `A`.
    ///
    /// # Panics
    /// If there is no such service.
    #[track_caller]
    pub fn prints(&self, service: &str, value: impl Fn(&str) -> String) -> String {
        let closure = self.layout().closure(service);
        let words: Vec<String> = closure
            .iter()
            .map(|member| format!("{member}={}", value(member)))
            .collect();
        words.join(" ")
    }
}

/// Sets the value of a member of the workspace in `dir`, which is one line of its source.
///
/// # Panics
/// If there is no such member, or its file cannot be written.
#[track_caller]
pub fn set_value(dir: &Utf8Path, member: &str, value: &str) {
    let file = if member.starts_with("service") {
        "src/main.rs"
    } else {
        "src/lib.rs"
    };
    let path = dir.join(folder(member)).join(file);
    let text = fs::read_to_string(&path).expect("a member has a source");
    let set = |line: &str| match line.split_once("VALUE: &str = ") {
        Some((start, _)) => format!("{start}VALUE: &str = {value:?};\n"),
        None => format!("{line}\n"),
    };
    fs::write(&path, text.lines().map(set).collect::<String>()).expect("a file can be written");
}

/// Returns the folder of a member, relative to the workspace.
pub fn folder(member: &str) -> Utf8PathBuf {
    let room = if member.starts_with("service") {
        "services"
    } else {
        "libraries"
    };
    Utf8Path::new(room).join(member)
}

fn identifier(name: &str) -> String {
    name.replace('-', "_")
}

fn root_manifest(layout: &Layout) -> String {
    let mut text = String::from(
        "[workspace]\nresolver = \"3\"\nmembers = [\"libraries/*\", \"services/*\"]\n\n[workspace.package]\nversion = \"0.1.0\"\n\
         edition = \"2024\"\npublish = false\n\n[workspace.dependencies]\n",
    );
    let third_party = ALWAYS
        .iter()
        .chain(&SOMETIMES)
        .map(|c| (c.name.to_owned(), c.workspace.to_owned()));
    let own = layout
        .libraries
        .keys()
        .map(|name| (name.clone(), format!("{{ path = \"{}\" }}", folder(name))));
    let all: BTreeMap<String, String> = third_party.chain(own).collect();
    for (name, line) in all {
        let _ = writeln!(text, "{name} = {line}");
    }
    text
}

fn manifest(
    name: &str,
    needs: &BTreeSet<String>,
    always: &[ThirdParty],
    crates: &[(&ThirdParty, &str)],
) -> String {
    let own = needs.iter().map(|need| format!("{need}.workspace = true"));
    let third_party = always
        .iter()
        .map(|third_party| third_party.member[0])
        .chain(crates.iter().map(|(_, line)| *line))
        .map(str::to_owned);
    let lines: BTreeSet<String> = own.chain(third_party).collect();
    let mut text = format!(
        "[package]\nname = \"{name}\"\nversion.workspace = true\nedition.workspace = true\npublish.workspace = true\n\n[dependencies]\n"
    );
    for line in lines {
        text += &line;
        text.push('\n');
    }
    text
}

const CONFIG: &str = r#"registry = "synthetic"

[bases]
builder = "docker.io/library/rust:1.95.0-slim-bookworm"
runtime = "docker.io/library/debian:bookworm-slim"
"#;

const TOOLCHAIN: &str = "[toolchain]\nchannel = \"1.95.0\"\n";
