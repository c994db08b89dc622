//! A workspace that a test writes, generates for, and builds without Docker: the script of each stage runs in a folder
//! that contains only what the stage mounts.

mod dockerfile;
mod ignored;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub use dockerfile::Builder;
pub use ignored::Ignored;

/// A git repository in a temporary folder.
pub struct Tree {
    folder: tempfile::TempDir,
    /// The folder of the workspace manifest.
    workspace: &'static str,
}

impl Tree {
    /// Creates a workspace from `text`, in which each file follows a line `-- path --`. Cargo locks it.
    pub fn of(text: &str) -> Self {
        Self::below("", text)
    }

    /// Creates the workspace in a folder of the repository.
    pub fn below(workspace: &'static str, text: &str) -> Self {
        let tree = Self::unlocked(workspace, text);
        let mut lock = cargo();
        lock.args(["generate-lockfile", "--offline", "--quiet"]);
        succeed(lock.current_dir(tree.path(workspace)));
        tree
    }

    /// Creates the workspace without a lock, unless `text` has one.
    pub fn unlocked(workspace: &'static str, text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tree = Self { folder, workspace };
        fs::create_dir_all(tree.path(".git")).unwrap();
        let mut files: Vec<(&str, String)> = Vec::new();
        for line in text.trim_start().lines() {
            let name = line.strip_prefix("-- ").and_then(|l| l.strip_suffix(" --"));
            if let Some(name) = name {
                files.push((name, String::new()));
            } else {
                let (_, text) = files.last_mut().unwrap();
                *text += line;
                *text += "\n";
            }
        }
        for (path, text) in files {
            tree.write(path, &text);
        }
        tree
    }

    pub fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join("repository").join(inside)
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// Returns a generated file.
    pub fn generated(&self, path: &str) -> String {
        fs::read_to_string(self.path(self.workspace).join(path)).unwrap()
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn bakehouse(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("bakehouse"));
        command.current_dir(self.path(self.workspace));
        command.env("BAKEHOUSE_CACHE", env!("CARGO_TARGET_TMPDIR"));
        command.env_remove("RUST_BACKTRACE").args(arguments);
        command.output().unwrap()
    }

    /// Returns the output of `plan --format json`.
    pub fn plan(&self) -> serde_json::Value {
        let output = self.bakehouse(&["plan", "--format", "json"]);
        assert!(output.status.success(), "{}", stderr(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Returns `service: its closure`, one per line.
    pub fn closures(&self) -> Vec<String> {
        let plan = self.plan();
        let services = plan["services"].as_array().unwrap().iter();
        services
            .map(|service| {
                let closure = service["closure"].as_array().unwrap().iter();
                let closure: Vec<&str> = closure.map(|name| name.as_str().unwrap()).collect();
                format!(
                    "{}: {}",
                    service["name"].as_str().unwrap(),
                    closure.join(" ")
                )
            })
            .collect()
    }

    pub fn generate(&self) {
        let output = self.bakehouse(&["generate"]);
        assert!(output.status.success(), "{}", stderr(&output));
    }

    /// Returns the files that the generated `.dockerignore` lets into the context, without the generated ones.
    pub fn context(&self) -> Vec<String> {
        self.generate();
        let ignored = Ignored::read(&self.generated("docker/Dockerfile.dockerignore"));
        let files = files(&self.path("")).into_iter();
        files
            .filter(|path| ignored.sends(path) && !path.contains("docker/"))
            .collect()
    }

    /// Builds every service in the stages of the generated Dockerfile and runs it. Returns `service: output`. Each
    /// stage of a library or binary must compile that and nothing else.
    pub fn built(&self) -> Vec<String> {
        self.built_with(&[])
    }

    /// Builds and runs the services with these build arguments.
    pub fn built_with(&self, given: &[(&str, &str)]) -> Vec<String> {
        let (printed, compiled) = self.build(given);
        for (stage, packages) in compiled {
            if stage.starts_with("lib-") || stage.starts_with("build-") {
                let own = |package: &&String| *package != "bakehouse-runner";
                assert_eq!(
                    packages.iter().filter(own).count(),
                    1,
                    "{stage} compiled {packages:?}"
                );
            }
        }
        printed
    }

    /// Builds and runs the services, and returns the packages that each stage compiled, too.
    pub fn build(&self, given: &[(&str, &str)]) -> (Vec<String>, BTreeMap<String, Vec<String>>) {
        self.generate();
        let context = self.folder.path().join("context");
        let ignored = Ignored::read(&self.generated("docker/Dockerfile.dockerignore"));
        for path in files(&self.path("")) {
            if ignored.sends(&path) {
                fs::create_dir_all(context.join(&path).parent().unwrap()).unwrap();
                copy(&self.path(&path), &context.join(&path));
            }
        }
        let text = self.generated("docker/Dockerfile");
        let machine = self.folder.path().join("machine");
        let mut builder = Builder::new(&text, context, machine, given);
        let mut printed = BTreeMap::new();
        for service in self.plan()["services"].as_array().unwrap() {
            let name = service["name"].as_str().unwrap();
            let bin = service["bin"].as_str().unwrap();
            let binary = builder
                .stage(&format!("build-{name}"))
                .join("dist/image/usr/local/bin")
                .join(bin);
            let mut command = Command::new(&binary);
            let libraries = service["libs"].as_array().into_iter().flatten();
            let folders: Vec<PathBuf> = libraries
                .map(|library| {
                    let stage = builder.stage(library["stage"].as_str().unwrap());
                    stage.join(match library["package"].as_str() {
                        Some(_) => "dist/image/usr/local/lib".to_owned(),
                        None => {
                            let file = library["name"].as_str().unwrap();
                            format!("dist/libraries/{file}/usr/local/lib")
                        }
                    })
                })
                .collect();
            if !folders.is_empty() {
                command.env("LD_LIBRARY_PATH", std::env::join_paths(folders).unwrap());
            }
            let output = command.output().unwrap();
            printed.insert(name.to_owned(), String::from_utf8(output.stdout).unwrap());
            // Cargo must accept the tree that the stage left without complaint, unless the real manifests replaced
            // those that Cargo had loaded.
            if builder.machine("as-is").exists() {
                continue;
            }
            let mut metadata = cargo();
            metadata.args(["metadata", "--locked", "--offline", "--format-version", "1"]);
            metadata
                .envs(builder.environment())
                .env("CARGO_HOME", builder.machine("cargo-home"));
            succeed(metadata.current_dir(builder.machine("build").join(self.workspace)));
        }
        let line = |(name, text): (String, String)| format!("{name}: {}", text.trim_end());
        (printed.into_iter().map(line).collect(), builder.compiled)
    }
}

pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    undisturbed(&mut cargo);
    cargo
}

/// Removes variables of the test run that would affect how the fixtures are built.
pub fn undisturbed(command: &mut Command) {
    command.env("CARGO_NET_OFFLINE", "true");
    for name in ["CARGO_TARGET_DIR", "RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        command.env_remove(name);
    }
}

pub fn succeed(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", stderr(&output));
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Returns all files below `folder`, sorted. Links count as files.
pub fn files(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(open) = folders.pop() {
        for entry in fs::read_dir(open).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                let path = entry.path();
                files.push(
                    path.strip_prefix(folder)
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .to_owned(),
                );
            }
        }
    }
    files.sort();
    files
}

/// Copies a file or folder as it is, including times and links.
pub fn copy(from: &Path, to: &Path) {
    succeed(Command::new("cp").arg("-a").arg("-T").arg(from).arg(to));
}
