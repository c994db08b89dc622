//! Runs stages of a generated Dockerfile on this machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{copy, stderr, undisturbed};

/// Folders at the top of a stage's file system that its scripts name.
const FOLDERS: [&str; 17] = [
    "as-is",
    "build",
    "cargo-config",
    "cargo-home",
    "delta",
    "deps",
    "dist",
    "downloads",
    "glibc",
    "libraries",
    "manifests",
    "runtime",
    "shared",
    "skeleton",
    "sources",
    "tmp",
    "vendor",
];

/// Runs stages, each once, and keeps what each leaves.
pub struct Builder {
    stages: BTreeMap<String, Stage>,
    context: PathBuf,
    /// Stands for `/`. One for all stages, so that what they write about paths agrees.
    machine: PathBuf,
    done: BTreeMap<String, PathBuf>,
    /// Arguments of the build.
    given: BTreeMap<String, String>,
    /// By stage the packages that it compiled, in Cargo's order.
    pub compiled: BTreeMap<String, Vec<String>>,
}

#[derive(Default)]
struct Stage {
    from: String,
    env: Vec<(String, String)>,
    arguments: Vec<String>,
    mounts: Vec<BTreeMap<String, String>>,
    script: String,
}

impl Builder {
    pub fn new(
        dockerfile: &str,
        context: PathBuf,
        machine: PathBuf,
        given: &[(&str, &str)],
    ) -> Self {
        let given = given.iter();
        Self {
            stages: parse(dockerfile),
            context,
            machine,
            done: BTreeMap::new(),
            given: given
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            compiled: BTreeMap::new(),
        }
    }

    /// A path on the machine as the last stage left it.
    pub fn machine(&self, inside: &str) -> PathBuf {
        self.machine.join(inside)
    }

    /// What the toolchain stage sets for all others.
    pub fn environment(&self) -> Vec<(String, String)> {
        let toolchain = self.stages["toolchain"].env.iter();
        toolchain
            .map(|(key, value)| (key.clone(), self.at_home(value)))
            .collect()
    }

    /// Runs the stage `name` and what it needs; gives what it leaves, by the same paths as in the image.
    pub fn stage(&mut self, name: &str) -> PathBuf {
        if let Some(done) = self.done.get(name) {
            return done.clone();
        }
        let stage = self
            .stages
            .remove(name)
            .expect("the Dockerfile has the stage");
        let sources: Vec<String> = stage
            .mounts
            .iter()
            .filter_map(|m| m.get("from").cloned())
            .collect();
        for source in sources {
            if !self.is_base(&source) {
                self.stage(&source);
            }
        }
        for folder in FOLDERS {
            let folder = self.machine.join(folder);
            if fs::remove_file(&folder).is_err() {
                let _ = fs::remove_dir_all(folder);
            }
        }
        for folder in ["build", "tmp"] {
            fs::create_dir_all(self.machine.join(folder)).unwrap();
        }
        for mount in &stage.mounts {
            let target = self.machine.join(mount["target"].trim_start_matches('/'));
            if mount.get("from").is_some_and(|from| self.is_base(from)) {
                // What is built here runs here.
                std::os::unix::fs::symlink("/", target).unwrap();
                continue;
            }
            let source = mount.get("source").map(|source| match mount.get("from") {
                Some(from) => self.done[from].join(source.trim_start_matches('/')),
                None => self.context.join(source),
            });
            match source {
                Some(source) => {
                    fs::create_dir_all(target.parent().unwrap()).unwrap();
                    let _ = fs::remove_dir_all(&target);
                    copy(&source, &target);
                }
                None if target.ends_with("downloads") => link_downloads(&target),
                None => fs::create_dir_all(&target).unwrap(),
            }
        }
        self.run(name, &stage);
        let kept = self.machine.with_file_name(format!("left-by-{name}"));
        fs::create_dir_all(&kept).unwrap();
        for folder in ["vendor", "deps", "delta", "dist", "glibc"] {
            if self.machine.join(folder).exists() {
                copy(&self.machine.join(folder), &kept.join(folder));
            }
        }
        self.done.insert(name.to_owned(), kept.clone());
        kept
    }

    /// Whether a mount is from a base image, or from a stage that is nothing else.
    fn is_base(&self, from: &str) -> bool {
        let stage = self.stages.get(from);
        !self.done.contains_key(from) && stage.is_none_or(|stage| stage.script.is_empty())
    }

    fn run(&mut self, name: &str, stage: &Stage) {
        let base = self.stages.get(&stage.from).map(|base| &base.env);
        let script = self.at_home(&stage.script);
        let mut command = Command::new("bash");
        command.args(["-c", &script]);
        undisturbed(&mut command);
        for (key, value) in base.into_iter().flatten().chain(&stage.env) {
            command.env(key, self.at_home(value));
        }
        for name in &stage.arguments {
            match self.given.get(name) {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "stage {name}: {}\n{script}",
            stderr(&output)
        );
        let said = stderr(&output);
        let packages = said
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("Compiling "));
        let packages = packages.filter_map(|line| line.split(' ').next().map(str::to_owned));
        self.compiled.insert(name.to_owned(), packages.collect());
    }

    /// Returns `text` with each absolute path moved into the machine's folder.
    fn at_home(&self, text: &str) -> String {
        let mut moved = String::new();
        let mut before = ' ';
        for (at, c) in text.char_indices() {
            let begins = c == '/'
                && (matches!(before, ' ' | '\n' | '"' | '\'' | '=' | '<' | '>')
                    || text[..at].ends_with("file://"));
            let folder = begins.then(|| {
                let rest = &text[at + 1..];
                let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '-');
                &rest[..end.unwrap_or(rest.len())]
            });
            match folder {
                Some(folder) if FOLDERS.contains(&folder) => {
                    moved += self.machine.to_str().unwrap();
                }
                _ => {}
            }
            moved.push(c);
            before = c;
        }
        moved
    }
}

/// Links the current user's downloads, which include the crates that fixtures use.
fn link_downloads(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for kind in ["index", "cache"] {
        let registry = cargo_home().join("registry");
        std::os::unix::fs::symlink(registry.join(kind), folder.join(kind)).unwrap();
    }
}

fn cargo_home() -> PathBuf {
    let home = || Path::new(&std::env::var("HOME").unwrap()).join(".cargo");
    std::env::var_os("CARGO_HOME").map_or_else(home, PathBuf::from)
}

fn parse(text: &str) -> BTreeMap<String, Stage> {
    let mut stages = BTreeMap::new();
    let mut name = String::new();
    let mut in_script = false;
    for line in text.lines() {
        let Some(stage) = stages.get_mut(&name) else {
            begin(line, &mut name, &mut stages);
            continue;
        };
        if in_script {
            in_script = line != "SCRIPT";
            if in_script {
                let stage: &mut Stage = stage;
                stage.script += line;
                stage.script += "\n";
            }
            continue;
        }
        in_script = line.ends_with("<<'SCRIPT'");
        if let Some((_, mount)) = line.split_once("--mount=") {
            let mount = mount.trim_end_matches([' ', '\\']).split(',');
            let mount = mount.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
            stage
                .mounts
                .push(mount.map(|(k, v)| (k.to_owned(), v.to_owned())).collect());
        } else if let Some((key, value)) = line.strip_prefix("ENV ").and_then(|l| l.split_once('='))
        {
            stage
                .env
                .push((key.to_owned(), value.trim_matches('"').to_owned()));
        } else if let Some(name) = line.strip_prefix("ARG ") {
            stage.arguments.push(name.to_owned());
        } else {
            begin(line, &mut name, &mut stages);
        }
    }
    stages
}

fn begin(line: &str, name: &mut String, stages: &mut BTreeMap<String, Stage>) {
    if let Some((from, new)) = line
        .strip_prefix("FROM ")
        .and_then(|line| line.split_once(" AS "))
    {
        new.clone_into(name);
        let stage = Stage {
            from: from.to_owned(),
            ..Stage::default()
        };
        stages.insert(name.clone(), stage);
    }
}
