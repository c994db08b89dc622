//! `bakehouse build`.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;

use camino::Utf8Path;
use owo_colors::OwoColorize;

use super::generate::check;
use super::packs::usual_platform;
use crate::cli::args::BuildArgs;
use crate::cli::hidden;
use crate::cli::session::{Planned, Session};
use crate::documents::{self, bake::hash_variable};
use crate::engine::images::Image;
use crate::engine::{Engine, buildx};
use crate::files;
use crate::packs::binary::{Spot, State, look, spots};
use crate::packs::leftover;
use crate::packs::place::Staging;
use crate::packs::platform::Platform;
use crate::plan::Plan;
use crate::plan::build::COMPILED;
use crate::plan::pack::PackBinary;
use crate::plan::service::Service;
use crate::problem::{Code, Problem, Problems, did_you_mean};

pub fn run(session: &Session, arguments: &BuildArgs) -> Result<(), Problems> {
    let planned = session.plan()?;
    let Planned { root, plan, .. } = &planned;
    let chosen = choose(plan, &arguments.services)?;
    check(&files::compare(
        root,
        &plan.config.output.folder,
        &documents::render(plan),
    )?)?;
    let engine = Engine::find()?;
    let names = Names::new(plan);
    let certain = is_certain(arguments);
    // Where the configuration names no platform, the input hash does not tell for which one an image is.
    let unnamed = plan.config.platforms.is_empty();
    let native = unnamed.then(|| engine.platform()).flatten();
    let skip = certain && !arguments.force && arguments.bake.is_empty();
    let mut images = BTreeMap::new();
    if skip && (native.is_some() || !unnamed) {
        images = engine.images(&names.all(&chosen.services));
    }
    if let Some(native) = native {
        images = engine.for_platform(images, &native);
    }
    let spots = spots_of(plan, &chosen);
    if !spots.is_empty() {
        leftover::remove(root, &spots);
    }
    let mut current = BTreeSet::new();
    for spot in spots.iter().filter(|_| skip) {
        if look(root, spot)?.state == State::Current {
            current.insert(spot.binary.target.as_str());
        }
    }
    let missing = Chosen {
        services: chosen
            .services
            .iter()
            .filter(|service| !images.contains_key(&names.hashed(service)))
            .copied()
            .collect(),
        pack_binaries: chosen
            .pack_binaries
            .iter()
            .filter(|binary| !current.contains(binary.target.as_str()))
            .copied()
            .collect(),
        cache: chosen.cache,
    };
    for service in &chosen.services {
        let (hashed, tagged) = (names.hashed(service), names.tagged(service));
        let has = images.get(&hashed);
        if has.is_some() && has != images.get(&tagged) {
            engine.tag(&hashed, &tagged)?;
        }
    }
    if !missing.is_empty() {
        let spots: Vec<&Spot<'_>> = spots
            .iter()
            .filter(|spot| !current.contains(spot.binary.target.as_str()))
            .collect();
        bake(
            &engine,
            &planned,
            &missing,
            &spots,
            certain,
            &arguments.bake,
        )?;
        images = engine.images(&names.all(&chosen.services));
    }
    if !session.global.quiet {
        table(root, &names, &chosen, &missing, &images);
    }
    Ok(())
}

/// Where the chosen pack binaries go, for one platform.
fn spots_of<'a>(plan: &'a Plan, chosen: &Chosen<'_>) -> Vec<Spot<'a>> {
    let asked = std::env::var("PLATFORMS").ok();
    let asked = asked.and_then(|names| Platform::new(&names).ok());
    let platform = asked.unwrap_or_else(|| usual_platform(plan));
    let packs: Vec<_> = plan.packs.iter().collect();
    let mut spots = spots(&packs, &[platform]);
    spots.retain(|spot| {
        let mut binaries = chosen.pack_binaries.iter();
        binaries.any(|binary| binary.target == spot.binary.target)
    });
    spots
}

/// Whether the input hashes tell all that goes into the images. What the environment or an argument changes is not
/// in them.
fn is_certain(arguments: &BuildArgs) -> bool {
    let changed = |argument: &std::ffi::OsString| changes_inputs(argument);
    !is_overridden(&[]) && !arguments.bake.iter().any(changed)
}

/// Whether the environment changes what is built; `but` by these variables.
pub fn is_overridden(but: &[&str]) -> bool {
    OVERRIDES
        .iter()
        .any(|name| !but.contains(name) && std::env::var_os(name).is_some())
}

fn bake(
    engine: &Engine,
    planned: &Planned,
    missing: &Chosen<'_>,
    spots: &[&Spot<'_>],
    certain: bool,
    arguments: &[std::ffi::OsString],
) -> Result<(), Problems> {
    let Planned { root, plan, .. } = planned;
    let hashed = missing.services.iter().filter(|_| certain);
    let variables: Vec<(String, String)> = hashed
        .map(|service| (hash_variable(&service.name), service.input_hash.clone()))
        .collect();
    let staging = (!spots.is_empty()).then(Staging::new).transpose()?;
    let mut all = Vec::new();
    all.extend(staging.iter().flat_map(|staging| staging.arguments(spots)));
    // Those of the user come last, and win.
    all.extend_from_slice(arguments);
    engine
        .bake(
            root,
            &plan.config.output.bake,
            &missing.targets(),
            &variables,
            &all,
        )
        .map_err(|problem| {
            let services = missing.services.iter().map(|service| &service.closure);
            let binaries = missing.pack_binaries.iter().map(|binary| &binary.closure);
            explained(problem, planned, services.chain(binaries))
        })?;
    let mut problems = Vec::new();
    if let Some(staging) = &staging {
        let settled = staging.settle_all(root, plan, spots, certain);
        problems.extend(settled.filter_map(Result::err));
    }
    Problems(problems).or(())
}

/// A failure, and what the sources of `closures` read that the build may not have had.
pub fn explained<'a>(
    problem: Problem,
    planned: &Planned,
    closures: impl Iterator<Item = &'a BTreeSet<String>>,
) -> Problems {
    let failed = problem.code == Code::BakeFailed;
    let mut problems = vec![problem];
    if failed {
        let packages = closures.flatten().map(String::as_str);
        problems.extend(hidden::problems(planned, &packages.collect()));
    }
    Problems(problems)
}

/// Variables of the Bake file that change what is built.
const OVERRIDES: [&str; 4] = [
    "BUILDER_BASE",
    "RUNTIME_BASE",
    "PLATFORMS",
    "SOURCE_DATE_EPOCH",
];

/// Arguments of `bake` that can change what is built.
fn changes_inputs(argument: &OsStr) -> bool {
    let argument = argument.to_string_lossy();
    ["--set", "--file", "-f", "--var"]
        .iter()
        .any(|option| argument.starts_with(option))
}

struct Chosen<'a> {
    services: Vec<&'a Service>,
    pack_binaries: Vec<&'a PackBinary>,
    /// Whether the registry cache is written: what it holds is always all of it.
    cache: bool,
}

impl Chosen<'_> {
    fn is_empty(&self) -> bool {
        self.services.is_empty() && self.pack_binaries.is_empty()
    }

    fn targets(&self) -> Vec<String> {
        let services = self.services.iter().map(|service| &service.name);
        let binaries = self.pack_binaries.iter().map(|binary| &binary.target);
        let mut targets: Vec<String> = services.chain(binaries).cloned().collect();
        if self.cache {
            targets.push(COMPILED.to_owned());
        }
        targets
    }
}

fn choose<'a>(plan: &'a Plan, wanted: &[String]) -> Result<Chosen<'a>, Problems> {
    if wanted.is_empty() {
        return Ok(Chosen {
            services: plan.services.iter().collect(),
            pack_binaries: plan.pack_binaries().collect(),
            cache: buildx::has_cache(),
        });
    }
    let mut chosen = Chosen {
        services: Vec::new(),
        pack_binaries: Vec::new(),
        cache: false,
    };
    let mut problems = Vec::new();
    for name in wanted {
        let services = plan
            .services
            .iter()
            .filter(|service| service.name == *name || service.family == *name);
        let before = chosen.services.len() + chosen.pack_binaries.len();
        chosen.services.extend(services);
        chosen
            .pack_binaries
            .extend(plan.pack_binaries().filter(|binary| binary.target == *name));
        if chosen.services.len() + chosen.pack_binaries.len() == before {
            let known: BTreeSet<&str> = plan
                .services
                .iter()
                .flat_map(|service| [service.name.as_str(), service.family.as_str()])
                .chain(plan.pack_binaries().map(|binary| binary.target.as_str()))
                .collect();
            let hint = did_you_mean(name, known.iter().copied())
                .unwrap_or_else(|| format!("there are {}", Vec::from_iter(known).join(", ")));
            problems.push(
                Problem::new(
                    Code::ServiceUnknown,
                    format!("there is no service `{name}`"),
                )
                .hint(hint),
            );
        }
    }
    chosen.services.sort_by_key(|service| &service.name);
    chosen.services.dedup_by_key(|service| &service.name);
    Problems(problems).or(chosen)
}

/// Names of images, as the Bake file makes them.
struct Names {
    registry: String,
    tag: String,
}

impl Names {
    fn new(plan: &Plan) -> Self {
        let variable =
            |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
        Self {
            registry: variable("REGISTRY", &plan.config.registry),
            tag: variable("TAG", "latest"),
        }
    }

    fn image(&self, service: &Service) -> String {
        if self.registry.is_empty() {
            service.name.clone()
        } else {
            format!("{}/{}", self.registry, service.name)
        }
    }

    fn tagged(&self, service: &Service) -> String {
        format!("{}:{}", self.image(service), self.tag)
    }

    fn hashed(&self, service: &Service) -> String {
        format!("{}:in-{}", self.image(service), service.input_hash)
    }

    /// Both names of each service's image.
    fn all(&self, services: &[&Service]) -> Vec<String> {
        services
            .iter()
            .flat_map(|service| [self.hashed(service), self.tagged(service)])
            .collect()
    }
}

fn table(
    root: &Utf8Path,
    names: &Names,
    chosen: &Chosen<'_>,
    baked: &Chosen<'_>,
    images: &BTreeMap<String, Image>,
) {
    let tags: Vec<String> = chosen
        .services
        .iter()
        .map(|service| names.tagged(service))
        .collect();
    let binaries = chosen
        .pack_binaries
        .iter()
        .map(|binary| binary.target.len());
    let width = tags
        .iter()
        .map(String::len)
        .chain(binaries)
        .max()
        .unwrap_or_default();
    anstream::println!(
        "{:width$}  {:>9}  {:16}  {}",
        "image".bold(),
        "size",
        "input hash",
        "result"
    );
    for (service, tag) in chosen.services.iter().zip(&tags) {
        let size = images
            .get(tag)
            .or_else(|| images.get(&names.hashed(service)))
            .map_or_else(|| "-".to_owned(), |image| image.size.clone());
        let result = if baked.services.iter().any(|one| one.name == service.name) {
            "baked"
        } else {
            "skipped, the engine has it"
        };
        anstream::println!("{tag:width$}  {size:>9}  {}  {result}", service.input_hash);
    }
    for binary in &chosen.pack_binaries {
        let file = root.join(&binary.folder).join(&binary.bin);
        let size =
            fs_err::metadata(file).map_or_else(|_| "-".to_owned(), |file| megabytes(file.len()));
        let done = baked
            .pack_binaries
            .iter()
            .any(|one| one.target == binary.target);
        let result = if done {
            format!("baked into {}", binary.folder)
        } else {
            "skipped, the pack has it".to_owned()
        };
        anstream::println!(
            "{:width$}  {size:>9}  {}  {result}",
            binary.target,
            binary.input_hash
        );
    }
}

fn megabytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let megabytes = bytes as f64 / 1e6;
    format!("{megabytes:.1}MB")
}
