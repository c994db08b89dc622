//! Runner of the stages of a generated Dockerfile on this machine, without Docker.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{copy, stderr, undisturbed};
use crate::steps;

/// Folders at the top of a stage's file system that scripts name.
const FOLDERS: [&str; 20] = [
    "as-is",
    "build",
    "cargo-config",
    "cargo-home",
    "delta",
    "deps",
    "dist",
    "downloads",
    "glibc",
    "kept",
    "libraries",
    "lock",
    "manifests",
    "run",
    "runtime",
    "shared",
    "skeleton",
    "sources",
    "tmp",
    "vendor",
];

/// Runs each stage once and keeps its results.
pub struct Builder {
    stages: BTreeMap<String, Stage>,
    context: PathBuf,
    /// The folder that stands for `/`. All stages share it, so that paths in their results agree.
    machine: PathBuf,
    done: BTreeMap<String, PathBuf>,
    /// Build arguments.
    given: BTreeMap<String, String>,
    /// Stage → the packages that it compiled, in Cargo's order.
    pub compiled: BTreeMap<String, Vec<String>>,
}

#[derive(Default)]
struct Stage {
    parsed: steps::Stage,
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

    /// Returns a path on the machine as the last stage left it.
    pub fn machine(&self, inside: &str) -> PathBuf {
        self.machine.join(inside)
    }

    /// Returns the variables that the toolchain stage sets for all other stages.
    pub fn environment(&self) -> Vec<(String, String)> {
        let toolchain = self.stages["toolchain"].parsed.env.iter();
        toolchain
            .map(|(key, value)| (key.clone(), self.at_home(value)))
            .collect()
    }

    /// Runs the stage `name` and those that it needs. Returns the folder with its results, at the same paths as in the
    /// image.
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
                // Everything that is built here also runs here.
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
                    // Scripts, and the list that they read, name paths.
                    for file in [target.clone(), target.join("stubs.txt")] {
                        let kind = file.extension().unwrap_or_default();
                        if (kind == "sh" || kind == "txt") && file.is_file() {
                            let text = self.at_home(&fs::read_to_string(&file).unwrap());
                            fs::write(&file, text).unwrap();
                        }
                    }
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

    /// Returns whether a mount is from a base image, or from a stage that adds nothing to one.
    fn is_base(&self, from: &str) -> bool {
        let stage = self.stages.get(from);
        !self.done.contains_key(from) && stage.is_none_or(|stage| stage.script.is_empty())
    }

    fn run(&mut self, name: &str, stage: &Stage) {
        let mut environment = stage.parsed.env.clone();
        let mut from = &stage.parsed.from;
        while let Some(base) = self.stages.get(from) {
            environment.splice(0..0, base.parsed.env.iter().cloned());
            from = &base.parsed.from;
        }
        let script = self.at_home(&stage.script);
        let mut command = Command::new("bash");
        command.args(["-c", &script]);
        undisturbed(&mut command);
        for (key, value) in environment {
            command.env(key, self.at_home(&value));
        }
        for name in &stage.parsed.arguments {
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

/// Links the current user's downloaded crates, which include those that fixtures use.
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
    let stages = steps::stages(text).into_iter();
    let mut stages: BTreeMap<String, Stage> = stages
        .map(|(name, parsed)| {
            let stage = Stage {
                parsed,
                ..Stage::default()
            };
            (name, stage)
        })
        .collect();
    for step in steps::all(text) {
        let stage = stages.get_mut(&step.stage).unwrap();
        let options = step.options.iter();
        let mounts = options.filter_map(|option| option.strip_prefix("--mount="));
        let mounts = mounts.map(|mount| {
            let pairs = mount.split(',');
            let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
            pairs
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect()
        });
        stage.mounts = mounts.collect();
        stage.script = step.command;
    }
    stages
}
