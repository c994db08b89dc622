//! The inputs that a stage sees, and why it ran: the differences from those of the last bake.

use std::collections::{BTreeMap, BTreeSet};

use crate::documents::dockerfile::stage_texts;
use crate::files::measured::{Files, Measured};
use crate::names::PackageName;
use crate::plan::Plan;
use crate::plan::about;
use crate::plan::base_checks::BaseChecks;
use crate::plan::explain::Output;
use crate::plan::glibc::MIN_GLIBC_STAGE;
use crate::plan::inputs::Part;

/// The inputs of a stage by their names, each with a value that identifies its content.
type StageInputs = BTreeMap<String, String>;

/// The kinds of stages, by the inputs that they see.
enum Kind<'a> {
    /// Compiles these packages, or one output of them.
    Compiles {
        packages: BTreeSet<&'a str>,
        is_output: bool,
    },
    /// Fetches or compiles third-party crates.
    ThirdParty,
    /// Has the compiler and other tools.
    Tools,
    /// Has the C library of a base that images are built on.
    Base,
    /// Has the base, folders and files of these services' images.
    Image(Vec<&'a str>),
}

/// The stages that have tools.
const TOOLS: [&str; 4] = ["toolchain", "cross", MIN_GLIBC_STAGE, "auditable"];

/// The settings that tools depend on.
const SETTINGS_OF_TOOLS: [&str; 6] = [
    "auditable",
    "bases.builder",
    "bases.packages",
    "emulate",
    "glibc",
    "platforms",
];

/// The settings that decide which binary is built.
const SETTINGS_OF_OUTPUTS: [&str; 4] = ["package", "bin", "cdylib", "static"];

/// The settings of images beside those in the table of a service.
const SETTINGS_OF_IMAGES: [&str; 4] = ["bases.runtime", "runtime.workdir", "runtime.packs", "to"];

/// The keys of a service that the stages of its base, folders and files depend on.
const KEYS_OF_FILES: [&str; 5] = ["files.", "packages", "runtime", "user", "workdir"];

/// Name of the input that stands for the instructions of a stage.
const INSTRUCTIONS: &str = "the stage's instructions";

impl Kind<'_> {
    fn of<'a>(plan: &'a Plan, stage: &str) -> Kind<'a> {
        let packages = compiled_in(plan, stage);
        if !packages.is_empty() {
            let is_output = Output::all(plan).any(|output| output.has_stage(stage));
            return Kind::Compiles {
                packages,
                is_output,
            };
        }
        if TOOLS.contains(&stage) {
            return Kind::Tools;
        }
        if stage.starts_with("glibc-") {
            return Kind::Base;
        }
        if let Some(files) = plan
            .image_files()
            .into_iter()
            .find(|one| one.stage == stage)
        {
            return Kind::Image(files.services);
        }
        let on_it = plan.services.iter().filter(|service| {
            let runtime = plan.runtime_of(&service.image);
            runtime.is_some_and(|runtime| runtime.name == *stage)
        });
        let on_it: Vec<&str> = on_it.map(|service| service.name.as_str()).collect();
        match on_it.is_empty() {
            false => Kind::Image(on_it),
            true => Kind::ThirdParty,
        }
    }

    /// Returns whether the stage sees inputs of `output`.
    fn is_of(&self, plan: &Plan, stage: &str, output: &Output<'_>) -> bool {
        let mut chains = plan.selections.iter();
        let chain = chains.find(|chain| chain.deps() == *stage);
        match self {
            Self::Compiles {
                is_output: true, ..
            } => output.has_stage(stage),
            Self::Compiles { packages, .. } => packages.iter().all(|package| {
                let package = Part::Package(PackageName::new(*package));
                output.inputs.0.contains_key(&package)
            }),
            Self::ThirdParty if let Some(chain) = chain => {
                let mut stages = chain.binary_stages.iter();
                stages.any(|own| output.has_stage(&own.name))
            }
            Self::ThirdParty | Self::Tools | Self::Base => !output.is_other_image(),
            Self::Image(services) => services.contains(&output.name),
        }
    }

    /// Returns whether the stage sees that input of an output. Packages and their files are compared apart.
    fn sees(&self, part: &Part, table: &str) -> bool {
        match (self, part) {
            (_, Part::Package(_) | Part::Dockerfile(_) | Part::Sent(_)) => false,
            (Self::Base, part) => match part {
                Part::Setting(key) => key == "bases.runtime" || key.ends_with(".runtime"),
                _ => false,
            },
            (Self::Image(_), Part::Setting(key)) => {
                let own = key
                    .strip_prefix(table)
                    .and_then(|key| key.strip_prefix('.'));
                ["bases.runtime", "runtime.workdir", "platforms"].contains(&key.as_str())
                    || own.is_some_and(|own| KEYS_OF_FILES.iter().any(|key| own.starts_with(key)))
            }
            (Self::Image(_), Part::Shipped(_) | Part::Image(_)) => true,
            (Self::Image(_), _) | (_, Part::Shipped(_) | Part::Image(_)) => false,
            (Self::Tools, Part::Setting(key)) => SETTINGS_OF_TOOLS.contains(&key.as_str()),
            (Self::Tools, part) => matches!(
                part,
                Part::Toolchain | Part::Identity | Part::CargoConfig(_)
            ),
            (_, Part::Setting(key)) => {
                let key = key.as_str();
                let is_output = matches!(
                    self,
                    Self::Compiles {
                        is_output: true,
                        ..
                    }
                );
                let of_image = key.starts_with(table)
                    || SETTINGS_OF_IMAGES.contains(&key)
                    || about::field(key).is_some();
                !of_image && (is_output || !SETTINGS_OF_OUTPUTS.contains(&key))
            }
            (Self::ThirdParty, Part::Embedded(_)) => false,
            _ => true,
        }
    }
}

/// Returns the packages whose sources a stage sees.
fn compiled_in<'a>(plan: &'a Plan, stage: &str) -> BTreeSet<&'a str> {
    let packages = plan.selections.iter().flat_map(|selection| {
        // The packages of a group share a stage.
        let compiled = selection.stages().filter(|one| one.name == stage);
        compiled.flat_map(|one| selection.closures.get(&one.package))
    });
    packages.flatten().map(PackageName::as_str).collect()
}

/// The name of a package among the inputs of a stage.
fn of_package(package: &str) -> String {
    format!("package {package}")
}

/// Returns the files of a package with their contents.
fn files(plan: &Plan, package: &str) -> Files {
    let inputs = plan.packages.get(package);
    let texts = inputs.map(|inputs| inputs.texts()).unwrap_or_default();
    let texts = texts.into_iter();
    texts.map(|(file, text)| (file.to_owned(), text)).collect()
}

fn digest(files: &Files) -> String {
    let text = serde_json::to_string(files).expect("strings are JSON");
    short(&text)
}

/// Returns a value of at most 64 bytes as it is and the hash of a longer one, because some values are whole texts.
fn short(value: &str) -> String {
    if value.len() <= 64 {
        value.to_owned()
    } else {
        blake3::hash(value.as_bytes()).to_hex()[..32].to_owned()
    }
}

/// The inputs of all stages of a plan.
pub struct Inputs<'a> {
    plan: &'a Plan,
    checks: BaseChecks<'a>,
    /// The text of each stage.
    instructions: BTreeMap<String, String>,
    /// The identity of each package's files.
    digests: BTreeMap<&'a str, String>,
}

impl<'a> Inputs<'a> {
    pub fn new(plan: &'a Plan) -> Self {
        let packages = plan.packages.keys().map(PackageName::as_str);
        Self {
            plan,
            checks: BaseChecks::new(plan),
            instructions: stage_texts(plan),
            digests: packages
                .map(|package| (package, digest(&files(plan, package))))
                .collect(),
        }
    }

    /// Returns the inputs that a stage sees.
    fn seen(&self, stage: &str) -> StageInputs {
        let instructions = self.instructions.get(stage);
        // A comparison sees what is compared.
        let stage = self.checks.compiled_for(stage).unwrap_or(stage);
        let kind = Kind::of(self.plan, stage);
        // Outputs that share a stage may differ in what it sees of them.
        let mut values: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for output in Output::all(self.plan).filter(|output| kind.is_of(self.plan, stage, output)) {
            let table = output.table_name();
            for (part, value) in &output.inputs.0 {
                if kind.sees(part, &table) {
                    values.entry(part.to_string()).or_default().insert(value);
                }
            }
        }
        let joined = |values: BTreeSet<&str>| short(&Vec::from_iter(values).join("\n"));
        let values = values.into_iter();
        let mut seen: StageInputs = values
            .map(|(name, values)| (name, joined(values)))
            .collect();
        if let Kind::Compiles { packages, .. } = &kind {
            for package in packages {
                let digest = self.digests.get(package).cloned().unwrap_or_default();
                seen.insert(of_package(package), digest);
            }
        }
        if let Some(text) = instructions {
            seen.insert(INSTRUCTIONS.to_owned(), short(text));
        }
        seen
    }

    /// Stores the inputs of stages that are up to date.
    pub fn remember<'s>(&self, stages: impl Iterator<Item = &'s str>, measured: &mut Measured) {
        for stage in stages {
            measured.seen.insert(stage.to_owned(), self.seen(stage));
        }
        for (package, digest) in &self.digests {
            let known = measured.files.entry(digest.clone());
            known.or_insert_with(|| files(self.plan, package));
        }
        let used: BTreeSet<&String> = measured
            .seen
            .values()
            .flat_map(StageInputs::values)
            .collect();
        measured.files.retain(|digest, _| used.contains(digest));
    }

    /// Explains why a stage ran.
    pub fn why(&self, stage: &str, before: &Measured) -> String {
        let Some(then) = before.seen.get(stage) else {
            return "it never ran for this folder".to_owned();
        };
        let now = self.seen(stage);
        let names: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
        let differ = |name: &&&String| then.get(**name) != now.get(**name);
        let mut changed: Vec<String> = Vec::new();
        let mut others: Vec<String> = Vec::new();
        for name in names.iter().filter(differ) {
            let package = name.strip_prefix("package ");
            let files_then = then.get(*name).and_then(|digest| before.files.get(digest));
            match package.zip(files_then) {
                Some((package, then)) => {
                    changed.extend(file_changes(then, &files(self.plan, package)));
                }
                None if **name == INSTRUCTIONS => {}
                None if now.contains_key(*name) => others.push((*name).clone()),
                None => others.push(format!("{name} removed")),
            }
        }
        changed.extend(others);
        if changed.is_empty() && then.get(INSTRUCTIONS) != now.get(INSTRUCTIONS) {
            changed.push(INSTRUCTIONS.to_owned());
        }
        if changed.is_empty() {
            return "nothing changed: it was not in the cache".to_owned();
        }
        let more = changed.len().saturating_sub(SHOWN);
        let shown = changed[..changed.len().min(SHOWN)].join(", ");
        match more {
            0 => format!("changed: {shown}"),
            more => format!("changed: {shown} and {more} more"),
        }
    }
}

/// Number of reasons that fit into a line.
const SHOWN: usize = 2;

fn file_changes(then: &Files, now: &Files) -> Vec<String> {
    let edited = now
        .iter()
        .filter(|(file, text)| then.get(*file) != Some(text));
    let removed = then.keys().filter(|file| !now.contains_key(*file));
    let edited = edited.map(|(file, _)| file.to_string());
    edited
        .chain(removed.map(|file| format!("{file} removed")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::commands::build::again::tests::planned;

    const MANY: &str = "[services.many]\npackage = \"many\"\nbin = \"one\"\n";

    /// Edit: a file and its new text, the configuration then and now; the stage; the reason.
    type Case<'a> = ((&'a str, &'a str), (&'a str, &'a str), &'a str, &'a str);

    #[test]
    fn the_reason_is_what_the_stage_sees() {
        let ports = "ports = [1]\nfiles = { \"base/src/main.rs\" = \"/m\" }\n";
        let other = "ports = [2]\nuser = \"7:7\"\nfiles = { \"base/src/main.rs\" = \"/m\" }\n";
        let none = ("", "");
        let edit = ("base/src/lib.rs", "// new");
        let shipped = ("base/src/main.rs", "fn main() { }");
        let rows: &[Case<'_>] = &[
            (edit, ("", ""), "lib-base", "changed: base/src/lib.rs"),
            (edit, ("", ""), "build-many", "changed: base/src/lib.rs"),
            (
                edit,
                (ports, other),
                "build-many",
                "changed: base/src/lib.rs",
            ),
            (
                none,
                (ports, other),
                "build-many",
                "nothing changed: it was not in the cache",
            ),
            (
                none,
                (ports, other),
                "deps",
                "nothing changed: it was not in the cache",
            ),
            (
                none,
                (ports, other),
                "rootfs-many",
                "changed: services.many.user",
            ),
            (
                shipped,
                (ports, ports),
                "rootfs-many",
                "changed: base/src/main.rs, a shipped file",
            ),
            (
                none,
                ("", "profile = \"dev\"\n"),
                "build-many",
                "changed: profile",
            ),
            (
                edit,
                ("", ""),
                "deps",
                "nothing changed: it was not in the cache",
            ),
            (
                edit,
                ("", ""),
                "toolchain",
                "nothing changed: it was not in the cache",
            ),
        ];
        for ((file, text), (then, now), stage, expected) in rows {
            let config = |keys: &str| format!("{MANY}{keys}");
            let (before, after) = (
                planned(&config(then), &[]),
                planned(&config(now), &[(file, text)]),
            );
            let mut measured = Measured::default();
            Inputs::new(&before).remember(std::iter::once(*stage), &mut measured);
            let why = Inputs::new(&after).why(stage, &measured);
            assert_eq!(why, *expected, "{file} {then} {now} {stage}");
        }
    }

    #[test]
    fn what_another_stage_has_seen_is_still_new_to_this_one() {
        let before = planned(MANY, &[]);
        let after = planned(MANY, &[("base/src/lib.rs", "// new")]);
        let mut measured = Measured::default();
        Inputs::new(&before).remember(["lib-base", "build-many"].into_iter(), &mut measured);
        let now = Inputs::new(&after);
        now.remember(std::iter::once("lib-base"), &mut measured);
        assert_eq!(now.why("build-many", &measured), "changed: base/src/lib.rs");
        assert_eq!(
            now.why("lib-base", &measured),
            "nothing changed: it was not in the cache"
        );
        assert_eq!(
            now.why("build-other", &measured),
            "it never ran for this folder"
        );
    }
}
