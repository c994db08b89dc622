//! No service gets a feature of a local package from another one: Cargo reports the same features for a service on its
//! own as for the service in the commands of the generated stages.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use crate::steps;
use crate::tree::{Tree, cargo, files, stderr};

/// The name of the package in the workspace's own folder, if there is one.
const ROOT: &str = "whole";

/// Sets of features that a build compiles with, by package, by platform (builder or target), and by kind of target.
type Units = BTreeMap<(String, bool, String), BTreeSet<Vec<String>>>;

/// Returns the packages that Cargo would compile in a folder: the local ones, or all.
fn units_in(folder: &Path, arguments: &[&str], all: bool) -> Units {
    let host = || {
        let mut rustc = std::process::Command::new("rustc");
        let said = rustc.arg("-vV").output().unwrap().stdout;
        let said = String::from_utf8(said).unwrap();
        said.lines()
            .find_map(|line| line.strip_prefix("host: ").map(str::to_owned))
    };
    let mut command = cargo();
    command.args(["build", "--unit-graph", "-Zunstable-options", "--offline"]);
    // With a target, Cargo reports which units are for the builder.
    command.args(["--target", &host().unwrap()]).args(arguments);
    command.env("RUSTC_BOOTSTRAP", "1").current_dir(folder);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", stderr(&output));
    let graph: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut units = Units::new();
    for unit in graph["units"].as_array().unwrap() {
        let id = unit["pkg_id"].as_str().unwrap();
        let local = id.starts_with("path+file://");
        if !local && !all {
            continue;
        }
        let (folder, named) = id.split_once('#').unwrap();
        let name = match named.split_once('@') {
            Some((name, _)) if local => name.to_owned(),
            _ if local => folder.rsplit('/').next().unwrap().to_owned(),
            _ => named.to_owned(),
        };
        if name == "bakehouse-runner" {
            continue;
        }
        let kind = unit["target"]["kind"][0].as_str().unwrap().to_owned();
        let features = unit["features"].as_array().unwrap().iter();
        let features = features.map(|feature| feature.as_str().unwrap().to_owned());
        let key = (name, unit["platform"].is_null(), kind);
        units.entry(key).or_default().insert(features.collect());
    }
    units
}

fn units(tree: &Tree, arguments: &[&str]) -> Units {
    units_in(&tree.path(""), arguments, false)
}

/// Creates the workspace as stages see it: the skeleton with the sources of `packages`. The manifest of the root
/// package is shown or masked.
fn laid_out(tree: &Tree, packages: &BTreeSet<String>, root: bool) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let lay = |from: &str| {
        for path in files(&tree.path(from)) {
            let to = folder.path().join(&path);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(tree.path(from).join(&path), to).unwrap();
        }
    };
    lay("docker/skeleton/deps");
    lay("docker/skeleton/lock");
    let runner = folder.path().join("bakehouse-runner");
    if runner.exists() {
        std::fs::create_dir_all(runner.join("src")).unwrap();
        for file in ["src/lib.rs", "build.rs"] {
            std::fs::write(runner.join(file), "").unwrap();
        }
    }
    // Services are not libraries there.
    for service in services(tree) {
        let manifest = folder.path().join(&service.alone[1]).join("Cargo.toml");
        if let Ok(text) = std::fs::read_to_string(&manifest) {
            std::fs::write(manifest, text.replace("\n[lib]\n", "\n[[bin]]\n")).unwrap();
        }
    }
    for package in packages {
        let from = if tree.path(package).is_dir() {
            package
        } else {
            ""
        };
        for path in files(&tree.path(from)) {
            let source = ["src/", "build.rs"]
                .iter()
                .any(|start| path.starts_with(start));
            if source {
                let to = folder.path().join(from).join(&path);
                std::fs::create_dir_all(to.parent().unwrap()).unwrap();
                std::fs::copy(tree.path(from).join(&path), to).unwrap();
            }
        }
        let own = format!("docker/skeleton/own/{from}/Cargo.toml");
        if !from.is_empty() && tree.path(&own).exists() {
            std::fs::copy(tree.path(&own), folder.path().join(from).join("Cargo.toml")).unwrap();
        }
    }
    let manifest = if root { "root" } else { "own" };
    let manifest = tree.path(&format!("docker/skeleton/{manifest}/Cargo.toml"));
    std::fs::copy(manifest, folder.path().join("Cargo.toml")).unwrap();
    folder
}

/// Returns Cargo's arguments in a stage of the generated Dockerfile, without those for the builder's platform.
fn arguments(dockerfile: &str, name: &str) -> Option<Vec<String>> {
    let stages = steps::stages(dockerfile);
    let environment = &stages[&stages.get(name)?.from].env;
    let mut variables = environment.iter();
    let (_, build) = variables.find(|(name, _)| name == "BAKEHOUSE_BUILD")?;
    let command = steps::of(dockerfile, name).remove(0).command;
    let of_binary = ["/run/bin.sh ", "/run/mount.sh "];
    let binary = of_binary
        .into_iter()
        .find_map(|script| command.split(script).nth(1));
    let targets = match binary {
        Some(call) => format!("--bin {}", call.split_whitespace().next()?),
        None => command.split('\'').nth(1)?.to_owned(),
    };
    let text = format!("{} {targets}", build.replace("--locked ", ""));
    Some(text.split_whitespace().map(str::to_owned).collect())
}

/// A service of a workspace.
struct Service {
    name: String,
    /// Cargo's arguments for building it alone.
    alone: Vec<String>,
}

fn services(tree: &Tree) -> Vec<Service> {
    let config: toml::Table = tree.read("bakehouse.toml").parse().unwrap();
    let services = config["services"].as_table().unwrap().iter();
    services
        .map(|(name, service)| {
            let package = service
                .get("package")
                .map_or(name.as_str(), |package| package.as_str().unwrap());
            let bin = service
                .get("bin")
                .map_or(package, |bin| bin.as_str().unwrap());
            let mut alone = vec![
                "-p".to_owned(),
                package.to_owned(),
                "--bin".to_owned(),
                bin.to_owned(),
            ];
            let features = service.get("features").and_then(toml::Value::as_array);
            for feature in features.into_iter().flatten() {
                let feature = feature.as_str().unwrap();
                // Under the first resolver, a feature without a package belongs to the root package if there is one.
                alone.push(match package {
                    ROOT => format!("--features={feature}"),
                    _ => format!("--features={package}/{feature}"),
                });
            }
            if service
                .get("default-features")
                .and_then(toml::Value::as_bool)
                == Some(false)
            {
                alone.push("--no-default-features".to_owned());
            }
            Service {
                name: name.clone(),
                alone,
            }
        })
        .collect()
}

/// Returns the outputs of each chain.
fn chains(tree: &Tree) -> Vec<Vec<String>> {
    let plan = tree.plan();
    let chains = plan["chains"].as_array().unwrap().iter();
    chains
        .map(|chain| {
            let outputs = chain["outputs"].as_array().unwrap().iter();
            outputs
                .map(|name| name.as_str().unwrap().to_owned())
                .collect()
        })
        .collect()
}

/// Compares each service in its chain with the service on its own, and returns the chains.
#[track_caller]
fn check(tree: &Tree) -> Vec<Vec<String>> {
    tree.generate();
    let dockerfile = tree.generated("docker/Dockerfile");
    let closures: BTreeMap<String, BTreeSet<String>> = tree
        .closures()
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, closure)| {
            (
                name.to_owned(),
                closure.split(' ').map(str::to_owned).collect(),
            )
        })
        .collect();
    let chains = chains(tree);
    let services = services(tree);
    let alone: BTreeMap<&str, Units> = services
        .iter()
        .map(|service| {
            let arguments: Vec<&str> = service.alone.iter().map(String::as_str).collect();
            let folder = tree.path("");
            (service.name.as_str(), units_in(&folder, &arguments, true))
        })
        .collect();
    let local = |units: &Units| -> Units {
        let units = units.iter().filter(|((name, ..), _)| !name.contains('@'));
        units
            .map(|(key, features)| (key.clone(), features.clone()))
            .collect()
    };
    for service in &services {
        let alone = &alone[service.name.as_str()];
        let compiled: BTreeSet<String> =
            local(alone).keys().map(|(name, ..)| name.clone()).collect();
        assert_eq!(
            closures[&service.name], compiled,
            "closure of {}",
            service.name
        );
        // Services that request the same features share the stage of the first service.
        let chain = chains
            .iter()
            .find(|chain| chain.contains(&service.name))
            .unwrap();
        let names = std::iter::once(&service.name).chain(chain);
        let stage = names
            .filter(|name| {
                services
                    .iter()
                    .any(|other| other.name == **name && other.alone[1] == service.alone[1])
            })
            .find_map(|name| arguments(&dockerfile, &format!("build-{name}")))
            .unwrap();
        let stage: Vec<&str> = stage.iter().map(String::as_str).collect();
        let root = dockerfile.contains("/skeleton/root/") && compiled.contains(ROOT);
        let folder = laid_out(tree, &compiled, root);
        let in_stage = units_in(folder.path(), &stage, true);
        // Third-party crates have the features that all services of the chain request.
        if chain.len() == 1 {
            assert_eq!(&in_stage, alone, "{} by {stage:?}", service.name);
        }
        assert_eq!(
            local(&in_stage),
            local(alone),
            "{} by {stage:?}",
            service.name
        );
    }
    // A library is compiled with the features that one service of its stage gives it.
    for (at, chain) in chains.iter().enumerate() {
        let suffix = match at {
            0 => String::new(),
            _ => format!("-for-{}", chain[0]),
        };
        let packages: BTreeSet<&String> = closures.values().flatten().collect();
        for package in packages {
            let Some(stage) = arguments(&dockerfile, &format!("lib-{package}{suffix}")) else {
                continue;
            };
            let stage: Vec<&str> = stage.iter().map(String::as_str).collect();
            // Its dependencies have their sources; other packages do not.
            let holders = chain.iter().map(|name| &closures[name.as_str()]);
            let holder = holders.clone().find(|closure| closure.contains(package));
            let Some(holder) = holder else { continue };
            let folder = laid_out(tree, holder, false);
            for run in [false, true] {
                let units = units_in(folder.path(), &stage, false);
                let key = (package.clone(), run, "lib".to_owned());
                let wanted = chain.iter().find_map(|name| alone[name.as_str()].get(&key));
                if wanted.is_some() {
                    assert_eq!(units.get(&key), wanted, "{package} by {stage:?}");
                }
            }
        }
    }
    chains
}

#[test]
fn a_service_gets_no_feature_from_another() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["server", "replay-ui", "clock", "worker"]
-- bakehouse.toml --
profile = "dev"
[services.replay-ui]
[services.server]
[services.worker]
-- clock/Cargo.toml --
[package]
name = "clock"
version = "0.1.0"
edition = "2021"
[features]
simulated = []
-- clock/src/lib.rs --
pub fn name() -> &'static str { if cfg!(feature = "simulated") { "simulated clock" } else { "real clock" } }
-- server/Cargo.toml --
[package]
name = "server"
version = "0.1.0"
edition = "2021"
[dependencies]
clock = { path = "../clock" }
-- server/src/main.rs --
fn main() { println!("{}", clock::name()) }
-- replay-ui/Cargo.toml --
[package]
name = "replay-ui"
version = "0.1.0"
edition = "2021"
[dependencies]
clock = { path = "../clock", features = ["simulated"] }
-- replay-ui/src/main.rs --
fn main() { println!("{}", clock::name()) }
-- worker/Cargo.toml --
[package]
name = "worker"
version = "0.1.0"
edition = "2021"
[dependencies]
clock = { path = "../clock" }
-- worker/src/main.rs --
fn main() { println!("{}", clock::name()) }
"#,
    );
    assert_eq!(check(&tree), [vec!["server", "worker"], vec!["replay-ui"]]);
    let right = [
        "replay-ui: simulated clock",
        "server: real clock",
        "worker: real clock",
    ];
    assert_eq!(tree.built(), right);
    let plan = tree.plan();
    let parted = serde_json::json!([{
        "package": "clock", "feature": "simulated", "by": "replay-ui",
        "with": ["replay-ui"], "without": ["server", "worker"],
    }]);
    assert_eq!(plan["chains"][1]["parted_by"], parted);
    assert_eq!(plan["chains"][1]["libraries_again"], 1);
    let text = String::from_utf8(tree.bakehouse(&["plan"]).stdout).unwrap();
    for said in [
        "deps-for-replay-ui: replay-ui",
        "clock/simulated, which replay-ui asks for",
        "with replay-ui",
        "without server, worker",
        "compiles 1 of the libraries and up to 0 third-party crates again",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    // An edit that concerns only the other service does not affect the server.
    let hash = |plan: &serde_json::Value, at: usize| plan["services"][at]["input_hash"].clone();
    let manifest = tree.read("replay-ui/Cargo.toml");
    let edited = manifest.replace("\"simulated\"", "\"simulated\", \"paused\"");
    tree.write("replay-ui/Cargo.toml", &edited);
    let clock = tree.read("clock/Cargo.toml");
    tree.write(
        "clock/Cargo.toml",
        &clock.replace("[features]", "[features]\npaused = []"),
    );
    let edited = tree.plan();
    tree.write("replay-ui/Cargo.toml", &manifest);
    let asked_by_nobody = tree.plan();
    for (service, same) in [(0, false), (1, true), (2, true)] {
        assert_eq!(
            hash(&asked_by_nobody, service) == hash(&edited, service),
            same
        );
    }
    tree.write("clock/Cargo.toml", &clock);

    let config = tree.read("bakehouse.toml");
    tree.write(
        "bakehouse.toml",
        &format!("cache.strategy = \"mount\"\n{config}"),
    );
    assert_eq!(tree.build(&[]).0, right);
    tree.write("bakehouse.toml", &format!("unify = \"all\"\n{config}"));
    assert_eq!(chains(&tree).len(), 1);
    let all = [
        "replay-ui: simulated clock",
        "server: simulated clock",
        "worker: simulated clock",
    ];
    assert_eq!(tree.built(), all);
}

#[test]
fn a_service_is_built_without_the_default_features_of_its_package() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["app", "tool", "kit"]
-- bakehouse.toml --
profile = "dev"
[services.app]
[services.plain]
package = "app"
default-features = false
[services.some]
package = "app"
default-features = false
features = ["b"]
[services.tool]
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"
[features]
default = ["a"]
a = ["kit/loud"]
b = []
[dependencies]
kit = { path = "../kit", default-features = false }
-- app/src/lib.rs --
pub fn on() -> String { format!("{} {} {}", cfg!(feature = "a"), cfg!(feature = "b"), kit::kind()) }
-- app/src/main.rs --
fn main() { println!("{}", app::on()) }
-- tool/Cargo.toml --
[package]
name = "tool"
version = "0.1.0"
edition = "2021"
[features]
default = ["x"]
x = []
[dependencies]
kit = { path = "../kit", default-features = false }
-- tool/src/main.rs --
fn main() { println!("{} {}", cfg!(feature = "x"), kit::kind()) }
-- kit/Cargo.toml --
[package]
name = "kit"
version = "0.1.0"
edition = "2021"
[features]
default = ["extra"]
extra = []
loud = []
-- kit/src/lib.rs --
pub fn kind() -> String { format!("{} {}", cfg!(feature = "loud"), cfg!(feature = "extra")) }
"#,
    );
    assert_eq!(
        check(&tree),
        [vec!["plain", "tool"], vec!["app"], vec!["some"]]
    );
    let right = [
        "app: true false true false",
        "plain: false false false false",
        "some: false true false false",
        "tool: true false false",
    ];
    assert_eq!(tree.built(), right);
    let config = tree.read("bakehouse.toml");
    tree.write(
        "bakehouse.toml",
        &format!("cache.strategy = \"mount\"\n{config}"),
    );
    assert_eq!(tree.build(&[]).0, right);
    tree.write("bakehouse.toml", &format!("unify = \"each\"\n{config}"));
    assert_eq!(tree.built(), right);
}

/// Features of the service → third-party crates that the build needs.
type Optional = (&'static [&'static str], &'static [&'static str]);

#[test]
fn a_crate_behind_a_feature_that_is_off_is_no_part_of_the_build() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["app", "kit"]
-- bakehouse.toml --
profile = "dev"
[services.app]
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"
[features]
by-dep = ["dep:quote"]
by-name = ["itoa"]
of-kit = ["kit/words"]
weak = ["quote?/proc-macro"]
strong = ["quote/proc-macro"]
elsewhere = ["dep:cfg-if"]
[dependencies]
kit = { path = "../kit" }
itoa = { version = "1", optional = true }
quote = { version = "1", optional = true, default-features = false }
[target.'cfg(windows)'.dependencies]
cfg-if = { version = "1", optional = true }
-- app/src/main.rs --
fn main() { println!("{}", cfg!(feature = "itoa")) }
-- kit/Cargo.toml --
[package]
name = "kit"
version = "0.1.0"
edition = "2021"
[features]
words = ["dep:words"]
[dependencies]
words = { package = "unicode-ident", version = "1", optional = true }
-- kit/src/lib.rs --
"#,
    );
    let table: &[Optional] = &[
        (&[], &[]),
        (&["weak"], &[]),
        (&["by-dep"], &["proc-macro2", "quote", "unicode-ident"]),
        (&["strong"], &["proc-macro2", "quote", "unicode-ident"]),
        (&["by-name"], &["itoa"]),
        (&["itoa"], &["itoa"]),
        (&["of-kit"], &["unicode-ident"]),
        // A bake may be for another platform.
        (&["elsewhere"], &["cfg-if"]),
        (&["by-name", "of-kit"], &["itoa", "unicode-ident"]),
    ];
    let lock = tree.read("Cargo.lock");
    let third_party = || -> Vec<String> {
        let cut = tree.read("docker/skeleton/lock/Cargo.lock");
        let names = cut.lines().filter_map(|line| line.strip_prefix("name = "));
        let names = names.map(|name| name.trim_matches('"').to_owned());
        names
            .filter(|name| !["app", "kit"].contains(&name.as_str()))
            .collect()
    };
    for (features, crates) in table {
        tree.write(
            "bakehouse.toml",
            &format!("profile = \"dev\"\n[services.app]\nfeatures = {features:?}\n"),
        );
        check(&tree);
        assert_eq!(third_party(), *crates, "{features:?}");
        let hash = || tree.plan()["services"][0]["input_hash"].clone();
        let before = hash();
        for name in ["itoa", "unicode-ident"] {
            let at = lock.find(&format!("name = \"{name}\"")).unwrap();
            let sum = at + lock[at..].find("checksum = \"").unwrap() + "checksum = \"".len();
            let moved = format!("{}0000{}", &lock[..sum], &lock[sum + 4..]);
            tree.write("Cargo.lock", &moved);
            assert_eq!(
                hash() != before,
                crates.contains(&name),
                "{features:?} {name}"
            );
        }
        tree.write("Cargo.lock", &lock);
    }
    tree.write(
        "bakehouse.toml",
        "profile = \"dev\"\n[services.app]\nfeatures = [\"by-name\"]\n",
    );
    assert_eq!(tree.built(), ["app: true"]);
    // A bake may switch on what it likes.
    tree.write(
        "bakehouse.toml",
        "profile = \"dev\"\n[services.app]\n[bake]\nvariables = [\"FEATURES\"]\n",
    );
    tree.generate();
    assert_eq!(
        third_party(),
        ["cfg-if", "itoa", "proc-macro2", "quote", "unicode-ident"]
    );
}

/// Pseudo-random numbers, which are the same for the same seed.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % below
    }

    /// Returns `true` once in so many times.
    fn one_in(&mut self, times: usize) -> bool {
        self.next(times) == 0
    }

    fn some<'a>(&mut self, of: &[&'a str]) -> Vec<&'a str> {
        of.iter().filter(|_| self.one_in(3)).copied().collect()
    }
}

const FEATURES: [&str; 3] = ["a", "b", "c"];
const LIBRARIES: usize = 6;
const SERVICES: usize = 4;

/// Returns a workspace with random feature tables.
fn workspace(seed: u64) -> String {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    for _ in 0..8 {
        random.next(2);
    }
    let resolver = if random.one_in(2) {
        1
    } else {
        random.next(2) + 2
    };
    let with_root = random.one_in(3);
    let all = LIBRARIES + SERVICES;
    let name = |index: usize| match index.checked_sub(LIBRARIES) {
        None => format!("m{index}"),
        Some(SERVICES) => ROOT.to_owned(),
        Some(service) => format!("s{service}"),
    };
    let members: Vec<String> = (0..all).map(|index| format!("{:?}", name(index))).collect();
    let mut text = String::new();
    // The package in the workspace's folder comes last.
    for index in 0..all + usize::from(with_root) {
        let name = name(index);
        let is_root = index == all;
        let folder = if is_root {
            String::new()
        } else {
            format!("{name}/")
        };
        writeln!(text, "-- {folder}Cargo.toml --\n[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"").unwrap();
        let is_service = index >= LIBRARIES;
        let proc_macro = !is_service && random.one_in(6);
        if proc_macro {
            text += "[lib]\nproc-macro = true\n";
        }
        let mut values: Vec<String> = FEATURES
            .iter()
            .map(|feature| format!("\"{feature}\""))
            .collect();
        // Table → its lines.
        let mut tables: BTreeMap<String, String> = BTreeMap::new();
        let mut has_build = false;
        for needed in 0..index.min(LIBRARIES) {
            if !random.one_in(if is_service { 2 } else { 3 }) {
                continue;
            }
            let kind = match random.next(8) {
                0 | 1 => "build-dependencies",
                // Under the first resolver, these tables affect the features of everything that is built.
                2 | 3 => "dev-dependencies",
                _ => "dependencies",
            };
            has_build |= kind == "build-dependencies";
            let target = match random.next(8) {
                0 => "target.'cfg(windows)'.",
                1 => "target.'cfg(target_arch = \"x86_64\")'.",
                2 => "target.'cfg(unix)'.",
                _ => "",
            };
            let optional = kind != "dev-dependencies" && random.one_in(3);
            let renamed = random.one_in(4);
            let key = if renamed {
                format!("r{needed}")
            } else {
                format!("m{needed}")
            };
            let mut line = format!(
                "{key} = {{ path = \"{}m{needed}\", features = {:?}",
                if is_root { "" } else { "../" },
                random.some(&FEATURES)
            );
            if renamed {
                write!(line, ", package = \"m{needed}\"").unwrap();
            }
            if random.one_in(2) {
                line += ", default-features = false";
            }
            if optional {
                line += ", optional = true";
            }
            tables
                .entry(format!("[{target}{kind}]"))
                .or_default()
                .push_str(&(line + " }\n"));
            let feature = FEATURES[random.next(3)];
            if kind != "dev-dependencies" && random.one_in(2) {
                values.push(format!("\"{key}/{feature}\""));
            }
            if optional {
                values.push(format!("\"{key}?/{feature}\""));
                // Without `dep:`, there is a feature with the dependency's name.
                values.push(if random.one_in(2) {
                    format!("\"dep:{key}\"")
                } else {
                    format!("\"{key}/{feature}\"")
                });
            }
        }
        if random.one_in(2) {
            tables
                .entry("[dependencies]".to_owned())
                .or_default()
                .push_str("proc-macro2 = { version = \"1\", default-features = false }\n");
        }
        // A package that requests features of others may be third-party, and need not lead to any compiled crate.
        if random.one_in(3) {
            let (name, features) = [
                ("syn", ["proc-macro", "printing"]),
                ("quote", ["proc-macro", "default"]),
                ("itoa", ["no-panic"; 2]),
            ][random.next(3)];
            let features = match name {
                "itoa" => Vec::new(),
                _ => random.some(&features),
            };
            let version = if name == "syn" { 2 } else { 1 };
            let line = format!(
                "{name} = {{ version = \"{version}\", default-features = false, features = {features:?} }}\n"
            );
            let dev = tables.entry("[dev-dependencies]".to_owned());
            dev.or_default().push_str(&line);
        }
        // A third-party crate may be optional, too.
        if random.one_in(3) {
            tables
                .entry("[dependencies]".to_owned())
                .or_default()
                .push_str(
                    "quote = { version = \"1\", optional = true, default-features = false }\n",
                );
            values.push("\"quote/proc-macro\"".to_owned());
            values.push("\"quote?/proc-macro\"".to_owned());
            if random.one_in(2) {
                values.push("\"dep:quote\"".to_owned());
            }
        }
        for (table, lines) in tables {
            write!(text, "{table}\n{lines}").unwrap();
        }
        text += "[features]\n";
        for feature in FEATURES
            .iter()
            .chain(random.one_in(2).then_some(&"default"))
        {
            let own: Vec<String> = values
                .iter()
                .filter(|value| **value != format!("\"{feature}\""))
                .filter(|_| random.one_in(4))
                .cloned()
                .collect();
            writeln!(text, "{feature} = [{}]", own.join(", ")).unwrap();
        }
        if has_build || random.one_in(5) {
            writeln!(text, "-- {folder}build.rs --\nfn main() {{}}").unwrap();
        }
        // Cargo does not need a package without a library, but respects its features.
        if is_service || (!proc_macro && random.one_in(12)) {
            writeln!(text, "-- {folder}src/main.rs --\nfn main() {{}}").unwrap();
        } else {
            writeln!(text, "-- {folder}src/lib.rs --").unwrap();
        }
    }
    let workspace = format!(
        "[workspace]\nresolver = \"{resolver}\"\nmembers = [{}]\n",
        members.join(", ")
    );
    let root = "-- Cargo.toml --\n";
    if with_root {
        text = text.replace(&format!("\n{root}"), &format!("\n{root}{workspace}"));
    } else {
        text = format!("{root}{workspace}{text}");
    }
    text += "-- bakehouse.toml --\nprofile = \"dev\"\n";
    let root_is_built = with_root && random.one_in(2);
    for service in 0..=SERVICES {
        let package = match service {
            SERVICES if root_is_built => ROOT.to_owned(),
            _ => format!("s{}", service.min(SERVICES - 1)),
        };
        writeln!(
            text,
            "[services.x{service}]\npackage = \"{package}\"\nfeatures = {:?}",
            random.some(&FEATURES)
        )
        .unwrap();
        // In this case Cargo leaves out default features only for the root package.
        let always = resolver == 1 && with_root && package != ROOT;
        if !always && random.one_in(4) {
            text += "default-features = false\n";
        }
    }
    text
}

/// Returns whether Cargo builds both services together as it builds each of them alone.
fn together(tree: &Tree, one: &Service, other: &Service) -> bool {
    let named = |service: &Service| {
        let features: Vec<String> = service
            .alone
            .iter()
            .filter_map(|word| word.strip_prefix("--features="))
            .map(|feature| feature.rsplit('/').next().unwrap())
            .map(|feature| format!("{}/{feature}", service.alone[1]))
            .collect();
        let folder = match service.alone[1].as_str() {
            ROOT => "",
            package => &format!("{package}/"),
        };
        let manifest = tree.read(&format!("{folder}Cargo.toml"));
        let manifest: toml::Table = manifest.parse().unwrap();
        let has_default = manifest["features"].get("default").is_some();
        let default = has_default
            && !service
                .alone
                .iter()
                .any(|word| word == "--no-default-features");
        features
            .into_iter()
            .chain(default.then(|| format!("{}/default", service.alone[1])))
    };
    let features: Vec<String> = named(one).chain(named(other)).collect();
    let features = features.join(",");
    [one, other].iter().all(|service| {
        let mut both = vec![
            "-p",
            &one.alone[1],
            "-p",
            &other.alone[1],
            "--no-default-features",
            "--bin",
            &service.alone[3],
        ];
        if !features.is_empty() {
            both.extend(["--features", &features]);
        }
        let alone: Vec<&str> = service.alone.iter().map(String::as_str).collect();
        units(tree, &both) == units(tree, &alone)
    })
}

/// Returns the smallest number of parts without a conflicting pair.
fn fewest(count: usize, parted: &BTreeSet<(usize, usize)>) -> usize {
    let fits = |ways: usize, limit: usize| {
        let part = |at: usize| ways / limit.pow(u32::try_from(at).unwrap()) % limit;
        parted.iter().all(|(one, other)| part(*one) != part(*other))
    };
    let mut limits = 1..=count;
    limits
        .find(|limit| (0..limit.pow(u32::try_from(count).unwrap())).any(|ways| fits(ways, *limit)))
        .unwrap()
}

/// Tries a number of seeds, `BAKEHOUSE_SEEDS=200` if set.
#[test]
fn services_with_features_at_random_are_in_as_few_chains_as_cargo_allows() {
    let seeds = std::env::var("BAKEHOUSE_SEEDS").ok();
    let seeds: u64 = seeds.map_or(3, |seeds| seeds.parse().unwrap());
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for seed in 1..=seeds {
        let text = workspace(seed);
        println!("seed {seed}");
        let tree = Tree::of(&text);
        let chains = check(&tree);
        let config = tree.read("bakehouse.toml");
        for more in ["unify = \"each\"", "cache.strategy = \"mount\""] {
            tree.write("bakehouse.toml", &format!("{more}\n{config}"));
            check(&tree);
        }
        tree.write("bakehouse.toml", &config);
        // In this case Cargo does not accept features for some packages.
        if text.contains("resolver = \"1\"") && tree.path("src").exists() {
            continue;
        }
        let services = services(&tree);
        let mut parted = BTreeSet::new();
        for one in 0..services.len() {
            for other in one + 1..services.len() {
                if !together(&tree, &services[one], &services[other]) {
                    parted.insert((one, other));
                }
            }
        }
        assert_eq!(
            chains.len(),
            fewest(services.len(), &parted),
            "seed {seed}: {chains:?}, {parted:?}"
        );
        *counts.entry(chains.len()).or_default() += 1;
    }
    println!("chains: {counts:?}");
    assert!(counts.len() > 1, "{counts:?}");
}
