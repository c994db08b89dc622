//! Files of a model, and bakehouse's plan of them.

use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, SystemTime};

use bakehouse::graph::Workspace;
use bakehouse::graph::cargo::Cargo;
use bakehouse::plan::Plan;
use bakehouse::plan::config::Config;
use bakehouse::plan::draft::Draft;
use bakehouse::problem::Source;
use camino::Utf8Path;

use super::{Edit, Model};

/// Works out the plan of the files.
pub fn plan(folder: &Path) -> (Workspace, Plan) {
    let folder = Utf8Path::from_path(folder).unwrap();
    let manifest = folder.join("Cargo.toml");
    let mut workspace = Workspace::read(&Cargo::default(), Some(&manifest)).unwrap();
    let source = Source {
        name: "bakehouse.toml".to_owned(),
        text: std::fs::read_to_string(folder.join("bakehouse.toml")).unwrap(),
    };
    let config = Config::read(&source, &mut workspace).unwrap();
    let draft = Draft::new(&workspace, config);
    let sources = workspace.sources(&Vec::from_iter(draft.reads())).unwrap();
    let plan = Plan::new(draft, &sources);
    (workspace, plan)
}

impl Model {
    /// Writes the model to an empty folder, or over its earlier files. With `reversed`, all lists have the opposite
    /// order.
    pub fn write(&self, folder: &Path, reversed: bool) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                std::fs::remove_dir_all(path).unwrap();
            } else {
                std::fs::remove_file(path).unwrap();
            }
        }
        let mut files = self.files(reversed);
        if reversed {
            files.reverse();
        }
        for (path, text) in files {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        for (index, member) in self.members.iter().enumerate() {
            if member.executable {
                use std::os::unix::fs::PermissionsExt;
                let path = folder.join(self.folder(index)).join("src/lib.rs");
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
    }

    /// Changes the time of a file if the edit says so.
    pub fn touch(&self, folder: &Path, edit: &Edit) {
        if let Edit::Time(n) = edit {
            let path = folder.join(self.folder(n % self.members.len()));
            let file = std::fs::File::open(path.join("src/lib.rs")).unwrap();
            let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
            file.set_modified(old).unwrap();
        }
    }

    fn folder(&self, member: usize) -> String {
        let above = if self.members[member].foreign {
            "foreign/"
        } else {
            ""
        };
        format!("{above}m{member}")
    }

    fn files(&self, reversed: bool) -> Vec<(String, String)> {
        let mut files: Vec<(String, String)> = vec![
            ("Cargo.toml".into(), self.root(reversed)),
            ("Cargo.lock".into(), self.lock(reversed)),
            ("bakehouse.toml".into(), self.config(reversed)),
            ("README.md".into(), self.unused.to_string()),
            (
                ".cargo/config.toml".into(),
                format!("# {}\n", self.cargo_config),
            ),
            (
                "rust-toolchain.toml".into(),
                format!("[toolchain]\nchannel = \"1.95.{}\"\n", self.toolchain),
            ),
            (
                "unused/Cargo.toml".into(),
                "[package]\nname = \"unused\"\nversion = \"0.1.0\"\n".into(),
            ),
            ("unused/src/lib.rs".into(), format!("// {}", self.unused)),
        ];
        for (index, member) in self.members.iter().enumerate() {
            let folder = self.folder(index);
            files.push((format!("{folder}/Cargo.toml"), self.manifest(index)));
            let own = member.files.iter();
            files.extend(own.map(|(path, text)| (format!("{folder}/{path}"), text.clone())));
        }
        if self.members.iter().any(|member| member.foreign) {
            files.push(("foreign/Cargo.toml".into(), self.foreign_root(reversed)));
        }
        for (index, third_party) in self.crates.iter().enumerate() {
            if let Some(content) = third_party.patched {
                let folder = format!("patched/c{index}");
                files.push((format!("{folder}/Cargo.toml"), self.patched(index)));
                files.push((format!("{folder}/src/lib.rs"), format!("// {content}")));
            }
        }
        for (index, service) in self.services.iter().enumerate() {
            files.push((format!("ship/{index}.txt"), service.shipped.clone()));
        }
        files
    }

    fn root(&self, reversed: bool) -> String {
        let mut members = self.members_that_are(false);
        members.push("\"unused\"".into());
        let patched = self.crates.iter().enumerate();
        let mut patches: Vec<String> = patched
            .filter(|(_, third_party)| third_party.patched.is_some())
            .map(|(index, _)| format!("c{index} = {{ path = \"patched/c{index}\" }}\n"))
            .collect();
        let mut profiles = [
            format!("[profile.release]\nopt-level = {}\n", self.profile % 4),
            format!("[profile.dev]\nopt-level = {}\n", self.other_profile % 4),
        ];
        if reversed {
            members.reverse();
            patches.reverse();
            profiles.reverse();
        }
        format!(
            "[workspace]\nresolver = \"2\"\nmembers = [{}]\nexclude = [\"foreign\", \"patched\"]\n{}{}[patch.crates-io]\n{}",
            members.join(", "),
            self.inherited_crates(reversed),
            profiles.concat(),
            patches.concat(),
        )
    }

    fn foreign_root(&self, reversed: bool) -> String {
        let mut members = self.members_that_are(true);
        if reversed {
            members.reverse();
        }
        format!(
            "[workspace]\nmembers = [{}]\n[workspace.package]\ndescription = \"{}\"\nkeywords = [\"k{}\"]\n{}",
            members.join(", "),
            self.foreign,
            self.unused,
            self.inherited_crates(reversed),
        )
    }

    fn members_that_are(&self, foreign: bool) -> Vec<String> {
        let members = self.members.iter().enumerate();
        members
            .filter(|(_, member)| member.foreign == foreign)
            .map(|(index, _)| format!("\"m{index}\""))
            .collect()
    }

    fn inherited_crates(&self, reversed: bool) -> String {
        let mut lines: Vec<String> = (0..self.crates.len())
            .map(|index| format!("c{index} = \"1\"\n"))
            .collect();
        if reversed {
            lines.reverse();
        }
        format!("[workspace.dependencies]\n{}", lines.concat())
    }

    fn manifest(&self, index: usize) -> String {
        let member = &self.members[index];
        let mut text =
            format!("[package]\nname = \"m{index}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
        text += &if member.foreign && member.inherited {
            "description.workspace = true\n".to_owned()
        } else {
            format!("description = \"{}\"\n", member.description)
        };
        let up = if member.foreign { "../.." } else { ".." };
        let path = |needed: usize| {
            format!(
                "path = \"{up}/{}\", default-features = false",
                self.folder(needed)
            )
        };
        text += "[dependencies]\n";
        for needed in &member.needs {
            let asks = member.extra && member.needs.first() == Some(needed);
            let features = if asks { ", features = [\"extra\"]" } else { "" };
            writeln!(text, "m{needed} = {{ {}{features} }}", path(*needed)).unwrap();
        }
        if let Some(needed) = member.optional {
            writeln!(text, "m{needed} = {{ {}, optional = true }}", path(needed)).unwrap();
        }
        for needed in &member.crates {
            let source = if member.inherited {
                "workspace = true"
            } else {
                "version = \"1\""
            };
            let asks = member.feature && member.crates.first() == Some(needed);
            let features = if asks { "[\"x\"]" } else { "[]" };
            writeln!(text, "c{needed} = {{ {source}, features = {features} }}").unwrap();
        }
        if member.dev {
            writeln!(
                text,
                "[dev-dependencies]\nunused = {{ path = \"{up}/unused\" }}"
            )
            .unwrap();
        }
        let optional = member.optional.map(|needed| format!("\"dep:m{needed}\""));
        writeln!(
            text,
            "[features]\nextra = [{}]",
            optional.unwrap_or_default()
        )
        .unwrap();
        text
    }

    /// Returns the manifest of the folder that replaces a crate.
    fn patched(&self, index: usize) -> String {
        let third_party = &self.crates[index];
        let mut text = format!(
            "[package]\nname = \"c{index}\"\nversion = \"1.0.{}\"\n[features]\nx = []\n[dependencies]\n",
            third_party.patch
        );
        for needed in &third_party.needs {
            writeln!(text, "c{needed} = \"1\"").unwrap();
        }
        text
    }

    fn lock(&self, reversed: bool) -> String {
        let mut entries: Vec<String> = Vec::new();
        let mut entry =
            |name: String, version: String, third_party: bool, mut needs: Vec<String>| {
                if reversed {
                    needs.reverse();
                }
                let mut text = format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
                if third_party {
                    text += "source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
                    writeln!(text, "checksum = \"{:0>64}\"", version.replace('.', "")).unwrap();
                }
                writeln!(text, "dependencies = {needs:?}\n").unwrap();
                entries.push(text);
            };
        for (index, third_party) in self.crates.iter().enumerate() {
            let needs = third_party.needs.iter().map(|needed| format!("c{needed}"));
            entry(
                format!("c{index}"),
                format!("1.0.{}", third_party.patch),
                third_party.patched.is_none(),
                needs.collect(),
            );
        }
        for (index, member) in self.members.iter().enumerate() {
            let crates = member.crates.iter().map(|needed| format!("c{needed}"));
            let needs = member.needs.iter().chain(&member.optional);
            let needs = needs.map(|needed| format!("m{needed}"));
            let dev = member.dev.then(|| "unused".to_owned());
            entry(
                format!("m{index}"),
                "0.1.0".into(),
                false,
                crates.chain(needs).chain(dev).collect(),
            );
        }
        entry("unused".into(), "0.1.0".into(), false, Vec::new());
        if reversed {
            entries.reverse();
        }
        format!("version = 4\n\n{}", entries.concat())
    }

    fn config(&self, reversed: bool) -> String {
        let mut tables: Vec<String> = Vec::new();
        for (index, service) in self.services.iter().enumerate() {
            let member = service.member;
            tables.push(if service.pack {
                format!(
                    "[packs.p{index}]\npath = \"p{index}\"\nbinaries = [{{ package = \"m{member}\", to = \"bin\" }}]\n"
                )
            } else {
                let features = if service.extra { "[\"extra\"]" } else { "[]" };
                let (a, b) = if reversed { (1, service.port) } else { (service.port, 1) };
                format!(
                    "[services.s{index}]\npackage = \"m{member}\"\nbin = \"m{member}\"\nfeatures = {features}\n\
                    ports = [{a}, {b}]\nfiles = {{ \"ship/{index}.txt\" = \"/ship.txt\" }}\n"
                )
            });
        }
        if reversed {
            tables.reverse();
        }
        let unify = if self.each { "each" } else { "services" };
        format!("unify = \"{unify}\"\n[services]\n{}", tables.concat())
    }
}
