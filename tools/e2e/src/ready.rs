//! Images of a workspace whose programs are files that are given, so that no step compiles. All else is what the generated
//! files make.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use bakehouse_testkit::engine::docker;
use bakehouse_testkit::{Member, Ran, Workspace, bakehouse, runner, unique};
use serde_json::Value;
use tempfile::TempDir;

/// A workspace with programs for its services.
pub struct Ready {
    pub workspace: Workspace,
    /// The registry and the namespace of its images.
    pub registry: String,
    pub services: Vec<String>,
    programs: TempDir,
}

impl Ready {
    /// Creates a workspace with these services on a base, each with a text as its program. `head` is put in front of the
    /// configuration.
    pub fn new(services: &[&str], base: &str, head: &str) -> Self {
        Self::at(&registry(), services, base, head)
    }

    /// Creates the same with its images below `registry`.
    pub fn at(registry: &str, services: &[&str], base: &str, head: &str) -> Self {
        let members = services.iter();
        let members: Vec<Member> = members
            .map(|name| Member::binary(name, "fn main() {}\n"))
            .collect();
        let mut config = format!(
            "{head}\nregistry = \"{registry}\"\n\n[bases]\nbuilder = \"docker.io/library/rust:1.95.0-slim-bookworm\"\nruntime = \"{base}\" # ours\n"
        );
        for service in services {
            config += &format!("\n[services.{service}]\npackage = \"{service}\"\n");
        }
        let ready = Self {
            workspace: Workspace::of(&members, &config),
            registry: registry.to_owned(),
            services: services.iter().map(|name| (*name).to_owned()).collect(),
            programs: tempfile::tempdir().expect("a folder can be made"),
        };
        for service in services {
            ready.program(service, service.as_bytes());
        }
        ready
    }

    /// Gives a service another program.
    pub fn program(&self, service: &str, content: &[u8]) {
        let folder = self.programs.path().join(service);
        let bin = folder.join("dist/image/usr/local/bin");
        std::fs::create_dir_all(&bin).expect("a folder can be made");
        let file = bin.join(service);
        std::fs::write(&file, content).expect("a file can be written");
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&file, mode).expect("its mode can be set");
        for path in file.ancestors().take_while(|path| *path != folder) {
            let path = std::fs::File::open(path).expect("it can be opened");
            let set = path.set_modified(SystemTime::UNIX_EPOCH);
            set.expect("its time can be set");
        }
    }

    /// Returns the command `bakehouse` in the workspace.
    pub fn command(&self) -> Command {
        bakehouse::command(self.workspace.dir())
    }

    /// Runs `bakehouse` in the workspace.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command().args(arguments))
    }

    /// Returns the input hash of a service.
    pub fn hash(&self, service: &str) -> String {
        let said = self.run(&["plan", "--format", "json"]).succeeded();
        let plan: Value = serde_json::from_str(&said.stdout).expect("JSON");
        let services = plan["services"].as_array().expect("a list");
        let service = services.iter().find(|one| one["name"] == service);
        let hash = &service.expect("it is there")["input_hash"];
        hash.as_str().expect("a hash").to_owned()
    }

    /// Bakes all services and pushes them under `tag` and their input hashes, as `build --push` does. `more` is set for
    /// each of them.
    pub fn bake(&self, tag: &str, more: &[&str]) {
        let hashed = |service: &String| Some(self.hash(service));
        self.bake_as(tag, more, hashed);
    }

    /// Bakes the same with other input hashes, or without.
    pub fn bake_as(&self, tag: &str, more: &[&str], hash: impl Fn(&String) -> Option<String>) {
        self.workspace.generate();
        let mut command = Command::new("docker");
        command.current_dir(self.workspace.dir());
        command.args(["buildx", "bake", "--allow=fs.read=*"]);
        command.args(&self.services);
        for service in &self.services {
            let mut set = |what: &str| {
                command.args(["--set", &format!("{service}.{what}")]);
            };
            set(&format!(
                "contexts.build-{service}=docker-image://{}",
                self.pushed_program(service)
            ));
            // A second one would be written beside the first.
            if !more.iter().any(|more| more.starts_with("output=")) {
                set("output=type=image,push=true,store=false");
            }
            set(&format!("tags={}", self.name(service, tag)));
            if let Some(hash) = hash(service) {
                set(&format!("labels.dev.bakehouse.input-hash={hash}"));
                set(&format!(
                    "tags={}",
                    self.name(service, &format!("in-{hash}"))
                ));
            }
            more.iter().for_each(|more| set(more));
        }
        let _ = Ran::of(&mut command).succeeded();
    }

    /// Pushes the folder that stands for a service's stage, and returns the image's name by digest. In a folder that is
    /// sent to the builder again, BuildKit does not keep the times of folders.
    fn pushed_program(&self, service: &str) -> String {
        let name = format!("{}/programs:{service}", self.registry);
        let folder = self.programs.path().join(service);
        let dockerfile = folder.with_extension("Dockerfile");
        std::fs::write(&dockerfile, "FROM scratch\nCOPY . /\n").expect("a file can be written");
        let file = format!("--file={}", dockerfile.display());
        let more = [&UNDATED_FILES[..], &[&file]].concat();
        build_in(&folder, &[&name], &more);
        format!("{name}@{}", digest(&name))
    }

    /// Returns the name of an image.
    pub fn name(&self, service: &str, tag: &str) -> String {
        format!("{}/{service}:{tag}", self.registry)
    }

    /// Returns the digests of an image's platforms: those of a list, without attestations, or that of the image.
    pub fn platforms(&self, service: &str, tag: &str) -> Vec<String> {
        platforms(&self.name(service, tag))
    }
}

/// Returns the manifest that a registry has for a name.
pub fn raw(name: &str) -> Value {
    let said = docker(["buildx", "imagetools", "inspect", "--raw", name]);
    serde_json::from_str(&said).expect("JSON")
}

/// Returns the digest that a registry has for a name.
pub fn digest(name: &str) -> String {
    let format = "{{json .Manifest}}";
    let said = docker(["buildx", "imagetools", "inspect", "--format", format, name]);
    let said: Value = serde_json::from_str(&said).expect("JSON");
    said["digest"].as_str().expect("a digest").to_owned()
}

/// Returns the digests of the platforms of an image, without attestations.
pub fn platforms(name: &str) -> Vec<String> {
    let raw = raw(name);
    let Some(manifests) = raw["manifests"].as_array() else {
        return vec![digest(name)];
    };
    let images = manifests
        .iter()
        .filter(|one| one["annotations"].is_null() && one["platform"]["os"] != "unknown");
    let digests = images.map(|one| one["digest"].as_str().expect("a digest").to_owned());
    digests.collect()
}

/// Returns a new namespace in the registry.
pub fn registry() -> String {
    format!("{}/ready-{}", runner::registry(), unique::unique())
}

/// Builds an image from a Dockerfile, pushes it, and returns its name by digest.
pub fn push(name: &str, platforms: &[&str], dockerfile: &str) -> String {
    let joined = platforms.join(",");
    let platforms = match platforms {
        [] => Vec::new(),
        _ => vec!["--platform", &joined],
    };
    build(&[name], &platforms, dockerfile);
    format!("{name}@{}", digest(name))
}

/// Builds an image that says 1970, as those of Bake do, and pushes it under several names.
pub fn push_undated(names: &[&str], dockerfile: &str) {
    build(names, &["--build-arg", "SOURCE_DATE_EPOCH=0"], dockerfile);
}

/// The options by which an image for both platforms is pushed with the time 1970 in all its files and folders.
const UNDATED_FILES: [&str; 3] = [
    "--platform=linux/amd64,linux/arm64",
    "--build-arg=SOURCE_DATE_EPOCH=0",
    "--output=type=image,push=true,store=false,rewrite-timestamp=true",
];

/// Pushes an image for both platforms whose files and folders have the time 1970, and returns its name by digest.
pub fn push_files(name: &str, dockerfile: &str) -> String {
    build(&[name], &UNDATED_FILES, dockerfile);
    format!("{name}@{}", digest(name))
}

fn build(names: &[&str], more: &[&str], dockerfile: &str) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(folder.path().join("Dockerfile"), dockerfile).expect("a file can be written");
    build_in(folder.path(), names, more);
}

fn build_in(folder: &Path, names: &[&str], more: &[&str]) {
    let path = folder.to_str().expect("its name is UTF-8");
    // The engine keeps no copy.
    let mut arguments = vec!["buildx", "build", "--quiet", "--provenance=false"];
    if !more.iter().any(|more| more.starts_with("--output=")) {
        arguments.push("--output=type=image,push=true,store=false");
    }
    arguments.extend(names.iter().flat_map(|name| ["--tag", name]));
    arguments.extend(more);
    arguments.push(path);
    docker(arguments);
}

/// Returns a file of an image.
pub fn file_of(image: &str, path: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let dockerfile = format!("FROM scratch\nCOPY --from={image} {path} /file\n");
    std::fs::write(folder.path().join("Dockerfile"), dockerfile).expect("a file can be written");
    let path = folder.path().to_str().expect("its name is UTF-8");
    let output = format!("type=local,dest={path}");
    docker(["buildx", "build", "--quiet", "--output", &output, path]);
    std::fs::read(folder.path().join("file")).expect("it is there")
}
